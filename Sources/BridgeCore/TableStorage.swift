// The memory of the forwarding table and everything that only reads it. Shared by the writer (`ForwardingTable`), by
// workers that decide, and by the control thread (`ForwardingTable.Reader`); it must not change an entry.

public import Synchronization
internal import Wire

/// One slot: two words that are read and written atomically.
public struct TableSlot: ~Copyable {
  public let key: Atomic<UInt64>
  public let value: Atomic<UInt64>
}

/// What is shared about one port: the generation that its live entries bear, and how many dynamic and how many sticky
/// ones there are.
public struct TablePort: ~Copyable {
  public let generation = Atomic<UInt16>(0)
  public let held = Atomic<UInt32>(0)
  let sticky = Atomic<UInt32>(0)

  init() {}
}

/// What is shared about the whole table.
public struct TableState: ~Copyable {
  /// Seconds after which an entry that was not heard is gone.
  let ageing = Atomic<UInt32>(0)
  /// Slots in use, those included whose entry is aged or stale but not yet swept.
  let occupied = Atomic<UInt32>(0)
  /// The tick of the last sweep.
  let swept = Atomic<UInt32>(0)
  /// Counts whatever may make a verdict about a known destination or source another one; never 0 at the start, so
  /// that empty memory is no valid stamp. Refreshing an entry and adding one to a free slot do not count.
  public let changes = Atomic<UInt32>(1)
}

/// Pointers and geometry, copied freely; whoever made it by `allocate` ends its life by `deallocate`.
///
/// A key may stand in either of two buckets of eight slots (two cache lines each), so a search looks at 16 slots at
/// the most, and fewer where it meets an empty slot: in a bucket nothing stands behind the first empty slot. Entries
/// never move, which is why a reader beside the writer neither misses nor repeats one that stays.
///
/// A reader takes the key, the value, and the key again. The writer clears the key before it puts another value
/// under it, so a key seen twice was there all the time, but for one case: that it went and came back in between.
/// The value therefore carries six bits of its key's hash; one that belongs to another key is not believed.
@safe
public struct TableStorage: @unchecked Sendable, BitwiseCopyable {
  public let slots: UnsafeMutablePointer<TableSlot>
  public let ports: UnsafeMutablePointer<TablePort>
  public let state: UnsafeMutablePointer<TableState>
  public let hash: TableHash
  public let bucketMask: UInt64

  public static var bucketSlots: Int { 8 }
  /// Ages up to this many seconds below zero count as zero: workers read the clock each for themselves.
  public static var skew: UInt64 { 8 }
  /// An interval far below the wrap-around of the tick in an entry (2^24 s) and far above the longest ageing.
  static var longest: UInt32 { 1 << 22 }

  var slotCount: Int { (Int(truncatingIfNeeded: bucketMask) + 1) * TableStorage.bucketSlots }

  /// Slots: the power of two at or above twice `capacity`, 16 octets each.
  static func allocate(capacity: Int, seed: UInt64) -> TableStorage {
    var slotCount = 2 * bucketSlots
    while slotCount < 2 * capacity { slotCount *= 2 }
    let memory = UnsafeMutableRawPointer.allocate(byteCount: slotCount * 16, alignment: 128)
    unsafe memory.initializeMemory(as: UInt64.self, repeating: 0, count: slotCount * 2)
    // All-zero words are atomics of value 0, which is an empty slot.
    let slots = unsafe memory.bindMemory(to: TableSlot.self, capacity: slotCount)
    let ports = UnsafeMutablePointer<TablePort>.allocate(capacity: PortIndex.limit)
    for index in 0..<PortIndex.limit { unsafe (ports + index).initialize(to: TablePort()) }
    let state = UnsafeMutablePointer<TableState>.allocate(capacity: 1)
    unsafe state.initialize(to: TableState())
    return unsafe TableStorage(
      slots: slots, ports: ports, state: state, hash: TableHash(seed: seed),
      bucketMask: UInt64(slotCount / bucketSlots - 1))
  }

  func deallocate() {
    unsafe UnsafeMutableRawPointer(slots).deallocate()
    unsafe ports.deallocate()
    unsafe state.deallocate()
  }

  /// What a remembered verdict must bear to be believed at `now`.
  @inlinable @inline(__always)
  public func stamp(at now: Tick) -> UInt64 {
    UInt64(unsafe state.pointee.changes.load(ordering: .acquiring)) &<< 32 | UInt64(now.rawValue)
  }

  /// Makes every remembered verdict stale; by the writer, after the change.
  func noteChange() { unsafe state.pointee.changes.wrappingAdd(1, ordering: .releasing) }

  /// The first slot of a key's first bucket.
  @inlinable @inline(__always)
  public func home(_ hash: UInt64) -> Int {
    Int(truncatingIfNeeded: (hash &>> 32 & bucketMask) &* 8)
  }

  /// The first slot of the other bucket of a key; never that of the first.
  @inlinable @inline(__always)
  public func alternative(_ hash: UInt64) -> Int {
    let distance = (hash & bucketMask) | 1
    return Int(truncatingIfNeeded: ((hash &>> 32 & bucketMask) ^ distance) &* 8)
  }

  /// The six bits of the hash that stand in the value.
  @inlinable @inline(__always)
  public func check(_ hash: UInt64) -> UInt64 { hash &>> 56 & 0xFC }

  /// The slot in the bucket beginning at `first` that holds `key`, or -1.
  @inlinable @inline(__always)
  public func slot(of key: UInt64, inBucketAt first: Int) -> Int {
    // From the bucket on, not from the first slot of the table: three instructions less for each slot.
    let bucket = unsafe slots + first
    var offset = 0
    while offset < TableStorage.bucketSlots {
      let found = unsafe (bucket + offset).pointee.key.load(ordering: .acquiring)
      if found == key { return first &+ offset }
      if found == TableKey.empty { return -1 }
      offset &+= 1
    }
    return -1
  }

  /// The slot that holds `key`, or -1.
  @inlinable @inline(__always)
  public func slot(of key: UInt64, hash: UInt64) -> Int {
    let slot = slot(of: key, inBucketAt: home(hash))
    return slot >= 0 ? slot : self.slot(of: key, inBucketAt: alternative(hash))
  }

  /// The value word under `key`, alive or not; 0 where there is none. Safe beside the writer.
  @inlinable @inline(__always)
  public func value(of key: UInt64, hash: UInt64) -> UInt64 {
    let slot = slot(of: key, hash: hash)
    guard slot >= 0 else { return 0 }
    return value(at: slot, expecting: key, check: check(hash))
  }

  /// The value word in a slot, 0 if the slot does not hold `key` any more.
  @inlinable @inline(__always)
  public func value(at slot: Int, expecting key: UInt64, check: UInt64) -> UInt64 {
    let value = unsafe slots[slot].value.load(ordering: .acquiring)
    let again = unsafe slots[slot].key.load(ordering: .relaxed)
    return again == key && TableValue.check(value) == check ? value : 0
  }

  @inlinable @inline(__always)
  public func generation(of port: PortIndex) -> UInt16 {
    // A port in the table is always below the limit; the mask only keeps this total.
    unsafe ports[port.slot & (PortIndex.limit &- 1)].generation.load(ordering: .relaxed)
  }

  /// Whether an entry may be used: not aged, and not of an earlier generation of its port.
  /// - Parameter ageLimit: seconds of ageing plus `skew`.
  @inlinable @inline(__always)
  public func isAlive(_ value: UInt64, at now: Tick, ageLimit: UInt64) -> Bool {
    if TableValue.isStatic(value) { return true }
    guard TableStorage.shiftedAge(value, at: now) <= ageLimit else { return false }
    return !TableValue.isDynamic(value) || TableValue.generation(value) == generation(of: TableValue.port(value))
  }

  /// Seconds since the entry was heard, plus `skew`.
  @inlinable @inline(__always)
  public static func shiftedAge(_ value: UInt64, at now: Tick) -> UInt64 {
    (now.stamp &- TableValue.stamp(value) &+ skew) & 0xFF_FFFF
  }

  /// What counts towards a port's `macLimit`: its dynamic and sticky entries, those included that aged and were not
  /// yet swept.
  func limited(on port: PortIndex) -> UInt64 {
    let shared = unsafe ports + (port.slot & (PortIndex.limit - 1))
    return unsafe UInt64(shared.pointee.held.load(ordering: .relaxed))
      + UInt64(shared.pointee.sticky.load(ordering: .relaxed))
  }

  /// Whether an entry with this value is among those of `limited(on:)`.
  func isLimited(_ value: UInt64, on port: PortIndex) -> Bool {
    guard value != 0, TableValue.port(value) == port, !TableValue.isStatic(value) else { return false }
    return !TableValue.isDynamic(value) || TableValue.generation(value) == generation(of: port)
  }

  /// Whether an entry set by command makes way for `wanted` or is refreshed by it. Off the straight path.
  @inline(never)
  public func commandedWants(_ found: UInt64, _ wanted: UInt64, at now: Tick, ageLimit: UInt64) -> Bool {
    if TableValue.isStatic(found) { return false }
    guard isAlive(found, at: now, ageLimit: ageLimit) else { return true }
    return TableValue.port(found) == TableValue.port(wanted) && TableValue.stamp(found) != TableValue.stamp(wanted)
  }
}
