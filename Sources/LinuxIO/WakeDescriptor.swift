// Wakes a thread that waits in a Poller: an eventfd.

internal import CLinux

/// A descriptor that becomes readable when anybody signals it. Any thread may signal.
package struct WakeDescriptor: ~Copyable, Sendable {
  private let descriptor: Descriptor

  package init() throws(SystemError) { descriptor = Descriptor(owning: try checked(ts_eventfd(), "eventfd")) }

  package var number: Int32 { descriptor.number }

  /// Makes the descriptor readable. A counter that is full is readable already.
  package func signal() {
    var one: UInt64 = 1
    _ = unsafe ts_write(descriptor.number, &one, 8)
  }

  /// Takes all signals back, so that the descriptor is no longer readable.
  package func clear() {
    var count: UInt64 = 0
    _ = unsafe ts_read(descriptor.number, &count, 8)
  }
}
