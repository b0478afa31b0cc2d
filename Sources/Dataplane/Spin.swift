// Whether to look again before sleeping. A wake-up costs some 17 µs, a look that finds nothing 0.2 µs; but on few cores
// who looks takes the processor from those he waits for. So it is off there, and elsewhere goes by success.

/// How long a worker looks for the next frame before it sleeps, in nanoseconds.
struct Spin: BitwiseCopyable {
  /// The longest; 0: sleep at once.
  let limit: UInt64
  /// What is worth trying now: doubled by each success, halved by each failure.
  private var budget: UInt64
  /// When the present search ends; 0 when there is none.
  private var end: UInt64 = 0

  init(limit: UInt64) {
    self.limit = limit
    budget = limit
  }

  /// How long to wait for events: not at all while searching, else without limit (-1).
  var wait: Int32 { end == 0 ? -1 : 0 }

  /// After a wait.
  /// - Parameters:
  ///   - found: something was there to do.
  ///   - now: monotonic.
  mutating func note(found: Bool, at now: UInt64) {
    guard limit > 0 else { return }
    if found {
      if end != 0 { budget = min(limit, budget &* 2) }
      end = now &+ budget
    } else if end != 0, now >= end {
      // Never below a sixteenth: one short look after each wake-up is how it finds out that things have changed.
      budget = max(limit / 16, budget / 2)
      end = 0
    }
  }
}
