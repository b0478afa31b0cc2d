// A thread of the operating system with a name, for loops that wait in the kernel. Not for short work: it is
// never pooled, and Swift's own executors must not be blocked by what runs here.

internal import CLinux
internal import Glibc

/// A running thread. All signals are blocked in it, so that the main thread alone handles them.
@safe
package struct SystemThread: ~Copyable, @unchecked Sendable {
  private let thread: pthread_t

  private final class Body {
    let name: String
    let run: @Sendable () -> Void
    init(name: String, run: @escaping @Sendable () -> Void) {
      self.name = name
      self.run = run
    }
  }

  /// Starts `run` on a new thread.
  /// - Parameter name: shown by `top -H` and debuggers; cut to 15 bytes.
  package init(name: String, _ run: @escaping @Sendable () -> Void) throws(SystemError) {
    let body = unsafe Unmanaged.passRetained(Body(name: name, run: run))
    var all = sigset_t()
    var before = sigset_t()
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
    var thread = pthread_t()
    let error = unsafe pthread_create(
      &thread, nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
        let name = String(decoding: body.name.utf8.prefix(15), as: UTF8.self)
        _ = unsafe ts_name_thread(name)
        body.run()
        return nil
      }, body.toOpaque())
    unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
    guard error == 0 else {
      unsafe body.release()
      throw SystemError("pthread_create", code: error)
    }
    self.thread = thread
  }

  /// Whether this is the thread that asks.
  package var isCurrent: Bool { pthread_equal(thread, pthread_self()) != 0 }

  /// Lets the thread end by itself.
  package consuming func detach() {
    pthread_detach(thread)
  }

  /// Waits until the thread has ended.
  package consuming func join() {
    pthread_join(thread, nil)
  }
}
