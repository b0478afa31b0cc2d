// What the bridge tells of its table, and what an earlier run knew of it.

import BridgeCore
import Testing
import Wire

@Suite struct EventTests {
  private func event(
    _ kind: BridgeEvent.Kind, _ number: Int, vlan: UInt16 = 1, on slot: Int, from other: Int? = nil, at second: UInt32,
    count: UInt32 = 0
  ) -> BridgeEvent {
    BridgeEvent(
      kind: kind, mac: station(number), vlan: vlan, port: port(slot), from: port(other ?? slot), tick: tick(second),
      count: count)
  }

  @Test func learnedMovedAged() {
    var bridge = makeBridge(ports: 3, capacity: 64)
    bridge.teach(station(1), vlan: 1, on: port(0), at: tick(1))
    bridge.teach(station(1), vlan: 1, on: port(0), at: tick(2))
    bridge.teach(station(1), vlan: 7, on: port(0), at: tick(2))
    bridge.teach(station(1), vlan: 1, on: port(2), at: tick(3))
    #expect(
      takeEvents(&bridge) == [
        event(.learned, 1, on: 0, at: 1), event(.learned, 1, vlan: 7, on: 0, at: 2),
        event(.moved, 1, on: 2, from: 0, at: 3),
      ])
    bridge.sweep(at: tick(302))
    #expect(takeEvents(&bridge) == [])
    bridge.sweep(at: tick(303))
    #expect(takeEvents(&bridge) == [event(.aged, 1, vlan: 7, on: 0, at: 303)])
    // heard again before the sweep came by: it aged all the same
    bridge.teach(station(1), vlan: 1, on: port(1), at: tick(304))
    #expect(takeEvents(&bridge) == [event(.aged, 1, on: 2, at: 304), event(.learned, 1, on: 1, at: 304)])
    // a long sleep
    bridge.sweep(at: tick(304 + 1 << 23))
    #expect(takeEvents(&bridge) == [event(.aged, 1, on: 1, at: 304 + 1 << 23)])
  }

  /// Sticky entries age, and are told of; static ones do not. What is taken out by command is told of by who commands.
  @Test func commandsAreSilent() {
    var bridge = makeBridge(ports: 3, capacity: 64)
    bridge.addEntry(station(1), vlan: 1, on: port(0), kind: .static, at: tick(1))
    bridge.addEntry(station(2), vlan: 1, on: port(0), kind: .sticky, at: tick(1))
    for number in 3...6 { bridge.teach(station(number), vlan: 1, on: port(number % 2), at: tick(1)) }
    bridge.events.clear()
    bridge.remove(station(3), vlan: 1)
    bridge.flush(port: port(0), vlan: nil)
    bridge.flush(port: port(1), vlan: 1)
    bridge.sweep(at: tick(400))
    #expect(takeEvents(&bridge) == [event(.aged, 2, on: 0, at: 400)])
  }

  @Test func fullIsToldOnceASecond() {
    var bridge = makeBridge(ports: 3, capacity: 16)
    for number in 0..<16 { bridge.addEntry(station(number), vlan: 1, on: port(0), kind: .static, at: tick(0)) }
    for second in UInt32(1)...2 {
      for number in 100..<110 {
        let taught = bridge.teach(station(number), vlan: 1, on: port(1), at: tick(second))
        #expect(taught == .refused)
      }
    }
    #expect(takeEvents(&bridge) == (1...2).map { event(.full, 100, on: 1, at: $0, count: 16) })
  }

  @Test func bounded() {
    var bridge = makeBridge(ports: 2, capacity: 65_536)
    for number in 0..<3000 { bridge.teach(station(number), vlan: 1, on: port(0), at: tick(0)) }
    #expect(bridge.events.count == EventLog.capacity && bridge.events.lost == 3000 - EventLog.capacity)
    // the oldest are kept: they say how it began
    let first = bridge.events[0]
    #expect(first == event(.learned, 0, on: 0, at: 0))
    bridge.events.clear()
    #expect(bridge.events.count == 0 && bridge.events.lost == 0)
    bridge.sweep(at: tick(1 << 23))
    #expect(bridge.events.count + bridge.events.lost == 3000)
  }

  /// K12: what was learned before a restart ages on.
  @Test func restore() {
    var bridge = makeBridge(ports: 3)
    let list = AddressList.allocate([station(1)])
    defer { list.deallocate() }
    bridge.setPolicy(PortPolicy(allowed: list), of: port(1))
    bridge.setPolicy(PortPolicy(isLocked: true, macLimit: 2), of: port(2))
    bridge.teach(station(9), vlan: 1, on: port(0), at: tick(5))
    bridge.events.clear()
    let cases: [(mac: MACAddress, vlan: UInt16, slot: Int, age: UInt32, taken: Bool)] = [
      (station(2), 1, 0, 100, true), (station(3), 1, 0, 300, true), (station(4), 1, 0, 301, false),
      (station(4), 1, 0, .max, false), (station(9), 1, 1, 0, false), (station(2), 4094, 0, 0, true),
      (station(5), 0, 0, 0, false), (station(5), 4095, 0, 0, false), (.broadcast, 1, 0, 0, false),
      (mac(0), 1, 0, 0, false), (station(5), 1, 9, 0, false), (station(5), 1, 65535, 0, false),
      (station(1), 1, 1, 10, true), (station(5), 1, 1, 10, false), (station(6), 1, 2, 0, true),
      (station(7), 1, 2, 0, true), (station(8), 1, 2, 0, false),
    ]
    for one in cases {
      let taken = bridge.restore(one.mac, vlan: one.vlan, on: port(one.slot), age: one.age, at: tick(5))
      #expect(taken == one.taken, "\(one)")
      guard taken else { continue }
      let entry = bridge.reader.find(one.mac, vlan: one.vlan, at: tick(5))
      #expect(entry?.age == one.age && entry?.kind == .dynamic && entry?.port == port(one.slot), "\(one)")
    }
    #expect(bridge.events.count == 0)
    #expect(bridge.history(of: station(2), vlan: 1)?.since == tick(5))
    #expect(bridge.reader.find(station(3), vlan: 1, at: tick(5)) != nil)
    #expect(bridge.reader.find(station(3), vlan: 1, at: tick(6)) == nil)
    // heard anew it is as young as any
    bridge.teach(station(2), vlan: 1, on: port(0), at: tick(7))
    #expect(bridge.reader.find(station(2), vlan: 1, at: tick(7))?.age == 0)
    // the place of one that has aged is taken
    let again = bridge.restore(station(3), vlan: 1, on: port(0), age: 1, at: tick(6))
    #expect(again)
  }

  /// A view that only reads has nothing to tell and takes nothing.
  @Test func siblingsOnlyRead() {
    let bridge = makeBridge(ports: 2)
    var other = bridge.sibling()
    other.setPolicy(PortPolicy(), of: port(0))
    let restored = other.restore(station(1), vlan: 1, on: port(0), age: 0, at: tick(0))
    let taught = other.teach(station(1), vlan: 1, on: port(0), at: tick(0))
    #expect(!restored && taught == .unchanged)
    #expect(other.events.count == 0 && bridge.reader.occupied == 0)
  }
}
