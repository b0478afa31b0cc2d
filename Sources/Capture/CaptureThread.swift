// The thread of a capture, and a wait for its end that has an end itself: writing to a disk may take any time.

internal import Glibc
internal import LinuxIO
internal import Synchronization

/// A running thread that can be joined by anybody, once or more, for a limited time. All signals are blocked in it,
/// so that SIGXFSZ and SIGPIPE become errors of the write.
final class CaptureThread: Sendable {
  /// Signalled by the thread as the last thing it does.
  private final class End: Sendable {
    let reached: WakeDescriptor
    init() throws(SystemError) { reached = try WakeDescriptor() }
  }

  private let end: End
  /// nil once joined or given up.
  private let thread: Mutex<SystemThread?>

  /// - Parameter name: up to 15 octets, as `top -H` shows it.
  init(name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
    let end = try End()
    self.end = end
    thread = Mutex(
      try SystemThread(name: name) {
        body()
        end.reached.signal()
      })
  }

  /// Waits for the end of the thread, at most `seconds`; one that hangs (a dead file server) is given up.
  /// - Returns: false if it was given up now.
  func join(within seconds: Int) -> Bool {
    thread.withLock { thread in
      guard let running = thread.take() else { return true }
      guard hasEnded(within: seconds) else {
        running.detach()
        return false
      }
      running.join()
      return true
    }
  }

  private func hasEnded(within seconds: Int) -> Bool {
    var ending = pollfd(fd: end.reached.number, events: Int16(POLLIN), revents: 0)
    let limit = Clock.monotonic() &+ UInt64(max(0, min(seconds, 86_400))) &* 1_000_000_000
    while true {
      let now = Clock.monotonic()
      let left = now < limit ? (limit &- now) / 1_000_000 &+ 1 : 0
      let ready = unsafe poll(&ending, 1, Int32(clamping: left))
      if ready >= 0 || errno != EINTR { return ready > 0 }
    }
  }
}
