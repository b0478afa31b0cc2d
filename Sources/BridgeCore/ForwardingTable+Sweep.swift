// Ageing and flushing: what makes entries die, and the sweep that clears the dead away. A dead entry is never
// used even before the sweep comes by, so nothing here is urgent but two wrap-arounds, which it prevents.

internal import Synchronization

/// Where the sweep stands.
struct Sweeper {
  /// The slot at which the next step begins.
  var position = 0
  /// The tick of the last step.
  var last = Tick(rawValue: 0)
  /// The tick of the last `hurry`.
  var hurried: Tick?
  /// Flushes of a port since the last pass that began after them was complete …
  var flushes = 0
  /// … and since the present pass began.
  var flushesInPass = 0
}

extension ForwardingTable {
  /// Clears dead entries from the next part of the table. To be called in each wake-up, before frames are decided; it
  /// does nothing when called again in the same second.
  ///
  /// A step looks at 1/256 of the slots, at least 1,024 (at most 8,192 of 2,097,152, some 20 µs), and at more the
  /// longer it was not called, so that a pass never takes longer than 2^22 s of wakeful time (48 days).
  ///
  /// **The tick in an entry has 24 bits** (194 days), the longest ageing is 1,000,000 s (11.6 days). An entry that has
  /// aged is cleared by a pass within 48 days, long before its age could wrap round to young. If the worker slept for
  /// 2^22 s or more, everything that ages has aged, whatever its 24 bits seem to say: one whole pass clears it.
  /// - Returns: whether a second has passed since the last step.
  @discardableResult
  public mutating func sweep(at now: Tick) -> Bool {
    let elapsed = now.rawValue &- sweeper.last.rawValue
    // As a difference with sign: a clock that is a little behind must not look like one that is far ahead.
    guard Int32(bitPattern: elapsed) > 0 else { return false }
    sweeper.last = now
    unsafe storage.state.pointee.swept.store(now.rawValue, ordering: .relaxed)
    guard elapsed < TableStorage.longest else {
      for slot in 0..<storage.slotCount { clearIfDead(slot, everythingAged: true, at: now) }
      finishPass(whole: true)
      return true
    }
    let share = UInt64(storage.slotCount) * UInt64(elapsed) / UInt64(TableStorage.longest)
    let budget = max(1024, storage.slotCount / 256, Int(share) + 1)
    step(budget, at: now)
    return true
  }

  /// Clears dead entries from up to 131,072 slots, some 0.2 ms: from the whole table up to a capacity of 65,536. For
  /// where entries are counted against a limit, and dead ones must not be among them. Does nothing when called again in
  /// the same second, so that frames cannot cause more.
  mutating func hurry(at now: Tick) {
    guard sweeper.hurried != now else { return }
    sweeper.hurried = now
    step(131_072, at: now)
  }

  /// Looks at the next slots, at each once.
  private mutating func step(_ budget: Int, at now: Tick) {
    for _ in 0..<min(budget, storage.slotCount) {
      clearIfDead(sweeper.position, everythingAged: false, at: now)
      sweeper.position += 1
      if sweeper.position == storage.slotCount { finishPass(whole: false) }
    }
  }

  private mutating func clearIfDead(_ slot: Int, everythingAged: Bool, at now: Tick) {
    guard TableKey.isEntry(unsafe storage.slots[slot].key.load(ordering: .relaxed)) else { return }
    let value = unsafe storage.slots[slot].value.load(ordering: .relaxed)
    if TableValue.isStatic(value) { return }
    guard everythingAged || !storage.isAlive(value, at: now, ageLimit: ageLimit) else { return }
    reportDead(slot, everythingAged: everythingAged, at: now)
    clear(slot)
  }

  /// Tells of an entry that is about to go if it goes because it aged. One that was flushed has been told of by
  /// whoever flushed, and one that makes way for another is alive.
  func reportDead(_ slot: Int, everythingAged: Bool = false, at now: Tick) {
    let key = unsafe storage.slots[slot].key.load(ordering: .relaxed)
    let value = unsafe storage.slots[slot].value.load(ordering: .relaxed)
    guard TableKey.isEntry(key), !TableValue.isStatic(value) else { return }
    let port = TableValue.port(value)
    if TableValue.isDynamic(value), TableValue.generation(value) != storage.generation(of: port) { return }
    guard everythingAged || TableStorage.shiftedAge(value, at: now) > ageLimit else { return }
    events.append(
      BridgeEvent(
        kind: .aged, mac: TableKey.mac(key), vlan: TableKey.vlan(key), port: port, from: port, tick: now))
  }

  /// All slots were looked at: what had been flushed when that began is gone.
  private mutating func finishPass(whole: Bool) {
    sweeper.position = 0
    sweeper.flushes = whole ? 0 : sweeper.flushesInPass
    sweeper.flushesInPass = 0
  }

  /// Makes all dynamic entries of a port stale by giving it the next generation.
  ///
  /// Generations have 16 bits. Before any port could come back to one under which stale entries may still stand, that
  /// is after 65,535 flushes within one pass of the sweep, the whole table is cleared of them at once.
  /// - Returns: how many there were, aged ones not yet swept included.
  mutating func flush(port: PortIndex, countsFlush: Bool = true) -> Int {
    let slot = port.slot & (PortIndex.limit - 1)
    let count = held(by: port)
    if countsFlush { prepareFlush() }
    let next = storage.generation(of: port) &+ 1
    unsafe storage.ports[slot].generation.store(next, ordering: .relaxed)
    unsafe storage.ports[slot].held.store(0, ordering: .relaxed)
    storage.noteChange()
    return Int(count)
  }

  /// Makes all dynamic entries stale. Every port takes one step, which counts as one.
  mutating func flushAll() -> Int {
    prepareFlush()
    var count = 0
    for port in 0..<PortIndex.limit {
      count += flush(port: PortIndex(rawValue: UInt16(port)), countsFlush: false)
    }
    return count
  }

  private mutating func prepareFlush() {
    if sweeper.flushes >= Int(UInt16.max) {
      for slot in 0..<storage.slotCount { clearIfDead(slot, everythingAged: false, at: sweeper.last) }
      finishPass(whole: true)
    }
    sweeper.flushes += 1
    sweeper.flushesInPass += 1
  }
}
