// How the table learns: from a frame whose verdict said `teach`, or from what an earlier run of the switch knew. Called
// for a frame only where its source is new, has moved or was last heard in an earlier second.

internal import Synchronization
public import Wire

extension Bridge {
  /// What the table has to tell; to be read and emptied by the worker that writes it.
  public var events: EventLog { table.events }

  /// Enters the source of a frame into the table, after a verdict with `teach`. Anything that no frame can bring
  /// (a group address, VLAN 0, a port without learning) changes nothing.
  @discardableResult
  public mutating func teach(_ source: MACAddress, vlan: UInt16, on port: PortIndex, at now: Tick) -> Taught {
    let policy = policy(of: port)
    guard table.isWriter, !source.isGroup, !source.isZero, vlan &- 1 < 4094, policy.learning else { return .unchanged }
    let key = TableKey.word(source, vlan)
    let hash = table.storage.hash(key)
    let fresh = table.fresh(hash, on: port, at: now)
    let slot = table.storage.slot(of: key, hash: hash)
    guard slot >= 0 else { return learn(key, hash, fresh, policy, at: now) }

    let found = unsafe table.storage.slots[slot].value.load(ordering: .relaxed)
    guard table.storage.isAlive(found, at: now, ageLimit: table.ageLimit) else {
      guard admits(source, in: found, on: port, policy) else { return .barred }
      table.reportDead(slot, at: now)
      table.overwrite(slot, found, with: fresh)
      return noteLearned(key, on: port, policy, at: now)
    }
    if TableValue.isStatic(found) { return .unchanged }
    if TableValue.port(found) == port {
      guard TableValue.stamp(found) != now.stamp else { return .unchanged }
      table.refresh(slot, found, at: now)
      return .refreshed
    }
    guard TableValue.isDynamic(found) else { return .unchanged }
    guard admits(source, in: found, on: port, policy) else { return .barred }
    return move(slot, key, found, fresh, policy, at: now)
  }

  /// Enters what an earlier run of the switch had learned.
  /// - Parameter age: seconds since the address was heard.
  /// - Returns: false if the entry would have aged, if there is a live one already, if the port may not have it, if it
  ///   can be no entry, or if there is no room.
  @discardableResult
  public mutating func restore(
    _ mac: MACAddress, vlan: UInt16, on port: PortIndex, age: UInt32, at now: Tick
  ) -> Bool {
    let policy = policy(of: port)
    guard table.isWriter, !mac.isGroup, !mac.isZero, vlan &- 1 < 4094, policy.learning,
      UInt64(age) + TableStorage.skew <= table.ageLimit, table.port(of: mac, vlan: vlan, at: now) == nil
    else { return false }
    remove(mac, vlan: vlan)
    // The list and the limit hold; that a locked port knows its stations is what it is for.
    guard policy.allowed.allows(mac), hasRoom(for: 0, on: port, policy) else { return false }
    let key = TableKey.word(mac, vlan)
    let hash = table.storage.hash(key)
    let fresh = table.fresh(hash, on: port, at: Tick(rawValue: now.rawValue &- age))
    guard table.insert(key, hash, fresh, at: now) else { return false }
    history.learned(key, at: now)
    table.storage.noteChange()
    relieveLimits(at: now)
    return true
  }

  /// An address that is in no slot.
  private mutating func learn(
    _ key: UInt64, _ hash: UInt64, _ fresh: UInt64, _ policy: PortPolicy, at now: Tick
  ) -> Taught {
    let port = TableValue.port(fresh)
    guard admits(TableKey.mac(key), in: 0, on: port, policy) else { return .barred }
    guard table.insert(key, hash, fresh, at: now) else {
      noteFull(key, on: port, at: now)
      return .refused
    }
    return noteLearned(key, on: port, policy, at: now)
  }

  private mutating func noteLearned(
    _ key: UInt64, on port: PortIndex, _ policy: PortPolicy, at now: Tick
  ) -> Taught {
    history.learned(key, at: now)
    report(.learned, key, on: port, from: port, at: now)
    hurryIfFull(port, policy, at: now)
    return .learned
  }

  /// A live dynamic entry that is heard on another port.
  private mutating func move(
    _ slot: Int, _ key: UInt64, _ found: UInt64, _ fresh: UInt64, _ policy: PortPolicy, at now: Tick
  ) -> Taught {
    let from = TableValue.port(found)
    let port = TableValue.port(fresh)
    let home = history.home(of: key).flatMap { mayReturn(key, found, to: $0) ? $0 : nil } ?? from
    switch history.move(key, from: from, to: port, home: home, at: now) {
    case .staysPinned: break
    case .moves:
      table.overwrite(slot, found, with: fresh)
      hurryIfFull(port, policy, at: now)
      report(.moved, key, on: port, from: from, at: now)
      return .moved
    case .pins(let home):
      if home != from {
        table.overwrite(slot, found, with: table.fresh(table.storage.hash(key), on: home, at: now))
        hurryIfFull(home, self.policy(of: home), at: now)
      }
      let other = home == port ? from : port
      report(.pinned, key, on: home, from: other, at: now, count: UInt32(Bridge.pinMoves + 1))
    }
    return .pinned
  }

  /// Whether an entry may go back to a port where it was: one that is up, in its VLAN, and would have it learned.
  private func mayReturn(_ key: UInt64, _ found: UInt64, to home: PortIndex) -> Bool {
    let policy = policy(of: home)
    let members = unsafe floodSet(vlans[Int(TableKey.vlan(key))])
    return policy.forwarding && policy.learning && members.contains(home)
      && admits(TableKey.mac(key), in: found, on: home, policy)
  }

  /// Whether a new entry may come to the port. Asked again although `judge` did: a lesson may come late, when others
  /// have taken the room or the port's policy has changed.
  private func admits(_ source: MACAddress, in found: UInt64, on port: PortIndex, _ policy: PortPolicy) -> Bool {
    guard policy.guardsSource else { return true }
    return !policy.isLocked && policy.allowed.allows(source) && hasRoom(for: found, on: port, policy)
  }

  /// A port that has just reached its limit is to be held to what is alive.
  private mutating func hurryIfFull(_ port: PortIndex, _ policy: PortPolicy, at now: Tick) {
    guard policy.macLimit != 0, table.storage.limited(on: port) >= UInt64(policy.macLimit) else { return }
    table.hurry(at: now)
  }

  private func report(
    _ kind: BridgeEvent.Kind, _ key: UInt64, on port: PortIndex, from: PortIndex, at now: Tick, count: UInt32 = 0
  ) {
    events.append(
      BridgeEvent(
        kind: kind, mac: TableKey.mac(key), vlan: TableKey.vlan(key), port: port, from: from, tick: now, count: count))
  }

  private mutating func noteFull(_ key: UInt64, on port: PortIndex, at now: Tick) {
    guard full != now else { return }
    full = now
    report(.full, key, on: port, from: port, at: now, count: UInt32(truncatingIfNeeded: table.occupied))
  }
}
