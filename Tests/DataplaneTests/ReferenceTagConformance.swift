// Conformance points that concern the tag a frame leaves with: C9, C27, C29, and rows V2, V3, V6, V9 of the hostile
// input (IEEE 802.1Q-2018 clauses 6.9, 8.6.4 and 9), over socket pairs; then the same at random.

import BridgeCore
import LinuxIO
import Testing
import Wire

@testable import Dataplane

@Suite(.timeLimit(.minutes(3))) struct ReferenceTagConformance {
  private static func broadcast(_ tags: [(UInt16, UInt16)], _ number: Int = 0) -> [UInt8] {
    ethernet(to: .broadcast, from: station(1), tags: tags, payload: numbered(number))
  }

  /// Sends a frame and says what each port got.
  private static func spread(
    _ bench: ReferenceBench, _ frame: [UInt8], on slot: Int, _ header: [UInt8] = offload()
  ) async throws -> [[[UInt8]]] {
    try bench.put(frame, on: slot, header)
    try await bench.settle()
    return bench.ports.indices.map { bench.take($0) }
  }

  @Test(
    "C9, V9: priority and drop eligibility go through, whatever becomes of the tag",
    arguments: 0...15 as ClosedRange<UInt16>)
  func c9(priority: UInt16) async throws {
    let bench = try await ReferenceBench([
      .trunk([10...20], native: 30), .trunk([10...30]), .trunk([10...30], tpid: 0x88A8), .access(10), .access(30),
      .trunk([10...20], native: 30),
    ])
    let bits = priority << 12
    let tagged = try await Self.spread(bench, Self.broadcast([(0x8100, bits | 10)]), on: 0)
    #expect(tagged[1] == [Self.broadcast([(0x8100, bits | 10)])])
    #expect(tagged[2] == [Self.broadcast([(0x88A8, bits | 10)])], "another protocol, the same priority")
    #expect(tagged[3] == [Self.broadcast([])])
    #expect(tagged[4].isEmpty)
    #expect(tagged[5] == [Self.broadcast([(0x8100, bits | 10)])])
    // a tag that is only a priority gets the VLAN where it leaves tagged
    let only = try await Self.spread(bench, Self.broadcast([(0x8100, bits)]), on: 0)
    #expect(only[1] == [Self.broadcast([(0x8100, bits | 30)])])
    #expect(only[2] == [Self.broadcast([(0x88A8, bits | 30)])])
    #expect(only[3].isEmpty)
    #expect(only[4] == [Self.broadcast([])])
    #expect(only[5] == [Self.broadcast([])], "native: without a tag")
    try await bench.audit()
  }

  @Test("C27: members of the VLAN and nobody else, tagged or untagged as each is set")
  func c27() async throws {
    let bench = try await ReferenceBench([
      .trunk([10...10, 20...29]), .access(10), .access(20), .trunk([10...10], native: 20), .trunk([11...19], native: 1),
      .init(), .trunk([20...20], tpid: 0x88A8), .qinq(10),
    ])
    for vlan in [10, 20, 25, 30] as [UInt16] {
      let frame = Self.broadcast([(0x8100, vlan)], Int(vlan))
      let got = try await Self.spread(bench, frame, on: 0)
      let bare = Self.broadcast([], Int(vlan))
      switch vlan {
      case 10: #expect(got == [[], [bare], [], [frame], [], [frame], [], [bare]])
      case 20: #expect(got == [[], [], [bare], [bare], [], [frame], [Self.broadcast([(0x88A8, 20)], 20)], []])
      case 25: #expect(got == [[], [], [], [], [], [frame], [], []])
      default:
        #expect(got.allSatisfy { $0.isEmpty })
        #expect(bench.counters(0).drops == [.vlanNotAllowed: 1])
      }
    }
    // and to one that is known
    try bench.put(ethernet(to: .broadcast, from: station(2)), on: 2)
    try await bench.settle()
    for slot in bench.ports.indices { _ = bench.take(slot) }
    let known = ethernet(to: station(2), from: station(1), tags: [(0x8100, 20)])
    #expect(try await Self.spread(bench, known, on: 0)[2] == [ethernet(to: station(2), from: station(1))])
    try await bench.audit()
  }

  @Test("C29: VID and priority outlive tag, untag and tag; VLAN 1 is everybody's own unless set")
  func c29() async throws {
    let bench = try await ReferenceBench([.init(), .init(), .trunk([1...4094]), .trunk([1...4094], tpid: 0x88A8)])
    let bare = Self.broadcast([])
    let (one, other) = (Self.broadcast([(0x8100, 1)]), Self.broadcast([(0x88A8, 1)]))
    #expect(try await Self.spread(bench, bare, on: 0) == [[], [bare], [one], [other]])
    #expect(try await Self.spread(bench, one, on: 2) == [[bare], [bare], [], [other]])
    for vid in [2, 10, 4094] as [UInt16] {
      let there = try await Self.spread(bench, Self.broadcast([(0x8100, 0xB000 | vid)]), on: 2)
      #expect(there[3] == [Self.broadcast([(0x88A8, 0xB000 | vid)])])
      let back = try await Self.spread(bench, there[3][0], on: 3)
      #expect(back[2] == [Self.broadcast([(0x8100, 0xB000 | vid)])])
      #expect(back[0] == back[2] && back[1] == back[2], "not native there")
    }
    try await bench.audit()
  }

  @Test("C29, B4: with the tag that comes or goes the offload header is shifted, segments and all")
  func c29Offload() async throws {
    let bench = try await ReferenceBench([
      .trunk([1...4094]), .access(10), .trunk([1...4094], tpid: 0x88A8), .access(10),
    ])
    for (gso, size) in [(VirtioNetHeader.gsoNone, UInt16(0)), (VirtioNetHeader.gsoTCPv4, 1000)] {
      let payload = size == 0 ? 500 : 5000
      func frame(_ tags: [(UInt16, UInt16)]) -> [UInt8] {
        tcp4(to: .broadcast, from: station(1), tags: tags, payload: payload)
      }
      for (tags, slot) in [([], 1), ([(0x8100, 0x600A)], 0)] as [([(UInt16, UInt16)], Int)] {
        let header = offload(tcpOffload(front: 14 + 4 * tags.count, gsoType: gso, gsoSize: size))
        try bench.put(frame(tags), on: slot, header)
        try await bench.settle()
        for other in 0...3 where other != slot {
          let bits: UInt16 = tags.isEmpty ? 0 : 0x6000
          let out: [(UInt16, UInt16)] = other % 2 == 1 ? [] : [(other == 0 ? 0x8100 : 0x88A8, bits | 10)]
          let got = bench.guests[other].take()
          #expect(got.map { Array($0.dropFirst(12)) } == [frame(out)], "port \(other)")
          guard let first = got.first else { continue }
          let seen = try unsafe VirtioNetHeader(parsing: first.span.bytes)
          #expect(seen.checksumStart == UInt16(34 + 4 * out.count) && seen.checksumOffset == 16, "port \(other)")
          #expect(seen.gsoType == gso && seen.gsoSize == size, "port \(other)")
        }
      }
    }
    try await bench.audit()
  }

  @Test("V3, V6: an inner tag never comes to stand where a port looks for a VLAN")
  func hopping() async throws {
    let bench = try await ReferenceBench([
      .init(tagged: [], native: 10), .access(10), .trunk([10...20], native: 10), .access(20), .trunk([10...20]),
      .qinq(10),
    ])
    // the attacker sends from the native VLAN and hopes to be heard in VLAN 20
    for outer in [0, 0x5000, 10, 0x500A] as [UInt16] {
      let got = try await Self.spread(bench, Self.broadcast([(0x8100, outer), (0x8100, 20)]), on: 0)
      let kept = Self.broadcast([(0x8100, outer & 0xF000 | 10), (0x8100, 20)])
      #expect(got[1] == [kept] && got[2] == [kept] && got[4] == [kept], "outer \(outer)")
      #expect(got[3].isEmpty, "not in VLAN 20")
      #expect(got[5] == [Self.broadcast([(0x8100, 20)])], "behind a QinQ port tags are payload")
      // and where such a frame comes in again it is in the same VLAN still
      let again = try await Self.spread(bench, got[2].first ?? [], on: 2)
      #expect(again[3].isEmpty && again[4] == [kept])
    }
    for depth in 2...4 {
      let zeros = Array(repeating: (UInt16(0x8100), UInt16(0)), count: depth)
      let got = try await Self.spread(bench, Self.broadcast(zeros + [(0x8100, 20)]), on: 0)
      #expect(got[3].isEmpty, "\(depth) times VID 0")
      for copy in got[1] + got[2] { #expect(word(copy, 12) == 0x8100 && word(copy, 14) & 0xFFF == 10) }
    }
    try await bench.audit()
  }

  @Test("C28, P2, P8: any tags through any two ports, octet by octet as the contract has it", arguments: seeds)
  func random(seed: UInt64) async throws {
    var random = SeededRandom(seed: seed)
    let vids: [UInt16] = [0, 1, 10, 20, 4094, 4095]
    for _ in 0..<12 {
      let ports = (0..<6).map { _ in
        let native = [0, 1, 10, 20].randomElement(using: &random) ?? 1
        let tpid: UInt16 = Int.random(in: 0..<3, using: &random) == 0 ? 0x88A8 : 0x8100
        let accept = [AcceptedFrames.all, .all, .all, .tagged, .untagged].randomElement(using: &random) ?? .all
        return switch Int.random(in: 0..<4, using: &random) {
        case 0: ReferencePort.qinq(native == 0 ? 10 : UInt16(native))
        case 1: ReferencePort(tagged: [10...20], native: UInt16(native), tpid: tpid, accept: accept)
        default: ReferencePort(native: UInt16(native), tpid: tpid, accept: accept)
        }
      }
      let bench = try await ReferenceBench(ports)
      for step in 0..<60 {
        let slot = Int.random(in: 0..<6, using: &random)
        let depth = [0, 1, 1, 1, 2, 2, 3].randomElement(using: &random) ?? 0
        let tags = (0..<depth).map { _ in
          let tpid: UInt16 = [0x8100, 0x8100, 0x88A8, 0x9100].randomElement(using: &random) ?? 0x8100
          return (tpid, UInt16.random(in: 0...15, using: &random) << 12 | (vids.randomElement(using: &random) ?? 0))
        }
        let length = [0, 1, 46, 300, 1500].randomElement(using: &random) ?? 46
        let payload = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
        let frame = ethernet(to: .broadcast, from: station(1 + slot), tags: tags, payload: payload)
        let got = try await Self.spread(bench, frame, on: slot)
        let vlan = ports[slot].vlan(of: frame)
        let audience = vlan.map { bench.audience($0, from: slot) } ?? []
        for other in 0..<6 {
          let expected = audience.contains(other) ? [ports[other].leaving(frame, of: vlan ?? 0, from: ports[slot])] : []
          try #require(
            got[other] == expected,
            "seed \(seed), step \(step): \(tags) from \(ports[slot]) to \(ports[other]), VLAN \(vlan ?? 0)")
        }
      }
      try await bench.audit()
    }
  }
}
