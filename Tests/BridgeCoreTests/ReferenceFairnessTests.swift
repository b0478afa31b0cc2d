// A table too small for what comes: apart from the comparison, whose naive bridge never forgets. The rule is the
// design's: one makes way among those looked at, of the port that learned most, and never for a port that learned as
// many.

import BridgeCore
import Testing
import Wire

@Suite struct ReferenceFairnessTests {
  @Test("D1, D2: a full table gives way by the fairness rule only, frame by frame", arguments: seeds)
  func fairness(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    for capacity in [16, 64, 200] {
      var bridge = makeBridge(ports: 8, capacity: capacity, seed: random.next())
      bridge.addEntry(station(1), vlan: 1, on: port(7), kind: .static, at: tick(0))
      bridge.addEntry(station(2), vlan: 1, on: port(7), kind: .sticky, at: tick(0))
      var (evictions, refusals) = (0, 0)
      for step in 0..<1200 {
        let now = tick(UInt32(step / 20))
        // port 0 sends from ever new addresses, the others from a few
        let slot = Bool.random(using: &random) ? 0 : Int.random(in: 1...7, using: &random)
        let source = station(slot == 0 ? 1_000_000 + step : slot * 1000 + Int.random(in: 0..<capacity, using: &random))
        let before = entries(bridge, now)
        let known = before[source]
        bridge.events.clear()
        let taught = bridge.teach(source, vlan: 1, on: port(slot), at: now)
        let after = entries(bridge, now)
        #expect(after.count <= capacity, "seed \(seed)")
        let gone = before.filter { after[$0.key] == nil }
        #expect(gone.count <= 1, "seed \(seed), step \(step)")
        switch taught {
        case .learned: #expect(known == nil && after[source]?.port.slot == slot)
        case .refused:
          refusals += 1
          #expect(known == nil && after == before, "refused, and something changed, seed \(seed)")
        case .unchanged, .refreshed: #expect(known?.port.slot == slot, "seed \(seed)")
        case .moved, .pinned, .barred: Issue.record("nothing moves here, seed \(seed)")
        }
        guard let victim = gone.first?.value else { continue }
        evictions += 1
        let mine = before.count { $0.value.port.slot == slot && $0.value.kind == .dynamic }
        let theirs = before.count { $0.value.port == victim.port && $0.value.kind == .dynamic }
        #expect(victim.kind == .dynamic, "seed \(seed), step \(step)")
        #expect(
          victim.port.slot == slot || theirs > mine, "seed \(seed): port \(victim.port), \(theirs), gave way to \(mine)"
        )
      }
      #expect(evictions > 50, "capacity \(capacity), seed \(seed)")
      let last = entries(bridge, tick(60))
      #expect(last[station(1)]?.port == port(7) && last[station(2)]?.port == port(7), "seed \(seed)")
      // the flood has not driven the others out: each has its share, or all it ever wanted
      let share = capacity / 8
      for slot in 1...6 {
        let held = last.count { $0.value.port.slot == slot }
        #expect(held >= min(share, 8) / 2, "capacity \(capacity): port \(slot) has \(held), seed \(seed)")
      }
    }
  }

  @Test("D6: the bound is on the whole table, not on each VLAN")
  func manyVLANs() {
    var bridge = makeBridge(ports: 2, capacity: 100)
    for vlan in 1...4094 as ClosedRange<UInt16> {
      bridge.teach(station(Int(vlan)), vlan: vlan, on: port(0), at: tick(1))
    }
    #expect(bridge.reader.count(at: tick(1)) <= 100)
    #expect(bridge.reader.count(at: tick(1)) >= 90)
  }

  private func entries(_ bridge: borrowing Bridge, _ now: Tick) -> [MACAddress: ForwardingEntry] {
    dump(bridge.reader, at: now).reduce(into: [:]) { $0[$1.mac] = $1 }
  }
}
