// Ports that ask who is sending: locked, limited, bound to a list. Rows D1, D4 and D5 of the hostile-input table.

import BridgeCore
import Testing
import Wire

@Suite struct GuardTests {
  /// What becomes of a frame from `source` on port 0 to an unknown address, its source taught where that is asked for.
  private func send(
    _ bridge: inout Bridge, _ source: MACAddress, on slot: Int = 0, tags: [(UInt16, UInt16)] = [], at second: UInt32 = 0
  ) throws -> Verdict {
    let verdict = bridge.decide(
      try header(to: station(999), from: source, tags: tags), from: port(slot), at: tick(second))
    if verdict.teach { bridge.teach(source, vlan: verdict.vlan, on: port(slot), at: tick(second)) }
    return verdict
  }
  private func passes(teach: Bool = false) -> Verdict { .flood(set(1), .unicast, vlan: 1, teach: teach) }

  @Test func lockedPortKnowsItsOwn() throws {
    var bridge = makeBridge(ports: 3)
    bridge.teach(station(1), vlan: 1, on: port(0), at: tick(0))
    bridge.addEntry(station(2), vlan: 1, on: port(0), kind: .static, at: tick(0))
    bridge.addEntry(station(3), vlan: 1, on: port(0), kind: .sticky, at: tick(0))
    bridge.teach(station(4), vlan: 1, on: port(1), at: tick(0))
    bridge.addEntry(station(5), vlan: 1, on: port(1), kind: .static, at: tick(0))
    bridge.teach(station(6), vlan: 2, on: port(0), at: tick(0))
    bridge.setPolicy(PortPolicy(isLocked: true), of: port(0))
    for number in [1, 2, 3] { #expect(try send(&bridge, station(number)) == passes()) }
    for number in [4, 5, 6, 7] { #expect(try send(&bridge, station(number)) == .drop(.locked, vlan: 1)) }
    // in another VLAN it is another station
    #expect(try send(&bridge, station(1), tags: [(0x8100, 2)]) == .drop(.locked, vlan: 2))
    #expect(try send(&bridge, station(6), tags: [(0x8100, 2)]).action == .flood)
    // a second later they are heard anew, or they would be locked out when they age
    #expect(try send(&bridge, station(1), at: 1) == passes(teach: true))
    #expect(try send(&bridge, station(3), at: 1) == passes(teach: true))
    #expect(try send(&bridge, station(1), at: 301) == passes(teach: true))
    #expect(try send(&bridge, station(1), at: 602) == .drop(.locked, vlan: 1))
  }

  /// D5: what another port knows cannot be taken by a locked one, not even by a lesson that comes late.
  @Test func lockedPortLearnsNothing() {
    var bridge = makeBridge(ports: 2)
    bridge.teach(station(1), vlan: 1, on: port(1), at: tick(0))
    bridge.setPolicy(PortPolicy(isLocked: true), of: port(0))
    let taught = [station(1), station(2)].map { bridge.teach($0, vlan: 1, on: port(0), at: tick(0)) }
    #expect(taught == [.barred, .barred])
    let found = bridge.table.port(of: station(1), vlan: 1, at: tick(0))
    #expect(found == port(1))
    // the other way round: a station that leaves a locked port is welcome elsewhere
    bridge.addEntry(station(3), vlan: 1, on: port(0), kind: .sticky, at: tick(0))
    let elsewhere = bridge.teach(station(3), vlan: 1, on: port(1), at: tick(0))
    #expect(elsewhere == .unchanged)
  }

  @Test func onlyAddressesOfTheList() throws {
    var bridge = makeBridge(ports: 2)
    let list = AddressList.allocate([station(1), station(2), station(2)])
    defer { list.deallocate() }
    bridge.teach(station(3), vlan: 1, on: port(0), at: tick(0))
    bridge.setPolicy(PortPolicy(allowed: list), of: port(0))
    #expect(try send(&bridge, station(1)) == passes(teach: true))
    #expect(try send(&bridge, station(2)) == passes(teach: true))
    // also what was known before the list was
    for number in [0, 3, 4] { #expect(try send(&bridge, station(number)) == .drop(.sourceNotAllowed, vlan: 1)) }
    bridge.addEntry(station(5), vlan: 1, on: port(0), kind: .static, at: tick(0))
    #expect(try send(&bridge, station(5)) == .drop(.sourceNotAllowed, vlan: 1))
    let late = bridge.teach(station(4), vlan: 1, on: port(0), at: tick(0))
    #expect(late == .barred)
    // the list goes before the lock
    bridge.setPolicy(PortPolicy(isLocked: true, allowed: list), of: port(0))
    #expect(try send(&bridge, station(4)) == .drop(.sourceNotAllowed, vlan: 1))
    #expect(try send(&bridge, station(1)) == passes())
    bridge.setPolicy(PortPolicy(), of: port(0))
    #expect(try send(&bridge, station(4)) == passes(teach: true))
  }

  @Test(arguments: seeds) func listsAreRight(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    for size in [0, 1, 2, 3, 7, 8, 9, 100, 1000, 5000] {
      // half of them near one another, as an organisation's are
      let known = Set((0..<size).map { $0 % 2 == 0 ? station($0) : mac(random.next() & 0xFEFF_FFFF_FFFF | 1) })
      let list = AddressList.allocate(known.shuffled(using: &random))
      defer { list.deallocate() }
      #expect(list.count == known.count && !list.isAny)
      #expect(known.allSatisfy { list.allows($0) }, "seed \(seed)")
      let others = (0..<2000).map { _ in mac(random.next()) } + (0..<2000).map { station($0) } + [mac(0), .broadcast]
      #expect(others.allSatisfy { list.allows($0) == known.contains($0) }, "seed \(seed)")
    }
    #expect(AddressList.any.allows(station(1)) && AddressList.any.isAny && AddressList.any.count == nil)
    // what can send no frame has no place in a list
    let none = AddressList.allocate([mac(0), .broadcast])
    #expect(none.count == 0 && !none.allows(mac(0)) && !none.allows(.broadcast) && !none.allows(station(1)))
    none.deallocate()
    AddressList.any.deallocate()
  }

  /// D1: so many and no more; those that are known go on.
  @Test(arguments: [MACLimitAction.drop, .forward, .shutdown]) func limit(action: MACLimitAction) throws {
    var bridge = makeBridge(ports: 2)
    bridge.setPolicy(PortPolicy(macLimit: 3, macLimitAction: action), of: port(0))
    bridge.addEntry(station(1), vlan: 1, on: port(0), kind: .sticky, at: tick(0))
    bridge.addEntry(station(2), vlan: 1, on: port(0), kind: .static, at: tick(0))
    #expect(try send(&bridge, station(3)) == passes(teach: true))
    #expect(try send(&bridge, station(4), tags: [(0x8100, 2)]) == .flood(set(2), .unicast, vlan: 2, teach: true))
    let beyond: Verdict = action == .forward ? passes() : .drop(.macLimit, vlan: 1)
    // one too many; one known in another VLAN only; one that is on another port
    bridge.teach(station(6), vlan: 1, on: port(1), at: tick(0))
    for number in [5, 4, 6] { #expect(try send(&bridge, station(number)) == beyond, "station \(number)") }
    let late = [5, 6].map { bridge.teach(station($0), vlan: 1, on: port(0), at: tick(0)) }
    #expect(late == [.barred, .barred])
    // static and sticky entries elsewhere teach nothing, so they are not counted
    bridge.addEntry(station(7), vlan: 1, on: port(1), kind: .static, at: tick(0))
    #expect(try send(&bridge, station(7)) == passes())
    for number in [1, 2, 3] { #expect(try send(&bridge, station(number)) == passes()) }
    #expect(try send(&bridge, station(3), at: 1) == passes(teach: true))
    // one leaves, one may come
    bridge.remove(station(3), vlan: 1)
    #expect(try send(&bridge, station(6), at: 1) == passes(teach: true))
    #expect(try send(&bridge, station(5), at: 1) == beyond)
    #expect(bridge.reader.find(station(6), vlan: 1, at: tick(1))?.port == port(0))
  }

  /// What aged makes room, at the next second at the latest; also if it was never looked at again.
  @Test func agedMakesRoom() throws {
    var bridge = makeBridge(ports: 2, capacity: 65_536)
    bridge.setPolicy(PortPolicy(macLimit: 4), of: port(0))
    for number in 0..<3 { #expect(try send(&bridge, station(number)).teach) }
    // not at its limit, so nobody hurries; three have aged when the fourth comes
    bridge.sweep(at: tick(301))
    for number in 10..<14 { #expect(try send(&bridge, station(number), at: 301).teach, "station \(number)") }
    #expect(try send(&bridge, station(14), at: 301) == .drop(.macLimit, vlan: 1))
    // at its limit, and all of them age
    bridge.sweep(at: tick(602))
    for number in 20..<24 { #expect(try send(&bridge, station(number), at: 602).teach, "station \(number)") }
    // flushed at once
    bridge.flush(port: port(0), vlan: nil)
    for number in 30..<34 { #expect(try send(&bridge, station(number), at: 602).teach, "station \(number)") }
    // a shorter ageing counts at once
    bridge.sweep(at: tick(620))
    bridge.setAgeing(10)
    #expect(try send(&bridge, station(40), at: 620).teach)
  }

  @Test func lowerLimitLeavesWhatThereIs() throws {
    var bridge = makeBridge(ports: 2)
    for number in 0..<10 { #expect(try send(&bridge, station(number)).teach) }
    bridge.setPolicy(PortPolicy(macLimit: 2), of: port(0))
    for number in 0..<10 { #expect(try send(&bridge, station(number)) == passes()) }
    #expect(try send(&bridge, station(10)) == .drop(.macLimit, vlan: 1))
    #expect(bridge.reader.held(by: port(0)) == 10)
    // without learning nothing is limited
    bridge.setPolicy(PortPolicy(learning: false, macLimit: 2), of: port(0))
    #expect(try send(&bridge, station(10)) == passes())
  }

  /// D1, D4: a million sources from a limited port change nothing but its own few entries.
  @Test func limitedFlood() throws {
    var bridge = makeBridge(ports: 2, capacity: 4096)
    bridge.teach(station(1), vlan: 1, on: port(1), at: tick(0))
    bridge.setPolicy(PortPolicy(macLimit: 4), of: port(0))
    var random = SeededRandom(seed: 4)
    var passed = 0
    for _ in 0..<200_000 {
      let source = mac(random.next() & 0xFCFF_FFFF_FFFF | 0x0200_0000_0000)
      if try send(&bridge, source).action != .drop { passed += 1 }
    }
    #expect(passed == 4 && bridge.reader.occupied == 5)
  }
}
