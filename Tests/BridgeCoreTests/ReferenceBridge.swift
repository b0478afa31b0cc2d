// A bridge as simple as can be, written from the contract: dictionaries, no bound, no cleverness. The real one must
// give the same verdicts.

import BridgeCore
import Wire

struct ReferenceBridge {
  struct Key: Hashable {
    let mac: MACAddress
    let vlan: UInt16
  }
  struct Entry: Equatable {
    var port: Int
    var kind: EntryKind
    var heard: UInt32
  }
  struct Frame {
    let destination: MACAddress
    let source: MACAddress
    let tags: [(UInt16, UInt16)]
  }

  var entries: [Key: Entry] = [:]
  var policies: [Int: PortPolicy] = [:]
  /// Which set a VLAN floods to, and who is in it.
  var vlans: [UInt16: Int] = [:]
  var sets: [Int: Set<Int>] = [:]
  var ageing: UInt32
  var forwardReserved = false

  func live(_ key: Key, _ now: UInt32) -> Entry? {
    guard let entry = entries[key] else { return nil }
    return entry.kind == .static || now - entry.heard <= ageing ? entry : nil
  }

  func allLive(_ now: UInt32) -> [Key: Entry] { entries.filter { live($0.key, now) != nil } }

  func decide(_ frame: Frame, from port: Int, at now: UInt32) -> Verdict {
    let source = frame.source
    let destination = frame.destination
    if source.isGroup || source.bits == 0 { return .drop(.badSource) }
    if destination.bits == 0x0180_C200_0001 { return .drop(.pause) }
    if (0x0180_C200_0002...0x0180_C200_000F).contains(destination.bits), !forwardReserved {
      return .drop(.reservedAddress)
    }
    guard let policy = policies[port], policy.forwarding else {
      let tpid = policies[port]?.tpid.rawValue ?? 0x8100
      let reserved = frame.tags.first.map { $0.0 == tpid && $0.1 & 0xFFF == 4095 } ?? false
      return .drop(reserved ? .badTag : .vlanNotAllowed)
    }
    var vlan = policy.nativeVID
    if let (tpid, tci) = frame.tags.first, tpid == policy.tpid.rawValue, tci & 0xFFF != 0 { vlan = tci & 0xFFF }
    if vlan == 4095 { return .drop(.badTag) }
    if vlan == 0 { return .drop(.vlanNotAllowed) }

    let teach = policy.learning && isNews(Key(mac: source, vlan: vlan), port, now)
    if destination == source { return .drop(.samePort, vlan: vlan, teach: teach) }
    if !destination.isGroup, let entry = live(Key(mac: destination, vlan: vlan), now) {
      if entry.port == port { return .drop(.samePort, vlan: vlan, teach: teach) }
      return .deliver(to: PortIndex(rawValue: UInt16(entry.port)), vlan: vlan, teach: teach)
    }
    let index = vlans[vlan] ?? 0
    if recipients(index, without: port).isEmpty { return .drop(.noDestination, vlan: vlan, teach: teach) }
    return .flood(FloodSetIndex(rawValue: UInt16(index)), vlan: vlan, teach: teach)
  }

  func recipients(_ index: Int, without port: Int) -> Set<Int> { (sets[index] ?? []).subtracting([port]) }

  private func isNews(_ key: Key, _ port: Int, _ now: UInt32) -> Bool {
    guard let entry = live(key, now) else { return true }
    return switch entry.kind {
    case .static: false
    case .sticky: entry.port == port && entry.heard != now
    case .dynamic: entry.port != port || entry.heard != now
    }
  }

  mutating func teach(_ source: MACAddress, vlan: UInt16, on port: Int, at now: UInt32) {
    guard !source.isGroup, source.bits != 0, (1...4094).contains(vlan), policies[port]?.learning == true else { return }
    let key = Key(mac: source, vlan: vlan)
    guard let entry = live(key, now) else {
      entries[key] = Entry(port: port, kind: .dynamic, heard: now)
      return
    }
    switch entry.kind {
    case .static: break
    case .sticky: if entry.port == port { entries[key]?.heard = now }
    case .dynamic: entries[key] = Entry(port: port, kind: .dynamic, heard: now)
    }
  }

  mutating func flush(port: Int?, vlan: UInt16?) {
    entries = entries.filter { key, entry in
      entry.kind != .dynamic || (port != nil && entry.port != port) || (vlan != nil && key.vlan != vlan)
    }
  }

  mutating func remove(_ mac: MACAddress, vlan: UInt16?) {
    entries = entries.filter { $0.key.mac != mac || (vlan != nil && $0.key.vlan != vlan) }
  }

  mutating func removePort(_ port: Int) {
    policies[port] = nil
    entries = entries.filter { $0.value.port != port }
  }

  /// What is not alive any more never comes back, however far the clock goes.
  mutating func forgetAged(_ now: UInt32) { entries = allLive(now) }
}
