// The bridge beside the naive one, on random frames and commands with a virtual clock, and properties that hold of
// every verdict whatever the model says.

import BridgeCore
import Testing
import Wire

@Suite struct ReferenceTests {
  @Test(arguments: seeds) func agreesWithTheNaiveBridge(seed: UInt64) throws {
    var pair = Pair(seed: seed)
    for step in 0..<6000 {
      if step % 500 == 499 { pair.compareTables() }
      try pair.step()
    }
    pair.compareTables()
  }
}

/// The two bridges and the world around them.
private struct Pair: ~Copyable {
  static let slots = [0, 1, 2, 3, 4, 62, 63, 64, 127, 1000, 4095]
  static let vlans: [UInt16] = [1, 2, 10, 2047, 4094]
  static let groups: [UInt64] = [
    0xFFFF_FFFF_FFFF, 0x0100_5E00_0001, 0x3333_0000_0001, 0x0180_C200_0010, 0x0180_C200_0000, 0x0180_C200_0001,
    0x0180_C200_0002, 0x0180_C200_000E, 0x0180_C200_000F,
  ]
  let seed: UInt64
  var random: SeededRandom
  var bridge: Bridge
  var model: ReferenceBridge
  var now: UInt32 = 0

  init(seed: UInt64) {
    self.seed = seed
    random = SeededRandom(seed: seed)
    bridge = Bridge(capacity: 4096, ageing: 300, seed: seed)
    model = ReferenceBridge(ageing: 300)
    for slot in Pair.slots { setPolicy(slot) }
    for vlan in Pair.vlans { setMembers(vlan) }
  }

  mutating func step() throws {
    switch Int.random(in: 0..<1000, using: &random) {
    case 0..<60: advance()
    case 60..<66: flush()
    case 66..<76: remove()
    case 76..<90: addEntry()
    case 90..<93: removePort()
    case 93..<105: setPolicy(anySlot())
    case 105..<111: setMembers(anyVLAN())
    case 111..<113: setAgeing()
    case 113..<115: setForwardReserved()
    default: try frame()
    }
  }

  mutating func anySlot() -> Int { Pair.slots.randomElement(using: &random) ?? 0 }
  mutating func anyVLAN() -> UInt16 { Pair.vlans.randomElement(using: &random) ?? 1 }
  mutating func anyStation() -> MACAddress { station(Int.random(in: 1...40, using: &random)) }

  mutating func advance() {
    let step: UInt32 =
      switch Int.random(in: 0..<60, using: &random) {
      case 0: .random(in: 1 << 20...1 << 23, using: &random)
      case 1: (1 << 24) + .random(in: 0...3, using: &random)
      case 2..<6: model.ageing + .random(in: 0...1, using: &random)
      case 6..<20: model.ageing / 2
      default: .random(in: 1...5, using: &random)
      }
    now += min(step, UInt32.max - now)
    model.forgetAged(now)
    bridge.sweep(at: tick(now))
  }

  mutating func frame() throws {
    let slot = anySlot()
    var tags: [(UInt16, UInt16)] = []
    if Bool.random(using: &random) {
      let tpid: UInt16 = Int.random(in: 0..<8, using: &random) == 0 ? 0x88A8 : 0x8100
      let vid: UInt16 = [0, 0x5001, 4095, anyVLAN(), anyVLAN(), 0xE000 | anyVLAN()].randomElement(using: &random) ?? 0
      tags.append((tpid, vid))
      if Int.random(in: 0..<10, using: &random) == 0 { tags.append((0x8100, 77)) }
    }
    let dice = Int.random(in: 0..<40, using: &random)
    let source = dice == 0 ? mac(0) : dice == 1 ? mac(Pair.groups.randomElement(using: &random) ?? 0) : anyStation()
    let destination =
      dice == 2 ? source : dice < 12 ? mac(Pair.groups.randomElement(using: &random) ?? 0) : anyStation()
    let frame = ReferenceBridge.Frame(destination: destination, source: source, tags: tags)
    let header = try header(to: destination, from: source, tags: tags)

    let expected = model.decide(frame, from: slot, at: now)
    let verdict = bridge.decide(header, from: port(slot), at: tick(now))
    #expect(verdict == expected, "seed \(seed), second \(now), \(frame) from \(slot)")
    check(verdict, frame, slot)
    // now and then a frame's teaching is lost, as where a ring between workers is full
    guard verdict.teach, dice != 3 else { return }
    bridge.teach(source, vlan: verdict.vlan, on: port(slot), at: tick(now))
    model.teach(source, vlan: verdict.vlan, on: slot, at: now)
    // what was just taught is not news; a sticky entry elsewhere, and nothing else, may have kept it out
    let again = bridge.decide(header, from: port(slot), at: tick(now))
    #expect(!again.teach, "seed \(seed): taught and still news")
  }

  /// What holds of every verdict.
  private func check(_ verdict: Verdict, _ frame: ReferenceBridge.Frame, _ slot: Int) {
    if verdict.teach {
      #expect(!frame.source.isGroup && !frame.source.isZero && (1...4094).contains(verdict.vlan), "seed \(seed)")
    }
    switch verdict.action {
    case .deliver:
      #expect(verdict.port.slot != slot, "back to where it came from, seed \(seed)")
      #expect(!frame.destination.isGroup, "seed \(seed)")
    case .flood:
      let all = walk(bridge.members(of: verdict.floodSet, .all, without: port(slot)))
      let untagged = walk(bridge.members(of: verdict.floodSet, .untagged, without: port(slot)))
      let tagged = walk(bridge.members(of: verdict.floodSet, .tagged, without: port(slot)))
      #expect(!all.isEmpty && !all.contains(slot), "seed \(seed)")
      #expect(Set(all) == model.recipients(Int(verdict.floodSet.rawValue), without: slot), "seed \(seed)")
      #expect((untagged + tagged).sorted() == all, "each member once, seed \(seed)")
    case .drop:
      #expect(!verdict.reason.isEgress, "seed \(seed)")
    }
  }

  mutating func flush() {
    let slot: Int? = Bool.random(using: &random) ? anySlot() : nil
    let vlan: UInt16? = Bool.random(using: &random) ? anyVLAN() : nil
    let before = model.allLive(now).count
    model.flush(port: slot, vlan: vlan)
    let expected = before - model.allLive(now).count
    let count = bridge.flush(port: slot.map { port($0) }, vlan: vlan)
    #expect(vlan == nil ? count >= expected : count == expected, "seed \(seed)")
  }

  mutating func remove() {
    let address = anyStation()
    let vlan: UInt16? = Int.random(in: 0..<20, using: &random) == 0 ? nil : anyVLAN()
    let before = model.allLive(now).count
    model.remove(address, vlan: vlan)
    let count = bridge.remove(address, vlan: vlan)
    #expect(count == before - model.allLive(now).count, "seed \(seed)")
  }

  mutating func addEntry() {
    let address = anyStation()
    let vlan = anyVLAN()
    let slot = anySlot()
    let kind: EntryKind = Bool.random(using: &random) ? .static : .sticky
    model.entries[.init(mac: address, vlan: vlan)] = .init(port: slot, kind: kind, heard: now)
    let added = bridge.addEntry(address, vlan: vlan, on: port(slot), kind: kind, at: tick(now))
    #expect(added, "seed \(seed)")
  }

  mutating func removePort() {
    let slot = anySlot()
    model.removePort(slot)
    bridge.removePort(port(slot))
  }

  mutating func setPolicy(_ slot: Int) {
    let policy = PortPolicy(
      forwarding: Int.random(in: 0..<8, using: &random) > 0, learning: Int.random(in: 0..<6, using: &random) > 0,
      nativeVID: [1, 1, 1, 10, 0].randomElement(using: &random) ?? 1,
      tpid: EtherType(rawValue: Int.random(in: 0..<8, using: &random) == 0 ? 0x88A8 : 0x8100))
    model.policies[slot] = policy
    bridge.setPolicy(policy, of: port(slot))
  }

  mutating func setMembers(_ vlan: UInt16) {
    let index = Int.random(in: 1...7, using: &random)
    var members = Set(Pair.slots.filter { _ in Bool.random(using: &random) })
    if Int.random(in: 0..<4, using: &random) == 0 { members = Set(members.prefix(1)) }
    model.vlans[vlan] = index
    model.sets[index] = members
    bridge.mapVLAN(vlan, to: set(index))
    let untagged = Pair.slots.filter { _ in Bool.random(using: &random) }
    let new = FloodSet.allocate(members: members.map { port($0) }, untagged: untagged.map { port($0) })
    bridge.setFloodSet(set(index), new)?.deallocate()
  }

  mutating func setAgeing() {
    let seconds: UInt32 = [10, 300, 1_000_000].randomElement(using: &random) ?? 300
    // a longer ageing may bring back what the sweep has not yet cleared; both begin with what is alive now
    model.forgetAged(now)
    let longer = seconds > model.ageing
    model.ageing = seconds
    bridge.setAgeing(seconds)
    guard longer else { return }
    model.flush(port: nil, vlan: nil)
    bridge.flush(port: nil, vlan: nil)
    for entry in dump(bridge.reader, at: tick(now)) where entry.kind == .sticky {
      if model.entries[.init(mac: entry.mac, vlan: entry.vlan)] == nil { bridge.remove(entry.mac, vlan: entry.vlan) }
    }
  }

  mutating func setForwardReserved() {
    model.forwardReserved.toggle()
    bridge.setForwardReserved(model.forwardReserved)
  }

  func compareTables() {
    let expected = model.allLive(now)
    let reader = bridge.reader
    let entries = dump(reader, at: tick(now), chunk: 7)
    #expect(entries.count == expected.count, "seed \(seed)")
    #expect(reader.count(at: tick(now)) == expected.count, "seed \(seed)")
    for entry in entries {
      let other = expected[.init(mac: entry.mac, vlan: entry.vlan)]
      #expect(other?.port == entry.port.slot && other?.kind == entry.kind, "seed \(seed): \(entry)")
      #expect(entry.age == (entry.kind == .static ? nil : other.map { now - $0.heard }), "seed \(seed): \(entry)")
      #expect(reader.find(entry.mac, vlan: entry.vlan, at: tick(now)) == entry, "seed \(seed)")
    }
  }
}
