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
  /// The last five of these moves, oldest first.
  public let recent: [Move]
  /// When it was pinned, if it was and has not moved since; it stays pinned for `Bridge.pinSeconds`.
  public let pinned: Tick?
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
    /// Where it stayed longest before a move, and how many seconds; meaningful once it has moved.
    var home = PortIndex(rawValue: 0)
    var homeStay: Int32 = 0
    /// When the entry was pinned, if it is.
    var pinned = Tick(rawValue: 0)
    var isPinned = false
    /// Move number n, from 0, stands at n modulo 5.
    var ring = InlineArray<5, Move>(repeating: .none)
  }

  /// 8,192 records of 80 octets, unless asked for otherwise; a multiple of the set size.
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

  /// What becomes of an entry that is heard on another port.
  enum Ruling {
    /// It moves.
    case moves
    /// It is pinned, on the port given: where it was before it began to move.
    case pins(on: PortIndex)
    /// It was pinned before.
    case staysPinned
  }

  /// The port where an entry that moved before has stayed longest since it was learned.
  func home(of key: UInt64) -> PortIndex? {
    let slot = find(key)
    return unsafe slot < 0 || records[slot].moves == 0 ? nil : records[slot].home
  }

  /// An entry on `from` is heard on `to`: judges, and remembers the move that is made.
  ///
  /// A move that would be one of more than `Bridge.pinMoves` whose ticks are at most `Bridge.pinWindow` apart pins the
  /// entry at `home`. So a station whose address somebody else uses, or whose frames come back through a loop, keeps
  /// its place.
  /// - Parameter home: where it has stayed longest, if it may be there still; else `from`.
  mutating func move(
    _ key: UInt64, from: PortIndex, to: PortIndex, home: PortIndex, at now: Tick
  ) -> Ruling {
    var slot = find(key)
    if slot < 0 {
      slot = victim(key, sparesMoved: false)
      unsafe (records + slot).pointee = Record(key: key, since: now, changed: now)
    }
    // Not `records[slot].moves &+=`: with the thread sanitizer Swift 6.3 stumbles over such an access.
    let record = unsafe records + slot
    if unsafe record.pointee.isPinned {
      if unsafe MoveHistory.seconds(since: record.pointee.pinned, now) < Bridge.pinSeconds { return .staysPinned }
      unsafe record.pointee.isPinned = false
    }
    let first = unsafe record.pointee.ring[Int(record.pointee.moves % UInt32(Bridge.pinMoves))]
    let tooOften =
      unsafe record.pointee.moves >= UInt32(Bridge.pinMoves)
      && MoveHistory.seconds(since: first.tick, now) <= Bridge.pinWindow
    if tooOften {
      unsafe record.pointee.isPinned = true
      unsafe record.pointee.pinned = now
      if home == from {
        unsafe record.pointee.changed = now
        return .pins(on: from)
      }
    }
    let stay = max(0, MoveHistory.seconds(since: unsafe record.pointee.changed, now))
    if unsafe record.pointee.moves == 0 || stay > record.pointee.homeStay {
      unsafe record.pointee.home = from
      unsafe record.pointee.homeStay = Int32(clamping: stay)
    }
    unsafe record.pointee.ring[Int(record.pointee.moves % UInt32(Bridge.pinMoves))] = Move(
      tick: now, from: from, to: tooOften ? home : to)
    unsafe record.pointee.moves &+= 1
    unsafe record.pointee.changed = now
    return tooOften ? .pins(on: home) : .moves
  }

  /// Seconds from `tick` to `now`; below zero where another worker's clock is a little ahead.
  private static func seconds(since tick: Tick, _ now: Tick) -> Int {
    Int(Int32(bitPattern: now.rawValue &- tick.rawValue))
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
    let total = Int(record.moves)
    let recent = (max(0, total - Bridge.pinMoves)..<total).map { record.ring[$0 % Bridge.pinMoves] }
    return EntryHistory(
      mac: TableKey.mac(record.key), vlan: TableKey.vlan(record.key), since: record.since, moves: total, recent: recent,
      pinned: record.isPinned ? record.pinned : nil)
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
