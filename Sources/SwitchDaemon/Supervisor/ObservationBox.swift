// Between the data plane's observer and the supervisor: what was seen waits here, bounded, until the supervisor takes it.
// A guest that makes a million addresses a second must cost control no more than a glance.

internal import BridgeCore
package import Dataplane
internal import Synchronization

/// What was observed since the supervisor last looked. Any thread.
package final class ObservationBox: Sendable {
  /// Events that wait at most, and frames. Pins count for themselves: of them there are few, and they matter.
  static let limit = 1024

  private let waiting = Mutex(Observations())

  package init() {}

  /// Adds what came.
  /// - Returns: whether the supervisor is to be told; false while it has been told and not looked yet.
  package func add(_ more: Observations) -> Bool {
    waiting.withLock { waiting in
      let wasEmpty = waiting.isEmpty
      waiting.lost += more.lost
      for event in more.events {
        let limit = event.kind == .pinned ? 2 * ObservationBox.limit : ObservationBox.limit
        if waiting.events.count < limit {
          waiting.events.append(event)
        } else {
          waiting.lost += 1
        }
      }
      let room = max(0, ObservationBox.limit - waiting.frames.count)
      waiting.frames += more.frames.prefix(room)
      return wasEmpty && !waiting.isEmpty
    }
  }

  /// All of it; the box is empty then.
  func take() -> Observations {
    waiting.withLock { waiting in
      defer { waiting = Observations() }
      return waiting
    }
  }
}
