// The address of a unix stream socket, and whether somebody answers there.

internal import Glibc

package enum UnixAddress {
  /// What a connection attempt found.
  package enum Answer: Sendable, Equatable {
    /// A process listens there (also when its queue is full).
    case answers
    /// The socket is there, its process is not.
    case refused
    /// Nothing there.
    case absent
    /// The attempt itself failed; the kernel's error number.
    case failed(Int32)
  }

  /// Connects to `path` and hangs up again. Never waits.
  package static func probe(_ path: String) -> Answer {
    let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    let descriptor = socket(AF_UNIX, Int32(bitPattern: kind), 0)
    guard descriptor >= 0 else { return .failed(errno) }
    defer { close(descriptor) }
    guard unsafe with(path, { unsafe connect(descriptor, $0, $1) }) != 0 else { return .answers }
    switch errno {
    case EAGAIN, EINPROGRESS: return .answers
    case ECONNREFUSED: return .refused
    case ENOENT, ENOTDIR: return .absent
    default: return .failed(errno)
    }
  }

  /// Calls `body` with the address of `path`, which must have at most `ControlPlaces.pathLimit` bytes: a longer one
  /// fails with ENAMETOOLONG.
  static func with(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count <= ControlPlaces.pathLimit else {
      errno = ENAMETOOLONG
      return -1
    }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    return unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }
}
