// Rates and bursts to the token, over any time and at any speed.

import BridgeCore
import Testing

@Suite struct TokenBucketTests {
  static let second: UInt64 = 1_000_000_000

  @Test func burstThenRate() {
    var bucket = TokenBucket(rate: 100, burst: 10)
    let start = 5 * TokenBucketTests.second
    let passed = (0..<50).filter { _ in bucket.take(1, at: start) }.count
    #expect(passed == 10)
    // one every ten milliseconds, not a nanosecond sooner
    #expect(!bucket.wouldPass(at: start + 9_999_999))
    #expect(bucket.take(1, at: start + 9_999_999) == false)
    #expect(bucket.take(1, at: start + 10_000_000) == true)
    #expect(bucket.take(1, at: start + 19_999_999) == false)
    #expect(bucket.take(1, at: start + 20_000_000) == true)
    // a long rest fills it to the brim and no further
    let later = (0..<50).filter { _ in bucket.take(1, at: start + 1000 * TokenBucketTests.second) }.count
    #expect(later == 10)
  }

  /// An amount larger than the burst passes at once and is paid off.
  @Test func debt() {
    var bucket = TokenBucket(rate: 1000, burst: 100)
    #expect(bucket.take(65_000, at: 0) == true)
    #expect(bucket.take(1, at: 64 * TokenBucketTests.second) == false)
    #expect(bucket.take(1, at: 64_900_000_000) == false)
    #expect(bucket.take(1, at: 64_901_000_000) == true)
  }

  /// In the long run exactly the rate, whatever the sizes and the times between.
  @Test(arguments: seeds) func exactInTheLongRun(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    for rate in [1, 3, 999, 1_000_003, 12_345_678_901] as [UInt64] {
      let burst = UInt64.random(in: 1...1_000_000, using: &random)
      let largest = UInt64.random(in: 1...3_000_000, using: &random)
      var bucket = TokenBucket(rate: rate, burst: burst)
      var now: UInt64 = .random(in: 0...1 << 40, using: &random)
      #expect(bucket.take(burst, at: now) == true)
      let start = now
      var taken: UInt64 = 0
      // asked so often that it is never full
      for _ in 0..<20_000 {
        now += .random(in: 0...min(2 * burst * TokenBucketTests.second / rate / 3 + 1, 1 << 40), using: &random)
        let amount = UInt64.random(in: 1...largest, using: &random)
        while bucket.take(amount, at: now) { taken += amount }
      }
      let due = Double(now - start) / 1e9 * Double(rate)
      #expect(Double(taken) <= due + Double(largest) + 1, "seed \(seed), rate \(rate)")
      #expect(Double(taken) >= due - 1 - due * 1e-12, "seed \(seed), rate \(rate)")
    }
  }

  /// Neither rate nor time nor amount is too large, and a clock that goes back gives nothing.
  @Test func extremes() {
    let numbers: [UInt64] = [0, 1, 2, 1_000_000_000, 1 << 32, 1 << 62, 1 << 63, .max - 1, .max]
    for rate in numbers {
      for burst in numbers {
        var bucket = TokenBucket(rate: rate, burst: burst)
        #expect(bucket.take(1, at: 0) == true)
        for amount in numbers { for time in numbers { _ = bucket.take(amount, at: time) } }
        for time in numbers.reversed() { _ = bucket.take(.max, at: time) }
        #expect(bucket.burst >= 1 && bucket.burst <= 1 << 62)
      }
    }
    var none = TokenBucket(rate: 0, burst: 2)
    let passed = (0..<10).filter { none.take(1, at: UInt64($0) << 60) }.count
    #expect(passed == 2)
    var back = TokenBucket(rate: 1, burst: 1)
    #expect(back.take(1, at: 100 * TokenBucketTests.second) == true)
    #expect(back.take(1, at: 0) == false)
    #expect(back.take(1, at: 100 * TokenBucketTests.second) == false)
    #expect(back.take(1, at: 101 * TokenBucketTests.second) == true)
  }
}
