// VLANs from port to port: rows V1 to V9 of the hostile-input table that concern the way out, QinQ, ingress filtering,
// isolation, kinds of flooding. Which frame gets which form on every kind of port is in TagGridTests.

import BridgeCore
import Testing
import Wire

@testable import Dataplane

@Suite(.timeLimit(.minutes(1))) struct VLANTests {
  private typealias Tags = [(UInt16, UInt16)]

  private static func frame(_ tags: Tags, to destination: MACAddress = .broadcast, from source: Int = 1) -> [UInt8] {
    offload() + ethernet(to: destination, from: station(source), tags: tags)
  }

  /// Two tenants behind access ports 0 and 1, one trunk of both at 2, a trunk with native 10 at 3.
  private static func tenants() throws -> VirtualSwitch {
    let bench = try VirtualSwitch()
    try bench.add(0, .access(10))
    try bench.add(1, .access(20))
    try bench.add(2, .trunk(10...20))
    try bench.add(3, .trunk(native: 10, 11...20))
    return bench
  }

  @Test("V1: a tag that is cut off is bad_tag, on every kind of port", arguments: 14...17)
  func cutTag(length: Int) throws {
    let bench = try Self.tenants()
    for slot in 0..<4 {
      bench.receive(
        offload() + ethernet(to: .broadcast, from: station(1), tags: [(0x8100, 10)]).prefix(length), from: slot)
      #expect(bench.counted(slot).drops == [.badTag: 1])
    }
    bench.audit()
  }

  @Test(
    "V2: however many tags are nested, only the outermost of the port's TPID counts, and the rest arrives as it was")
  func nested() throws {
    let bench = try Self.tenants()
    for (slot, setup) in [(0, PortSetup.access(10)), (3, .trunk(native: 10, 11...20))] {
      try bench.set(slot, setup.with { $0.mtu = 9000 })
    }
    for count in [2, 3, 8, 370] {
      let inner = (1..<count).map { [(0x8100, 20), (0x88A8, 30), (0x9100, 10)][$0 % 3] as (UInt16, UInt16) }
      bench.receive(Self.frame([(0x8100, 10)] + inner), from: 2)
      #expect(bench.take(1).isEmpty)
      let bare = inner[0].0 != 0x8100
      #expect(bench.take(0) == [Self.frame(bare ? inner : [(0x8100, 10)] + inner)], "\(count)")
      #expect(bench.take(3) == [Self.frame(bare ? inner : [(0x8100, 10)] + inner)], "\(count)")
    }
    bench.audit()
  }

  @Test("V3: stacked VID 0 stays in the PVID, here and at every switch that the frame comes to next")
  func stackedPriority() throws {
    let bench = try Self.tenants()
    for depth in 1...3 {
      let stack: Tags = Array(repeating: (0x8100, 0xA000), count: depth) + [(0x8100, 20)]
      bench.receive(Self.frame(stack), from: 0)
      #expect(bench.take(1).isEmpty, "tenant 20 hears nothing")
      let named: Tags = [(0x8100, 0xA00A)] + stack.dropFirst()
      // Bare it would begin with a tag of the port's own kind: so it is named where it would otherwise leave untagged.
      #expect(bench.take(2) == [Self.frame(named)])
      #expect(bench.take(3) == [Self.frame(named)])
    }
    // Once, with nothing behind it, it is a priority and no more.
    bench.receive(Self.frame([(0x8100, 0xA000)]), from: 0)
    #expect(bench.take(2) == [Self.frame([(0x8100, 0xA00A)])] && bench.take(3) == [Self.frame([])])
    bench.audit()
  }

  @Test("V4: VID 4095 is bad_tag on every port but one of QinQ, where it is payload")
  func reservedVID() throws {
    let bench = try Self.tenants()
    try bench.add(4, .service(10))
    for slot in 0..<4 {
      bench.receive(Self.frame([(0x8100, 0xFFF)]), from: slot)
      #expect(bench.counted(slot).drops == [.badTag: 1])
    }
    bench.receive(Self.frame([(0x8100, 0xFFF)]), from: 4)
    #expect(bench.take(2) == [Self.frame([(0x8100, 10), (0x8100, 0xFFF)])])
    bench.audit()
  }

  @Test("V5: a tagged frame on an access port is frame_type, whichever tenant it names; so is its own")
  func hopping() throws {
    let bench = try Self.tenants()
    for vid: UInt16 in [10, 20, 4094] { bench.receive(Self.frame([(0x8100, vid)]), from: 0) }
    for slot in 1..<4 { #expect(bench.take(slot).isEmpty) }
    #expect(bench.counted(0).drops == [.frameType: 3])
    bench.audit()
  }

  @Test("V6: the outer tag of a double-tagged frame is not taken off where the inner one would be read next")
  func doubleTag() throws {
    let bench = try Self.tenants()
    // An attacker in the native VLAN of the trunk at 3, who may send tagged.
    try bench.add(4, .trunk(native: 10, 11...20))
    bench.receive(Self.frame([(0x8100, 10), (0x8100, 20)]), from: 4)
    #expect(bench.take(3) == [Self.frame([(0x8100, 10), (0x8100, 20)])], "the next switch reads 10")
    #expect(bench.take(0) == [Self.frame([(0x8100, 10), (0x8100, 20)])])
    #expect(bench.take(1).isEmpty)
    bench.audit()
  }

  @Test("V6: nor is one uncovered that its own port takes for payload and the next for a tag")
  func foreignTag() throws {
    let bench = try VirtualSwitch()
    try bench.add(0, .trunk(native: 10, 11...20, tpid: 0x88A8))
    try bench.add(1, .trunk(native: 10, 11...20))
    try bench.add(2, .access(20))
    bench.receive(Self.frame([(0x8100, 20)]), from: 0)
    #expect(bench.take(1) == [Self.frame([(0x8100, 10), (0x8100, 20)])])
    #expect(bench.take(2).isEmpty)
    bench.audit()
  }

  @Test("V7: a tag of another protocol is no tag: the frame is in the PVID, or nowhere")
  func otherProtocol() throws {
    let bench = try Self.tenants()
    try bench.add(4, .access(20))
    for tpid: UInt16 in [0x88A8, 0x9100] {
      bench.receive(Self.frame([(tpid, 3), (0x8100, 5)]), from: 1)
      #expect(bench.take(4) == [Self.frame([(tpid, 3), (0x8100, 5)])])
      #expect(bench.take(2) == [Self.frame([(0x8100, 20), (tpid, 3), (0x8100, 5)])])
      bench.receive(Self.frame([(tpid, 20)]), from: 2)
    }
    #expect(bench.counted(2).drops == [.vlanNotAllowed: 2], "a trunk without native VLAN")
    bench.audit()
  }

  @Test("V8: protocols of other makers are multicast like any other: in their VLAN, not acted on")
  func foreignProtocols() throws {
    let bench = try Self.tenants()
    for group: UInt64 in [0x0100_0CCC_CCCC, 0x0100_0CCC_CCCD, 0x0180_C200_0021, 0x0180_C200_0020] {
      bench.receive(Self.frame([], to: mac(group)), from: 0)
      #expect(bench.take(2) == [Self.frame([(0x8100, 10)], to: mac(group))])
      #expect(bench.take(1).isEmpty)
    }
    bench.audit()
  }

  @Test("V9: priority and drop eligibility survive every change of the tag", arguments: 0...15)
  func priorities(bits: Int) throws {
    let bench = try Self.tenants()
    try bench.add(4, .trunk(10...20, tpid: 0x88A8))
    let control = UInt16(bits) << 12
    bench.receive(Self.frame([(0x8100, control | 10)]), from: 2)
    #expect(bench.take(0) == [Self.frame([])])
    #expect(bench.take(4) == [Self.frame([(0x88A8, control | 10)])])
    #expect(bench.take(3) == [Self.frame([])])
    bench.receive(Self.frame([(0x88A8, control | 20)]), from: 4)
    #expect(bench.take(3) == [Self.frame([(0x8100, control | 20)])])
    // A priority tag names no VLAN, and keeps its priority when it gets one.
    bench.receive(Self.frame([(0x8100, control)]), from: 0)
    #expect(bench.take(2).contains(Self.frame([(0x8100, control | 10)])))
    #expect(bench.take(4) == [Self.frame([(0x88A8, control | 10)])])
    bench.audit()
  }

  @Test("QinQ: two customers' own VLANs through one trunk of service tags, none of their tags read or changed")
  func serviceTags() throws {
    let bench = try VirtualSwitch()
    try bench.add(0, .service(100, tpid: 0x88A8))
    try bench.add(1, .service(200, tpid: 0x88A8))
    try bench.add(2, .trunk(100...200, tpid: 0x88A8))
    try bench.add(3, .service(100))
    let customers: [Tags] = [[], [(0x8100, 5)], [(0x8100, 0xFFF)], [(0x88A8, 200)], [(0x8100, 100), (0x8100, 200)]]
    for tags in customers {
      for (slot, vlan) in [(0, UInt16(100)), (1, 200)] {
        bench.receive(Self.frame(tags), from: slot)
        #expect(bench.take(2) == [Self.frame([(0x88A8, vlan)] + tags)])
        #expect(bench.take(3) == (slot == 0 ? [Self.frame(tags)] : []))
        bench.receive(Self.frame([(0x88A8, vlan)] + tags), from: 2)
        #expect(bench.take(slot) == [Self.frame(tags)])
        #expect(bench.take(3) == (slot == 0 ? [Self.frame(tags)] : []))
      }
    }
    for slot in 0..<4 { #expect(bench.counted(slot).drops.isEmpty) }
    bench.audit()
  }

  @Test("What a frame is asked to weigh is its payload: a tag that is pushed counts for no MTU")
  func mtu() throws {
    let bench = try VirtualSwitch()
    try bench.add(0, .access(10))
    try bench.add(1, .trunk(10...20))
    try bench.add(2, .trunk(10...20).with { $0.mtu = 1499 })
    let longest = sized(1514, to: .broadcast, from: station(1))
    bench.receive(offload() + longest, from: 0)
    #expect(bench.take(1).map(\.count) == [12 + 1518])
    #expect(bench.counted(2).drops == [.egressMTU: 1])
    bench.audit()
  }

  @Test("Frames of one flow in different VLANs are not joined; those of one VLAN are, and leave in that port's form")
  func merging() throws {
    let bench = try VirtualSwitch()
    try bench.add(0, .trunk(10...20))
    try bench.add(1, .trunk(native: 10, 11...20))
    for vlan: UInt16 in [10, 20] { try bench.perform(.addEntry(station(2), vlan: vlan, port(1), .static)) }
    func train(_ vlan: UInt16) -> [[UInt8]] {
      let whole = Packet(isTCP: true, isIPv6: true, rest: .checksum, count: 1400)
      return (0..<4).map { number in
        var frame = whole.frame(to: station(2), from: station(1), tags: [(0x8100, vlan)])
        // The next octets of the stream; the partial checksum does not cover them.
        let place = 18 + 40 + 4
        frame.replaceSubrange(place..<place + 4, with: [0, 0] + big(UInt16(256 + number * 1400)))
        return whole.offloadHeader(tags: 1) + frame
      }
    }
    bench.receive(train(10) + train(20), from: 0)
    let got = bench.take(1)
    #expect(got.count == 2)
    #expect(got.map(\.count) == [12 + 14 + 60 + 5600, 12 + 18 + 60 + 5600], "untagged in 10, tagged in 20")
    #expect(got.map { $0[1] } == [VirtioNetHeader.gsoTCPv6, VirtioNetHeader.gsoTCPv6])
    #expect(got.map { Int($0[6]) } == [14 + 40, 18 + 40], "where the checksum begins")
    #expect(bench.counted(1)[.merged] == 6)
    // In turn, they leave as they came.
    let frames = zip(train(10), train(20)).flatMap { [$0, $1] }
    bench.receive(frames, from: 0)
    #expect(bench.take(1).map(\.count) == frames.map { $0[27] == 10 ? $0.count - 4 : $0.count })
    #expect(bench.counted(1)[.merged] == 6)
    bench.audit()
  }

  @Test(
    "Isolation: isolated ports reach one another neither by flood nor by address; of groups only the other's isolated")
  func isolation() throws {
    let bench = try VirtualSwitch()
    let parts: [PortIsolation] = [
      PortIsolation(), PortIsolation(isIsolated: true), PortIsolation(isIsolated: true, group: "a"),
      PortIsolation(group: "a"), PortIsolation(group: "b"),
    ]
    for (slot, part) in parts.enumerated() {
      try bench.add(slot, PortSetup(isolation: part))
      try bench.perform(.addEntry(station(10 + slot), vlan: 1, port(slot), .static))
    }
    let reaches = [0: [1, 2, 3, 4], 1: [0, 3, 4], 2: [0, 3, 4], 3: [0, 1, 2, 4], 4: [0, 1, 3]]
    for from in parts.indices {
      bench.receive(Self.frame([], from: 10 + from), from: from)
      let flooded = parts.indices.filter { !bench.take($0).isEmpty }
      #expect(flooded == reaches[from], "from \(from)")
      for to in parts.indices where to != from {
        bench.receive(Self.frame([], to: station(10 + to), from: 10 + from), from: from)
        #expect(bench.take(to).count == (reaches[from]?.contains(to) == true ? 1 : 0), "from \(from) to \(to)")
      }
      let barred = UInt64(4 - (reaches[from]?.count ?? 0))
      #expect(bench.counted(from).drops == (barred == 0 ? [:] : [.isolated: barred]))
    }
    bench.audit()
  }

  @Test("Kinds of flooding are switched port by port; what nobody takes is flood_off")
  func floodKinds() throws {
    let bench = try VirtualSwitch()
    try bench.add(0)
    let kinds: [FloodKinds] = [.unicast, .multicast, .broadcast, []]
    for (slot, kinds) in kinds.enumerated() { try bench.add(slot + 1, PortSetup(floodKinds: kinds)) }
    for (slot, destination) in [(1, station(99)), (2, mac(0x3333_0000_0001)), (3, .broadcast)] {
      bench.receive(Self.frame([], to: destination), from: 0)
      #expect((1...4).filter { !bench.take($0).isEmpty } == [slot])
    }
    try bench.set(1, PortSetup(floodKinds: []))
    bench.receive(Self.frame([], to: station(99)), from: 0)
    #expect(bench.counted(0).drops == [.floodOff: 1])
    for slot in 1...4 { try bench.set(slot, PortSetup(isUp: false)) }
    bench.receive(Self.frame([], to: station(99)), from: 0)
    #expect(bench.counted(0).drops == [.floodOff: 1, .noDestination: 1])
    bench.audit()
  }
}
