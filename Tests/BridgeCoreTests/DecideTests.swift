// The order in which a frame is judged on ports without further policy, case by case; VLANs, guards and floods have
// files of their own. Rows A5, A6, A13, V2, V3, V4 and V7 of the hostile-input table are named where they stand.

import BridgeCore
import Testing
import Wire

@Suite struct DecideTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let about: String
    var to: UInt64 = 0x0200_0000_0002
    var from: UInt64 = 0x0200_0000_0001
    var tags: [(UInt16, UInt16)] = []
    var ingress = 0
    let expected: Verdict
    var testDescription: String { about }
  }

  /// Ports 0 to 3 up; 4 down; 5 without a native VLAN; 6 without learning; 7 with TPID 0x88a8. Known in VLAN 1: …:10
  /// on port 1, …:11 on port 0; in VLAN 5 …:10 on port 2.
  static func bridge() -> Bridge {
    var bridge = makeBridge(ports: 8)
    bridge.setPolicy(PortPolicy(forwarding: false), of: port(4))
    bridge.setPolicy(PortPolicy(nativeVID: 0), of: port(5))
    bridge.setPolicy(PortPolicy(learning: false), of: port(6))
    bridge.setPolicy(PortPolicy(tpid: EtherType(rawValue: 0x88A8)), of: port(7))
    bridge.teach(mac(0x0200_0000_0010), vlan: 1, on: port(1), at: tick(0))
    bridge.teach(mac(0x0200_0000_0011), vlan: 1, on: port(0), at: tick(0))
    bridge.teach(mac(0x0200_0000_0010), vlan: 5, on: port(2), at: tick(0))
    bridge.mapVLAN(9, to: set(9))
    bridge.mapVLAN(8, to: set(8))
    setMembers(&bridge, 8, [0])
    bridge.mapVLAN(7, to: set(7))
    setMembers(&bridge, 7, [0, 1])
    return bridge
  }

  static let cases: [Case] = [
    Case(about: "unknown address", expected: .flood(set(1), .unicast, vlan: 1, teach: true)),
    Case(about: "broadcast", to: 0xFFFF_FFFF_FFFF, expected: .flood(set(1), .broadcast, vlan: 1, teach: true)),
    Case(about: "known address", to: 0x0200_0000_0010, expected: .deliver(to: port(1), vlan: 1, teach: true)),
    Case(
      about: "known in another VLAN elsewhere", to: 0x0200_0000_0010, tags: [(0x8100, 5)],
      expected: .deliver(to: port(2), vlan: 5, teach: true)),
    Case(
      about: "known in another VLAN only", to: 0x0200_0000_0010, tags: [(0x8100, 6)],
      expected: .flood(set(2), .unicast, vlan: 6, teach: true)),
    Case(about: "A6 on the same port", to: 0x0200_0000_0011, expected: .drop(.samePort, vlan: 1, teach: true)),
    Case(about: "A6 to itself", to: 0x0200_0000_0001, expected: .drop(.samePort, vlan: 1, teach: true)),
    Case(
      about: "source known and heard now", from: 0x0200_0000_0011,
      expected: .flood(set(1), .unicast, vlan: 1, teach: false)),
    Case(about: "source moved", from: 0x0200_0000_0010, expected: .flood(set(1), .unicast, vlan: 1, teach: true)),
    Case(about: "A5 group source", from: 0x0300_0000_0001, expected: .drop(.badSource)),
    Case(about: "A5 broadcast source", from: 0xFFFF_FFFF_FFFF, expected: .drop(.badSource)),
    Case(about: "A5 zero source", from: 0, expected: .drop(.badSource)),
    Case(about: "zero destination", to: 0, expected: .flood(set(1), .unicast, vlan: 1, teach: true)),
    Case(about: "bad source goes before PAUSE", to: 0x0180_C200_0001, from: 0, expected: .drop(.badSource)),
    Case(about: "BPDU", to: 0x0180_C200_0000, expected: .flood(set(1), .multicast, vlan: 1, teach: true)),
    Case(about: "A13 PAUSE", to: 0x0180_C200_0001, expected: .drop(.pause)),
    Case(about: "LACP", to: 0x0180_C200_0002, expected: .drop(.reservedAddress)),
    Case(about: "LLDP", to: 0x0180_C200_000E, expected: .drop(.reservedAddress)),
    Case(about: "first beyond", to: 0x0180_C200_0010, expected: .flood(set(1), .multicast, vlan: 1, teach: true)),
    Case(
      about: "reserved goes before the tag", to: 0x0180_C200_000E, tags: [(0x8100, 4095)],
      expected: .drop(.reservedAddress)),
    Case(about: "V3 priority tag", tags: [(0x8100, 0xE000)], expected: .flood(set(1), .unicast, vlan: 1, teach: true)),
    Case(about: "V4 VID 4095", tags: [(0x8100, 0xFFFF)], expected: .drop(.badTag)),
    Case(
      about: "V2 two tags", tags: [(0x8100, 6), (0x8100, 5)],
      expected: .flood(set(2), .unicast, vlan: 6, teach: true)),
    Case(
      about: "V7 another TPID is payload", tags: [(0x88A8, 5)], expected: .flood(set(1), .unicast, vlan: 1, teach: true)
    ),
    Case(about: "own TPID", tags: [(0x88A8, 5)], ingress: 7, expected: .flood(set(2), .unicast, vlan: 5, teach: true)),
    Case(
      about: "0x8100 where 0x88a8 is own", tags: [(0x8100, 5)], ingress: 7,
      expected: .flood(set(1), .unicast, vlan: 1, teach: true)),
    Case(about: "no native VLAN", ingress: 5, expected: .drop(.vlanNotAllowed)),
    Case(
      about: "no native VLAN, tagged", tags: [(0x8100, 5)], ingress: 5,
      expected: .flood(set(2), .unicast, vlan: 5, teach: true)),
    Case(about: "no native VLAN, priority tag", tags: [(0x8100, 0)], ingress: 5, expected: .drop(.vlanNotAllowed)),
    Case(about: "port down", ingress: 4, expected: .drop(.vlanNotAllowed)),
    Case(about: "no such port", ingress: 4095, expected: .drop(.vlanNotAllowed)),
    Case(about: "index beyond all ports", ingress: 65535, expected: .drop(.vlanNotAllowed)),
    Case(about: "no learning", ingress: 6, expected: .flood(set(1), .unicast, vlan: 1, teach: false)),
    Case(about: "nobody in the VLAN", tags: [(0x8100, 9)], expected: .drop(.vlanNotAllowed)),
    Case(about: "nobody else in the VLAN", tags: [(0x8100, 8)], expected: .drop(.noDestination, vlan: 8, teach: true)),
    Case(
      about: "one other in the VLAN", tags: [(0x8100, 7)], ingress: 1,
      expected: .flood(set(7), .unicast, vlan: 7, teach: true)),
    Case(about: "no member of the VLAN", tags: [(0x8100, 7)], ingress: 2, expected: .drop(.vlanNotAllowed)),
  ]

  @Test(arguments: cases) func verdict(_ one: Case) throws {
    var bridge = DecideTests.bridge()
    let header = try header(to: mac(one.to), from: mac(one.from), tags: one.tags)
    let verdict = bridge.decide(header, from: port(one.ingress), at: tick(0))
    #expect(verdict == one.expected)
  }

  @Test func forwardReserved() throws {
    var bridge = DecideTests.bridge()
    bridge.setForwardReserved(true)
    for last in UInt64(0)...15 {
      let header = try header(to: mac(0x0180_C200_0000 + last), from: station(1))
      let verdict = bridge.decide(header, from: port(0), at: tick(0))
      #expect(verdict == (last == 1 ? .drop(.pause) : .flood(set(1), .multicast, vlan: 1, teach: true)), "-0\(last)")
    }
  }

  /// The header alone decides, so any bytes that parse may come.
  @Test(arguments: seeds) func anyBytes(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var bridge = DecideTests.bridge()
    for _ in 0..<5000 {
      let bytes = (0..<Int.random(in: 14...40, using: &random)).map { _ in
        [0x00, 0x01, 0x02, 0x81, 0x88, 0xA8, 0xFF, UInt8.random(in: 0...255, using: &random)]
          .randomElement(using: &random) ?? 0
      }
      guard let header = try? unsafe FrameHeader(parsing: bytes.span.bytes) else { continue }
      let slot = Int.random(in: 0...65535, using: &random)
      let verdict = bridge.decide(header, from: port(slot), at: tick(UInt32.random(in: 0...UInt32.max, using: &random)))
      #expect(verdict.action != .deliver || verdict.port.slot != slot, "seed \(seed)")
      #expect(!verdict.teach || !header.source.isGroup, "seed \(seed)")
    }
  }
}
