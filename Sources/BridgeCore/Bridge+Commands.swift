// What control may change in the bridge, applied by the worker between two batches. Nothing here is called for a
// frame; values that make no sense are refused or brought into range, never trapped on. What concerns the table does
// nothing in a sibling.

public import Wire

extension Bridge {
  /// Puts a port's policy in force. Entries learned on it stay, also where there are more than a new limit allows or
  /// where they are not in a new list; a port that goes down is flushed by a command of its own. The list of the policy
  /// before stays with control.
  public mutating func setPolicy(_ policy: PortPolicy, of port: PortIndex) {
    guard port.slot < PortIndex.limit else { return }
    unsafe policies[port.slot] = policy
    table.storage.noteChange()
    if policy.macLimit != 0 { relieveAnew() }
  }

  /// Says which ports are members of the VLANs that are mapped to an index, whether they are up or not.
  /// - Returns: the set that was in force before, to be freed by control, or the new one where the index is none; nil
  ///   where there was none.
  public mutating func setFloodSet(_ index: FloodSetIndex, _ set: FloodSet) -> FloodSet? {
    guard Int(index.rawValue) < Bridge.floodSetLimit else { return set }
    return unsafe exchange(floodSets + Int(index.rawValue), set)
  }

  /// Says which ports are up, or are up and take one kind of flooded frame.
  /// - Returns: the set that was in force before, to be freed by control; nil where there was none.
  public mutating func setMask(_ mask: FloodMask, _ set: FloodSet) -> FloodSet? {
    unsafe exchange(masks + Int(mask.rawValue), set)
  }

  /// Says which ports may be reached from ports whose policy has `reach` = `index`, 1 up to `reachLimit`. Until then it
  /// is none.
  /// - Returns: the set that was in force before, to be freed by control, or the new one where the index is none; nil
  ///   where there was none.
  public mutating func setReach(_ index: UInt16, _ set: FloodSet) -> FloodSet? {
    guard index != 0, Int(index) < Bridge.reachLimit else { return set }
    return unsafe exchange(reachSets + Int(index), set)
  }

  private func exchange(_ place: UnsafeMutablePointer<FloodSet>, _ set: FloodSet) -> FloodSet? {
    let old = unsafe place.pointee
    unsafe place.pointee = set
    table.storage.noteChange()
    return unsafe old.base == nobody.base ? nil : old
  }

  /// Says which flood set a VLAN has; `vid` 1 to 4094, `index` below `floodSetLimit`.
  public mutating func mapVLAN(_ vid: UInt16, to index: FloodSetIndex) {
    guard vid &- 1 < 4094, Int(index.rawValue) < Bridge.floodSetLimit else { return }
    unsafe vlans[Int(vid)] = index
    table.storage.noteChange()
  }

  /// Frames from this address are the switch's own probes, come back: they are consumed. A group or zero address: none.
  public mutating func setProbeSource(_ source: MACAddress) {
    probeSource = source.isGroup ? MACAddress(bits: 0) : source
    table.storage.noteChange()
  }

  /// Seconds without a frame after which an address is forgotten, at most 1,000,000.
  public mutating func setAgeing(_ seconds: UInt32) {
    table.setAgeing(seconds)
    relieveAnew()
  }

  /// Whether 01-80-C2-00-00-02 to -0F are forwarded.
  public mutating func setForwardReserved(_ on: Bool) {
    forwardReserved = on
    table.storage.noteChange()
  }

  /// Clears the next part of the table of dead entries; to be called in each wake-up before frames are decided.
  public mutating func sweep(at now: Tick) {
    guard table.isWriter, table.sweep(at: now) else { return }
    relieveLimits(at: now)
  }

  /// What a limit or the ageing is has changed within the second.
  private mutating func relieveAnew() {
    table.sweeper.hurried = nil
    relieveLimits(at: table.sweeper.last)
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
    table.storage.noteChange()
    if kind == .sticky { relieveLimits(at: now) }
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
