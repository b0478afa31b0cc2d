// Flood sets and the walk over them, up to the most ports a switch can have.

import BridgeCore
import Testing
import Wire

@Suite struct FloodSetTests {
  @Test(arguments: seeds) func walksMatchSets(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    for size in [0, 1, 2, 63, 64, 65, 1000, 1500, PortIndex.limit] {
      let range = size <= 2 ? 0..<PortIndex.limit : 0..<size
      let members = size <= 2 ? Set((0..<size).map { _ in Int.random(in: range, using: &random) }) : Set(range)
      let untagged = Set(range.filter { _ in Bool.random(using: &random) })
      let set = FloodSet.allocate(members: members.map { port($0) }, untagged: untagged.map { port($0) })
      defer { set.deallocate() }
      #expect(set.memberCount == members.count)
      for ingress in [0, 63, 64, size - 1, 4095, 4096, 65535] where ingress >= 0 {
        let expected = members.subtracting([ingress]).sorted()
        #expect(walk(FloodCursor(set, excluding: port(ingress))) == expected, "seed \(seed)")
        let bare = expected.filter { untagged.contains($0) }
        let dressed = expected.filter { !untagged.contains($0) }
        #expect(walk(FloodCursor(set, excluding: port(ingress), form: .untagged)) == bare, "seed \(seed)")
        #expect(walk(FloodCursor(set, excluding: port(ingress), form: .tagged)) == dressed, "seed \(seed)")
        #expect(set.isEmpty(without: port(ingress)) == expected.isEmpty, "seed \(seed)")
        #expect(set.contains(port(ingress)) == members.contains(ingress), "seed \(seed)")
        #expect(set.isUntagged(port(ingress)) == members.intersection(untagged).contains(ingress), "seed \(seed)")
      }
    }
  }

  @Test func portsThatCannotBeAreLeftOut() {
    let set = FloodSet.allocate(
      members: [port(3), port(3), port(4096), port(65535)], untagged: [port(4), port(65535)])
    defer { set.deallocate() }
    #expect(set.memberCount == 1)
    #expect(walk(FloodCursor(set, excluding: port(0))) == [3])
    #expect(walk(FloodCursor(set, excluding: port(0), form: .untagged)) == [])
  }

  /// A broadcast in a switch of 1,200 ports reaches each other port once.
  @Test func thousandPorts() throws {
    var bridge = makeBridge(ports: 1200, capacity: 65_536)
    let broadcast = try header(to: .broadcast, from: station(1))
    let verdict = bridge.decide(broadcast, from: port(700), at: tick(0))
    #expect(verdict == .flood(set(1), vlan: 1, teach: true))
    let reached = walk(bridge.members(of: verdict.floodSet, .untagged, without: port(700)))
    #expect(reached == Array(0..<1200).filter { $0 != 700 })
    #expect(walk(bridge.members(of: verdict.floodSet, .tagged, without: port(700))).isEmpty)
  }

  @Test func oldSetComesBack() {
    var bridge = Bridge(capacity: 16, ageing: 300, seed: 1)
    let first = FloodSet.allocate(members: [port(1)], untagged: [])
    let nothing = bridge.setFloodSet(set(5), first)
    #expect(nothing == nil)
    let old = bridge.setFloodSet(set(5), FloodSet.allocate(members: [port(2)], untagged: []))
    #expect(old.map { unsafe $0.base == first.base } == true)
    old?.deallocate()
    #expect(walk(bridge.members(of: set(5), .all, without: port(9))) == [2])
    #expect(walk(bridge.members(of: set(6), .all, without: port(9))) == [])
    #expect(walk(bridge.members(of: set(65535), .all, without: port(9))) == [])
  }
}
