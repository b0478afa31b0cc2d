// Properties P1 to P3, P5 to P7, P9 and P10 of the bridge, over random lives. P4 (order) and P8 (payload) concern the
// data plane and stand there.

import BridgeCore
import Testing
import Wire

@Suite struct PropertiesTests {
  @Test("P1: never to the port it came from", arguments: seeds)
  func p1(seed: UInt64) throws {
    try walkLives(
      seed,
      look: { _, sight in
        #expect(!sight.recipients.contains(sight.slot), "seed \(seed): \(sight.frame) from \(sight.slot)")
      })
  }

  @Test("P2: never across a VLAN, never across isolation", arguments: seeds)
  func p2(seed: UInt64) throws {
    var copies = 0
    try walkLives(
      seed,
      look: { world, sight in
        guard !sight.recipients.isEmpty else { return }
        let what = "seed \(seed): \(sight.frame) from \(sight.slot) to \(sight.recipients)"
        guard let own = world.model.ports[sight.slot] else {
          Issue.record(Comment(rawValue: "from no port, \(what)"))
          return
        }
        let outer = sight.frame.tags.first
        let isTagged = !own.isQinQ && outer?.tpid == own.tpid && outer?.vid != 0
        #expect(sight.verdict.vlan == (isTagged ? outer?.vid ?? 0 : own.native), "\(what)")
        #expect(sight.members.contains(sight.slot), "\(what)")
        for other in sight.recipients {
          copies += 1
          #expect(sight.members.contains(other), "\(what)")
          guard let settings = world.model.ports[other] else { continue }
          #expect(!(own.isIsolated && settings.isIsolated), "\(what)")
          if settings.isIsolated, let mine = own.group, let theirs = settings.group {
            #expect(mine == theirs, "\(what)")
          }
          if sight.verdict.action == .flood {
            #expect(settings.isUp && settings.flood.contains(sight.frame.kind), "\(what)")
          }
        }
      })
    #expect(copies > 300)
  }

  @Test("P3: every frame is accounted for once, and every copy", arguments: seeds)
  func p3(seed: UInt64) throws {
    var ledger = Ledger()
    try walkLives(
      seed,
      look: { _, sight in
        ledger.rxFrames += 1
        switch sight.verdict.action {
        case .deliver: ledger.forwarded += 1
        case .flood:
          ledger.flooded += 1
          ledger.floodCopies += UInt64(sight.recipients.count)
          #expect(!sight.recipients.isEmpty, "a flood to nobody is a drop with a reason, seed \(seed)")
        case .consume: ledger.consumed += 1
        case .drop:
          #expect(!sight.verdict.reason.isEgress, "seed \(seed)")
          ledger.add(1, droppedFor: sight.verdict.reason)
        }
        ledger.txFrames += UInt64(sight.recipients.count)
      })
    #expect(ledger.differences.isEmpty, "seed \(seed)")
    #expect(ledger.rxFrames > 1000 && ledger.forwarded > 10 && ledger.flooded > 100 && ledger.ingressDrops > 10)
  }

  @Test("P5: nobody gets a frame twice", arguments: seeds)
  func p5(seed: UInt64) throws {
    try walkLives(
      seed,
      look: { _, sight in
        #expect(Set(sight.recipients).count == sight.recipients.count, "seed \(seed): \(sight)")
      })
  }

  @Test("P6: no table beyond its bound: entries, addresses of a port, events", arguments: seeds)
  func p6(seed: UInt64) throws {
    var held: [Int: Int] = [:]
    func learned(_ world: borrowing ReferenceWorld) -> [Int: Int] {
      dump(world.bridge.reader, at: world.tick).filter { $0.kind != .static }
        .reduce(into: [:]) { $0[$1.port.slot, default: 0] += 1 }
    }
    try walkLives(
      seed, before: { world, _ in held = learned(world) },
      after: { world, step in
        #expect(world.bridge.reader.count(at: world.tick) <= 1024)
        #expect(world.bridge.events.count <= EventLog.capacity)
        switch step {
        case .frame, .lesson: break
        default: return
        }
        for (slot, count) in learned(world) {
          guard let limit = world.model.ports[slot]?.limit, limit > 0 else { continue }
          #expect(count <= max(limit, held[slot] ?? 0), "seed \(seed): port \(slot) has \(count) of \(limit), \(step)")
        }
      })
  }

  @Test("P7: what was put there by command never moves", arguments: seeds)
  func p7(seed: UInt64) throws {
    struct Place: Hashable {
      let mac: MACAddress
      let vlan: UInt16
    }
    func placed(_ world: borrowing ReferenceWorld) -> [Place: (Int, EntryKind)] {
      dump(world.bridge.reader, at: world.tick).filter { $0.kind != .dynamic }
        .reduce(into: [:]) { $0[Place(mac: $1.mac, vlan: $1.vlan)] = ($1.port.slot, $1.kind) }
    }
    var old: [Place: (Int, EntryKind)] = [:]
    var checks = 0
    try walkLives(
      seed, before: { world, _ in old = placed(world) },
      after: { world, step in
        switch step {
        case .entry, .remove, .noPort, .ageing: return
        case .wait, .flush, .frame, .lesson, .restore, .port, .vlan, .map, .forwardReserved, .probe: break
        }
        let new = placed(world)
        for (place, entry) in old {
          checks += 1
          if case .wait = step, entry.1 == .sticky, new[place] == nil { continue }
          #expect(new[place]?.0 == entry.0 && new[place]?.1 == entry.1, "seed \(seed): \(place) after \(step)")
        }
      })
    #expect(checks > 100)
  }

  @Test("P9: a hostile port changes nothing between the others, full table included", arguments: seeds)
  func p9(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var quiet = makeBridge(ports: 5, capacity: 256)
    var loud = makeBridge(ports: 5, capacity: 256)
    for second in 0..<200 as Range<UInt32> {
      for _ in 0..<40 {
        // addresses of its own, as many as it likes, to anyone, with any tag
        let source = mac(0x0600_0000_0000 | random.next() & 0xFFFF_FFFF)
        let tci = UInt16.random(in: 0...4095, using: &random)
        var tags: [(UInt16, UInt16)] = []
        if Bool.random(using: &random) { tags = [(0x8100, tci)] }
        let victim = station(.random(in: 1...40, using: &random))
        let header = try header(to: Bool.random(using: &random) ? victim : .broadcast, from: source, tags: tags)
        let verdict = loud.decide(header, from: port(4), at: tick(second))
        if verdict.teach { loud.teach(source, vlan: verdict.vlan, on: port(4), at: tick(second)) }
      }
      let number = Int.random(in: 1...40, using: &random)
      let slot = number % 4
      let source = station(number)
      let header = try header(to: station(.random(in: 1...40, using: &random)), from: source)
      let expected = quiet.decide(header, from: port(slot), at: tick(second))
      let verdict = loud.decide(header, from: port(slot), at: tick(second))
      #expect(verdict == expected, "seed \(seed), second \(second)")
      if expected.teach { quiet.teach(source, vlan: 1, on: port(slot), at: tick(second)) }
      if verdict.teach { loud.teach(source, vlan: 1, on: port(slot), at: tick(second)) }
      quiet.sweep(at: tick(second))
      loud.sweep(at: tick(second))
    }
    for number in 1...40 {
      let entry = quiet.reader.find(station(number), vlan: 1, at: tick(199))
      #expect(loud.reader.find(station(number), vlan: 1, at: tick(199)) == entry, "seed \(seed), station \(number)")
    }
    #expect(loud.reader.count(at: tick(199)) <= 256)
  }

  @Test("P10: what is written is read back: names, addresses, and a table that is saved and restored", arguments: seeds)
  func p10(seed: UInt64) throws {
    for reason in DropReason.allCases { #expect(DropReason(name: reason.name) == reason) }
    var random = SeededRandom(seed: seed)
    for _ in 0..<1000 {
      let address = mac(random.next())
      #expect(MACAddress(address.description) == address)
      let vlan = UInt16.random(in: 0...4095, using: &random)
      #expect(
        TableKey.mac(TableKey.word(address, vlan)) == address && TableKey.vlan(TableKey.word(address, vlan)) == vlan)
    }
    // a table goes into a new bridge, whose clock begins anew, and entries continue to age
    var first = makeBridge(ports: 5)
    for number in 1...200 {
      let now = tick(UInt32(number * 2))
      first.teach(station(number), vlan: UInt16(number % 3 + 1), on: port(number % 5), at: now)
    }
    let saved = dump(first.reader, at: tick(500))
    #expect(saved.count > 100 && saved.contains { ($0.age ?? 0) > 250 })
    var second = makeBridge(ports: 5, seed: seed)
    for entry in saved {
      let age = try #require(entry.age)
      let restored = second.restore(entry.mac, vlan: entry.vlan, on: entry.port, age: age, at: tick(7))
      #expect(restored)
    }
    func sorted(_ entries: [ForwardingEntry]) -> [String] { entries.map { "\($0)" }.sorted() }
    #expect(sorted(dump(second.reader, at: tick(7))) == sorted(saved))
    #expect(sorted(dump(second.reader, at: tick(107))) == sorted(dump(first.reader, at: tick(600))))
    let isRestored = second.restore(station(1000), vlan: 1, on: port(0), age: 301, at: tick(7))
    #expect(!isRestored, "what is aged is not brought back")
  }
}
