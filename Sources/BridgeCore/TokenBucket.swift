// A rate with a burst, in integers: what storm control and rate limits are made of. It knows neither clock nor frames:
// time and amounts are arguments.

/// A token bucket: `rate` tokens come in each second, `burst` are kept at the most, and each taking costs some.
///
/// Whoever takes passes as long as there is a token at all, and may go into debt, which is paid off before the next
/// passes: an amount larger than the burst passes now and then, and in the long run exactly `rate` a second pass. In any
/// time of `t` seconds no more than `burst + rate * t` and one amount pass.
public struct TokenBucket: Sendable, BitwiseCopyable, Equatable {
  public let rate: UInt64
  /// 1 to 2^62.
  public let burst: Int64
  /// What is there; below zero what is owed.
  private var tokens: Int64
  /// Parts of a token that came in, in billionths.
  private var fraction: UInt64 = 0
  /// Until when tokens have come in.
  private var last: UInt64 = 0

  private static var nanoseconds: UInt64 { 1_000_000_000 }
  private static var most: UInt64 { 1 << 62 }

  /// A full bucket.
  /// - Parameters:
  ///   - rate: tokens a second; 0 lets only the first burst pass.
  ///   - burst: brought into 1...2^62.
  public init(rate: UInt64, burst: UInt64) {
    self.rate = rate
    self.burst = Int64(min(max(burst, 1), TokenBucket.most))
    tokens = self.burst
  }

  /// Takes `amount` at a time in nanoseconds of a clock that never goes back; one that does adds nothing.
  /// - Returns: whether it passes; if not nothing was taken.
  public mutating func take(_ amount: UInt64, at nanoseconds: UInt64) -> Bool {
    if nanoseconds > last { refill(at: nanoseconds) }
    guard tokens > 0 else { return false }
    tokens -= Int64(min(amount, TokenBucket.most))
    return true
  }

  /// Whether anything would pass.
  public func wouldPass(at nanoseconds: UInt64) -> Bool {
    var other = self
    return other.take(0, at: nanoseconds)
  }

  private mutating func refill(at nanoseconds: UInt64) {
    let elapsed = nanoseconds - last
    last = nanoseconds
    let room = UInt64(burst - tokens)
    guard room > 0 else { return }
    var (high, low) = elapsed.multipliedFullWidth(by: rate)
    let (sum, carries) = low.addingReportingOverflow(fraction)
    low = sum
    // At the most 2^64 - 1 times itself: the upper half has room for one more.
    if carries { high += 1 }
    guard high < TokenBucket.nanoseconds else { return fill() }
    let (whole, rest) = TokenBucket.nanoseconds.dividingFullWidth((high, low))
    guard whole < room else { return fill() }
    tokens += Int64(whole)
    fraction = rest
  }

  private mutating func fill() {
    tokens = burst
    fraction = 0
  }
}
