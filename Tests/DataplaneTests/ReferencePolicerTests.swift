// The limits of a port against a naive reference: whole buckets in billionths of a token, in 128 bits, filled from the
// beginning of time whenever they are asked.

import BridgeCore
import Testing

@testable import Dataplane

/// A bucket as the contract describes it.
private struct NaiveBucket {
  static let whole: Int128 = 1_000_000_000
  let rate: Int128
  let burst: Int128
  var level: Int128
  var last: UInt64 = 0

  init(rate: UInt64, burst: UInt64) {
    self.rate = Int128(rate)
    self.burst = Int128(burst) * NaiveBucket.whole
    level = self.burst
  }

  mutating func take(_ amount: UInt64, at time: UInt64) -> Bool {
    level = min(burst, level + rate * Int128(time - last))
    last = time
    guard level >= NaiveBucket.whole else { return false }
    level -= Int128(amount) * NaiveBucket.whole
    return true
  }
}

/// What the contract says of `rate_in`, `burst` and the three storm limits.
private struct NaivePolicer {
  var limits: PortLimits
  var input: NaiveBucket
  var storms: [NaiveBucket?]

  init(_ limits: PortLimits) {
    self.limits = limits
    let bits = limits.burst == 0 ? max(128 * 1024 * 8, limits.rateIn / 10) : max(limits.burst * 8, limits.rateIn / 50)
    input = NaiveBucket(rate: limits.rateIn, burst: bits)
    storms = NaivePolicer.kinds(limits).map { limit in
      switch limit {
      case .none: nil
      case .frames(let count): NaiveBucket(rate: UInt64(count), burst: UInt64(count))
      case .bits(let count): NaiveBucket(rate: count, burst: count)
      }
    }
  }

  static func kinds(_ limits: PortLimits) -> [StormLimit] {
    [limits.stormBroadcast, limits.stormMulticast, limits.stormUnknown]
  }

  /// A limit that stays keeps what is left of it.
  mutating func change(to new: PortLimits) {
    var next = NaivePolicer(new)
    if new.rateIn == limits.rateIn, new.burst == limits.burst { next.input = input }
    for (index, (old, new)) in zip(NaivePolicer.kinds(limits), NaivePolicer.kinds(new)).enumerated() where old == new {
      next.storms[index] = storms[index]
    }
    self = next
  }

  mutating func refuses(octets: Int, segments: Int, kind: Int?, at time: UInt64) -> DropReason? {
    if limits.rateIn != 0, !input.take(UInt64(octets) * 8, at: time) { return .rateIn }
    guard let kind, storms[kind] != nil else { return nil }
    var amount = UInt64(segments)
    if case .bits = NaivePolicer.kinds(limits)[kind] { amount = UInt64(octets) * 8 }
    if storms[kind]?.take(amount, at: time) == true { return nil }
    return [DropReason.stormBroadcast, .stormMulticast, .stormUnknown][kind]
  }
}

@Suite struct ReferencePolicerTests {
  private static func storm(_ random: inout SeededRandom) -> StormLimit {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: .none
    case 1: .bits(.random(in: 1...10_000_000, using: &random))
    default: .frames(.random(in: 1...5000, using: &random))
    }
  }

  private static func limits(_ random: inout SeededRandom) -> PortLimits {
    let rate = Bool.random(using: &random) ? 0 : UInt64.random(in: 1...100_000_000_000, using: &random)
    return PortLimits(
      mtu: 1500, native: 1, enabled: true, rateIn: rate,
      burst: Bool.random(using: &random) ? 0 : .random(in: 1...1_000_000, using: &random),
      stormBroadcast: storm(&random), stormMulticast: storm(&random), stormUnknown: storm(&random))
  }

  @Test(arguments: seeds) func everyFrameIsJudgedAlike(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    for _ in 0..<40 {
      var limits = ReferencePolicerTests.limits(&random)
      var policer = Policer(Policer.Limits(limits))
      var naive = NaivePolicer(limits)
      var now: UInt64 = .random(in: 0...1 << 40, using: &random)
      let pause: UInt64 = [0, 1000, 1_000_000, 1_000_000_000, 1 << 50].randomElement(using: &random) ?? 0
      for step in 0..<500 {
        now += .random(in: 0...pause, using: &random)
        if Int.random(in: 0..<100, using: &random) == 0 {
          limits = ReferencePolicerTests.limits(&random)
          policer.change(to: Policer.Limits(limits))
          naive.change(to: limits)
        }
        let octets = Int.random(in: 14...65_550, using: &random), segments = Int.random(in: 1...44, using: &random)
        let kind = [nil, 0, 1, 2].randomElement(using: &random) ?? nil
        let found = policer.refuses(
          octets: octets, segments: segments, flooded: kind.map { [.broadcast, .multicast, .unicast][$0] }, at: now)
        let wanted = naive.refuses(octets: octets, segments: segments, kind: kind, at: now)
        guard found == wanted else {
          Issue.record(
            "seed \(seed), step \(step): \(String(describing: found)) instead of \(String(describing: wanted))")
          return
        }
      }
    }
  }
}
