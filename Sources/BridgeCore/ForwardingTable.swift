// The forwarding table: which port a (VLAN, MAC) was last heard on. This file is its writing side for learned
// addresses; commands are in ForwardingTable+Commands, ageing in +Sweep, the control thread's view in +Reader. It
// must not decide what happens to a frame.
//
// Measured, release build, x86-64, one whole `Bridge.decide` (two look-ups, source known, destinations uniformly random
// among those in the table): 257 instructions with 10 entries, 301 with 1,000,000 (callgrind), and 317 and 368 where the
// port has a list of addresses, a lock, a limit, guards and a reach; 17 ns and 151 ns without these, the loop included
// (medians of 5 runs, 16 to 21 and 133 to 174). The difference in time is cache misses.

internal import Synchronization
public import Wire

/// What became of an address that was handed to the table.
public enum Taught: UInt8, Sendable {
  /// Nothing to do: a static entry, or heard in this second already.
  case unchanged
  /// Known here; its age begins anew.
  case refreshed
  /// Not known before, or no longer.
  case learned
  /// Known on another port before.
  case moved
  /// No room that may be taken: the frame is forwarded all the same.
  case refused
  /// Its port may not have it: locked, not in its list, or at its limit.
  case barred
  /// Moved too often: it stays where it is for a while.
  case pinned
}

/// The one writer of a `TableStorage`.
///
/// **Bounds.** `capacity` entries, 16 to 1,048,576; slots are the power of two at or above twice that, 16 octets
/// each: 2 MiB for 65,536 entries, 32 MiB for 1,048,576; 24 KiB for ports beside. A key has 16 possible slots in two
/// buckets, and the emptier bucket is taken once the first is half full, so up to `capacity` nothing is pushed out
/// but by chance in a neighbourhood of 16 (never seen in filling 1,048,576).
///
/// **Fairness.** When the table is full, or all 16 slots are, an entry makes way among 16 looked at: one that is aged
/// or stale; else the oldest dynamic entry of the port that holds most. It makes way for a port that holds fewer, or
/// for its own port; a port never pushes out an entry of one that holds no more than itself. If there is none, the
/// address is not learned, and the frame is flooded. So a port sending from a million addresses only ever replaces
/// its own (robustness rows D1, D2).
@safe
public struct ForwardingTable: ~Copyable, @unchecked Sendable {
  public let storage: TableStorage
  public let capacity: Int
  /// Seconds of ageing plus the skew, as `TableStorage.isAlive` wants it.
  public var ageLimit: UInt64 = 0
  /// Entries set by command on each port; only the writer looks.
  let commanded: UnsafeMutablePointer<UInt32>
  /// False for a view that only reads: another one writes and frees the memory.
  public let isWriter: Bool
  var occupied = 0
  /// Where the next look for room begins when the table is full.
  var hand = 0
  var sweeper = Sweeper()
  let events = EventLog.allocate()

  /// - Parameters:
  ///   - capacity: brought into 16...1,048,576.
  ///   - ageing: seconds, brought below 1,000,001.
  ///   - seed: from a source that guests cannot guess.
  public init(capacity: Int, ageing: UInt32, seed: UInt64) {
    isWriter = true
    self.capacity = min(max(capacity, 16), 1 << 20)
    storage = TableStorage.allocate(capacity: self.capacity, seed: seed)
    unsafe commanded = .allocate(capacity: PortIndex.limit)
    unsafe commanded.initialize(repeating: 0, count: PortIndex.limit)
    setAgeing(ageing)
  }

  /// A view for another thread to look up in; nothing may be changed through it. It must go before the writer.
  init(reading writer: borrowing ForwardingTable) {
    isWriter = false
    capacity = writer.capacity
    storage = writer.storage
    unsafe commanded = writer.commanded
    ageLimit = writer.ageLimit
  }

  deinit {
    events.deallocate()
    guard isWriter else { return }
    storage.deallocate()
    unsafe commanded.deallocate()
  }

  /// Sets after how many seconds without a frame an entry is gone; at most 1,000,000.
  public mutating func setAgeing(_ seconds: UInt32) {
    let bounded = min(seconds, 1_000_000)
    ageLimit = UInt64(bounded) + TableStorage.skew
    guard isWriter else { return }
    unsafe storage.state.pointee.ageing.store(bounded, ordering: .relaxed)
    storage.noteChange()
  }

  /// The value word of an entry that `key` on `port` heard at `now` would have.
  @inlinable @inline(__always)
  public func fresh(_ hash: UInt64, on port: PortIndex, at now: Tick) -> UInt64 {
    TableValue.word(
      port: port, generation: storage.generation(of: port), tick: now, kind: .dynamic, check: storage.check(hash))
  }

  /// Whether a source with the value `found` in the table that would have `fresh` is worth a call of `teach`.
  @inlinable @inline(__always)
  public func wants(_ found: UInt64, _ fresh: UInt64, at now: Tick) -> Bool {
    if found == fresh { return false }
    if found == 0 || TableValue.isDynamic(found) { return true }
    return storage.commandedWants(found, fresh, at: now, ageLimit: ageLimit)
  }

  /// The port that `mac` is known on, or nil. Never one whose entry is aged or was flushed.
  @inlinable @inline(__always)
  public func port(of mac: MACAddress, vlan: UInt16, at now: Tick) -> PortIndex? {
    let key = TableKey.word(mac, vlan)
    let found = storage.value(of: key, hash: storage.hash(key))
    guard found != 0, storage.isAlive(found, at: now, ageLimit: ageLimit) else { return nil }
    return TableValue.port(found)
  }

  /// The entry was heard again where it is.
  func refresh(_ slot: Int, _ value: UInt64, at now: Tick) {
    unsafe storage.slots[slot].value.store(TableValue.refreshed(value, now), ordering: .relaxed)
  }

  /// Another value stands under the same key.
  mutating func overwrite(_ slot: Int, _ found: UInt64, with fresh: UInt64) {
    discount(found)
    count(fresh)
    unsafe storage.slots[slot].value.store(fresh, ordering: .relaxed)
    storage.noteChange()
  }
}
