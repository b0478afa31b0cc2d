// What has happened, in order and numbered: one bounded ring that the log, `events` and everybody who follows share.
// Who publishes never waits for who reads; who reads too slowly is told how much it missed.

internal import LinuxIO
package import Logging
package import SwitchModel
internal import Synchronization

/// The events of a switch. Any thread may publish and read.
///
/// The ring is all the buffer there is: a follower is a place in it, so that a slow one costs nothing and misses what
/// the ring no longer holds.
package final class EventHub: Sendable {
  /// Events that are kept.
  package static let capacity = 4096
  /// Who may follow at once: half of the clients that are served, so that some can always ask and change.
  static let followerLimit = 32
  /// Events that are handed to a follower at once.
  private static let batch = 256

  private struct State {
    /// Up to `capacity` events; from then on `first` is the oldest.
    var ring: [EventDocument] = []
    var first = 0
    /// The number of the next event; the first has 1.
    var next: UInt64 = 1
    var followers = 0
    /// Followers that wait, by their numbers.
    var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
    var lastFollower = 0
    var isFinished = false
    var log = EventLog()

    /// The number of the oldest event kept, or that of the next one if there is none.
    var oldest: UInt64 { next - UInt64(ring.count) }

    /// At most `limit` events from number `start` on, which must not be older than the oldest.
    func events(from start: UInt64, limit: Int) -> [EventDocument] {
      guard start < next else { return [] }
      let skipped = Int(start - oldest)
      let count = min(limit, ring.count - skipped)
      return (skipped..<(skipped + count)).map { ring[(first + $0) % ring.count] }
    }
  }

  private let logger: Logger
  private let capacity: Int
  private let state = Mutex(State())

  package init(logger: Logger, capacity: Int = EventHub.capacity) {
    self.logger = logger
    self.capacity = max(1, capacity)
  }

  /// Numbers an event, stamps it with the time if it has none, keeps it, logs it and wakes who follows. Never waits for
  /// any of them. Returns its number.
  @discardableResult
  package func publish(_ event: EventDocument) -> UInt64 {
    var event = event
    if event.time.isEmpty { event.time = Self.now() }
    let isLogged = EventLog.level(of: event.type) >= logger.logLevel
    let (number, line, waiting) = state.withLock { state in
      event.sequence = state.next
      if state.ring.count < capacity {
        state.ring.append(event)
      } else {
        state.ring[state.first] = event
        state.first = (state.first + 1) % capacity
      }
      state.next += 1
      let waiting = state.waiting
      state.waiting = [:]
      return (event.sequence, isLogged ? state.log.line(for: event, at: Clock.monotonic()) : nil, waiting)
    }
    for continuation in waiting.values { continuation.resume() }
    if let line { logger.log(level: line.level, "\(line.text)", metadata: Self.metadata(of: event)) }
    return number
  }

  /// The events kept that are newer than `after`, all for nil. What the ring no longer holds stands in front as one
  /// event `events_lost`; nil has not asked for it and loses nothing.
  package func kept(after: UInt64? = nil) -> [EventDocument] {
    state.withLock { state in
      let start = Self.start(after, state)
      let hasLost = after != nil && start < state.oldest
      let found = hasLost ? [Self.lost(from: start, to: state.oldest)] : []
      return found + state.events(from: max(start, state.oldest), limit: .max)
    }
  }

  /// Somebody who is told everything newer than `after`: the events kept at first, then those that come.
  /// - Throws: 503 when too many follow already, or when the switch is stopping.
  func follower(after: UInt64?) throws(Problem) -> EventFollower {
    let admitted: Result<(Int, UInt64), Problem> = state.withLock { state in
      if state.isFinished { return .failure(RequestProblem.stopping) }
      guard state.followers < Self.followerLimit else { return .failure(RequestProblem.tooManyFollowers) }
      state.followers += 1
      state.lastFollower += 1
      let start = Self.start(after, state)
      return .success((state.lastFollower, after == nil ? max(start, state.oldest) : start))
    }
    let (number, start) = try admitted.get()
    return EventFollower(hub: self, number: number, start: start)
  }

  /// Ends all who follow, after what they have not been told yet; nobody can follow any more. Publishing goes on.
  package func finish() {
    let waiting = state.withLock { state in
      state.isFinished = true
      defer { state.waiting = [:] }
      return state.waiting
    }
    for continuation in waiting.values { continuation.resume() }
  }

  // MARK: for followers

  /// What a follower at `start` is told next; empty if there is nothing. Moves `start` on.
  func take(from start: inout UInt64) -> (events: [EventDocument], isFinished: Bool) {
    state.withLock { state in
      var found: [EventDocument] = []
      if start < state.oldest {
        found.append(Self.lost(from: start, to: state.oldest))
        start = state.oldest
      }
      found += state.events(from: start, limit: Self.batch)
      start = max(start, found.last.map { $0.sequence + 1 } ?? start)
      return (found, state.isFinished)
    }
  }

  /// Until there is something at `start`, or until somebody wakes this follower. `isOver` is asked once it is sure
  /// that no waking can be missed.
  func wait(_ number: Int, from start: UInt64, unless isOver: @Sendable () -> Bool) async {
    await withCheckedContinuation { continuation in
      let goesOn = state.withLock { state in
        if state.next > start || state.isFinished || isOver() { return true }
        state.waiting[number] = continuation
        return false
      }
      if goesOn { continuation.resume() }
    }
  }

  func wake(_ number: Int) { state.withLock { $0.waiting.removeValue(forKey: number) }?.resume() }

  func leave() { state.withLock { $0.followers -= 1 } }

  /// Where to begin after `after`. A number that has not been given yet is from a switch before this one, whose reader
  /// has seen nothing of ours.
  private static func start(_ after: UInt64?, _ state: State) -> UInt64 {
    guard let after, after < state.next else { return 1 }
    return after + 1
  }

  /// What stands for the events `start` up to before `oldest`; its number is that of the last of them, so that a reader
  /// who resumes from it goes on with the oldest kept.
  private static func lost(from start: UInt64, to oldest: UInt64) -> EventDocument {
    var event = EventDocument.lost(Int(clamping: oldest - start))
    event.sequence = oldest - 1
    event.time = now()
    return event
  }

  private static func now() -> String {
    let time = Clock.realTime()
    return Quantity.time(nanoseconds: time)
  }

  /// What programs find beside the words in a log of JSON.
  private static func metadata(of event: EventDocument) -> Logger.Metadata {
    var metadata: Logger.Metadata = ["event": "\(event.type)", "sequence": "\(event.sequence)"]
    if let port = event.port { metadata["port"] = "\(port)" }
    if let mac = event.mac { metadata["mac"] = "\(mac)" }
    if let vlan = event.vlan { metadata["vlan"] = "\(vlan)" }
    return metadata
  }
}
