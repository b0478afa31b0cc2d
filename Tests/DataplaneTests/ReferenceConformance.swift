// Conformance points that concern what is written to a port: C2, C4, C6 to C9, C27 and C29 (IEEE 802.1D-2004 clauses
// 6.3 and 7.7, 802.1Q-2018 clauses 6.9 and 8.6), over socket pairs.

import BridgeCore
import LinuxIO
import Testing
import Wire

@testable import Dataplane

@Suite(.timeLimit(.minutes(3))) struct ReferenceConformance {
  @Test("C2: not to a port whose MTU is smaller, tags and form notwithstanding; the others get it")
  func c2() async throws {
    let mtus = [68, 576, 1500, 9000, 65521]
    let bench = try await ReferenceBench([.init(mtu: 65521)] + mtus.map { ReferencePort(mtu: $0) })
    for payload in mtus.flatMap({ [$0 - 1, $0, $0 + 1] }) where payload <= 65521 {
      for tags in [[], [(0x8100, 7)], [(0x8100, 1)], [(0x88A8, 7)]] as [[(UInt16, UInt16)]] {
        let octets = (0..<payload).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let frame = ethernet(to: .broadcast, from: station(1), tags: tags, payload: octets)
        let before = (1...5).map { bench.counters($0).drops[.egressMTU] ?? 0 }
        try bench.put(frame, on: 0)
        try await bench.settle()
        for slot in 1...5 {
          let fits = payload <= mtus[slot - 1]
          let own = bench.ports[slot]
          let vlan = try #require(own.vlan(of: frame))
          let leaving = own.leaving(frame, of: vlan, from: bench.ports[0])
          #expect(bench.take(slot) == (fits ? [leaving] : []), "\(payload) octets to an MTU of \(own.mtu)")
          let drops = (bench.counters(slot).drops[.egressMTU] ?? 0) - before[slot - 1]
          #expect(drops == (fits ? 0 : 1))
        }
      }
    }
    try await bench.audit()
  }

  @Test("C2: a frame that stands for several is judged by its segments")
  func c2Segments() async throws {
    let bench = try await ReferenceBench([.init(mtu: 65521), .init(mtu: 1500), .init(mtu: 1499)])
    let frame = tcp4(to: .broadcast, from: station(1), payload: 14600)
    // 1,460 octets of payload behind 40 of headers
    let header = offload(tcpOffload(gsoType: VirtioNetHeader.gsoTCPv4, gsoSize: 1460))
    try bench.put(frame, on: 0, header)
    try await bench.settle()
    #expect(bench.take(1).count == 1)
    #expect(bench.take(2).isEmpty && bench.counters(2).drops == [.egressMTU: 1])
    try await bench.audit()
  }

  @Test("C4, C5, P4: in order and once, through flooding, learning, forgetting and a move", arguments: [1, 2])
  func c4(workers: Int) async throws {
    let bench = try await ReferenceBench(Array(repeating: ReferencePort(), count: 4), workers: workers)
    let count = 6000
    var got: [[Int]] = Array(repeating: [], count: 4)
    for next in 0..<count {
      let frame = ethernet(to: station(2), from: station(1), payload: numbered(next))
      try await bench.guests[0].push(offload() + frame)
      switch next {
      case 1000, 3000: try bench.put(ethernet(to: .broadcast, from: station(2), payload: numbered(count)), on: 2)
      case 2000, 5000: await bench.dataplane.perform(.flush(nil, vlan: nil))
      case 4000: try bench.put(ethernet(to: .broadcast, from: station(2), payload: numbered(count)), on: 3)
      default: break
      }
      if next % 16 == 0 {
        for slot in 1...3 { got[slot] += bench.guests[slot].take().map { number(of: $0) } }
      }
    }
    try await bench.settle()
    var seen = 0
    for slot in 1...3 {
      got[slot] += bench.guests[slot].take().map { number(of: $0) }
      let own = got[slot].filter { $0 < count }
      #expect(zip(own, own.dropFirst()).allSatisfy { $0 < $1 }, "port \(slot): in order, none twice")
      seen += own.count
    }
    let all = Set(got.joined().filter { $0 < count })
    let lost = (1...3).reduce(0) { $0 + Int(bench.counters($1).drops[.queueFull] ?? 0) }
    #expect(all.count + lost >= count, "none is missing")
    #expect(seen >= count - lost)
    try await bench.audit()
  }

  @Test(
    "C4, P4: frames of a flow that are joined are neither overtaken nor lost, nor is their payload in another order")
  func c4Joined() async throws {
    let bench = try await ReferenceBench(Array(repeating: ReferencePort(), count: 2))
    try bench.put(ethernet(to: .broadcast, from: station(2)), on: 1)
    try await bench.settle()
    _ = bench.take(0)
    // unlike frames between like ones, each with its number
    for next in 0..<200 {
      let isOdd = next % 3 == 0
      let frame = ethernet(to: station(2), from: station(1), type: isOdd ? 0x88B5 : 0x0800, payload: numbered(next))
      try bench.put(frame, on: 0)
    }
    try await bench.settle()
    #expect(bench.guests[1].take().map { number(of: $0) } == Array(0..<200))
    try await bench.audit()
  }

  @Test("C6: a stalled port holds nothing back: what did not fit is lost at once, and nothing old comes later")
  func c6() async throws {
    let bench = try await ReferenceBench(Array(repeating: ReferencePort(), count: 3))
    var sent = 0
    // port 1 is not read until its queue has been full for a while
    while (bench.counters(1).drops[.queueFull] ?? 0) < 100 {
      let frame = ethernet(to: .broadcast, from: station(1), payload: numbered(sent))
      try await bench.guests[0].push(offload() + frame)
      sent += 1
      if sent % 8 == 0 { _ = bench.guests[2].take() }
      try #require(sent < 100_000)
    }
    try await bench.settle()
    _ = bench.guests[2].take()
    let waiting = bench.guests[1].take().map { number(of: $0) }
    #expect(waiting == Array(0..<waiting.count), "the oldest, in order")
    #expect(bench.take(1).isEmpty, "the switch holds nothing")
    let begin = Clock.monotonic()
    try bench.put(ethernet(to: .broadcast, from: station(1), payload: numbered(1_000_000)), on: 0)
    try await until("the fresh frame") { isReadable(bench.guests[1].far) }
    #expect(Clock.monotonic() - begin < 1_000_000_000, "a bridge delays a frame by a second at the most")
    #expect(bench.guests[1].take().map { number(of: $0) } == [1_000_000])
    #expect(bench.guests[2].take().map { number(of: $0) } == [1_000_000])
    try await bench.audit()
  }

  @Test("C7: once a port is down nothing more goes there, and what was meant for it does not come when it is up again")
  func c7() async throws {
    let bench = try await ReferenceBench(Array(repeating: ReferencePort(), count: 3))
    try bench.put(ethernet(to: .broadcast, from: station(2)), on: 1)
    try await bench.settle()
    for slot in [0, 2] { _ = bench.take(slot) }
    for next in 0..<300 {
      if next == 100 { try await bench.set(1, up: false) }
      if next == 100 { _ = bench.take(1) }
      if next == 200 { try await bench.set(1, up: true) }
      if next == 200 { #expect(bench.take(1).isEmpty, "nothing while it was down") }
      for destination in [station(2), .broadcast] {
        try bench.put(ethernet(to: destination, from: station(1), payload: numbered(next)), on: 0)
      }
      try await bench.settle(without: [1])
    }
    let numbers = bench.guests[1].take().map { number(of: $0) }
    #expect(numbers.allSatisfy { $0 >= 200 } && numbers.count == 200, "only what came since")
    try await bench.audit()
  }

  @Test("C8, P8: octet by octet, at every length", arguments: [[], [(0x8100, 7)], [(0x88A8, 9), (0x8100, 3)]])
  func c8(tags: [(UInt16, UInt16)]) async throws {
    var random = SeededRandom(seed: 8)
    let bench = try await ReferenceBench(Array(repeating: ReferencePort(mtu: 9000), count: 3))
    try bench.put(ethernet(to: .broadcast, from: station(2), tags: tags), on: 1)
    try await bench.settle()
    for slot in [0, 2] { _ = bench.take(slot) }
    let lengths =
      Array(0...130) + Array(stride(from: 131, through: 1500, by: 37)) + [1499, 1500, 1501, 4000, 8999, 9000]
    for length in lengths {
      let payload = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
      for destination in [station(2), .broadcast] {
        let frame = ethernet(to: destination, from: station(1), tags: tags, payload: payload)
        try bench.put(frame, on: 0)
        try await bench.settle()
        #expect(bench.take(1) == [frame], "\(length) octets")
        #expect(bench.take(2) == (destination.isBroadcast ? [frame] : []), "\(length) octets")
      }
    }
    try await bench.audit()
  }
}
