// The control thread's view of the table: dumps in chunks, single look-ups, counts. Runs beside the writer without
// a lock and must never write.

internal import Synchronization
public import Wire

extension ForwardingTable {
  /// A view that any thread may hold and use while the worker writes.
  ///
  /// It points into the table's memory: it must not be used after the `Bridge` it came from is gone. Whoever ends the
  /// worker drops its readers first.
  public struct Reader: Sendable {
    private let storage: TableStorage
    public let capacity: Int

    init(_ storage: TableStorage, capacity: Int) {
      self.storage = storage
      self.capacity = capacity
    }

    /// Live entries from slot `start` on (0 to begin with), in no order that means anything. An entry that stays
    /// throughout a dump is in it exactly once; one that comes, goes or moves meanwhile may be in it or not.
    /// - Parameter limit: how many entries at the most; a call also looks at no more than 65,536 slots, so a chunk
    ///   may be short, even empty, while more follows.
    /// - Returns: the entries, and where to go on; nil at the end.
    public func entries(from start: Int, limit: Int, at now: Tick) -> (entries: [ForwardingEntry], next: Int?) {
      var entries: [ForwardingEntry] = []
      var slot = min(max(0, start), storage.slotCount)
      let end = min(storage.slotCount, slot + 65_536)
      let judge = Judge(storage, at: now)
      while slot < end {
        guard entries.count < max(1, limit) else { return (entries, slot) }
        if let entry = entry(at: slot, judge) { entries.append(entry) }
        slot += 1
      }
      return (entries, slot < storage.slotCount ? slot : nil)
    }

    /// The live entry of an address in a VLAN.
    public func find(_ mac: MACAddress, vlan: UInt16, at now: Tick) -> ForwardingEntry? {
      let key = TableKey.word(mac, vlan)
      let slot = storage.slot(of: key, hash: storage.hash(key))
      guard slot >= 0, let entry = entry(at: slot, Judge(storage, at: now)) else { return nil }
      return entry.mac == mac && entry.vlan == vlan ? entry : nil
    }

    /// The live entries of an address in all VLANs, by rising VLAN.
    public func find(_ mac: MACAddress, at now: Tick) -> [ForwardingEntry] {
      (1...4094).compactMap { find(mac, vlan: $0, at: now) }
    }

    /// How many live entries there are. Looks at every slot (some milliseconds for the largest table), since an idle
    /// switch does not wake up to clear those that aged.
    public func count(at now: Tick) -> Int {
      let judge = Judge(storage, at: now)
      var count = 0
      for slot in 0..<storage.slotCount where entry(at: slot, judge) != nil { count += 1 }
      return count
    }

    /// Slots in use, entries included that are dead but not yet cleared; at once.
    public var occupied: Int { Int(unsafe storage.state.pointee.occupied.load(ordering: .relaxed)) }

    /// Dynamic entries on a port since it was last flushed, aged ones not yet cleared included; at once.
    public func held(by port: PortIndex) -> Int {
      guard port.slot < PortIndex.limit else { return 0 }
      return Int(unsafe storage.ports[port.slot].held.load(ordering: .relaxed))
    }

    private func entry(at slot: Int, _ judge: Judge) -> ForwardingEntry? {
      let key = unsafe storage.slots[slot].key.load(ordering: .acquiring)
      guard TableKey.isEntry(key) else { return nil }
      let value = storage.value(at: slot, expecting: key, check: storage.check(storage.hash(key)))
      guard value != 0, judge.isAlive(value) else { return nil }
      return ForwardingEntry(
        mac: TableKey.mac(key), vlan: TableKey.vlan(key), port: TableValue.port(value), kind: TableValue.kind(value),
        age: judge.age(value))
    }
  }

  /// What is alive, seen from a thread that reads the clock for itself while the worker may have slept for months.
  private struct Judge {
    let storage: TableStorage
    let now: Tick
    let ageLimit: UInt64
    let everythingAged: Bool

    init(_ storage: TableStorage, at now: Tick) {
      self.storage = storage
      self.now = now
      ageLimit = UInt64(unsafe storage.state.pointee.ageing.load(ordering: .relaxed)) + TableStorage.skew
      let swept = unsafe storage.state.pointee.swept.load(ordering: .relaxed)
      // As a difference with sign: the worker's clock may be a little ahead of ours.
      everythingAged = Int32(bitPattern: now.rawValue &- swept) >= Int32(TableStorage.longest)
    }

    func isAlive(_ value: UInt64) -> Bool {
      TableValue.isStatic(value) || (!everythingAged && storage.isAlive(value, at: now, ageLimit: ageLimit))
    }

    func age(_ value: UInt64) -> UInt32? {
      guard !TableValue.isStatic(value) else { return nil }
      let shifted = TableStorage.shiftedAge(value, at: now)
      return shifted <= TableStorage.skew ? 0 : UInt32(truncatingIfNeeded: shifted - TableStorage.skew)
    }
  }
}
