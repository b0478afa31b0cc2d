// Control's side of the bridge's sets, against a naive model: after each change the sets in force must be what every
// port's settings say, and what came back must be all that has changed.

import BridgeCore
import LinuxIO
import Testing
import Wire

@testable import Dataplane

/// What a bridge would have in force, from the commands alone.
private final class Applied {
  private(set) var sets: [FloodSetIndex: FloodSet] = [:]
  private(set) var map = [FloodSetIndex](repeating: FloodSetIndex(rawValue: 0), count: 4096)
  private(set) var masks: [FloodMask: FloodSet] = [:]
  private(set) var reach: [UInt16: FloodSet] = [:]

  deinit {
    for set in sets.values { set.deallocate() }
    for set in masks.values { set.deallocate() }
    for set in reach.values { set.deallocate() }
  }

  func perform(_ commands: [Command]) {
    for command in commands {
      switch command {
      case .setVLANs(let sets, let map):
        for (index, set) in sets { self.sets.updateValue(set, forKey: index)?.deallocate() }
        for (range, index) in map { for vlan in range { self.map[Int(vlan)] = index } }
      case .setMask(let mask, let set): masks.updateValue(set, forKey: mask)?.deallocate()
      case .setReach(let index, let set): reach.updateValue(set, forKey: index)?.deallocate()
      default: Issue.record("\(command)")
      }
    }
  }

  func members(of mask: FloodMask) -> [Int] { masks[mask]?.members.map(\.slot) ?? [] }
}

@Suite(.timeLimit(.minutes(3))) struct VLANPlanTests {
  /// Sets and VLANs that commands touch.
  private static func size(_ commands: [Command]) -> (sets: Int, vlans: Int, others: Int) {
    var size = (sets: 0, vlans: 0, others: 0)
    for command in commands {
      if case .setVLANs(let sets, let map) = command {
        size.sets += sets.count
        size.vlans += map.reduce(0) { $0 + $1.0.count }
      } else {
        size.others += 1
      }
    }
    return size
  }

  /// Each VLAN is looked at; which has whom stands in few sets.
  private static func check(
    _ applied: Applied, _ plan: VLANPlan, _ model: [Int: PortSetup], _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let slots = model.keys.sorted()
    let members = slots.map { (slot: $0, vlans: Set(model[$0]?.vlans.members ?? NumberSet())) }
    var inForce: [FloodSetIndex: [Int]] = [:]
    for (index, set) in applied.sets { inForce[index] = set.members.map(\.slot) }
    for vlan in UInt16(1)...4094 {
      let expected = members.filter { $0.vlans.contains(vlan) }.map(\.slot)
      let got = inForce[applied.map[Int(vlan)]] ?? []
      guard got != expected else { continue }
      try #require(got == expected, "\(what), VLAN \(vlan)", sourceLocation: sourceLocation)
    }
    let up = slots.filter { model[$0]?.isUp == true }
    #expect(applied.members(of: FloodMask.up) == up, "\(what)", sourceLocation: sourceLocation)
    for (mask, kind) in [(FloodMask.unicast, FloodKinds.unicast), (.multicast, .multicast), (.broadcast, .broadcast)] {
      let expected = up.filter { model[$0]?.floodKinds.contains(kind) == true }
      #expect(applied.members(of: mask) == expected, "\(what)", sourceLocation: sourceLocation)
    }
    for from in slots {
      guard let sender = model[from]?.isolation else { continue }
      let index = plan.reach(of: port(from))
      let reached = slots.filter { index == 0 || applied.reach[index]?.contains(port($0)) == true }
      let expected = slots.filter { other in
        guard let isolation = model[other]?.isolation, isolation.isIsolated else { return true }
        if sender.isIsolated { return false }
        return sender.group == nil || isolation.group == nil || sender.group == isolation.group
      }
      #expect(reached == expected, "\(what), from \(from)", sourceLocation: sourceLocation)
    }
  }

  private static func setup(_ random: inout SeededRandom) -> PortSetup {
    var setup = PortSetup()
    switch Int.random(in: 0..<6, using: &random) {
    case 0: break
    case 1: setup = .access(.random(in: 1...4094, using: &random))
    case 2: setup = .access(.random(in: 1...3, using: &random))
    case 3: setup = .trunk(native: .random(in: 0...3, using: &random), 1...UInt16.random(in: 1...4094, using: &random))
    case 4: setup.tagged = NumberSet((0..<5).map { _ in UInt16.random(in: 0...4095, using: &random) })
    default:
      setup = .trunk(UInt16.random(in: 1...2000, using: &random)...UInt16.random(in: 2000...4094, using: &random))
    }
    setup.isUp = Int.random(in: 0..<4, using: &random) > 0
    setup.floodKinds = FloodKinds(rawValue: .random(in: 0...7, using: &random))
    setup.isolation = PortIsolation(
      isIsolated: .random(using: &random), group: ["a", "b", "c", nil].randomElement(using: &random) ?? nil)
    return setup
  }

  @Test("Random ports that come, change and go: the sets in force are those of the naive model", arguments: seeds)
  func random(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var plan = VLANPlan()
    let applied = Applied()
    var model: [Int: PortSetup] = [:]
    for step in 0..<150 {
      let slot = [0, 1, 2, 63, 64, 200, 4095].randomElement(using: &random) ?? 0
      switch Int.random(in: 0..<4, using: &random) {
      case 0:
        applied.perform(plan.leave(port(slot)))
        model[slot] = nil
      case 1:
        guard var setup = model[slot] else { continue }
        setup.isUp.toggle()
        applied.perform(plan.setUp(port(slot), setup.isUp))
        model[slot] = setup
      default:
        let setup = Self.setup(&random)
        applied.perform(
          plan.join(
            port(slot), setup.vlans, up: setup.isUp, floodKinds: setup.floodKinds, isolation: setup.isolation))
        model[slot] = setup
      }
      if step % 10 == 0 { try Self.check(applied, plan, model, "seed \(seed), step \(step)") }
      guard step % 10 == 0 else { continue }
      let distinct = Set((1...4094).map { plan.members(of: UInt16($0)).members })
      #expect(plan.classCount == distinct.count, "seed \(seed), step \(step): equal VLANs share a set, others do not")
    }
    for slot in model.keys { applied.perform(plan.leave(port(slot))) }
    try Self.check(applied, plan, [:], "seed \(seed), at the end")
    #expect(plan.classCount == 1)
    #expect(plan.rows.isEmpty)
  }

  @Test("A change that changes nothing is no command")
  func noChange() {
    var plan = VLANPlan()
    let applied = Applied()
    #expect(plan.leave(port(1)).isEmpty && plan.setUp(port(1), true).isEmpty)
    applied.perform(plan.join(port(1), PortSetup().vlans, up: true))
    #expect(plan.join(port(1), PortSetup().vlans, up: true).isEmpty && plan.setUp(port(1), true).isEmpty)
    applied.perform(plan.leave(port(1)))
    #expect(plan.leave(port(1)).isEmpty)
    #expect(plan.join(PortIndex(rawValue: 4096), PortSetup().vlans, up: true).isEmpty)
  }

  @Test(
    "A port touches the sets that it joins: one of its VLAN, or one for all; never a reach set that it is not kept from"
  )
  func touched() {
    var plan = VLANPlan()
    let applied = Applied()
    func join(_ slot: Int, _ setup: PortSetup) -> (sets: Int, vlans: Int, others: Int) {
      let commands = plan.join(
        port(slot), setup.vlans, up: setup.isUp, floodKinds: setup.floodKinds, isolation: setup.isolation)
      let size = Self.size(commands)
      applied.perform(commands)
      return size
    }
    for slot in 0..<100 { _ = join(slot, PortSetup(isolation: PortIsolation(group: "\(slot % 10)"))) }
    #expect(plan.classCount == 1)
    #expect(join(100, PortSetup()) == (1, 0, 4), "one set, four masks")
    #expect(join(101, .access(7)) == (1, 1, 4), "a set of its own for one VLAN")
    #expect(join(102, .access(7)) == (1, 0, 4))
    #expect(join(103, .access(8)) == (1, 1, 4))
    #expect(plan.classCount == 3)
    #expect(join(104, .trunk(7...8)) == (2, 0, 4))
    #expect(join(105, PortSetup().with { $0.isUp = false }) == (3, 0, 0))
    #expect(Self.size(plan.setUp(port(105), true)) == (0, 0, 4))
    #expect(join(106, PortSetup(isolation: PortIsolation(isIsolated: true, group: "3"))) == (3, 0, 4 + 1 + 9))
    let left = plan.leave(port(101))
    #expect(Self.size(left) == (1, 0, 4))
    applied.perform(left)
    applied.perform(plan.leave(port(104)))
    let other = plan.leave(port(102))
    #expect(Self.size(other) == (0, 1, 4), "VLAN 7 goes back to those that it is equal to now")
    applied.perform(other)
  }

  @Test("1,000 ports are added in well under a second: without settings, each in a VLAN of its own, isolated in groups")
  func thousand() {
    #if DEBUG
      let count = 100
    #else
      let count = 1000
    #endif
    let kinds: [(String, (Int) -> PortSetup)] = [
      ("without settings", { _ in PortSetup() }), ("access", { .access(UInt16($0 + 1)) }),
      ("trunks", { .trunk(native: 1, UInt16($0 + 1)...UInt16($0 + 201)) }),
      ("isolated", { PortSetup(isolation: PortIsolation(isIsolated: $0 % 2 == 0, group: "\($0 % 50)")) }),
    ]
    for (name, setup) in kinds {
      var plan = VLANPlan()
      let applied = Applied()
      let start = Clock.monotonic()
      for slot in 0..<count {
        let setup = setup(slot)
        applied.perform(plan.join(port(slot), setup.vlans, up: true, isolation: setup.isolation))
      }
      let seconds = Double(Clock.monotonic() - start) / 1e9
      print("VLANPlan: \(count) ports \(name) in \(seconds) s, \(plan.classCount) sets")
      #if !DEBUG
        #expect(seconds < 1, "\(name)")
      #endif
      #expect(applied.members(of: FloodMask.up).count == count)
    }
  }

  @Test("Rows: equal neighbours in one, tagged and untagged told apart")
  func rows() {
    var plan = VLANPlan()
    let applied = Applied()
    #expect(plan.rows.isEmpty)
    func row(_ vlans: ClosedRange<UInt16>, _ members: [(Int, Bool)]) -> VLANRow {
      VLANRow(vlans: vlans, members: members.map { VLANRow.Member(port: port($0.0), isTagged: $0.1) })
    }
    applied.perform(plan.join(port(0), PortSetup().vlans, up: true))
    #expect(plan.rows == [row(1...1, [(0, false)]), row(2...4094, [(0, true)])])
    applied.perform(plan.join(port(1), PortSetup.access(10).vlans, up: false))
    applied.perform(plan.join(port(2), PortSetup.trunk(native: 11, 10...12).vlans, up: true))
    #expect(
      plan.rows == [
        row(1...1, [(0, false)]), row(2...9, [(0, true)]), row(10...10, [(0, true), (1, false), (2, true)]),
        row(11...11, [(0, true), (2, false)]), row(12...12, [(0, true), (2, true)]), row(13...4094, [(0, true)]),
      ])
    applied.perform(plan.leave(port(0)))
    #expect(
      plan.rows == [
        row(10...10, [(1, false), (2, true)]), row(11...11, [(2, false)]), row(12...12, [(2, true)]),
      ])
  }

  @Test("VLAN identifiers that are none are in no set, and no native VLAN either")
  func reserved() {
    let vlans = PortVLANs(NumberSet([0, 5, 4095]), native: 4095)
    #expect(Array(vlans.members) == [5] && vlans.native == 0)
    #expect(Array(PortVLANs(NumberSet(), native: 7).members) == [7])
  }

  @Test("Applied to a data plane it is in force in all of its workers", arguments: [1, 3])
  func applied(workers: Int) async throws {
    let configuration = DataplaneConfiguration(
      tableSize: 1024, ageing: 300, forwardReserved: false, seed: 1, workers: workers)
    let dataplane = try Dataplane(configuration, capture: nil) { _ in }
    defer { dataplane.stop() }
    var plan = VLANPlan()
    let guests = try (0..<3).map { try Guest(port: port($0), serial: 1) }
    for guest in guests {
      let setup = PortSetup(isolation: PortIsolation(isIsolated: guest.port.slot > 0))
      await VLANPlan.apply(plan.join(guest.port, setup.vlans, up: false, isolation: setup.isolation), in: dataplane)
      await dataplane.perform(
        .attach(
          PortAttachment(
            port: guest.port, serial: 1, io: PortIO(descriptor: guest.near), limits: setup.limits,
            policy: setup.policy(reach: plan.reach(of: guest.port)), handle: 0)))
    }
    func flood(_ slot: Int) async throws {
      let before = dataplane.counters.snapshot(of: port(slot))[.rxFrames]
      try guests[slot].put(offload() + ethernet(to: .broadcast, from: station(slot + 1)))
      try await until("read") { dataplane.counters.snapshot(of: port(slot))[.rxFrames] > before }
      await dataplane.perform(.setAgeing(300))
    }
    try await flood(0)
    #expect(dataplane.counters.snapshot(of: port(0)).drops == [.noDestination: 1], "nobody is up yet")
    for slot in 0..<3 { await VLANPlan.apply(plan.setUp(port(slot), true), in: dataplane) }
    for slot in 0..<3 { try await flood(slot) }
    #expect(guests.map { $0.take().count } == [2, 1, 1])
    await VLANPlan.apply(plan.leave(port(1)), in: dataplane)
    try await flood(0)
    #expect(guests.map { $0.take().count } == [0, 0, 1])
    try await flood(1)
    #expect(dataplane.counters.snapshot(of: port(1)).drops == [.vlanNotAllowed: 1], "in no VLAN any more")
  }
}
