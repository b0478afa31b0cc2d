// Ageing and flushing: what makes entries die, and the sweep that clears the dead away. A dead entry is never
// used even before the sweep comes by, so nothing here is urgent but two wrap-arounds, which it prevents.

internal import Synchronization

/// Where the sweep stands.
struct Sweeper {
  /// The slot at which the next step begins.
  var position = 0
  /// The tick of the last step.
  var last = Tick(rawValue: 0)
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
  public mutating func sweep(at now: Tick) {
    let elapsed = now.rawValue &- sweeper.last.rawValue
    // As a difference with sign: a clock that is a little behind must not look like one that is far ahead.
    guard Int32(bitPattern: elapsed) > 0 else { return }
    sweeper.last = now
    unsafe storage.state.pointee.swept.store(now.rawValue, ordering: .relaxed)
    guard elapsed < TableStorage.longest else {
      for slot in 0..<storage.slotCount { clearIfDead(slot, everythingAged: true, at: now) }
      finishPass(whole: true)
      return
    }
    let share = UInt64(storage.slotCount) * UInt64(elapsed) / UInt64(TableStorage.longest)
    var budget = max(1024, storage.slotCount / 256, Int(share) + 1)
    budget = min(budget, storage.slotCount)
    while budget > 0 {
      clearIfDead(sweeper.position, everythingAged: false, at: now)
      budget -= 1
      sweeper.position += 1
      if sweeper.position == storage.slotCount { finishPass(whole: false) }
    }
  }

  private mutating func clearIfDead(_ slot: Int, everythingAged: Bool, at now: Tick) {
    guard TableKey.isEntry(unsafe storage.slots[slot].key.load(ordering: .relaxed)) else { return }
    let value = unsafe storage.slots[slot].value.load(ordering: .relaxed)
    if TableValue.isStatic(value) { return }
    if everythingAged || !storage.isAlive(value, at: now, ageLimit: ageLimit) { clear(slot) }
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
