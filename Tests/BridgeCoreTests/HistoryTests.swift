// What is remembered of addresses that moved, and that it stays bounded.

import BridgeCore
import Testing
import Wire

@Suite struct HistoryTests {
  @Test func lastFiveMoves() throws {
    var bridge = makeBridge(ports: 8)
    // slowly enough not to be pinned
    for number in 0...7 {
      let taught = bridge.teach(station(1), vlan: 1, on: port(number), at: tick(10 + UInt32(number) * 5))
      #expect(taught == (number == 0 ? .learned : .moved))
    }
    let record = bridge.history(of: station(1), vlan: 1)
    let history = try #require(record)
    #expect(history.mac == station(1) && history.vlan == 1)
    #expect(history.since == tick(10))
    #expect(history.moves == 7)
    #expect(history.pinned == nil)
    let expected = (3...7).map { Move(tick: tick(10 + UInt32($0) * 5), from: port($0 - 1), to: port($0)) }
    #expect(history.recent == expected)
    #expect(bridge.history(of: station(1), vlan: 2) == nil)
    #expect(bridge.movedHistories() == [history])
  }

  @Test func learningBeginsAnew() throws {
    var bridge = makeBridge(ports: 2, ageing: 300)
    bridge.teach(station(1), vlan: 1, on: port(0), at: tick(0))
    bridge.teach(station(1), vlan: 1, on: port(1), at: tick(1))
    // aged, then heard on the first port: no move, since nobody knew it
    let taught = bridge.teach(station(1), vlan: 1, on: port(0), at: tick(302))
    #expect(taught == .learned)
    let record = bridge.history(of: station(1), vlan: 1)
    let history = try #require(record)
    #expect(history.since == tick(302) && history.moves == 0 && history.recent.isEmpty)
  }

  /// D1: neither a flood of new addresses nor one of moves makes it grow, and the former displaces no move.
  @Test func bounded() {
    var bridge = makeBridge(ports: 3, capacity: 1 << 17)
    for number in 0..<100 {
      bridge.teach(station(number), vlan: 1, on: port(0), at: tick(0))
      bridge.teach(station(number), vlan: 1, on: port(1), at: tick(1))
    }
    let before = bridge.movedHistories()
    #expect(before.count == 100)
    for number in 1000..<61_000 { bridge.teach(station(number), vlan: 1, on: port(2), at: tick(2)) }
    let after = bridge.movedHistories()
    #expect(after == before)
    for number in 1000..<61_000 { bridge.teach(station(number), vlan: 1, on: port(0), at: tick(3)) }
    let most = bridge.movedHistories()
    #expect(most.count == 8192)
    #expect(Set(most.map(\.mac)).count == most.count)
  }
}
