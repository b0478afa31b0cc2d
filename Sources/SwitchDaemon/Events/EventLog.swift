// Events as lines of the log: the level each deserves, and how many of those that guests bring about are written.

internal import Logging
internal import SwitchModel

/// Decides which events become lines. A guest can bring about as many as it likes; they are all kept for who asks for
/// events, but must not fill the disk of the log.
struct EventLog {
  /// Lines of one kind that may come at once, and how long one more takes.
  private struct Allowance {
    let burst: UInt64
    let nanoseconds: UInt64
    /// When it is whole again, in the monotonic clock.
    var full: UInt64 = 0
    var suppressed = 0

    init(burst: UInt64, perSecond: UInt64) {
      self.burst = burst
      nanoseconds = 1_000_000_000 / perSecond
    }

    /// Nil: no line now. Else how many were left out since the last one.
    mutating func take(at now: UInt64) -> Int? {
      let full = max(full, now)
      guard full - now <= nanoseconds * (burst - 1) else {
        suppressed += 1
        return nil
      }
      self.full = full + nanoseconds
      defer { suppressed = 0 }
      return suppressed
    }
  }

  /// For the eyes of who looks for faults: an address learned, moved or forgotten.
  private var details = Allowance(burst: 500, perSecond: 100)
  private var guests = Allowance(burst: 20, perSecond: 1)

  /// The line of an event and its level; nil if it is left out.
  /// - Parameter now: nanoseconds of the monotonic clock.
  mutating func line(for event: EventDocument, at now: UInt64) -> (level: Logger.Level, text: String)? {
    let level = Self.level(of: event.type)
    let suppressed: Int?
    switch event.type {
    case .learned, .moved, .aged: suppressed = details.take(at: now)
    case .pinned, .tableFull, .macLimit, .bpduGuard, .loopDetected, .guardReleased, .storm, .eventsLost:
      suppressed = guests.take(at: now)
    case .portUp, .portDown, .portWaiting, .portAdded, .portRemoved, .portChanged, .configApplied, .configConfirmed,
      .configReverted, .configSaved:
      suppressed = 0
    }
    guard let suppressed else { return nil }
    let others = suppressed > 0 ? "; before it \(suppressed) others came too fast for the log: tapswitch events" : ""
    return (level, event.text + others)
  }

  static func level(of type: EventType) -> Logger.Level {
    switch type {
    case .learned, .moved, .aged: .debug
    case .eventsLost: .info
    case .pinned, .tableFull, .macLimit, .bpduGuard, .loopDetected, .configReverted: .warning
    // A limit that limits does what it is for.
    case .storm, .portUp, .portDown, .portWaiting, .portAdded, .portRemoved, .portChanged, .guardReleased,
      .configApplied, .configConfirmed, .configSaved:
      .notice
    }
  }
}
