// A failed system call as a value: which one, the kernel's number, and what the kernel said about it.

internal import Glibc

/// A system call that failed.
package struct SystemError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The kernel's error number, positive (errno.h).
  package let code: Int32
  /// The call or ioctl, as a manual page names it.
  package let operation: String
  /// What it was about: a device, a path; or the kernel's own sentence (NETLINK_EXT_ACK).
  package let detail: String?

  package init(_ operation: String, code: Int32, detail: String? = nil) {
    self.operation = operation
    self.code = code < 0 ? -code : code
    self.detail = detail
  }

  /// The kernel's sentence for `code`, as `strerror` has it.
  package var reason: String {
    var buffer = [CChar](repeating: 0, count: 128)
    let result = unsafe strerror_r(code, &buffer, buffer.count)
    guard result == 0 else { return "error \(code)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  package var description: String { "\(operation): \(reason)" + (detail.map { " (\($0))" } ?? "") }
}

/// The value of a shim's result, or the error it carries as a negative number.
package func checked<Value: SignedInteger>(
  _ result: Value, _ operation: @autoclosure () -> String, _ detail: @autoclosure () -> String? = nil
) throws(SystemError) -> Value {
  guard result < 0 else { return result }
  throw SystemError(operation(), code: Int32(truncatingIfNeeded: result), detail: detail())
}
