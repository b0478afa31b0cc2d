// Conformance points of learning and ageing: C13 to C20 and C22 (IEEE 802.1D-2004 clauses 7.8 and 7.9, 802.1Q-2018
// clauses 8.7 and 8.8.8). C12 and C21 belong to spanning tree.

import BridgeCore
import Testing
import Wire

@Suite struct ConformanceLearningTests {
  @Test(
    "C13: a group is no source and is never learned, nor are all zeros",
    arguments: [0xFFFF_FFFF_FFFF, 0x0100_5E00_0001, 0x3333_0000_0001, 0x0180_C200_0000, 0] as [UInt64])
  func c13(source: UInt64) throws {
    var bridge = ConformanceSwitch(ports: 3)
    #expect(try bridge.send(mac(source), to: .broadcast, on: 0) == .drop(.badSource))
    #expect(bridge.count == 0)
    bridge.must(.lesson(mac(source), vlan: 1, on: 0))
    #expect(bridge.count == 0)
  }

  @Test("C14: an entry made by command is not overridden by learning", arguments: [EntryKind.static, .sticky])
  func c14(kind: EntryKind) throws {
    var bridge = ConformanceSwitch([.init(), .init(), .init(), .init(isLocked: true)])
    bridge.must(.entry(station(7), vlan: 1, on: 2, kind))
    #expect(try bridge.send(station(7), to: .broadcast, on: 0) == .flood([1, 2, 3], .broadcast), "it is forwarded")
    #expect(bridge.whereabouts(station(7)) == 2, "and teaches nothing")
    #expect(try bridge.send(station(7), to: .broadcast, on: 3) == .drop(.locked), "but where only known ones may send")
    #expect(try bridge.send(station(1), to: station(7), on: 0) == .deliver(2))
    // the same address in another VLAN is another entry
    #expect(try bridge.send(station(7), to: .broadcast, tags: [(0x8100, 10)], on: 0) == .flood([1, 2, 3], .broadcast))
    #expect(bridge.whereabouts(station(7), vlan: 10) == 0)
  }

  @Test("C15: a full table still forwards, and evicts only by the fairness rule")
  func c15() throws {
    let capacity = 64
    var bridge = ConformanceSwitch(ports: 4, capacity: capacity)
    bridge.must(.entry(station(1), vlan: 1, on: 1, .static))
    bridge.must(.entry(station(2), vlan: 1, on: 1, .sticky))
    for number in 3...10 { try bridge.send(station(number), to: .broadcast, on: 2) }
    for number in 1000..<4000 {
      // no check beside the naive bridge, which has room for all
      let header = try header(to: station(5), from: station(number))
      let verdict = bridge.world.bridge.decide(header, from: port(0), at: bridge.world.tick)
      #expect(verdict.action == .deliver && verdict.port == port(2), "number \(number)")
      if verdict.teach { bridge.world.bridge.teach(station(number), vlan: 1, on: port(0), at: bridge.world.tick) }
      #expect(bridge.count <= capacity)
    }
    #expect(bridge.count == capacity, "what is there is used")
    for number in 1...10 { #expect(bridge.whereabouts(station(number)) == (number < 3 ? 1 : 2), "station \(number)") }
    // a port that holds fewer gets room at the cost of the one that holds most
    let news = try header(to: .broadcast, from: station(20))
    let verdict = bridge.world.bridge.decide(news, from: port(3), at: bridge.world.tick)
    #expect(verdict.action == .flood && verdict.teach)
    let taught = bridge.world.bridge.teach(station(20), vlan: 1, on: port(3), at: bridge.world.tick)
    #expect(taught == .learned)
    #expect(bridge.whereabouts(station(20)) == 3)
    #expect(bridge.count <= capacity)
  }

  @Test("C16: an address that moves is at the newest port at once")
  func c16() throws {
    var bridge = ConformanceSwitch(ports: 4)
    try bridge.send(station(1), to: .broadcast, on: 0)
    for slot in [1, 2, 3, 0] {
      try bridge.send(station(1), to: .broadcast, on: slot)
      #expect(bridge.whereabouts(station(1)) == slot)
      let other = slot == 2 ? 1 : 2
      #expect(try bridge.send(station(9), to: station(1), on: other) == .deliver(slot))
      bridge.wait(11)
    }
  }

  @Test(
    "D4: an address on two ports at once is damped, and is where it was once that is over", arguments: [1, 2, 1000])
  func d4(frames: Int) throws {
    var bridge = ConformanceSwitch(ports: 3)
    try bridge.send(station(1), to: .broadcast, on: 0)
    bridge.wait(60)
    for _ in 0..<frames {
      try bridge.send(station(1), to: .broadcast, on: 1)
      try bridge.send(station(1), to: .broadcast, on: 0)
    }
    let history = bridge.world.bridge.history(of: station(1), vlan: 1)
    #expect((1...6).contains(history?.moves ?? 0), "\(history?.moves ?? 0) moves")
    try bridge.send(station(1), to: .broadcast, on: 0)
    #expect(try bridge.send(station(9), to: station(1), on: 2) == .deliver(0))
    // it is free again in half a minute
    bridge.wait(31)
    try bridge.send(station(1), to: .broadcast, on: 2)
    #expect(bridge.whereabouts(station(1)) == 2)
  }

  @Test("D4: an address is not pinned where it may not be: on a port at its limit, down, or not in the VLAN")
  func d4Places() throws {
    let changes: [ReferenceStep] = [
      .port(0, .init(limit: 1)), .port(0, .init(isUp: false)), .vlan(1, set: 1, [1, 2]),
      .port(0, .init(learning: false)), .port(0, .init(isLocked: true)), .port(0, .init(allowed: [station(2)])),
      .noPort(0),
    ]
    for change in changes {
      var bridge = ConformanceSwitch(Array(repeating: .init(), count: 3), vlans: [1: [0, 1, 2]])
      try bridge.send(station(1), to: .broadcast, on: 0)
      try bridge.send(station(1), to: .broadcast, on: 1)
      try bridge.send(station(2), to: .broadcast, on: 0)
      bridge.must(change)
      for slot in [2, 1, 2, 1, 2, 1] { try bridge.send(station(1), to: .broadcast, on: slot) }
      #expect(bridge.whereabouts(station(1)) != 0, "\(change)")
    }
  }

  @Test("C17: a frame that is not let in teaches nothing")
  func c17() throws {
    let cases: [(ReferencePort, UInt64, [(UInt16, UInt16)], DropReason)] = [
      (.init(), 0xFFFF_FFFF_FFFF, [(0x8100, 30)], .vlanNotAllowed),
      (.init(native: 0), 0xFFFF_FFFF_FFFF, [], .vlanNotAllowed),
      (.init(), 0xFFFF_FFFF_FFFF, [(0x8100, 4095)], .badTag),
      (.init(accept: .tagged), 0xFFFF_FFFF_FFFF, [], .frameType),
      (.init(accept: .untagged), 0xFFFF_FFFF_FFFF, [(0x8100, 10)], .frameType),
      (.init(isLocked: true), 0xFFFF_FFFF_FFFF, [], .locked),
      (.init(allowed: [station(2)]), 0xFFFF_FFFF_FFFF, [], .sourceNotAllowed),
      (.init(bpduGuard: true), 0x0180_C200_0000, [], .bpduGuard),
      (.init(), 0x0180_C200_0002, [], .reservedAddress),
      (.init(), 0x0180_C200_0001, [], .pause),
      (.init(isUp: false), 0xFFFF_FFFF_FFFF, [], .vlanNotAllowed),
    ]
    for (settings, destination, tags, reason) in cases {
      var bridge = ConformanceSwitch([settings, .init(), .init()])
      #expect(try bridge.send(station(1), to: mac(destination), tags: tags, on: 0) == .drop(reason), "\(settings)")
      #expect(bridge.count == 0, "\(reason)")
    }
    // one address too many
    var bridge = ConformanceSwitch([.init(limit: 1), .init(limit: 1, limitAction: .forward), .init()])
    for slot in 0...1 { try bridge.send(station(slot + 1), to: .broadcast, on: slot) }
    #expect(try bridge.send(station(3), to: .broadcast, on: 0) == .drop(.macLimit))
    #expect(try bridge.send(station(4), to: .broadcast, on: 1) == .flood([0, 2], .broadcast))
    #expect(bridge.count == 2)
    // what is let in and finds nobody is learned all the same
    var lonely = ConformanceSwitch(ports: 1)
    #expect(try lonely.send(station(1), to: .broadcast, on: 0) == .drop(.noDestination))
    #expect(lonely.count == 1)
  }

  @Test(
    "C18, C19: an entry is there for the time of ageing, and gone within a tenth more", arguments: [10, 300, 1_000_000])
  func c18c19(ageing: Int) throws {
    var bridge = ConformanceSwitch(ports: 3)
    bridge.must(.ageing(ageing))
    bridge.wait(77)
    try bridge.send(station(1), to: .broadcast, on: 0)
    bridge.wait(ageing)
    #expect(bridge.whereabouts(station(1)) == 0, "not earlier")
    try bridge.send(station(1), to: .broadcast, on: 0)
    bridge.wait(ageing)
    #expect(try bridge.send(station(2), to: station(1), on: 1) == .deliver(0), "heard again, its age began anew")
    bridge.wait(max(1, ageing / 10))
    #expect(bridge.whereabouts(station(1)) == nil, "not much later")
    #expect(try bridge.send(station(2), to: station(1), on: 1) == .flood([0, 2], .unicast))
  }

  @Test("C18: 300 seconds without a setting of another")
  func c18Default() throws {
    var bridge = makeBridge(ports: 2)
    bridge.teach(station(1), vlan: 1, on: port(0), at: tick(0))
    #expect(bridge.reader.find(station(1), vlan: 1, at: tick(300)) != nil)
    #expect(bridge.reader.find(station(1), vlan: 1, at: tick(330)) == nil)
  }

  @Test("C20: a static entry never ages; a sticky one does")
  func c20() throws {
    var bridge = ConformanceSwitch(ports: 3)
    bridge.must(.entry(station(1), vlan: 1, on: 1, .static))
    bridge.must(.entry(station(2), vlan: 1, on: 1, .sticky))
    bridge.wait(300)
    #expect(bridge.whereabouts(station(2)) == 1)
    bridge.wait(1)
    #expect(bridge.whereabouts(station(2)) == nil)
    for _ in 0..<5 {
      bridge.wait(1 << 23)
      #expect(bridge.whereabouts(station(1)) == 1)
    }
    #expect(try bridge.send(station(9), to: station(1), on: 0) == .deliver(1))
  }

  @Test("C22: one address in two VLANs on two ports is two entries")
  func c22() throws {
    var bridge = ConformanceSwitch(ports: 4)
    try bridge.send(station(1), to: .broadcast, tags: [(0x8100, 10)], on: 0)
    try bridge.send(station(1), to: .broadcast, tags: [(0x8100, 20)], on: 1)
    #expect(bridge.whereabouts(station(1), vlan: 10) == 0 && bridge.whereabouts(station(1), vlan: 20) == 1)
    #expect(try bridge.send(station(2), to: station(1), tags: [(0x8100, 10)], on: 3) == .deliver(0))
    #expect(try bridge.send(station(2), to: station(1), tags: [(0x8100, 20)], on: 3) == .deliver(1))
    #expect(try bridge.send(station(2), to: station(1), on: 3) == .flood([0, 1, 2], .unicast))
  }
}
