// One change at a time: an actor lets others in wherever a change waits for the worker, and a half-made change must
// not be seen by the next one.

/// A lock for the methods of one actor, first come first served.
struct AsyncLock {
  private var isHeld = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  /// Whether the lock was free; it is taken then. Otherwise call `wait`.
  mutating func tryTake() -> Bool {
    guard !isHeld else { return false }
    isHeld = true
    return true
  }

  /// Queues up; the lock is held when the continuation resumes.
  mutating func queue(_ continuation: CheckedContinuation<Void, Never>) { waiting.append(continuation) }

  /// Hands the lock to the next in line, or frees it.
  mutating func give() {
    guard !waiting.isEmpty else {
      isHeld = false
      return
    }
    waiting.removeFirst().resume()
  }
}
