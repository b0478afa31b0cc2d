// Which VLAN a frame is admitted to, by the policy of the port it came in on: rows V3 to V8 and E10, E12 of the
// hostile-input table, and 802.1Q clauses 6.9 and 8.6.2.

import BridgeCore
import Testing
import Wire

@Suite struct AdmissionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let about: String
    let policy: PortPolicy
    var tags: [(UInt16, UInt16)] = []
    /// The VLAN it is flooded in, or why not.
    let expected: Result
    var testDescription: String { about }
    enum Result: Sendable {
      case vlan(UInt16)
      case dropped(DropReason)
    }
  }

  static let access = PortPolicy(nativeVID: 10, accept: .untagged)
  static let trunk = PortPolicy(nativeVID: 0, accept: .tagged)
  static let service = PortPolicy(nativeVID: 20, isQinQ: true)

  static let cases: [Case] = [
    Case(about: "access, untagged", policy: access, expected: .vlan(10)),
    Case(about: "V3 access, VID 0", policy: access, tags: [(0x8100, 0xE000)], expected: .vlan(10)),
    Case(about: "V3 access, VID 0 and VID 20", policy: access, tags: [(0x8100, 0), (0x8100, 20)], expected: .vlan(10)),
    Case(about: "V5 access, another's VID", policy: access, tags: [(0x8100, 20)], expected: .dropped(.frameType)),
    Case(about: "access, its own VID", policy: access, tags: [(0x8100, 10)], expected: .dropped(.frameType)),
    Case(about: "V4 access, VID 4095", policy: access, tags: [(0x8100, 4095)], expected: .dropped(.badTag)),
    Case(about: "V7 access, 88a8", policy: access, tags: [(0x88A8, 20)], expected: .vlan(10)),
    Case(about: "tagged only, tagged", policy: trunk, tags: [(0x8100, 20)], expected: .vlan(20)),
    Case(about: "tagged only, untagged", policy: trunk, expected: .dropped(.frameType)),
    Case(about: "tagged only, VID 0", policy: trunk, tags: [(0x8100, 0)], expected: .dropped(.frameType)),
    Case(about: "V7 tagged only, 88a8", policy: trunk, tags: [(0x88A8, 20)], expected: .dropped(.frameType)),
    Case(about: "V4 tagged only, VID 4095", policy: trunk, tags: [(0x8100, 0xFFFF)], expected: .dropped(.badTag)),
    Case(
      about: "tagged only with a native VLAN, untagged", policy: PortPolicy(nativeVID: 10, accept: .tagged),
      expected: .dropped(.frameType)),
    Case(about: "no native VLAN, untagged", policy: PortPolicy(nativeVID: 0), expected: .dropped(.vlanNotAllowed)),
    Case(about: "C26 not a member", policy: PortPolicy(), tags: [(0x8100, 30)], expected: .dropped(.vlanNotAllowed)),
    Case(
      about: "C26 native VLAN without the port", policy: PortPolicy(nativeVID: 30), expected: .dropped(.vlanNotAllowed)),
    Case(
      about: "V6 outer tag of the native VLAN", policy: PortPolicy(nativeVID: 10), tags: [(0x8100, 10), (0x8100, 20)],
      expected: .vlan(10)),
    Case(about: "C29 priority 7, DEI", policy: PortPolicy(), tags: [(0x8100, 0xF014)], expected: .vlan(20)),
    Case(about: "QinQ, untagged", policy: service, expected: .vlan(20)),
    Case(about: "QinQ, tagged", policy: service, tags: [(0x8100, 10)], expected: .vlan(20)),
    Case(about: "QinQ, VID 4095 is payload", policy: service, tags: [(0x8100, 4095)], expected: .vlan(20)),
    Case(about: "QinQ, 88a8 is payload", policy: service, tags: [(0x88A8, 10)], expected: .vlan(20)),
    Case(
      about: "QinQ lets no tag in", policy: PortPolicy(nativeVID: 20, accept: .tagged, isQinQ: true),
      tags: [(0x8100, 10)], expected: .dropped(.frameType)),
    Case(
      about: "QinQ not a member", policy: PortPolicy(nativeVID: 30, isQinQ: true), tags: [(0x8100, 10)],
      expected: .dropped(.vlanNotAllowed)),
    Case(
      about: "C28 8100 where 88a8 is own", policy: PortPolicy(nativeVID: 10, tpid: .serviceTag), tags: [(0x8100, 20)],
      expected: .vlan(10)),
    Case(
      about: "own 88a8", policy: PortPolicy(nativeVID: 10, tpid: .serviceTag), tags: [(0x88A8, 20)],
      expected: .vlan(20)),
    Case(about: "down", policy: PortPolicy(forwarding: false, nativeVID: 10), expected: .dropped(.vlanNotAllowed)),
    Case(
      about: "down goes before the kind of frame",
      policy: PortPolicy(forwarding: false, nativeVID: 10, accept: .tagged),
      expected: .dropped(.vlanNotAllowed)),
    Case(about: "no TPID", policy: PortPolicy(nativeVID: 10, tpid: EtherType(rawValue: 0)), expected: .vlan(10)),
  ]

  /// Ports 0 and 1 in VLANs 10 and 20, which no other VLAN is.
  @Test(arguments: cases) func admits(_ one: Case) throws {
    var bridge = makeBridge(ports: 2)
    for vlan in UInt16(1)...4094 { bridge.mapVLAN(vlan, to: set(vlan == 10 || vlan == 20 ? 1 : 3)) }
    bridge.setPolicy(one.policy, of: port(0))
    let verdict = bridge.decide(
      try header(to: station(2), from: station(1), tags: one.tags), from: port(0), at: tick(0))
    switch one.expected {
    case .vlan(let vlan): #expect(verdict == .flood(set(1), .unicast, vlan: vlan, teach: true))
    case .dropped(let reason): #expect(verdict == .drop(reason))
    }
  }

  /// C17: what was not admitted teaches nothing, whatever the reason.
  @Test func filteredIsNotLearned() throws {
    for one in AdmissionTests.cases {
      guard case .dropped = one.expected else { continue }
      var bridge = makeBridge(ports: 2)
      bridge.setPolicy(one.policy, of: port(0))
      setMembers(&bridge, 1, [])
      setMembers(&bridge, 2, [])
      let header = try header(to: station(2), from: station(1), tags: one.tags)
      #expect(!bridge.decide(header, from: port(0), at: tick(0)).teach, "\(one.about)")
    }
  }

  /// What a policy was made of can be read from it.
  @Test func readsBack() {
    for accept in AcceptedFrames.allCases {
      for bits in 0..<64 {
        let on = (0..<6).map { bits >> $0 & 1 != 0 }
        let policy = PortPolicy(
          forwarding: on[0], learning: on[1], nativeVID: 7, accept: accept, isQinQ: on[2], isLocked: on[3],
          bpduGuard: on[4], refusesReserved: on[5], reach: 9)
        let read = [
          policy.forwarding, policy.learning, policy.isQinQ, policy.isLocked, policy.bpduGuard, policy.refusesReserved,
        ]
        #expect(read == on && policy.accept == accept && policy.reach == 9 && policy.nativeVID == 7)
        #expect(policy.guardsSource == on[3])
      }
    }
    #expect(PortPolicy() == PortPolicy() && PortPolicy() != PortPolicy(isQinQ: true))
    #expect(PortPolicy(nativeVID: 4095).nativeVID == 0 && PortPolicy(nativeVID: 65535).nativeVID == 0)
    #expect(!PortPolicy(learning: false, macLimit: 4).guardsSource, "what is not learned is not limited")
  }

  struct Reserved: Sendable, CustomTestStringConvertible {
    let about: String
    var policy = PortPolicy()
    var forwards = false
    let last: UInt64
    let reason: DropReason?
    var testDescription: String { about }
  }

  static let reserved: [Reserved] = [
    Reserved(about: "BPDU", last: 0, reason: nil),
    Reserved(about: "BPDU, guarded", policy: PortPolicy(bpduGuard: true), last: 0, reason: .bpduGuard),
    Reserved(
      about: "BPDU, guarded and secure", policy: PortPolicy(bpduGuard: true, refusesReserved: true), last: 0,
      reason: .bpduGuard),
    Reserved(about: "BPDU, secure", policy: PortPolicy(refusesReserved: true), last: 0, reason: .reservedAddress),
    Reserved(about: "PAUSE", forwards: true, last: 1, reason: .pause),
    Reserved(about: "PAUSE, secure", policy: PortPolicy(refusesReserved: true), last: 1, reason: .pause),
    Reserved(about: "E12 LACP", last: 2, reason: .reservedAddress),
    Reserved(about: "E12 LACP, forwarded", forwards: true, last: 2, reason: nil),
    Reserved(
      about: "E12 LACP, forwarded but secure", policy: PortPolicy(refusesReserved: true), forwards: true, last: 2,
      reason: .reservedAddress),
    Reserved(about: "EAPOL, guarded", policy: PortPolicy(bpduGuard: true), forwards: true, last: 3, reason: nil),
    Reserved(about: "LLDP", last: 14, reason: .reservedAddress),
    Reserved(about: "first beyond, secure", policy: PortPolicy(refusesReserved: true), last: 16, reason: nil),
  ]

  /// E10: the address alone says what a frame is, whatever tag it bears.
  @Test(arguments: reserved) func reservedAddress(_ one: Reserved) throws {
    var bridge = makeBridge(ports: 2)
    bridge.setPolicy(one.policy, of: port(0))
    bridge.setForwardReserved(one.forwards)
    for tags in [[], [(0x8100, 0)], [(0x8100, 10)], [(0x8100, 1), (0x8100, 10)]] as [[(UInt16, UInt16)]] {
      let header = try header(to: mac(0x0180_C200_0000 + one.last), from: station(1), tags: tags)
      let verdict = bridge.decide(header, from: port(0), at: tick(0))
      if let reason = one.reason {
        #expect(verdict == .drop(reason))
      } else {
        #expect(verdict.action == .flood && verdict.kind == .multicast)
      }
    }
  }

  /// V8: what other bridges say to one another in their own way is nothing to us.
  @Test func othersProtocols() throws {
    var bridge = makeBridge(ports: 2)
    bridge.setPolicy(PortPolicy(bpduGuard: true, refusesReserved: true), of: port(0))
    for group in [0x0100_0CCC_CCCC, 0x0100_0CCC_CCCD, 0x0180_C200_0020, 0x0180_C200_0021] as [UInt64] {
      let verdict = bridge.decide(try header(to: mac(group), from: station(1)), from: port(0), at: tick(0))
      #expect(verdict == .flood(set(1), .multicast, vlan: 1, teach: true))
    }
  }

  /// The switch's own probe is consumed wherever and however it comes back, and never learned.
  @Test func ownProbe() throws {
    var bridge = makeBridge(ports: 2)
    bridge.setPolicy(PortPolicy(accept: .tagged, isLocked: true), of: port(1))
    let own = mac(0x0200_5E00_0001)
    bridge.setProbeSource(own)
    for slot in [0, 1, 7, 65535] {
      for to in [0x0180_C200_0001, 0xFFFF_FFFF_FFFF, 0x0200_0000_0002] as [UInt64] {
        for tags in [[], [(0x8100, 4095)]] as [[(UInt16, UInt16)]] {
          let verdict = bridge.decide(try header(to: mac(to), from: own, tags: tags), from: port(slot), at: tick(0))
          #expect(verdict == .consume)
        }
      }
    }
    for none in [mac(0), .broadcast] {
      bridge.setProbeSource(none)
      #expect(bridge.decide(try header(to: station(2), from: own), from: port(0), at: tick(0)).action == .flood)
      #expect(bridge.decide(try header(to: station(2), from: none), from: port(0), at: tick(0)) == .drop(.badSource))
    }
  }
}
