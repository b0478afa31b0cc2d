// One who follows the events: a place in the ring, and its waiting. Knows nothing of HTTP.

internal import SwitchModel
internal import Synchronization

/// Follows an `EventHub` until it is closed, the hub finishes, or nobody holds it any more.
final class EventFollower: Sendable {
  enum News: Sendable {
    case events([EventDocument])
    /// Nothing has happened, and `tick` was called.
    case nothing
  }

  private let hub: EventHub
  private let number: Int
  /// The number of the event that is told next.
  private let place: Mutex<UInt64>
  private let hasTicked = Atomic<Bool>(false)
  private let isClosed = Atomic<Bool>(false)

  init(hub: EventHub, number: Int, start: UInt64) {
    self.hub = hub
    self.number = number
    place = Mutex(start)
  }

  deinit { hub.leave() }

  /// What has happened since the last call; waits while there is nothing. Nil at the end.
  func next() async -> News? {
    while !isClosed.load(ordering: .acquiring) {
      let (news, start) = place.withLock { place in
        (hub.take(from: &place), place)
      }
      if !news.events.isEmpty { return .events(news.events) }
      if news.isFinished { return nil }
      if hasTicked.exchange(false, ordering: .acquiringAndReleasing) { return .nothing }
      await hub.wait(number, from: start) { [self] in
        isClosed.load(ordering: .acquiring) || hasTicked.load(ordering: .acquiring)
      }
    }
    return nil
  }

  /// Makes `next` return although nothing has happened.
  func tick() {
    hasTicked.store(true, ordering: .releasing)
    hub.wake(number)
  }

  /// Makes `next` return nil.
  func close() {
    isClosed.store(true, ordering: .releasing)
    hub.wake(number)
  }
}
