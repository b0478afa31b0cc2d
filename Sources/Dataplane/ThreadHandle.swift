// A thread in the hands of several: of those who start it and of those who end it, in whatever order.

internal import LinuxIO
internal import Synchronization

/// A thread that is joined once.
final class ThreadHandle: Sendable {
  private let thread: Mutex<SystemThread?>
  init(_ thread: consuming SystemThread) { self.thread = Mutex(thread) }
  func join() {
    if let running = thread.withLock({ $0.take() }) { running.join() }
  }
}
