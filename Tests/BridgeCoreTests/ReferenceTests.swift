// The bridge beside the naive one: random configurations, random frames, random commands, a virtual clock.

import BridgeCore
import Testing
import Wire

@Suite struct ReferenceTests {
  static let sequences = 500

  @Test("Thousands of random sequences: same verdicts, same recipients, same tables", arguments: seeds)
  func agreesWithTheNaiveBridge(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var seen: [String: Int] = [:]
    var failures = 0
    for _ in 0..<Self.sequences {
      let own = random.next()
      var generator = ReferenceGenerator(seed: own)
      let steps = generator.steps(70)
      if !ReferenceRun(seed: own, steps: steps).check(seen: &seen) { failures += 1 }
      if failures == 3 { return }
    }
    // A test that never meets a case does not test it.
    let ingress = DropReason.allCases.filter { !$0.isEgress }
    let notHere: Set<DropReason> = [
      .runt, .oversize, .badOffload, .noNeighbour, .rateIn, .stormBroadcast, .stormMulticast, .stormUnknown,
    ]
    let wanted =
      ingress.filter { !notHere.contains($0) }.map { "drop \($0)" }
      + ["deliver", "flood", "consume", "restored true", "event aged"]
      + ["unchanged", "refreshed", "learned", "moved", "pinned"].map { "taught \($0)" }
    for case let what in wanted { #expect(seen[what, default: 0] >= 5, "seed \(seed): \(what) hardly ever happened") }
  }

  @Test("One long life: the clock passes the range of the table's stamps again and again", arguments: seeds)
  func longLife(seed: UInt64) {
    var seen: [String: Int] = [:]
    var generator = ReferenceGenerator(seed: seed)
    ReferenceRun(seed: seed, steps: generator.steps(6000)).check(seen: &seen)
  }
}
