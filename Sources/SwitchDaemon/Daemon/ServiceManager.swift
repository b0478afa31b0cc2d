// Tells systemd, or whoever set NOTIFY_SOCKET, how the switch is doing: sd_notify(3), without its library.

internal import Glibc
internal import LinuxIO

enum ServiceManager {
  /// The configuration is being read again. With the time, as units of `Type=notify-reload` want it.
  static func reloading() { notify("RELOADING=1\nMONOTONIC_USEC=\(Clock.monotonic() / 1000)") }

  /// Sends `state` (`READY=1`, `STATUS=…`, one a line). Without a manager, or with one that does not listen, nothing
  /// happens: a switch runs as well without.
  static func notify(_ state: String) {
    guard let variable = unsafe getenv("NOTIFY_SOCKET") else { return }
    var path = unsafe Array(String(cString: variable).utf8)
    guard path.first == UInt8(ascii: "/") || path.first == UInt8(ascii: "@") else { return }
    // A leading @ stands for the NUL of an abstract address (unix(7)).
    let isAbstract = path[0] == UInt8(ascii: "@")
    if isAbstract { path[0] = 0 }
    var address = sockaddr_un()
    guard path.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
    let kind = Int32(bitPattern: SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = socket(AF_UNIX, kind, 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let header = MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: address.sun_path)
    let length = socklen_t(header + path.count + (isAbstract ? 0 : 1))
    let bytes = Array(state.utf8)
    _ = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, length)
      }
    }
  }
}
