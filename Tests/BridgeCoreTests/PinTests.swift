// Addresses that move too often are kept where they are for a while. Row D4 of the hostile-input table.

import BridgeCore
import Testing
import Wire

@Suite struct PinTests {
  /// Heard on ports one after another, at these seconds; the first learns it.
  private func teach(_ bridge: inout Bridge, _ steps: [(slot: Int, second: UInt32)]) -> [Taught] {
    steps.map { bridge.teach(station(1), vlan: 1, on: port($0.slot), at: tick($0.second)) }
  }
  private func place(_ bridge: borrowing Bridge, _ second: UInt32) -> Int? {
    bridge.table.port(of: station(1), vlan: 1, at: tick(second))?.slot
  }

  /// The station is on port 0, and somebody on port 1 uses its address, or gives its frames back: it stays on port 0.
  @Test func staysWithItsOwner() {
    var bridge = makeBridge(ports: 3)
    let moves = teach(&bridge, [(0, 5), (1, 6), (0, 6), (1, 7), (0, 7), (1, 8)])
    #expect(moves == [.learned, .moved, .moved, .moved, .moved, .moved])
    _ = takeEvents(&bridge)
    // the sixth move in ten seconds, back to where it was
    #expect(teach(&bridge, [(0, 8)]) == [.pinned])
    #expect(place(bridge, 8) == 0)
    let pinned = BridgeEvent(
      kind: .pinned, mac: station(1), vlan: 1, port: port(0), from: port(1), tick: tick(8), count: 6)
    #expect(takeEvents(&bridge) == [pinned])
    // for thirty seconds nothing changes, and nothing is told again
    #expect(teach(&bridge, [(1, 8), (2, 9), (1, 37), (0, 37)]) == [.pinned, .pinned, .pinned, .refreshed])
    #expect(place(bridge, 37) == 0)
    #expect(takeEvents(&bridge) == [])
    #expect(bridge.history(of: station(1), vlan: 1)?.pinned == tick(8))
    // then it may move, and be pinned again
    #expect(teach(&bridge, [(1, 38)]) == [.moved])
    #expect(bridge.history(of: station(1), vlan: 1)?.pinned == nil)
    let again = teach(&bridge, [(0, 38), (1, 38), (0, 38), (1, 38), (0, 38)])
    #expect(again == [.moved, .moved, .moved, .moved, .pinned])
    #expect(place(bridge, 38) == 0)
  }

  /// A loop between other ports: the station is pinned where it was before its frames came back.
  @Test(arguments: [[1, 2, 1, 2, 1, 2], [1, 2, 3, 4, 5, 6]])
  func goesBackToItsOwner(_ slots: [Int]) {
    var bridge = makeBridge(ports: 8)
    bridge.teach(station(1), vlan: 1, on: port(0), at: tick(0))
    #expect(teach(&bridge, slots.dropLast().map { ($0, 0) }) == Array(repeating: .moved, count: 5))
    _ = takeEvents(&bridge)
    let last = slots[5]
    #expect(teach(&bridge, [(last, 10)]) == [.pinned])
    #expect(place(bridge, 10) == 0)
    let events = takeEvents(&bridge)
    #expect(events.count == 1 && events[0].port == port(0) && events[0].from == port(last))
    #expect(bridge.history(of: station(1), vlan: 1)?.moves == 6)
  }

  /// Somebody who lets his forged address rest for longer than the window does not become its owner.
  @Test func longestStayCounts() {
    var bridge = makeBridge(ports: 3)
    bridge.teach(station(1), vlan: 1, on: port(0), at: tick(0))
    let taught = teach(&bridge, [(1, 60), (0, 72), (1, 72), (0, 72), (1, 72), (0, 72), (1, 72)])
    #expect(taught == Array(repeating: .moved, count: 6) + [.pinned])
    #expect(place(bridge, 72) == 0)
  }

  /// Where that port cannot have the entry any more it stays where it is.
  @Test func staysWhereItIs() {
    var bridge = makeBridge(ports: 8)
    for slot in 0...5 { bridge.teach(station(1), vlan: 1, on: port(slot), at: tick(0)) }
    bridge.setPolicy(PortPolicy(learning: false), of: port(0))
    _ = takeEvents(&bridge)
    #expect(teach(&bridge, [(6, 10)]) == [.pinned])
    #expect(place(bridge, 10) == 5)
    let events = takeEvents(&bridge)
    #expect(events.count == 1 && events[0].port == port(5) && events[0].from == port(6))
    #expect(bridge.history(of: station(1), vlan: 1)?.moves == 5)
  }

  @Test func slowlyEnough() {
    var bridge = makeBridge(ports: 2)
    // five moves in any ten seconds, for two minutes
    for number in 0..<60 {
      let second = number / 5 * 11 + number % 5
      let taught = teach(&bridge, [(slot: number % 2, second: UInt32(second))])
      #expect(taught == [number == 0 ? .learned : .moved])
    }
  }

  /// Another VLAN is another entry; other stations are not held.
  @Test func pinsOneEntry() {
    var bridge = makeBridge(ports: 2)
    for number in 0..<8 { bridge.teach(station(1), vlan: 1, on: port(number % 2), at: tick(0)) }
    #expect(teach(&bridge, [(1, 1)]) == [.pinned])
    for number in 0..<3 {
      let other = bridge.teach(station(1), vlan: 2, on: port(number % 2), at: tick(1))
      #expect(other == (number == 0 ? .learned : .moved))
    }
  }

  @Test(arguments: [0, 1, 2, 3]) func beginsAnew(how: Int) {
    var bridge = makeBridge(ports: 2)
    for number in 0..<8 { bridge.teach(station(1), vlan: 1, on: port(number % 2), at: tick(0)) }
    switch how {
    case 0: bridge.flush(port: port(0), vlan: nil)
    case 1: bridge.remove(station(1), vlan: 1)
    case 2: bridge.setAgeing(0)
    default: bridge.removePort(port(0))
    }
    #expect(teach(&bridge, [(1, 1)]) == [.learned])
    #expect(place(bridge, 1) == 1)
    #expect(bridge.history(of: station(1), vlan: 1)?.pinned == nil)
  }

  /// D4: two hundred thousand frames from two ports in turn; the table is touched a handful of times, and the station is
  /// found where it was.
  @Test func storm() throws {
    var bridge = makeBridge(ports: 3)
    bridge.teach(station(1), vlan: 1, on: port(0), at: tick(0))
    _ = takeEvents(&bridge)
    var changes = 0
    for number in 1...200_000 {
      let now = tick(UInt32(number / 10_000))
      let slot = number % 2
      let verdict = bridge.decide(try header(to: station(2), from: station(1)), from: port(slot), at: now)
      guard verdict.teach else { continue }
      let taught = bridge.teach(station(1), vlan: 1, on: port(slot), at: now)
      if taught == .moved || taught == .learned { changes += 1 }
    }
    #expect(changes == 5)
    #expect(place(bridge, 20) == 0)
    #expect(takeEvents(&bridge).map(\.kind) == Array(repeating: .moved, count: 5) + [.pinned])
  }

  /// A static or sticky entry never moves, so it is never pinned.
  @Test(arguments: [EntryKind.static, .sticky]) func commandedEntriesStay(kind: EntryKind) throws {
    var bridge = makeBridge(ports: 3)
    bridge.addEntry(station(1), vlan: 1, on: port(0), kind: kind, at: tick(0))
    for number in 0..<20 {
      let verdict = bridge.decide(try header(to: station(2), from: station(1)), from: port(1 + number % 2), at: tick(1))
      #expect(verdict == .flood(set(1), .unicast, vlan: 1, teach: false))
    }
    #expect(place(bridge, 1) == 0)
    #expect(bridge.events.count == 0)
  }
}
