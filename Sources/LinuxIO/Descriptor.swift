// The owner of one file descriptor: closed once, when the owner goes.

internal import CLinux

/// Owns a file descriptor and closes it at the end of its life.
package struct Descriptor: ~Copyable, Sendable {
  /// The kernel's number; valid while this value lives.
  package let number: Int32

  package init(owning number: Int32) { self.number = number }

  /// Gives the number up without closing it.
  package consuming func release() -> Int32 {
    let number = self.number
    discard self
    return number
  }

  deinit { _ = ts_close(number) }
}
