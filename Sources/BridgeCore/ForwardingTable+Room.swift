// Where a new entry goes, and which one makes way when there is no room. Bounded work: 16 slots of the
// neighbourhood, and 16 more when the table as a whole is full. Only for a command all of it is looked through.

internal import Synchronization

extension ForwardingTable {
  /// Enters a key that is in no slot.
  /// - Returns: whether there was room that may be taken.
  mutating func insert(_ key: UInt64, _ hash: UInt64, _ value: UInt64, at now: Tick) -> Bool {
    let home = Bucket(storage.home(hash), self, at: now)
    let other = Bucket(storage.alternative(hash), self, at: now)
    let prefersHome = home.entries < 4 || home.entries <= other.entries || other.free < 0
    let free = home.free >= 0 && prefersHome ? home.free : other.free
    if free >= 0, occupied < capacity {
      occupy(free, key, value)
      return true
    }
    let dead = home.dead >= 0 ? home.dead : other.dead
    if dead >= 0 {
      reportDead(dead, at: now)
      replace(dead, key, value)
      return true
    }
    var choice = Candidate(for: value, self)
    if free < 0 {
      choice.consider(home.first, self, at: now)
      choice.consider(other.first, self, at: now)
      guard choice.slot >= 0 else { return false }
      reportDead(choice.slot, at: now)
      replace(choice.slot, key, value)
      return true
    }
    let buckets = storage.slotCount / TableStorage.bucketSlots
    var looks = 0
    while looks < 2 || (choice.slot < 0 && choice.commanded && looks < buckets) {
      choice.consider(hand, self, at: now)
      hand = (hand + TableStorage.bucketSlots) % storage.slotCount
      looks += 1
    }
    guard choice.slot >= 0 else { return false }
    reportDead(choice.slot, at: now)
    // In one bucket the cleared slot could become the first empty one, and what stood behind it would be lost.
    if choice.slot / TableStorage.bucketSlots == free / TableStorage.bucketSlots {
      replace(choice.slot, key, value)
    } else {
      clear(choice.slot)
      occupy(free, key, value)
    }
    return true
  }

  /// What a look at one bucket finds.
  struct Bucket {
    let first: Int
    /// The first slot without an entry, or -1.
    var free = -1
    /// An entry that is aged or stale, or -1.
    var dead = -1
    var entries = 0

    init(_ first: Int, _ table: borrowing ForwardingTable, at now: Tick) {
      self.first = first
      for slot in first..<first + TableStorage.bucketSlots {
        let key = unsafe table.storage.slots[slot].key.load(ordering: .relaxed)
        guard TableKey.isEntry(key) else {
          if free < 0 { free = slot }
          if key == TableKey.empty { return }
          continue
        }
        entries += 1
        let value = unsafe table.storage.slots[slot].value.load(ordering: .relaxed)
        if dead < 0, !table.storage.isAlive(value, at: now, ageLimit: table.ageLimit) { dead = slot }
      }
    }
  }

  /// The entry that makes way for a new one.
  struct Candidate {
    private(set) var slot = -1
    private let claimant: PortIndex
    private let claim: UInt32
    /// A command's entry takes the place of any dynamic one.
    let commanded: Bool
    private var held: UInt32 = 0
    private var age: UInt64 = 0
    private var isDead = false

    init(for value: UInt64, _ table: borrowing ForwardingTable) {
      claimant = TableValue.port(value)
      claim = table.held(by: claimant)
      commanded = !TableValue.isDynamic(value)
    }

    /// Looks at the bucket that begins at `first`.
    mutating func consider(_ first: Int, _ table: borrowing ForwardingTable, at now: Tick) {
      for slot in first..<first + TableStorage.bucketSlots where !isDead {
        let key = unsafe table.storage.slots[slot].key.load(ordering: .relaxed)
        if key == TableKey.empty { return }
        guard TableKey.isEntry(key) else { continue }
        let value = unsafe table.storage.slots[slot].value.load(ordering: .relaxed)
        guard table.storage.isAlive(value, at: now, ageLimit: table.ageLimit) else {
          isDead = true
          self.slot = slot
          return
        }
        guard TableValue.isDynamic(value) else { continue }
        let port = TableValue.port(value)
        let count = table.held(by: port)
        guard commanded || port == claimant || count > claim else { continue }
        let age = TableStorage.shiftedAge(value, at: now)
        guard self.slot < 0 || count > held || (count == held && age > self.age) else { continue }
        self.slot = slot
        held = count
        self.age = age
      }
    }
  }

  /// Puts an entry into a free slot. The value stands before the key can be seen.
  private mutating func occupy(_ slot: Int, _ key: UInt64, _ value: UInt64) {
    unsafe storage.slots[slot].value.store(value, ordering: .releasing)
    unsafe storage.slots[slot].key.store(key, ordering: .releasing)
    setOccupied(occupied + 1)
    count(value)
  }

  /// Puts an entry in the place of another. The old key goes before the new value can be seen under it.
  private mutating func replace(_ slot: Int, _ key: UInt64, _ value: UInt64) {
    discount(unsafe storage.slots[slot].value.load(ordering: .relaxed))
    unsafe storage.slots[slot].key.store(TableKey.tombstone, ordering: .relaxed)
    unsafe storage.slots[slot].value.store(value, ordering: .releasing)
    unsafe storage.slots[slot].key.store(key, ordering: .releasing)
    count(value)
    storage.noteChange()
  }

  /// Takes an entry out. If a slot with something in it follows in the bucket a tombstone stays, so that searches go
  /// on; else the slot becomes empty, and the tombstones right before it too.
  mutating func clear(_ slot: Int) {
    defer { storage.noteChange() }
    discount(unsafe storage.slots[slot].value.load(ordering: .relaxed))
    setOccupied(occupied - 1)
    let last = slot | (TableStorage.bucketSlots - 1)
    guard unsafe slot == last || storage.slots[slot + 1].key.load(ordering: .relaxed) == TableKey.empty else {
      unsafe storage.slots[slot].key.store(TableKey.tombstone, ordering: .releasing)
      return
    }
    unsafe storage.slots[slot].key.store(TableKey.empty, ordering: .releasing)
    var before = slot
    while before & (TableStorage.bucketSlots - 1) != 0 {
      before -= 1
      guard unsafe storage.slots[before].key.load(ordering: .relaxed) == TableKey.tombstone else { return }
      unsafe storage.slots[before].key.store(TableKey.empty, ordering: .releasing)
    }
  }

  private mutating func setOccupied(_ number: Int) {
    occupied = number
    unsafe storage.state.pointee.occupied.store(UInt32(truncatingIfNeeded: number), ordering: .relaxed)
  }

  /// Dynamic entries of the port's present generation.
  func held(by port: PortIndex) -> UInt32 {
    unsafe storage.ports[port.slot & (PortIndex.limit - 1)].held.load(ordering: .relaxed)
  }

  /// Adds an entry to its port's count.
  mutating func count(_ value: UInt64) { adjust(value, by: 1) }

  /// Takes an entry from its port's count; one of an earlier generation left it when the port was flushed.
  mutating func discount(_ value: UInt64) { adjust(value, by: UInt32.max) }

  private mutating func adjust(_ value: UInt64, by amount: UInt32) {
    let port = TableValue.port(value)
    let slot = port.slot & (PortIndex.limit - 1)
    guard TableValue.isDynamic(value) else {
      // Not `commanded[slot] &+=`: the thread sanitizer of Swift 6.3 takes that for a write to the first slot.
      let counter = unsafe commanded + slot
      unsafe counter.pointee &+= amount
      guard !TableValue.isStatic(value) else { return }
      let sticky = unsafe storage.ports + slot
      unsafe sticky.pointee.sticky.store(sticky.pointee.sticky.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
      return
    }
    guard TableValue.generation(value) == storage.generation(of: port) else { return }
    unsafe storage.ports[slot].held.store(held(by: port) &+ amount, ordering: .relaxed)
  }
}
