// Conformance points of VLANs that concern admission: C23 to C26, C28, C30 (IEEE 802.1Q-2018 clauses 6.9, 8.6, 9.6),
// and rows V2 to V8 of the hostile input. C27 and C29 concern the tag that is written and stand with the data plane.

import BridgeCore
import Testing
import Wire

@Suite struct ConformanceVLANTests {
  private static let three: Set<Int> = [0, 1, 2]

  @Test("C23: a frame without a tag, or with VID 0, is in the port's own VLAN", arguments: [1, 10, 4094] as [UInt16])
  func c23(native: UInt16) throws {
    var bridge = ConformanceSwitch(
      [.init(native: native), .init(), .init()], vlans: [native: Self.three, 2: [0, 2]])
    #expect(try bridge.send(station(1), to: .broadcast, on: 0) == .flood([1, 2], .broadcast))
    #expect(bridge.whereabouts(station(1), vlan: native) == 0)
    for priority in 0...15 as ClosedRange<UInt16> {
      let source = station(10 + Int(priority))
      #expect(
        try bridge.send(source, to: .broadcast, tags: [(0x8100, priority << 12)], on: 0) == .flood([1, 2], .broadcast))
      #expect(bridge.whereabouts(source, vlan: native) == 0)
    }
    #expect(bridge.count == 17, "and nowhere else")
  }

  @Test("C23, V3: behind VID 0 stands no VLAN: an inner tag selects nothing")
  func c23Stacked() throws {
    var bridge = ConformanceSwitch(
      [.init(native: 10, accept: .untagged), .init(native: 20), .init()], vlans: [10: [0, 2], 20: [1, 2]])
    for depth in 1...4 {
      let tags = Array(repeating: (UInt16(0x8100), UInt16(0)), count: depth) + [(0x8100, 20)]
      let outcome = try bridge.send(station(1), to: .broadcast, tags: Array(tags.prefix(4)), on: 0)
      #expect(outcome == .flood([2], .broadcast), "\(depth) times VID 0")
    }
    #expect(bridge.whereabouts(station(1), vlan: 20) == nil && bridge.whereabouts(station(1), vlan: 10) == 0)
  }

  @Test("C24: VID 4095 is discarded on every port but one that reads no tags, and is nobody's own VLAN")
  func c24() throws {
    var bridge = ConformanceSwitch([
      .init(), .init(native: 10), .init(accept: .tagged), .init(tpid: 0x88A8), .init(native: 10, isQinQ: true), .init(),
    ])
    for priority in [0, 7 << 13, 1 << 12] as [UInt16] {
      for slot in 0...2 {
        let outcome = try bridge.send(station(1), to: .broadcast, tags: [(0x8100, priority | 4095)], on: slot)
        #expect(outcome == .drop(.badTag), "port \(slot)")
      }
      #expect(try bridge.send(station(1), to: .broadcast, tags: [(0x88A8, 4095)], on: 3) == .drop(.badTag))
    }
    #expect(bridge.count == 0)
    let others = Set(0...5)
    #expect(
      try bridge.send(station(1), to: .broadcast, tags: [(0x8100, 4095)], on: 3)
        == .flood(others.subtracting([3]), .broadcast), "a tag of another protocol is payload")
    #expect(
      try bridge.send(station(2), to: .broadcast, tags: [(0x8100, 4095)], on: 4)
        == .flood(others.subtracting([4]), .broadcast), "and so is any tag inside a service VLAN")
    for vid in [0, 4095, 4096, 65535] as [UInt16] {
      #expect(PortPolicy(nativeVID: vid).nativeVID == 0, "VLAN \(vid) is nobody's own")
    }
  }

  @Test("C25: acceptable frame types; a priority tag is none")
  func c25() throws {
    let forms: [([(UInt16, UInt16)], isTagged: Bool)] = [
      ([], false), ([(0x8100, 0)], false), ([(0x8100, 0xE000)], false), ([(0x8100, 10)], true), ([(0x8100, 1)], true),
      ([(0x88A8, 10)], false), ([(0x8100, 0), (0x8100, 10)], false), ([(0x8100, 10), (0x8100, 20)], true),
    ]
    for accept in AcceptedFrames.allCases {
      for (tags, isTagged) in forms {
        var bridge = ConformanceSwitch([.init(accept: accept), .init(), .init()])
        let isWelcome = accept == .all || (accept == .tagged) == isTagged
        let outcome = try bridge.send(station(1), to: .broadcast, tags: tags, on: 0)
        #expect(outcome == (isWelcome ? .flood([1, 2], .broadcast) : .drop(.frameType)), "\(accept), \(tags)")
        #expect(bridge.count == (isWelcome ? 1 : 0))
      }
    }
  }

  @Test("C26: a port that is no member of a VLAN sends nothing into it, not even to an address it knows")
  func c26() throws {
    var bridge = ConformanceSwitch(
      Array(repeating: .init(), count: 4), vlans: [1: [0, 1, 2, 3], 10: [1, 2], 20: [0, 3]])
    try bridge.send(station(2), to: .broadcast, tags: [(0x8100, 10)], on: 2)
    for destination in [.broadcast, station(2), station(9), mac(0x0100_5E00_0001)] as [MACAddress] {
      #expect(try bridge.send(station(1), to: destination, tags: [(0x8100, 10)], on: 0) == .drop(.vlanNotAllowed))
      #expect(try bridge.send(station(1), to: destination, tags: [(0x8100, 30)], on: 0) == .drop(.vlanNotAllowed))
    }
    #expect(bridge.whereabouts(station(1), vlan: 10) == nil)
    // row V5: an access port and another tenant's VLAN
    var tenants = ConformanceSwitch(
      [.init(native: 10, accept: .untagged), .init(native: 20, accept: .untagged), .init()],
      vlans: [10: [0, 2], 20: [1, 2]])
    #expect(try tenants.send(station(1), to: .broadcast, tags: [(0x8100, 20)], on: 0) == .drop(.frameType))
    #expect(tenants.count == 0)
  }

  @Test("C28: a tag of another protocol is no tag", arguments: [0x8100, 0x88A8] as [UInt16])
  func c28(tpid: UInt16) throws {
    var bridge = ConformanceSwitch([
      .init(native: 10, tpid: tpid), .init(native: 0, tpid: tpid), .init(tpid: tpid), .init(),
    ])
    for other in [0x8100, 0x88A8, 0x9100] as [UInt16] where other != tpid {
      for vid in [0, 20, 4095] as [UInt16] {
        #expect(
          try bridge.send(station(1), to: .broadcast, tags: [(other, vid)], on: 0) == .flood([1, 2, 3], .broadcast))
        #expect(bridge.whereabouts(station(1), vlan: 10) == 0 && bridge.whereabouts(station(1), vlan: 20) == nil)
        #expect(
          try bridge.send(station(2), to: .broadcast, tags: [(other, vid)], on: 1) == .drop(.vlanNotAllowed),
          "row V7: no VLAN of its own, and the port has none to give")
      }
    }
    #expect(try bridge.send(station(3), to: .broadcast, tags: [(tpid, 20)], on: 0) == .flood([1, 2, 3], .broadcast))
    #expect(bridge.whereabouts(station(3), vlan: 20) == 0)
  }

  @Test("C28: on a QinQ port everything is in the service VLAN")
  func qinq() throws {
    var bridge = ConformanceSwitch(
      [.init(native: 10, isQinQ: true), .init(native: 10, tpid: 0x88A8, isQinQ: true), .init(), .init()],
      vlans: [10: [0, 1, 2], 20: [2, 3], 1: [2, 3]])
    for tags in [[], [(0x8100, 20)], [(0x88A8, 20)], [(0x8100, 0)], [(0x8100, 20), (0x8100, 1)]] as [[(UInt16, UInt16)]]
    {
      for slot in 0...1 {
        let outcome = try bridge.send(station(1 + slot), to: .broadcast, tags: tags, on: slot)
        #expect(outcome == .flood(slot == 0 ? [1, 2] : [0, 2], .broadcast), "\(tags)")
      }
    }
    #expect(bridge.count == 2)
  }

  @Test("C30: 4,094 VLANs, each with its own entry for one address")
  func c30() throws {
    var bridge = Bridge(capacity: 16384, ageing: 300, seed: 3)
    let all = (0..<3).map { port($0) }
    for index in all { bridge.setPolicy(PortPolicy(), of: index) }
    for mask in FloodMask.allCases { bridge.setMask(mask, FloodSet.allocate(members: all))?.deallocate() }
    // two groups of members, taken in turn
    bridge.setFloodSet(set(1), FloodSet.allocate(members: all))?.deallocate()
    bridge.setFloodSet(set(2), FloodSet.allocate(members: [port(0), port(1)]))?.deallocate()
    for vlan in 1...4094 as ClosedRange<UInt16> { bridge.mapVLAN(vlan, to: set(Int(vlan % 2) + 1)) }
    for vlan in 1...4094 as ClosedRange<UInt16> {
      let verdict = bridge.decide(
        try header(to: .broadcast, from: station(1), tags: [(0x8100, vlan)]), from: port(0), at: tick(1))
      #expect(verdict.action == .flood && verdict.vlan == vlan)
      #expect(recipients(bridge, verdict, from: 0) == (vlan % 2 == 0 ? [1, 2] : [1]))
      let taught = bridge.teach(station(1), vlan: verdict.vlan, on: port(0), at: tick(1))
      #expect(taught == .learned)
    }
    #expect(bridge.reader.count(at: tick(1)) == 4094)
    for vlan in 1...4094 as ClosedRange<UInt16> {
      let verdict = bridge.decide(
        try header(to: station(1), from: station(2), tags: [(0x8100, vlan)]), from: port(1), at: tick(1))
      #expect(verdict.action == .deliver && verdict.port == port(0) && verdict.vlan == vlan)
    }
  }
}
