// How the frame path wakes a capture's thread: not at all while it is awake, once when it sleeps.
// Shared by all rings of one capture. It must never make the frame path wait.

internal import Glibc
package import LinuxIO
internal import Synchronization

/// The sleep of one consumer and the wake-ups of its producers.
///
/// Both sides first store what the other looks at, then load what the other stores, all sequentially consistent:
/// the producer its published position, then this state; the consumer this state, then the positions.
/// So one of them always sees the other, and no wake-up is lost.
@safe
package final class CaptureBell: @unchecked Sendable {
  /// How deep the consumer sleeps.
  enum Sleep: UInt32 {
    /// It will look at the rings by itself.
    case none = 0
    /// It looks again in a moment; only a ring that fills up is worth waking it.
    case nap = 1
    /// It waits for the first frame.
    case deep = 2
  }

  private let wake: WakeDescriptor
  /// In memory of its own, so that producers reach it without touching a reference count.
  let state: UnsafeMutablePointer<Atomic<UInt32>>

  package init() throws(SystemError) {
    wake = try WakeDescriptor()
    unsafe state = .allocate(capacity: 1)
    unsafe state.initialize(to: Atomic(Sleep.none.rawValue))
  }

  deinit {
    unsafe state.deinitialize(count: 1)
    unsafe state.deallocate()
  }

  /// Ends the consumer's sleep, whatever its depth, or its next one.
  func ring() { wake.signal() }

  /// Consumer: sleeps until a producer or `ring` wakes it, or `milliseconds` are over (-1: without limit).
  /// - Parameter ready: asked after the sleep was announced; true: there is work already, do not sleep.
  func wait(_ sleep: Sleep, milliseconds: Int32, unless ready: () -> Bool) {
    unsafe state.pointee.store(sleep.rawValue, ordering: .sequentiallyConsistent)
    if !ready() {
      var waiting = pollfd(fd: wake.number, events: Int16(POLLIN), revents: 0)
      _ = unsafe poll(&waiting, 1, milliseconds)
    }
    unsafe state.pointee.store(Sleep.none.rawValue, ordering: .sequentiallyConsistent)
    wake.clear()
  }
}
