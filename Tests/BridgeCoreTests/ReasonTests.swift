// Drop reasons against the list in the contract, and the ledger.

import BridgeCore
import Testing

@Suite struct ReasonTests {
  static let ingress = [
    "runt", "oversize", "bad_source", "bad_tag", "vlan_not_allowed", "frame_type", "reserved_address", "pause",
    "bad_offload", "mac_limit", "locked", "source_not_allowed", "bpdu_guard", "storm_broadcast", "storm_multicast",
    "storm_unknown", "rate_in", "same_port", "isolated", "flood_off", "no_destination", "no_neighbour",
  ]
  static let egress = ["egress_mtu", "queue_full", "port_down", "write_error", "rate_out", "too_many_segments"]

  @Test func namesAreThoseOfTheContract() {
    #expect(DropReason.allCases.filter { !$0.isEgress }.map(\.name) == ReasonTests.ingress)
    #expect(DropReason.allCases.filter(\.isEgress).map(\.name) == ReasonTests.egress)
    #expect(DropReason.count == 28)
    for (index, reason) in DropReason.allCases.enumerated() { #expect(Int(reason.rawValue) == index) }
  }

  @Test(arguments: DropReason.allCases) func texts(reason: DropReason) {
    #expect(DropReason(name: reason.name) == reason)
    for text in [reason.meaning, reason.remedy] {
      #expect(text.hasSuffix(".") && text.first?.isUppercase == true)
      #expect((20...160).contains(text.count), "\(text)")
      #expect(text.count(where: { $0 == "`" }) % 2 == 0, "\(text)")
    }
    #expect(DropReason.allCases.filter { $0.meaning == reason.meaning }.count == 1)
  }

  @Test(arguments: ["", "Runt", "runt ", "badSource", "bad-source", "nothing"]) func noSuchName(text: String) {
    #expect(DropReason(name: text) == nil)
  }
}

@Suite struct LedgerTests {
  /// A switch of two ports: 10 frames came in at one, 5 at the other.
  static func straight() -> Ledger {
    var first = Ledger()
    first.rxFrames = 10
    first.forwarded = 4
    first.flooded = 2
    first.consumed = 1
    first.add(3, droppedFor: .samePort)
    first.floodCopies = 5
    first.txFrames = 5
    var second = Ledger()
    second.rxFrames = 5
    second.forwarded = 5
    second.originated = 1
    second.txFrames = 6
    second.merged = 4
    second.split = 2
    second.add(1, droppedFor: .queueFull)
    second.add(1, droppedFor: .egressMTU)
    first.add(second)
    return first
  }

  @Test func straightBooks() {
    #expect(Ledger().differences.isEmpty)
    #expect(LedgerTests.straight().differences.isEmpty)
  }

  @Test func eachCounterIsInItsEquation() {
    let changes: [(String, @Sendable (inout Ledger) -> Void, Int64, Int64)] = [
      ("rx_frames", { $0.rxFrames += 1 }, 1, 0), ("forwarded", { $0.forwarded += 1 }, -1, 1),
      ("flooded", { $0.flooded += 1 }, -1, 0), ("consumed", { $0.consumed += 1 }, -1, 0),
      ("ingress drop", { $0.add(1, droppedFor: .noNeighbour) }, -1, 0), ("flood_copies", { $0.floodCopies += 1 }, 0, 1),
      ("originated", { $0.originated += 1 }, 0, 1), ("tx_frames", { $0.txFrames += 1 }, 0, -1),
      ("merged", { $0.merged += 1 }, 0, -1), ("split", { $0.split += 1 }, 0, 1),
      ("egress drop", { $0.add(1, droppedFor: .tooManySegments) }, 0, -1),
    ]
    for (name, change, ingress, egress) in changes {
      var ledger = LedgerTests.straight()
      change(&ledger)
      #expect(ledger.ingressDifference?.missing ?? 0 == ingress, "\(name)")
      #expect(ledger.egressDifference?.missing ?? 0 == egress, "\(name)")
    }
  }

  @Test func saysWhichAndHowMuch() {
    var ledger = LedgerTests.straight()
    ledger.rxFrames += 7
    ledger.txFrames += 2
    #expect(
      ledger.differences.map(\.description) == [
        "rx_frames = forwarded + flooded + consumed + drops by ingress reasons: the right side is 7 too small",
        "forwarded + flood_copies + originated = tx_frames + merged - split + drops by egress reasons: "
          + "the right side is 2 too large",
      ])
  }

  /// Counters wrap; so do their sums.
  @Test func wraps() {
    var ledger = Ledger()
    ledger.rxFrames = 1
    ledger.forwarded = UInt64.max
    ledger.flooded = 2
    ledger.txFrames = UInt64.max
    #expect(ledger.differences.isEmpty)
  }
}
