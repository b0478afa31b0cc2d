// Control's side of flooding: which ports are in which set after each change, and that sets get into force.

import BridgeCore
import Testing
import Wire

@testable import Dataplane

@Suite(.timeLimit(.minutes(1))) struct FloodPlanTests {
  /// The members of each of the sets that a change made; frees them.
  private static func read(_ sets: [(FloodSetIndex, FloodSet)]) -> [FloodSetIndex: (members: [Int], untagged: [Int])] {
    var result: [FloodSetIndex: (members: [Int], untagged: [Int])] = [:]
    for (index, set) in sets {
      let members = (0..<PortIndex.limit).filter { set.contains(port($0)) }
      #expect(members.count == set.memberCount)
      result[index] = (members, (0..<PortIndex.limit).filter { set.isUntagged(port($0)) })
      set.deallocate()
    }
    return result
  }

  private static func expect(
    _ sets: [(FloodSetIndex, FloodSet)], _ members: [Int], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(sets.count == 2, sourceLocation: sourceLocation)
    let sets = read(sets)
    #expect(sets[FloodPlan.native]?.members == members, sourceLocation: sourceLocation)
    #expect(sets[FloodPlan.native]?.untagged == members, "untagged in the native VLAN", sourceLocation: sourceLocation)
    #expect(sets[FloodPlan.tagged]?.members == members, sourceLocation: sourceLocation)
    #expect(sets[FloodPlan.tagged]?.untagged == [], "tagged in all others", sourceLocation: sourceLocation)
  }

  @Test("Ports added, removed, swapped, up to the last slot")
  func changes() {
    var plan = FloodPlan()
    Self.expect(plan.change(adding: [port(3)], removing: []), [3])
    Self.expect(plan.change(adding: [port(0), port(4095)], removing: []), [0, 3, 4095])
    Self.expect(plan.change(adding: [port(64)], removing: [port(3)]), [0, 64, 4095])
    Self.expect(plan.change(adding: [], removing: [port(4095), port(0)]), [64])
    Self.expect(plan.change(adding: [], removing: [port(64)]), [])
    Self.expect(plan.change(adding: [port(64)], removing: []), [64])
  }

  @Test("A change that changes nothing makes no sets")
  func noChange() {
    var plan = FloodPlan()
    #expect(plan.change(adding: [], removing: []).isEmpty)
    #expect(plan.change(adding: [], removing: [port(1)]).isEmpty)
    Self.expect(plan.change(adding: [port(1), port(2)], removing: []), [1, 2])
    #expect(plan.change(adding: [port(2)], removing: []).isEmpty)
    #expect(plan.change(adding: [], removing: [port(9)]).isEmpty)
  }

  @Test("Random changes against a set", arguments: seeds)
  func random(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var plan = FloodPlan()
    var reference: Set<Int> = []
    for step in 0..<200 {
      func some() -> [Int] {
        (0..<Int.random(in: 0...4, using: &random)).map { _ in .random(in: 0..<130, using: &random) }
      }
      let (adding, removing) = (some(), some())
      let next = reference.subtracting(removing).union(adding)
      let sets = plan.change(adding: adding.map { port($0) }, removing: removing.map { port($0) })
      if sets.isEmpty {
        #expect(next == reference, "seed \(seed), step \(step)")
      } else {
        Self.expect(sets, next.sorted())
      }
      reference = next
    }
  }

  @Test("Installed and applied: the native VLAN floods untagged, others tagged; a port taken out gets nothing more")
  func applied() async throws {
    let configuration = DataplaneConfiguration(tableSize: 1024, ageing: 300, forwardReserved: false, seed: 1)
    let dataplane = try Dataplane(configuration, capture: nil) { _ in }
    defer { dataplane.stop() }
    var plan = FloodPlan()
    await plan.install(in: dataplane)
    let guests = try (0..<3).map { try Guest(port: port($0), serial: 1) }
    for guest in guests {
      await dataplane.perform(
        .attach(
          PortAttachment(
            port: guest.port, serial: 1, descriptor: guest.near,
            limits: PortLimits(mtu: 1500, native: 1, enabled: true), policy: PortPolicy(), handle: 0)))
    }
    func flood(_ tags: [(UInt16, UInt16)]) async throws {
      let before = dataplane.counters.snapshot(of: port(0))[.rxFrames]
      try guests[0].put(offload() + ethernet(to: .broadcast, from: station(1), tags: tags))
      try await until("read") { dataplane.counters.snapshot(of: port(0))[.rxFrames] > before }
      await dataplane.perform(.history(station(0), vlan: 1))
    }
    let bare = offload() + ethernet(to: .broadcast, from: station(1))
    func tagged(_ vlan: UInt16) -> [UInt8] {
      offload() + ethernet(to: .broadcast, from: station(1), tags: [(0x8100, vlan)])
    }
    try await flood([])
    #expect(dataplane.counters.snapshot(of: port(0)).drops == [.noDestination: 1], "nobody is in a set yet")
    await FloodPlan.apply(plan.change(adding: guests.map(\.port), removing: []), in: dataplane)
    try await flood([])
    for vlan in [UInt16(1), 2, 4094] { try await flood([(0x8100, vlan)]) }
    for guest in guests[1...] { #expect(guest.take() == [bare, bare, tagged(2), tagged(4094)]) }
    await FloodPlan.apply(plan.change(adding: [], removing: [port(1)]), in: dataplane)
    try await flood([])
    try await flood([(0x8100, 2)])
    #expect(guests[1].take().isEmpty)
    #expect(guests[2].take() == [bare, tagged(2)])
    #expect(guests[0].take().isEmpty)
  }
}
