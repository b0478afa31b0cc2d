// Sets of ports and the walk over three of them, up to the most ports a switch can have.

import BridgeCore
import Testing
import Wire

@Suite struct FloodSetTests {
  @Test(arguments: seeds) func walksTheIntersection(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    for size in [0, 1, 2, 63, 64, 65, 1000, 1500, PortIndex.limit] {
      let sets = (0..<3).map { _ in anySet(size, &random) }
      let handles = sets.map { FloodSet.allocate(members: $0.shuffled(using: &random).map { port($0) }) }
      defer { for handle in handles { handle.deallocate() } }
      for (numbers, handle) in zip(sets, handles) {
        #expect(handle.memberCount == numbers.count)
        #expect(handle.members.map(\.slot) == numbers.sorted(), "seed \(seed)")
      }
      for ingress in [0, 63, 64, size - 1, 4095, 4096, 65535] where ingress >= 0 {
        let expected = sets[0].intersection(sets[1]).intersection(sets[2]).subtracting([ingress]).sorted()
        let cursor = FloodCursor(handles[0], handles[1], handles[2], excluding: port(ingress))
        #expect(walk(cursor) == expected, "seed \(seed)")
        #expect(cursor.isEmpty == expected.isEmpty, "seed \(seed)")
        #expect(handles[0].contains(port(ingress)) == sets[0].contains(ingress), "seed \(seed)")
      }
    }
  }

  /// All of the first `size` ports, some of them, or a few anywhere.
  private func anySet(_ size: Int, _ random: inout SeededRandom) -> Set<Int> {
    if size <= 2 { return Set((0..<size).map { _ in Int.random(in: 0..<PortIndex.limit, using: &random) }) }
    if Bool.random(using: &random) { return Set(0..<size) }
    return Set((0..<size).filter { _ in Bool.random(using: &random) })
  }

  @Test func portsThatCannotBeAreLeftOut() {
    let set = FloodSet.allocate(members: [port(3), port(3), port(4096), port(65535)])
    defer { set.deallocate() }
    #expect(set.memberCount == 1 && set.wordCount == 1)
    #expect(set.members == [port(3)])
    #expect(!set.contains(port(65535)))
  }

  /// A broadcast in a switch of 1,200 ports reaches each other port once.
  @Test func thousandPorts() throws {
    var bridge = makeBridge(ports: 1200, capacity: 65_536)
    let broadcast = try header(to: .broadcast, from: station(1))
    let verdict = bridge.decide(broadcast, from: port(700), at: tick(0))
    #expect(verdict == .flood(set(1), .broadcast, vlan: 1, teach: true))
    let reached = walk(bridge.members(of: verdict, from: port(700)))
    #expect(reached == Array(0..<1200).filter { $0 != 700 })
  }

  /// Each command hands back what control is to free: the old set, or the new one where there is no such place.
  @Test func oldSetComesBack() {
    var bridge = Bridge(capacity: 16, ageing: 300, seed: 1)
    let made = (0..<6).map { slots([$0]) }
    let nothing = [bridge.setFloodSet(set(5), made[0]), bridge.setMask(.up, made[1]), bridge.setReach(7, made[2])]
    #expect(nothing.allSatisfy { $0 == nil })
    let old = [bridge.setFloodSet(set(5), made[3]), bridge.setMask(.up, made[4]), bridge.setReach(7, made[5])]
    for (index, set) in old.enumerated() {
      #expect(set.map { unsafe $0.base == made[index].base } == true)
      set?.deallocate()
    }
    let useless = slots([1])
    let back = [
      bridge.setFloodSet(set(4096), useless), bridge.setFloodSet(set(65535), useless), bridge.setReach(0, useless),
      bridge.setReach(8192, useless), bridge.setReach(65535, useless),
    ]
    for set in back { #expect(set.map { unsafe $0.base == useless.base } == true) }
    useless.deallocate()
    #expect(bridge.floodSet(set(5)).members == [port(3)])
    #expect(bridge.reachSet(7).members == [port(5)])
    #expect(bridge.reachSet(0).memberCount == PortIndex.limit)
    for none in [6, 4096, 65535] { #expect(bridge.floodSet(set(none)).memberCount == 0) }
    for none in [UInt16(1), 8192, 65535] { #expect(bridge.reachSet(none).memberCount == 0) }
  }

  /// A VLAN stays on the set it has when it is mapped to one that cannot be.
  @Test func mapsToWhatThereIs() throws {
    var bridge = makeBridge(ports: 2)
    for (vlan, index) in [(UInt16(0), 1), (4095, 1), (1, 4096), (1, 65535)] { bridge.mapVLAN(vlan, to: set(index)) }
    let plain = bridge.decide(try header(to: .broadcast, from: station(1)), from: port(0), at: tick(0))
    #expect(plain == .flood(set(1), .broadcast, vlan: 1, teach: true))
  }
}
