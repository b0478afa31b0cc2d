// Since when an address is known and where it moved: a bounded table beside the path, written only when an address is
// new or has moved. Forgetting a record costs nothing but the knowledge.

internal import Synchronization
public import Wire

/// One move of an address between ports.
public struct Move: Sendable, BitwiseCopyable, Equatable {
  public let tick: Tick
  public let from: PortIndex
  public let to: PortIndex

  public init(tick: Tick, from: PortIndex, to: PortIndex) {
    self.tick = tick
    self.from = from
    self.to = to
  }
}

/// What is remembered of one learned address.
public struct EntryHistory: Sendable, Equatable {
  public let mac: MACAddress
  public let vlan: UInt16
  /// When the address was learned, after not being known; if that was forgotten, the first move remembered.
  public let since: Tick
  /// How often it moved since then.
  public let moves: Int
  /// The last four of these moves, oldest first.
  public let recent: [Move]
}

/// The records, in sets of eight by the hash of their key.
///
/// A full set forgets the oldest record of an address that never moved, and for one that just moved also, if there is
/// no such, the one whose last move is longest ago. A flood of new addresses thus never displaces what has moved.
@safe
struct MoveHistory: ~Copyable {
  private struct Record: BitwiseCopyable {
    var key: UInt64 = 0
    var since = Tick(rawValue: 0)
    /// When the record last changed.
    var changed = Tick(rawValue: 0)
    var moves: UInt32 = 0
    var ring: (Move, Move, Move, Move) = (.none, .none, .none, .none)
  }

  /// 8,192 records of 56 octets, unless asked for otherwise; a multiple of the set size.
  static var standardCapacity: Int { 8192 }
  private let capacity: Int
  private static var setSize: Int { 8 }

  private let records: UnsafeMutablePointer<Record>
  private let hash: TableHash

  init(seed: UInt64, capacity: Int = MoveHistory.standardCapacity) {
    self.capacity = capacity
    hash = TableHash(seed: seed)
    unsafe records = .allocate(capacity: capacity)
    unsafe records.initialize(repeating: Record(), count: capacity)
  }

  deinit { unsafe records.deallocate() }

  /// A new learning begins a new record.
  mutating func learned(_ key: UInt64, at now: Tick) {
    var slot = find(key)
    if slot < 0 { slot = victim(key, sparesMoved: true) }
    guard slot >= 0 else { return }
    unsafe (records + slot).pointee = Record(key: key, since: now, changed: now)
  }

  mutating func moved(_ key: UInt64, from: PortIndex, to: PortIndex, at now: Tick) {
    var slot = find(key)
    if slot < 0 {
      slot = victim(key, sparesMoved: false)
      unsafe (records + slot).pointee = Record(key: key, since: now, changed: now)
    }
    let move = Move(tick: now, from: from, to: to)
    // Not `records[slot].moves &+=`: with the thread sanitizer Swift 6.3 stumbles over such an access.
    let record = unsafe records + slot
    switch unsafe record.pointee.moves & 3 {
    case 0: unsafe record.pointee.ring.0 = move
    case 1: unsafe record.pointee.ring.1 = move
    case 2: unsafe record.pointee.ring.2 = move
    default: unsafe record.pointee.ring.3 = move
    }
    unsafe record.pointee.moves &+= 1
    unsafe record.pointee.changed = now
  }

  /// A copy of what is remembered of a key.
  func copy(of key: UInt64) -> EntryHistory? {
    let slot = find(key)
    return slot < 0 ? nil : unsafe history(records[slot])
  }

  /// Copies of all records of addresses that moved.
  func copyMoved() -> [EntryHistory] {
    var copies: [EntryHistory] = []
    for slot in 0..<capacity {
      let record = unsafe records[slot]
      if record.key != 0, record.moves > 0 { copies.append(history(record)) }
    }
    return copies
  }

  private func history(_ record: Record) -> EntryHistory {
    let ring = [record.ring.0, record.ring.1, record.ring.2, record.ring.3]
    let total = Int(record.moves)
    let recent = (max(0, total - 4)..<total).map { ring[$0 & 3] }
    return EntryHistory(
      mac: TableKey.mac(record.key), vlan: TableKey.vlan(record.key), since: record.since, moves: total, recent: recent)
  }

  private func set(of key: UInt64) -> Int {
    Int(truncatingIfNeeded: hash(key) &>> 32) & (capacity - 1) & ~(MoveHistory.setSize - 1)
  }

  private func find(_ key: UInt64) -> Int {
    let first = set(of: key)
    for slot in first..<first + MoveHistory.setSize where unsafe records[slot].key == key { return slot }
    return -1
  }

  /// The record of the key's set that is given up; -1 if all have moved and are to be spared.
  private func victim(_ key: UInt64, sparesMoved: Bool) -> Int {
    let first = set(of: key)
    var still = -1
    var oldest = first
    for slot in first..<first + MoveHistory.setSize {
      let record = unsafe records[slot]
      if record.key == 0 { return slot }
      let changed = record.changed.rawValue
      if record.moves == 0, unsafe still < 0 || changed < records[still].changed.rawValue { still = slot }
      if unsafe changed < records[oldest].changed.rawValue { oldest = slot }
    }
    return still >= 0 ? still : sparesMoved ? -1 : oldest
  }
}

extension Move {
  static var none: Move { Move(tick: Tick(rawValue: 0), from: PortIndex(rawValue: 0), to: PortIndex(rawValue: 0)) }
}
