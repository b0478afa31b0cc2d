// What control may change in the bridge, applied by the worker between two batches. Nothing here is called for a
// frame; values that make no sense are refused or brought into range, never trapped on. What concerns the table does
// nothing in a sibling.

public import Wire

extension Bridge {
  /// Puts a port's policy in force. Entries learned on it stay; a port that goes down is flushed by a command of its
  /// own.
  public mutating func setPolicy(_ policy: PortPolicy, of port: PortIndex) {
    guard port.slot < PortIndex.limit else { return }
    unsafe policies[port.slot] = policy
    table.storage.noteChange()
  }

  /// Puts a flood set in force.
  /// - Returns: the set that was in force before, to be freed by control; nil where there was none.
  public mutating func setFloodSet(_ index: FloodSetIndex, _ set: FloodSet) -> FloodSet? {
    let slot = Int(index.rawValue) & (Bridge.floodSetLimit - 1)
    let old = unsafe floodSets[slot]
    unsafe floodSets[slot] = set
    table.storage.noteChange()
    return unsafe old.base == nobody.base ? nil : old
  }

  /// Says which flood set a VLAN has; `vid` 1 to 4094.
  public mutating func mapVLAN(_ vid: UInt16, to index: FloodSetIndex) {
    guard vid &- 1 < 4094 else { return }
    unsafe vlans[Int(vid)] = index
    table.storage.noteChange()
  }

  /// Seconds without a frame after which an address is forgotten, at most 1,000,000.
  public mutating func setAgeing(_ seconds: UInt32) { table.setAgeing(seconds) }

  /// Whether 01-80-C2-00-00-02 to -0F are forwarded.
  public mutating func setForwardReserved(_ on: Bool) {
    forwardReserved = on
    table.storage.noteChange()
  }

  /// Clears the next part of the table of dead entries; to be called in each wake-up before frames are decided.
  public mutating func sweep(at now: Tick) {
    if table.isWriter { table.sweep(at: now) }
  }

  /// Forgets dynamic entries: those of a port, of a VLAN, of both together, or all. Those of a port, and all, at once
  /// however many there are; those of a VLAN by looking at every slot.
  /// - Returns: how many; without `vlan` aged ones that were not yet cleared are counted too.
  @discardableResult
  public mutating func flush(port: PortIndex?, vlan: UInt16?) -> Int {
    guard table.isWriter else { return 0 }
    if let port, port.slot >= PortIndex.limit { return 0 }
    if let vlan { return table.flush(vlan: vlan, port: port, at: table.sweeper.last) }
    if let port { return table.flush(port: port) }
    return table.flushAll()
  }

  /// Sets an entry that does not move. A static one never ages; a sticky one ages if it is not heard on its port.
  /// - Returns: false if there is no room but that of other entries set by command; also for what can be no entry: a
  ///   group or zero address, a VLAN outside 1 to 4094, a port at or above `PortIndex.limit`, kind `dynamic`.
  @discardableResult
  public mutating func addEntry(
    _ mac: MACAddress, vlan: UInt16, on port: PortIndex, kind: EntryKind, at now: Tick
  ) -> Bool {
    guard table.isWriter, !mac.isGroup, !mac.isZero, vlan &- 1 < 4094, port.slot < PortIndex.limit, kind != .dynamic
    else {
      return false
    }
    guard table.set(mac, vlan: vlan, on: port, kind: kind, at: now) else { return false }
    history.learned(TableKey.word(mac, vlan), at: now)
    return true
  }

  /// Takes out the entries of an address, of whatever kind, in one VLAN or in all.
  /// - Returns: how many live ones there were.
  @discardableResult
  public mutating func remove(_ mac: MACAddress, vlan: UInt16?) -> Int {
    guard table.isWriter else { return 0 }
    guard let vlan else {
      return (1...4094).reduce(0) { $0 + (table.remove(mac, vlan: $1, at: table.sweeper.last) ? 1 : 0) }
    }
    guard vlan &- 1 < 4094 else { return 0 }
    return table.remove(mac, vlan: vlan, at: table.sweeper.last) ? 1 : 0
  }

  /// The port's slot becomes free: its policy, its dynamic entries and those set by command go.
  /// - Returns: how many entries went, aged ones that were not yet cleared included.
  @discardableResult
  public mutating func removePort(_ port: PortIndex) -> Int {
    guard port.slot < PortIndex.limit else { return 0 }
    setPolicy(.absent, of: port)
    guard table.isWriter else { return 0 }
    return table.removePort(port, at: table.sweeper.last)
  }

  /// The control thread's view of the table. Not to be used after the bridge is gone.
  public var reader: ForwardingTable.Reader { ForwardingTable.Reader(table.storage, capacity: table.capacity) }

  /// What is remembered of a live or past entry; nil if it was never learned or has been forgotten.
  public func history(of mac: MACAddress, vlan: UInt16) -> EntryHistory? {
    history.copy(of: TableKey.word(mac, vlan))
  }

  /// What is remembered of all addresses that moved, at most 8,192, in no order. Allocates: on command only.
  public func movedHistories() -> [EntryHistory] { history.copyMoved() }
}
