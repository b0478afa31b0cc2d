// The error numbers the frame path tells apart (errno.h), as plain integers.

internal import Glibc

enum Errno {
  static var again: Int32 { EAGAIN }
  static var invalid: Int32 { EINVAL }
  static var messageSize: Int32 { EMSGSIZE }
  static var shutDown: Int32 { ESHUTDOWN }
  static var interrupted: Int32 { EINTR }
  static var noMemory: Int32 { ENOMEM }
  static var noBuffers: Int32 { ENOBUFS }
  static var inputOutput: Int32 { EIO }
  static var badDescriptorState: Int32 { EBADFD }
  static var networkDown: Int32 { ENETDOWN }
  static var noSuchDevice: Int32 { ENXIO }
  static var brokenPipe: Int32 { EPIPE }
  static var connectionReset: Int32 { ECONNRESET }
}
