// The table of the naive bridge: what is known, for how long, and what a frame or a command makes of it. It decides
// nothing about a frame.

import BridgeCore
import Wire

extension ReferenceBridge {
  /// More than so many moves within so many seconds pin an entry for so many seconds.
  static let moveLimit = 5
  static let moveWindow = 10
  static let pinTime = 30

  func live(_ key: Key, _ now: Int) -> Entry? {
    guard let entry = entries[key] else { return nil }
    return entry.kind == .static || now - entry.heard <= ageing ? entry : nil
  }

  func allLive(_ now: Int) -> [Key: Entry] { entries.filter { live($0.key, now) != nil } }

  /// Whether a frame from this source is worth teaching. A pinned one from elsewhere teaches nothing, but the bridge
  /// may find that out only when it tries.
  func isNews(_ key: Key, _ slot: Int, _ now: Int) -> ReferenceAnswer {
    guard let entry = live(key, now) else { return .yes }
    if entry.port == slot { return entry.kind == .static || entry.heard == now ? .no : .yes }
    if entry.kind != .dynamic { return .no }
    return entry.isHazy || pinned(entry, now) != .no ? .either : .yes
  }

  private func pinned(_ entry: Entry, _ now: Int) -> ReferenceAnswer {
    guard let since = entry.pinned, now - since <= Self.pinTime else { return .no }
    return now - since < Self.pinTime ? .yes : .either
  }

  /// What teaching the bridge may answer. A lesson may come late, when the port's settings are others than those the
  /// frame was judged by.
  func lessons(_ source: MACAddress, vlan: UInt16, on slot: Int, at now: Int) -> Set<Taught> {
    guard !source.isGroup, !source.isZero, (1...4094).contains(vlan), let port = ports[slot], port.learning else {
      return [.unchanged]
    }
    let key = Key(mac: source, vlan: vlan)
    if port.allowed?.contains(source) == false { return [.barred, .unchanged] }
    if port.isLocked, live(key, now)?.port != slot { return [.barred, .unchanged] }
    if isLimited(port, slot, key, now) { return [.barred] }
    guard let entry = live(key, now) else { return [.learned] }
    if entry.port == slot { return entry.kind == .static || entry.heard == now ? [.unchanged] : [.refreshed] }
    if entry.kind != .dynamic { return [.unchanged] }
    if entry.isHazy { return [.moved, .pinned] }
    switch pinned(entry, now) {
    case .yes: return [.pinned]
    case .either: return [.pinned, .moved]
    case .no: break
    }
    let inner = entry.moves.count { now - $0 < Self.moveWindow } + 1
    let outer = entry.moves.count { now - $0 <= Self.moveWindow } + 1
    if outer <= Self.moveLimit { return [.moved] }
    return inner > Self.moveLimit ? [.pinned] : [.pinned, .moved]
  }

  /// Whether an entry that is pinned may be put on a port it is not heard on just now: only where the port could have
  /// learned it from a frame.
  func mayHold(_ key: Key, _ slot: Int, _ now: Int) -> Bool {
    guard let port = ports[slot], port.isUp, port.learning, !port.isLocked, members(key.vlan).contains(slot) else {
      return false
    }
    return port.allowed?.contains(key.mac) != false && !isLimited(port, slot, key, now)
  }

  /// Does what the bridge answered, which must be one of `lessons`.
  /// - Parameter actual: the port that the bridge now has for the address; one that is pinned may be on any port that
  ///   it was on before.
  mutating func teach(_ source: MACAddress, vlan: UInt16, on slot: Int, at now: Int, _ taught: Taught, actual: Int?) {
    let key = Key(mac: source, vlan: vlan)
    switch taught {
    case .learned:
      let isHazy = graves[key].map { now - $0 <= Self.pinTime + Self.moveWindow } ?? false
      entries[key] = Entry(port: slot, kind: .dynamic, heard: now, isHazy: isHazy)
    case .refreshed: entries[key]?.heard = now
    case .moved:
      if let before = entries[key]?.port { entries[key]?.origins.append(before) }
      entries[key]?.port = slot
      entries[key]?.heard = now
      entries[key]?.moves.append(now)
      entries[key]?.pinned = nil
    case .pinned:
      guard let entry = entries[key] else { return }
      if pinned(entry, now) == .no { entries[key]?.pinned = now }
      if let actual, entry.pinned == nil, actual != entry.port, actual == slot || entry.origins.contains(actual) {
        entries[key]?.port = actual
        entries[key]?.heard = now
      }
    case .unchanged, .refused, .barred: break
    }
  }

  mutating func bury(_ dead: [Key: Entry], _ now: Int) {
    for (key, entry) in dead where !entry.moves.isEmpty || entry.isHazy { graves[key] = now }
    for key in dead.keys { entries[key] = nil }
  }

  mutating func flush(port: Int?, vlan: UInt16?, at now: Int) {
    bury(
      entries.filter { key, entry in
        entry.kind == .dynamic && (port == nil || entry.port == port) && (vlan == nil || key.vlan == vlan)
      }, now)
  }

  mutating func remove(_ mac: MACAddress, vlan: UInt16?, at now: Int) {
    bury(entries.filter { $0.key.mac == mac && (vlan == nil || $0.key.vlan == vlan) }, now)
  }

  mutating func removePort(_ slot: Int, at now: Int) {
    ports[slot] = nil
    bury(entries.filter { $0.value.port == slot }, now)
  }

  mutating func addEntry(_ key: Key, on slot: Int, kind: EntryKind, at now: Int) {
    bury(entries.filter { $0.key == key }, now)
    entries[key] = Entry(port: slot, kind: kind, heard: now)
  }

  /// What is not alive any more never comes back, however far the clock goes.
  mutating func forgetAged(_ now: Int) { bury(entries.filter { live($0.key, now) == nil }, now) }
}
