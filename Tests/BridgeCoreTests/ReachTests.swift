// Whom a frame reaches: members of the VLAN, ports that are up, kinds of flooding, isolation; and the reason where it
// reaches nobody.

import BridgeCore
import Testing
import Wire

@Suite struct ReachTests {
  private func reached(_ bridge: inout Bridge, _ to: MACAddress, from slot: Int) throws -> [Int] {
    let verdict = bridge.decide(try header(to: to, from: station(50 + slot)), from: port(slot), at: tick(0))
    return verdict.action == .flood ? walk(bridge.members(of: verdict, from: port(slot))) : []
  }
  static let group = mac(0x0100_5E00_0001)

  @Test func kindsOfFlooding() throws {
    var bridge = makeBridge(ports: 6)
    setMask(&bridge, .unicast, [1, 2])
    setMask(&bridge, .multicast, [2, 3])
    setMask(&bridge, .broadcast, [3, 4, 0])
    #expect(try reached(&bridge, station(1), from: 0) == [1, 2])
    #expect(try reached(&bridge, ReachTests.group, from: 0) == [2, 3])
    #expect(try reached(&bridge, .broadcast, from: 0) == [3, 4])
    #expect(try reached(&bridge, .broadcast, from: 5) == [0, 3, 4])
    // a port that takes no flooded frames still gets its own
    bridge.teach(station(1), vlan: 1, on: port(5), at: tick(0))
    let own = bridge.decide(try header(to: station(1), from: station(2)), from: port(0), at: tick(0))
    #expect(own == .deliver(to: port(5), vlan: 1, teach: true))
  }

  /// A station known on a port that has left the VLAN is unknown there.
  @Test func entryOnNoMember() throws {
    var bridge = makeBridge(ports: 4)
    bridge.addEntry(station(1), vlan: 1, on: port(3), kind: .static, at: tick(0))
    bridge.addEntry(station(1), vlan: 1, on: port(3), kind: .static, at: tick(0))
    let to = try header(to: station(1), from: station(2))
    #expect(bridge.decide(to, from: port(0), at: tick(0)) == .deliver(to: port(3), vlan: 1, teach: true))
    setMembers(&bridge, 1, [0, 1, 2])
    #expect(bridge.decide(to, from: port(0), at: tick(0)) == .flood(set(1), .unicast, vlan: 1, teach: true))
    #expect(try reached(&bridge, station(1), from: 0) == [1, 2])
  }

  /// Isolated ports 1 and 2 reach 0 and not one another; who is not isolated reaches all.
  @Test func isolation() throws {
    var bridge = makeBridge(ports: 4)
    setReach(&bridge, 1, [0, 3])
    for slot in [1, 2] { bridge.setPolicy(PortPolicy(reach: 1), of: port(slot)) }
    #expect(try reached(&bridge, .broadcast, from: 1) == [0, 3])
    #expect(try reached(&bridge, .broadcast, from: 0) == [1, 2, 3])
    for slot in 0..<4 { bridge.teach(station(slot), vlan: 1, on: port(slot), at: tick(0)) }
    for (from, to) in [(1, 2), (2, 1)] {
      let verdict = bridge.decide(try header(to: station(to), from: station(from)), from: port(from), at: tick(0))
      #expect(verdict == .drop(.isolated, vlan: 1, teach: false))
    }
    for (from, to) in [(1, 0), (0, 1), (2, 3), (0, 3)] {
      let verdict = bridge.decide(try header(to: station(to), from: station(from)), from: port(from), at: tick(0))
      #expect(verdict == .deliver(to: port(to), vlan: 1, teach: false))
    }
    // a reach that nobody was given reaches nobody: no hole while control is at work
    for reach in [UInt16(2), 8192, 65535] {
      bridge.setPolicy(PortPolicy(reach: reach), of: port(1))
      let lost = bridge.decide(try header(to: .broadcast, from: station(1)), from: port(1), at: tick(0))
      #expect(lost == .drop(.isolated, vlan: 1, teach: false))
    }
  }

  struct Empty: Sendable, CustomTestStringConvertible {
    let about: String
    var members = [0, 1, 2]
    var up = [0, 1, 2]
    var takers = [0, 1, 2]
    var reach = [0, 1, 2]
    let reason: DropReason?
    var testDescription: String { about }
  }

  static let empty: [Empty] = [
    Empty(about: "somebody", reason: nil),
    Empty(about: "no other member", members: [0], reason: .noDestination),
    Empty(about: "no other is up", up: [0], takers: [0], reason: .noDestination),
    Empty(about: "none in reach", reach: [0], reason: .isolated),
    Empty(about: "none in reach, and none would take it", takers: [0], reach: [0], reason: .isolated),
    Empty(about: "none takes it", takers: [], reason: .floodOff),
    Empty(about: "the one in reach does not take it", takers: [0, 1], reach: [0, 2], reason: .floodOff),
    Empty(about: "those that are up are out of reach", up: [0, 1], takers: [0, 1], reach: [2], reason: .isolated),
    Empty(about: "down goes before isolated", up: [0], takers: [0], reach: [0], reason: .noDestination),
  ]

  @Test(arguments: empty) func whyNobody(_ one: Empty) throws {
    for to in [station(1), ReachTests.group, .broadcast] {
      var bridge = makeBridge(ports: 3)
      setMembers(&bridge, 1, one.members)
      setMask(&bridge, .up, one.up)
      for kind in [FloodMask.unicast, .multicast, .broadcast] { setMask(&bridge, kind, one.takers) }
      setReach(&bridge, 5, one.reach)
      bridge.setPolicy(PortPolicy(reach: 5), of: port(0))
      let verdict = bridge.decide(try header(to: to, from: station(9)), from: port(0), at: tick(0))
      if let reason = one.reason {
        #expect(verdict == .drop(reason, vlan: 1, teach: true))
      } else {
        #expect(verdict.action == .flood)
      }
    }
  }

  /// What is remembered of a moment ago is not believed once anything that decided it has changed.
  @Test func nothingIsRememberedTooLong() throws {
    let list = AddressList.allocate([station(9)])
    defer { list.deallocate() }
    let changes: [(String, DropReason?, (inout Bridge) -> Void)] = [
      ("policy", .frameType, { $0.setPolicy(PortPolicy(accept: .tagged), of: port(0)) }),
      ("list", .sourceNotAllowed, { $0.setPolicy(PortPolicy(allowed: list), of: port(0)) }),
      ("VLAN", .vlanNotAllowed, { $0.mapVLAN(1, to: set(77)) }),
      ("members", .vlanNotAllowed, { setMembers(&$0, 1, [1, 2]) }),
      ("member", nil, { setMembers(&$0, 1, [0, 2]) }),
      ("reach", .isolated, { setReach(&$0, 3, [2]) }),
      ("entry", nil, { $0.remove(station(1), vlan: 1) }),
      ("static entry", nil, { $0.addEntry(station(1), vlan: 1, on: port(2), kind: .static, at: tick(0)) }),
      ("flush", nil, { $0.flush(port: port(1), vlan: nil) }),
      ("its port", .samePort, { $0.addEntry(station(1), vlan: 1, on: port(0), kind: .static, at: tick(0)) }),
      ("removal", nil, { $0.removePort(port(1)) }),
    ]
    let to = try header(to: station(1), from: station(0))
    for (about, reason, change) in changes {
      var bridge = makeBridge(ports: 3)
      setReach(&bridge, 3, [0, 1, 2])
      bridge.setPolicy(PortPolicy(reach: 3), of: port(0))
      for slot in 0..<3 { bridge.teach(station(slot), vlan: 1, on: port(slot), at: tick(0)) }
      for _ in 0..<2 {
        #expect(bridge.decide(to, from: port(0), at: tick(0)) == .deliver(to: port(1), vlan: 1, teach: false))
      }
      change(&bridge)
      let after = bridge.decide(to, from: port(0), at: tick(0))
      let fresh = bridge.judge(to, from: port(0), at: tick(0))
      #expect(after == fresh && after != .deliver(to: port(1), vlan: 1, teach: false), "\(about)")
      if let reason { #expect(after.action == .drop && after.reason == reason, "\(about)") }
    }
    var bridge = makeBridge(ports: 2)
    for slot in 0..<2 { bridge.teach(station(slot), vlan: 1, on: port(slot), at: tick(0)) }
    for _ in 0..<2 { #expect(bridge.decide(to, from: port(0), at: tick(0)).action == .deliver) }
    bridge.setProbeSource(station(0))
    #expect(bridge.decide(to, from: port(0), at: tick(0)) == .consume)
    // an index that no port can have is not answered with what another one was told
    bridge.setProbeSource(mac(0))
    bridge.setPolicy(PortPolicy(), of: port(4095))
    setMembers(&bridge, 1, [0, 1, 4095])
    bridge.teach(station(0), vlan: 1, on: port(4095), at: tick(0))
    for _ in 0..<2 { #expect(bridge.decide(to, from: port(4095), at: tick(0)).action == .deliver) }
    for slot in [65535, 8191] {
      #expect(bridge.decide(to, from: port(slot), at: tick(0)) == .drop(.vlanNotAllowed))
    }
  }
}
