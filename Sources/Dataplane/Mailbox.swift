// The way from control to data: values go in from any thread, the worker takes them out between batches and answers.
// No lock is held while a frame is handled.

internal import LinuxIO
internal import Synchronization

/// A bounded queue of values for one worker thread, which is woken by each.
final class Mailbox<Letter: Sendable>: Sendable {
  private let letters: Mutex<Box>
  private let wake: WakeDescriptor
  private let capacity: Int

  private struct Box {
    var waiting: [Letter] = []
    var isClosed = false
  }

  /// - Parameter capacity: how many letters may wait.
  init(capacity: Int = 4096) throws(SystemError) {
    self.capacity = capacity
    wake = try WakeDescriptor()
    letters = Mutex(Box())
  }

  /// Readable while letters wait.
  var descriptor: Int32 { wake.number }

  /// Whether there was room, and somebody who takes it; a worker that lives takes letters faster than control can
  /// write them.
  func post(_ letter: Letter) -> Bool {
    let posted = letters.withLock { box in
      guard !box.isClosed, box.waiting.count < capacity else { return false }
      box.waiting.append(letter)
      return true
    }
    if posted { wake.signal() }
    return posted
  }

  /// Wakes the worker without a letter.
  func wakeUp() { wake.signal() }

  /// All letters, oldest first. Clears the wake-up before it looks, so that none is missed.
  func take() -> [Letter] {
    wake.clear()
    return letters.withLock { box in
      defer { box.waiting = [] }
      return box.waiting
    }
  }

  /// Takes no more letters.
  /// - Returns: those that still waited, oldest first.
  func close() -> [Letter] {
    letters.withLock { box in
      box.isClosed = true
      defer { box.waiting = [] }
      return box.waiting
    }
  }
}
