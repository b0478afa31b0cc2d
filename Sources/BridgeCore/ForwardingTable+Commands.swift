// What commands do to the table: static and sticky entries, removal, flushing by VLAN. Applied by the worker between
// batches; the scans here touch every slot and are only done on command, never for a frame.

internal import Synchronization
internal import Wire

extension ForwardingTable {
  /// Sets an entry by command, in the place of any other of that VLAN and address.
  /// - Returns: false if all 16 slots that it may take hold entries set by command, or the whole table does.
  mutating func set(_ mac: MACAddress, vlan: UInt16, on port: PortIndex, kind: EntryKind, at now: Tick) -> Bool {
    let key = TableKey.word(mac, vlan)
    let hash = storage.hash(key)
    let value = TableValue.word(
      port: port, generation: storage.generation(of: port), tick: now, kind: kind, check: storage.check(hash))
    let slot = storage.slot(of: key, hash: hash)
    guard slot >= 0 else { return insert(key, hash, value, at: now) }
    overwrite(slot, unsafe storage.slots[slot].value.load(ordering: .relaxed), with: value)
    return true
  }

  /// Takes one entry out, of whatever kind.
  /// - Returns: whether a live one was there.
  mutating func remove(_ mac: MACAddress, vlan: UInt16, at now: Tick) -> Bool {
    let key = TableKey.word(mac, vlan)
    let slot = storage.slot(of: key, hash: storage.hash(key))
    guard slot >= 0 else { return false }
    let value = unsafe storage.slots[slot].value.load(ordering: .relaxed)
    clear(slot)
    return storage.isAlive(value, at: now, ageLimit: ageLimit)
  }

  /// Takes out the dynamic entries of a VLAN, or those of them on one port. Looks at every slot: 0.1 ms for the
  /// default table, some milliseconds for the largest.
  /// - Returns: how many live ones there were.
  mutating func flush(vlan: UInt16, port: PortIndex?, at now: Tick) -> Int {
    removeAll(at: now) { key, value in
      TableKey.vlan(key) == vlan && TableValue.isDynamic(value) && (port == nil || TableValue.port(value) == port)
    }
  }

  /// Takes out everything that stands on a port, entries set by command included.
  mutating func removePort(_ port: PortIndex, at now: Tick) -> Int {
    let dynamic = flush(port: port)
    guard unsafe commanded[port.slot & (PortIndex.limit - 1)] > 0 else { return dynamic }
    return dynamic + removeAll(at: now) { _, value in !TableValue.isDynamic(value) && TableValue.port(value) == port }
  }

  private mutating func removeAll(at now: Tick, _ goes: (_ key: UInt64, _ value: UInt64) -> Bool) -> Int {
    var count = 0
    for slot in 0..<storage.slotCount {
      let key = unsafe storage.slots[slot].key.load(ordering: .relaxed)
      guard TableKey.isEntry(key) else { continue }
      let value = unsafe storage.slots[slot].value.load(ordering: .relaxed)
      guard goes(key, value) else { continue }
      if storage.isAlive(value, at: now, ageLimit: ageLimit) { count += 1 }
      clear(slot)
    }
    return count
  }
}
