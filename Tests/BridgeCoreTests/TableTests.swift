// The table at its bounds: full, attacked, churned. Rows D1, D2 and D3 of the hostile-input table.

import BridgeCore
import Testing
import Wire

@Suite struct TableTests {
  /// D1, D2: a port with a million addresses replaces its own entries only.
  @Test(arguments: [0, 1]) func millionAddressesPushOutNobody(order: Int) {
    var bridge = makeBridge(ports: 11, capacity: 4096)
    var random = SeededRandom(seed: 42)
    // the others are there before the attack, or come when the table is full already
    if order == 0 { learnOthers(&bridge) }
    for count in 0..<1_000_000 {
      if order == 1, count == 20_000 { learnOthers(&bridge) }
      let address = mac(random.next() & 0xFCFF_FFFF_FFFF | 0x0200_0000_0000)
      bridge.teach(address, vlan: 1, on: port(10), at: tick(0))
    }
    for slot in 0..<10 {
      for number in 0..<20 {
        let found = bridge.table.port(of: station(slot * 100 + number), vlan: 1, at: tick(0))
        #expect(found == port(slot))
      }
    }
    let reader = bridge.reader
    #expect(reader.occupied <= 4096)
    #expect(reader.count(at: tick(0)) == reader.occupied)
    #expect(reader.held(by: port(10)) == reader.occupied - 200)
    #expect(reader.occupied > 4000)
  }

  private func learnOthers(_ bridge: inout Bridge) {
    for slot in 0..<10 {
      for number in 0..<20 {
        let taught = bridge.teach(station(slot * 100 + number), vlan: 1, on: port(slot), at: tick(0))
        #expect(taught == .learned)
      }
    }
  }

  /// The largest table takes as many entries as it says, and every one of them is found.
  @Test func fullSize() {
    let capacity = 1_048_576
    var bridge = makeBridge(ports: 65, capacity: capacity)
    var learned = 0
    for number in 0..<capacity
    where bridge.teach(station(number), vlan: 1, on: port(number & 63), at: tick(0)) == .learned {
      learned += 1
    }
    #expect(learned == capacity)
    let reader = bridge.reader
    #expect(reader.occupied == capacity)
    var found = 0
    for number in 0..<capacity where bridge.table.port(of: station(number), vlan: 1, at: tick(0)) == port(number & 63) {
      found += 1
    }
    #expect(found == capacity)
    // one more from a port that holds as much as all others replaces one of its own, once one is come across
    let tries = (0..<1000).first { _ in
      bridge.teach(station(capacity), vlan: 1, on: port(3), at: tick(0)) == .learned
    }
    #expect(tries != nil)
    #expect((0..<64).allSatisfy { reader.held(by: port($0)) == capacity / 64 })
    // a newcomer gets in at once
    let late = bridge.teach(station(capacity + 1), vlan: 2, on: port(64), at: tick(0))
    #expect(late == .learned)
    #expect(reader.occupied == capacity)
    let flushed = bridge.flush(port: nil, vlan: nil)
    #expect(flushed == capacity)
    let gone = bridge.table.port(of: station(5), vlan: 1, at: tick(0))
    #expect(gone == nil)
  }

  /// D3: addresses chosen to meet in the same 16 slots cost their own port only, and no more than 16 looks.
  @Test func chosenCollisions() {
    var bridge = makeBridge(ports: 4, capacity: 256)
    let storage = bridge.table.storage
    let target = [storage.home(storage.hash(TableKey.word(station(1), 1)))]
    var pair = target + [storage.alternative(storage.hash(TableKey.word(station(1), 1)))]
    pair.sort()
    let taught = bridge.teach(station(1), vlan: 1, on: port(0), at: tick(0))
    #expect(taught == .learned)
    var chosen: [MACAddress] = []
    var number = 1000
    while chosen.count < 60 {
      let hash = storage.hash(TableKey.word(station(number), 1))
      if [storage.home(hash), storage.alternative(hash)].sorted() == pair { chosen.append(station(number)) }
      number += 1
    }
    for address in chosen {
      let taught = bridge.teach(address, vlan: 1, on: port(1), at: tick(0))
      #expect(taught == .learned)
    }
    let kept = bridge.table.port(of: station(1), vlan: 1, at: tick(0))
    #expect(kept == port(0))
    #expect(bridge.reader.held(by: port(1)) == 15)
    let other = bridge.teach(chosen[0], vlan: 1, on: port(2), at: tick(0))
    #expect(other == .learned || other == .moved)
    // entries set by command take any place but that of their like; then there is room for none
    for address in chosen.prefix(16) { bridge.addEntry(address, vlan: 1, on: port(3), kind: .static, at: tick(0)) }
    let pinned = dump(bridge.reader, at: tick(0)).filter { $0.kind == .static }
    #expect(pinned.count == 16)
    let refused = bridge.addEntry(chosen[20], vlan: 1, on: port(3), kind: .static, at: tick(0))
    #expect(!refused)
    let unheard = bridge.teach(chosen[21], vlan: 1, on: port(2), at: tick(0))
    #expect(unheard == .refused)
  }

  @Test func commandFindsRoomInAFullTable() {
    var bridge = makeBridge(ports: 4, capacity: 16)
    for number in 0..<16 { bridge.teach(station(number), vlan: 1, on: port(0), at: tick(0)) }
    for number in 100..<116 {
      let added = bridge.addEntry(station(number), vlan: 1, on: port(1), kind: .static, at: tick(0))
      #expect(added, "entry \(number)")
    }
    #expect(bridge.reader.occupied == 16)
    let more = bridge.addEntry(station(200), vlan: 1, on: port(1), kind: .static, at: tick(0))
    #expect(!more)
    let learned = bridge.teach(station(201), vlan: 1, on: port(2), at: tick(0))
    #expect(learned == .refused)
    let removed = bridge.removePort(port(1))
    #expect(removed == 16)
    #expect(bridge.reader.occupied == 0)
  }

  /// Slots are freed and taken again in every order; nothing gets lost behind an empty slot, nothing stands twice.
  @Test(arguments: seeds) func churn(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    // 64 slots: buckets are full, at capacity and with tombstones most of the time
    var bridge = makeBridge(ports: 8, capacity: 32, seed: seed)
    for step in 0..<20_000 {
      let number = Int.random(in: 0..<60, using: &random)
      let slot = Int.random(in: 0..<8, using: &random)
      switch Int.random(in: 0..<20, using: &random) {
      case 0..<8: bridge.remove(station(number), vlan: 1)
      case 8: bridge.addEntry(station(number), vlan: 1, on: port(slot), kind: .static, at: tick(0))
      case 9: bridge.flush(port: port(slot), vlan: nil)
      case 10: bridge.flush(port: port(slot), vlan: 1)
      default:
        let taught = bridge.teach(station(number), vlan: 1, on: port(slot), at: tick(0))
        let found = bridge.table.port(of: station(number), vlan: 1, at: tick(0))
        if taught == .learned || taught == .moved { #expect(found == port(slot), "seed \(seed), step \(step)") }
        if taught == .refused { #expect(found == nil, "seed \(seed), step \(step)") }
      }
      if step % 20 == 0 { checkConsistency(bridge, "seed \(seed), step \(step)") }
    }
  }

  private func checkConsistency(_ bridge: borrowing Bridge, _ comment: Comment) {
    let reader = bridge.reader
    let entries = dump(reader, at: tick(0))
    #expect(Set(entries.map(\.mac)).count == entries.count, comment)
    #expect(reader.occupied <= 32, comment)
    for entry in entries {
      #expect(reader.find(entry.mac, vlan: 1, at: tick(0)) == entry, comment)
    }
    for slot in 0..<8 {
      let dynamic = entries.filter { $0.kind == .dynamic && $0.port == port(slot) }.count
      #expect(reader.held(by: port(slot)) == dynamic, comment)
    }
  }

  @Test func nonsenseIsRefused() {
    var bridge = makeBridge(ports: 2)
    let group = bridge.teach(mac(0x0100_5E00_0001), vlan: 1, on: port(0), at: tick(0))
    let zero = bridge.teach(mac(0), vlan: 1, on: port(0), at: tick(0))
    let noVLAN = bridge.teach(station(1), vlan: 0, on: port(0), at: tick(0))
    let reserved = bridge.teach(station(1), vlan: 4095, on: port(0), at: tick(0))
    let nowhere = bridge.teach(station(1), vlan: 1, on: port(65535), at: tick(0))
    #expect([group, zero, noVLAN, reserved, nowhere].allSatisfy { $0 == .unchanged })
    for (address, vlan, slot, kind) in [
      (mac(0), 1, 0, EntryKind.static), (.broadcast, 1, 0, .static), (station(1), 0, 0, .static),
      (station(1), 4095, 0, .sticky), (station(1), 65535, 0, .sticky), (station(1), 1, 4096, .static),
      (station(1), 1, 0, .dynamic),
    ] as [(MACAddress, UInt16, Int, EntryKind)] {
      let added = bridge.addEntry(address, vlan: vlan, on: port(slot), kind: kind, at: tick(0))
      #expect(!added)
    }
    bridge.addEntry(station(1), vlan: 1, on: port(0), kind: .static, at: tick(0))
    let beyond = bridge.remove(station(1), vlan: 4097)
    let flushed = bridge.flush(port: port(65535), vlan: nil)
    let removed = bridge.removePort(port(65535))
    bridge.setPolicy(PortPolicy(), of: port(65535))
    bridge.mapVLAN(65535, to: set(0))
    #expect(beyond + flushed + removed == 0)
    let reader = bridge.reader
    #expect(reader.find(station(1), vlan: 4097, at: tick(0)) == nil)
    #expect(reader.find(station(1), at: tick(0)).map(\.vlan) == [1])
    for start in [Int.min, -1, Int.max] {
      #expect(reader.entries(from: start, limit: -5, at: tick(0)).entries.count <= 1)
    }
    for capacity in [Int.min, 0, 17] { #expect(Bridge(capacity: capacity, ageing: 0, seed: 0).table.capacity <= 17) }
  }
}
