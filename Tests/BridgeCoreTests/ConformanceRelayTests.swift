// Conformance points of the relay: C1, C3, C5, C10 and C11 (IEEE 802.1D-2004 clauses 6.3 and 7.7, 7.12.6). C2, C4 and
// C6 to C9 concern what is written to a port and stand with the data plane.

import BridgeCore
import Testing
import Wire

@Suite struct ConformanceRelayTests {
  private static let down = ReferencePort(isUp: false)

  @Test("C1: only between ports that are up, never back to where it came from")
  func c1() throws {
    var bridge = ConformanceSwitch([.init(), .init(), Self.down, .init()])
    #expect(try bridge.send(station(1), to: .broadcast, on: 0) == .flood([1, 3], .broadcast))
    #expect(try bridge.send(station(2), to: .broadcast, on: 2) == .drop(.vlanNotAllowed))
    #expect(bridge.whereabouts(station(2)) == nil)
    #expect(try bridge.send(station(3), to: station(1), on: 0) == .drop(.samePort))
    #expect(try bridge.send(station(1), to: station(1), on: 0) == .drop(.samePort))
    bridge.must(.port(1, Self.down))
    bridge.must(.port(3, Self.down))
    #expect(try bridge.send(station(1), to: .broadcast, on: 0) == .drop(.noDestination))
    bridge.must(.port(2, .init()))
    #expect(try bridge.send(station(1), to: station(9), on: 0) == .flood([2], .unicast))
  }

  @Test("C3: a known address has one port, an unknown one all members, a group all members")
  func c3() throws {
    var bridge = ConformanceSwitch(
      Array(repeating: .init(), count: 5), vlans: [1: [0, 1, 2], 10: [0, 3, 4]])
    try bridge.send(station(2), to: .broadcast, on: 2)
    #expect(try bridge.send(station(1), to: station(2), on: 0) == .deliver(2))
    #expect(try bridge.send(station(1), to: station(3), on: 0) == .flood([1, 2], .unicast))
    #expect(try bridge.send(station(1), to: mac(0x0100_5E00_0001), on: 0) == .flood([1, 2], .multicast))
    #expect(try bridge.send(station(1), to: station(2), tags: [(0x8100, 10)], on: 0) == .flood([3, 4], .unicast))
  }

  @Test("C3: an entry for a port that is no longer in the VLAN is no entry: the frame is flooded inside the VLAN")
  func c3LeftVLAN() throws {
    var bridge = ConformanceSwitch(Array(repeating: .init(), count: 4), vlans: [10: [0, 1, 2, 3]])
    try bridge.send(station(2), to: .broadcast, tags: [(0x8100, 10)], on: 2)
    bridge.must(.vlan(10, set: 1, [0, 1, 3]))
    #expect(try bridge.send(station(1), to: station(2), tags: [(0x8100, 10)], on: 0) == .flood([1, 3], .unicast))
  }

  @Test("C5: nobody gets a frame twice, however its VLAN, its port and its address were set up")
  func c5() throws {
    var bridge = ConformanceSwitch(ports: 130)
    bridge.must(.vlan(1, set: 7, Set(0..<130)))
    let verdict = bridge.world.bridge.decide(
      try header(to: .broadcast, from: station(1)), from: port(64), at: bridge.world.tick)
    let all = recipients(bridge.world.bridge, verdict, from: 64)
    #expect(all == Array(0..<64) + Array(65..<130))
  }

  @Test(
    "C10: of the reserved groups only the spanning tree's passes, as long as forward_reserved is off",
    arguments: 0...15 as ClosedRange<UInt64>, [[], [(0x8100, 10)], [(0x8100, 0xE000)]] as [[(UInt16, UInt16)]])
  func c10(last: UInt64, tags: [(UInt16, UInt16)]) throws {
    var bridge = ConformanceSwitch([.init(), .init(bpduGuard: true), .init(refusesReserved: true)])
    let group = mac(0x0180_C200_0000 + last)
    let expected: ReferenceOutcome =
      switch last {
      case 0: .flood([1, 2], .multicast)
      case 1: .drop(.pause)
      default: .drop(.reservedAddress)
      }
    #expect(try bridge.send(station(1), to: group, tags: tags, on: 0) == expected)
    if last == 0 {
      #expect(try bridge.send(station(2), to: group, tags: tags, on: 1) == .drop(.bpduGuard))
      #expect(try bridge.send(station(3), to: group, tags: tags, on: 2) == .drop(.reservedAddress))
      #expect(bridge.whereabouts(station(2)) == nil, "nothing is learned of a BPDU that is refused")
    }
    #expect(bridge.count == (last == 0 ? 1 : 0), "nor of any other that does not pass")
  }

  @Test("C10: the groups behind the reserved sixteen are relayed like any other")
  func c10Others() throws {
    var bridge = ConformanceSwitch([.init(bpduGuard: true, refusesReserved: true), .init(), .init()])
    for last in [0x10, 0x1F, 0x20, 0x21, 0x2F] as [UInt64] {
      let group = mac(0x0180_C200_0000 + last)
      #expect(try bridge.send(station(1), to: group, on: 0) == .flood([1, 2], .multicast), "\(group)")
    }
    // per-VLAN spanning tree and its like are not the reserved groups (row V8)
    for group in [0x0100_0CCC_CCCD, 0x0100_0CCC_CCCC, 0x0180_C200_0021] as [UInt64] {
      #expect(try bridge.send(station(1), to: mac(group), on: 0) == .flood([1, 2], .multicast))
    }
  }

  @Test(
    "C11: forward_reserved opens -02 to -0F, never PAUSE, and not for a port that refuses them",
    arguments: 0...15 as ClosedRange<UInt64>)
  func c11(last: UInt64) throws {
    var bridge = ConformanceSwitch([.init(), .init(refusesReserved: true), .init(bpduGuard: true)])
    bridge.must(.forwardReserved(true))
    let group = mac(0x0180_C200_0000 + last)
    #expect(try bridge.send(station(1), to: group, on: 0) == (last == 1 ? .drop(.pause) : .flood([1, 2], .multicast)))
    let refused = try bridge.send(station(2), to: group, on: 1)
    #expect(refused == .drop(.reservedAddress) || last == 1 && refused == .drop(.pause))
    let guarded = try bridge.send(station(3), to: group, on: 2)
    switch last {
    case 0: #expect(guarded == .drop(.bpduGuard))
    case 1: #expect(guarded == .drop(.pause))
    default: #expect(guarded == .flood([0, 1], .multicast))
    }
    bridge.must(.forwardReserved(false))
    if last > 1 { #expect(try bridge.send(station(1), to: group, on: 0) == .drop(.reservedAddress)) }
  }
}
