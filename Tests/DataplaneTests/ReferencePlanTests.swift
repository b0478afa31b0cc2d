// The sets that control works out, beside a naive opinion of who is in which VLAN, up, takes what is flooded and may be
// reached: ports come, change and go at random, and the commands are done to a bridge, without a worker.

import BridgeCore
import Testing
import Wire

@testable import Dataplane

@Suite struct ReferencePlanTests {
  private struct Seat {
    var vlans: Set<UInt16>
    var native: UInt16
    var isUp: Bool
    var kinds: FloodKinds
    var isolation: PortIsolation

    func isMember(_ vlan: UInt16) -> Bool { (1...4094).contains(vlan) && (vlan == native || vlans.contains(vlan)) }
    func takes(_ kind: FloodKind) -> Bool {
      switch kind {
      case .unicast: kinds.contains(.unicast)
      case .multicast: kinds.contains(.multicast)
      case .broadcast: kinds.contains(.broadcast)
      }
    }
    /// Isolated ports do not reach one another; ports of one group do not reach other groups' isolated ports.
    func reaches(_ other: Seat) -> Bool {
      guard other.isolation.isIsolated else { return true }
      if isolation.isIsolated { return false }
      guard let mine = isolation.group, let theirs = other.isolation.group else { return true }
      return mine == theirs
    }
  }

  @Test("Who gets a frame is who should, after any sequence of changes; rows for people say the same", arguments: seeds)
  func plan(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var seats: [Int: Seat] = [:]
    var plan = VLANPlan()
    var bridge = Bridge(capacity: 64, ageing: 300, seed: seed)
    for step in 0..<160 {
      let slot = [0, 1, 2, 3, 63, 64, 500, 4095].randomElement(using: &random) ?? 0
      switch Int.random(in: 0..<10, using: &random) {
      case 0:
        perform(plan.leave(port(slot)), &bridge)
        seats[slot] = nil
      case 1, 2:
        guard seats[slot] != nil else { continue }
        let up = Bool.random(using: &random)
        perform(plan.setUp(port(slot), up), &bridge)
        seats[slot]?.isUp = up
      default:
        let seat = self.seat(&random)
        let commands = plan.join(
          port(slot), PortVLANs(NumberSet(seat.vlans.sorted()), native: seat.native), up: seat.isUp,
          floodKinds: seat.kinds,
          isolation: seat.isolation)
        perform(commands, &bridge)
        seats[slot] = seat
      }
      // the reach of others may have changed with it
      for (slot, seat) in seats {
        bridge.setPolicy(
          PortPolicy(forwarding: seat.isUp, nativeVID: seat.native, reach: plan.reach(of: port(slot))), of: port(slot))
      }
      for _ in 0..<6 { try compare(seats, &bridge, &random, "seed \(seed), step \(step)") }
      if step % 20 == 0 { compareRows(seats, plan, "seed \(seed), step \(step)") }
    }
    for slot in seats.keys { perform(plan.leave(port(slot)), &bridge) }
    #expect(plan.rows.isEmpty)
  }

  private func seat(_ random: inout SeededRandom) -> Seat {
    var vlans: Set<UInt16> = []
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      switch Int.random(in: 0..<5, using: &random) {
      case 0: vlans.formUnion(1...4094)
      case 1: vlans.insert([0, 1, 4094, 4095].randomElement(using: &random) ?? 0)
      default:
        let first = UInt16.random(in: 1...60, using: &random)
        vlans.formUnion(first...first + UInt16.random(in: 0...20, using: &random))
      }
    }
    return Seat(
      vlans: vlans, native: [0, 1, 1, 10, 4094].randomElement(using: &random) ?? 1,
      isUp: Int.random(in: 0..<4, using: &random) > 0,
      kinds: Bool.random(using: &random) ? .all : FloodKinds(rawValue: UInt8.random(in: 0...7, using: &random)),
      isolation: PortIsolation(
        isIsolated: Int.random(in: 0..<3, using: &random) == 0,
        group: [nil, nil, "a", "b"].randomElement(using: &random) ?? nil))
  }

  private func compare(
    _ seats: [Int: Seat], _ bridge: inout Bridge, _ random: inout SeededRandom, _ what: String
  ) throws {
    guard let slot = seats.keys.sorted().randomElement(using: &random), let own = seats[slot] else { return }
    let vlan: UInt16 = [1, 10, 4094, 4093, .random(in: 1...90, using: &random)].randomElement(using: &random) ?? 1
    let destination = [MACAddress.broadcast, mac(0x0100_5E00_0001), station(9)].randomElement(using: &random)
    let kind: FloodKind = destination == .broadcast ? .broadcast : destination == station(9) ? .unicast : .multicast
    let bytes = ethernet(to: destination ?? .broadcast, from: station(1), tags: [(0x8100, vlan)])
    let header = try unsafe FrameHeader(parsing: bytes.span.bytes)
    let verdict = bridge.decide(header, from: port(slot), at: Tick(rawValue: 1))
    let expected = seats.filter { other, seat in
      other != slot && seat.isMember(vlan) && seat.isUp && seat.takes(kind) && own.reaches(seat)
    }.keys.sorted()
    guard own.isUp, own.isMember(vlan) else {
      #expect(verdict.action == .drop && verdict.reason == .vlanNotAllowed, "\(what)")
      return
    }
    guard !expected.isEmpty else {
      #expect(verdict.action == .drop && [.noDestination, .isolated, .floodOff].contains(verdict.reason), "\(what)")
      return
    }
    #expect(verdict.action == .flood && verdict.kind == kind, "\(what)")
    var cursor = bridge.members(of: verdict, from: port(slot))
    var got: [Int] = []
    while let member = cursor.next() { got.append(member.slot) }
    #expect(got == expected, "\(what): VLAN \(vlan), \(kind), from \(slot)")
  }

  /// Rows of `vlan list`: every VLAN with members in just one row, with just its members.
  private func compareRows(_ seats: [Int: Seat], _ plan: VLANPlan, _ what: String) {
    var rows: [UInt16: [Int: Bool]] = [:]
    var last: UInt16 = 0
    for row in plan.rows {
      #expect(row.vlans.lowerBound > last, "\(what): in order, none twice")
      last = row.vlans.upperBound
      let members = Dictionary(uniqueKeysWithValues: row.members.map { ($0.port.slot, $0.isTagged) })
      for vlan in row.vlans { rows[vlan] = members }
    }
    let wrong = (1...4094 as ClosedRange<UInt16>).filter { vlan in
      rows[vlan] ?? [:] != seats.filter { $0.value.isMember(vlan) }.mapValues { $0.native != vlan }
    }
    #expect(wrong.isEmpty, "\(what)")
  }

  private func perform(_ commands: [Command], _ bridge: inout Bridge) {
    for command in commands {
      switch command {
      case .setVLANs(let sets, let map):
        for (index, set) in sets { bridge.setFloodSet(index, set)?.deallocate() }
        for (vlans, index) in map { for vlan in vlans { bridge.mapVLAN(vlan, to: index) } }
      case .setFloodSet(let index, let set): bridge.setFloodSet(index, set)?.deallocate()
      case .mapVLANs(let vlans, let index): for vlan in vlans { bridge.mapVLAN(vlan, to: index) }
      case .setMask(let mask, let set): bridge.setMask(mask, set)?.deallocate()
      case .setReach(let index, let set): bridge.setReach(index, set)?.deallocate()
      default: Issue.record("a plan has nothing to do with \(command)")
      }
    }
  }
}
