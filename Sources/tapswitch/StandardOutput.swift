// Standard output and standard error, written directly: bytes go out as they come, and what a closed pipe or a full
// disk means is decided here.

internal import Glibc
internal import SwitchModel

enum StandardOutput {
  static func write(_ text: String) throws { try write(Array(text.utf8)) }

  /// Writes all of `bytes`. Throws `OutputClosed` when nobody reads any more.
  static func write(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN: waitUntilWritable()
      case EPIPE: throw OutputClosed()
      default:
        let reason = unsafe String(cString: strerror(errno))
        throw CommandFailure(
          .failure, title: "Output failed", status: 500, detail: "standard output cannot be written: \(reason)",
          fix: "let it go somewhere else")
      }
    }
  }

  /// Somebody who shares the terminal or pipe made it non-blocking.
  private static func waitUntilWritable() {
    var waiting = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
    _ = unsafe poll(&waiting, 1, -1)
  }
}

enum StandardError {
  /// Writes as much of `text` as is taken: there is nobody to tell if it fails.
  static func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}
