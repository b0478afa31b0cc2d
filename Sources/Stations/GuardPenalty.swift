// How long a port that a guard shut stays shut. One value a port; whoever holds it sets the timer.

/// The penalty of a port shut by `bpdu_guard`, `loop_probe` or `mac_limit`. Times are nanoseconds of one monotonic
/// clock.
///
/// The first penalty is 60 s, each further one twice the last, up to an hour. A port that has then been quiet for twice
/// its last penalty, counted from when it came back, begins at 60 s again: a fault that lasts is tried ever more
/// seldom, and one that was mended is forgotten in proportion to how long it lasted.
package struct GuardPenalty: Sendable, BitwiseCopyable, Equatable {
  package static let first: UInt64 = 60_000_000_000
  package static let longest: UInt64 = 3_600_000_000_000

  /// The last penalty; 0 before the first.
  package private(set) var duration: UInt64 = 0
  /// When the port comes back or came back.
  package private(set) var until: UInt64 = 0

  package init() {}

  /// A guard wants the port shut. One that is shut already stays so for what is left, and nothing doubles.
  /// - Returns: when it may come back.
  @discardableResult
  package mutating func trip(at now: UInt64) -> UInt64 {
    guard now >= until else { return until }
    let isForgotten = duration == 0 || now - until >= 2 * duration
    duration = isForgotten ? GuardPenalty.first : min(2 * duration, GuardPenalty.longest)
    until = now &+ duration
    return until
  }

  package func isShut(at now: UInt64) -> Bool { now < until }

  /// Somebody set the port up by hand: it comes back now, and quiet time counts from now. The next penalty is as if
  /// this one had ended by itself.
  package mutating func lift(at now: UInt64) { until = min(until, now) }
}
