// The two bridges compared: verdict by verdict, what was learned of it, the events told, and the whole table.

import BridgeCore
import Wire

extension ReferenceWorld {
  mutating func frame(_ frame: ReferenceFrame, _ slot: Int, _ isTaught: Bool) -> String? {
    let tags = frame.tags.map { ($0.tpid, $0.tci) }
    guard let header = try? header(to: frame.destination, from: frame.source, tags: tags) else { return "no header" }
    let expected = model.decide(frame, from: slot, at: now)
    let verdict = bridge.decide(header, from: port(slot), at: tick)
    if let wrong = compare(verdict, expected, slot) { return wrong }
    let again = bridge.decide(header, from: port(slot), at: tick)
    if again != verdict { return "the same frame again: \(again), first \(verdict)" }
    guard verdict.teach, isTaught else { return nil }
    if let wrong = teach(frame.source, verdict.vlan, slot) { return wrong }
    // what was just taught is known
    return compare(
      bridge.decide(header, from: port(slot), at: tick), model.decide(frame, from: slot, at: now), slot
    ).map { "once taught: \($0)" }
  }

  private mutating func compare(_ verdict: Verdict, _ expected: [ReferenceVerdict], _ slot: Int) -> String? {
    let outcome: ReferenceOutcome
    switch verdict.action {
    case .deliver: outcome = .deliver(verdict.port.slot)
    case .drop: outcome = .drop(verdict.reason)
    case .consume: outcome = .consume
    case .flood:
      let members = recipients(bridge, verdict, from: slot)
      outcome = .flood(Set(members), verdict.kind)
      if Set(members).count != members.count { return "a port twice in \(members)" }
      if Int(verdict.floodSet.rawValue) != model.vlans[verdict.vlan] { return "floods to set \(verdict.floodSet)" }
    }
    let isRight = expected.contains {
      guard $0.outcome == outcome else { return false }
      if let vlan = $0.vlan, vlan != verdict.vlan { return false }
      return $0.teach == .either || verdict.teach == ($0.teach == .yes)
    }
    if isRight {
      if case .drop(let reason) = outcome { note("drop \(reason)") } else { note("\(verdict.action)") }
      return nil
    }
    let teach = verdict.teach ? "and teaches" : "teaches nothing"
    return "\(outcome) in VLAN \(verdict.vlan), \(teach); right: \(expected.map { "\($0)" }.joined(separator: "; or "))"
  }

  mutating func teach(_ source: MACAddress, _ vlan: UInt16, _ slot: Int) -> String? {
    let allowed = model.lessons(source, vlan: vlan, on: slot, at: now)
    let old = model.live(.init(mac: source, vlan: vlan), now)
    bridge.events.clear()
    let taught = bridge.teach(source, vlan: vlan, on: port(slot), at: tick)
    guard allowed.contains(taught) else { return "teaching: \(taught); right: \(allowed.map { "\($0)" }.sorted())" }
    note("taught \(taught)")
    let entry = bridge.reader.find(source, vlan: vlan, at: tick)
    if let place = entry?.port.slot, let old, place != slot, place != old.port,
      !model.mayHold(.init(mac: source, vlan: vlan), place, now)
    {
      return "\(taught), and put on port \(place), which may not have it"
    }
    model.teach(source, vlan: vlan, on: slot, at: now, taught, actual: entry?.port.slot)
    let right = model.live(.init(mac: source, vlan: vlan), now)
    if entry?.port.slot != right?.port { return "\(taught), and it is on \(entry.map { "\($0)" } ?? "no port")" }
    return checkEvents(of: taught, source, vlan, slot, old)
  }

  /// One event for what is new, none for what is not. That an entry had aged may be told only when it is found.
  private func checkEvents(
    of taught: Taught, _ source: MACAddress, _ vlan: UInt16, _ slot: Int, _ old: ReferenceBridge.Entry?
  ) -> String? {
    var events = (0..<bridge.events.count).map { bridge.events[$0] }
    events.removeAll { event in
      let wasLive = event.mac == source && event.vlan == vlan ? old != nil : isLive(event)
      return event.kind == .aged && !wasLive
    }
    func isOne(_ kind: BridgeEvent.Kind) -> Bool {
      events.count == 1 && events[0].kind == kind && events[0].mac == source && events[0].vlan == vlan
        && events[0].port.slot == slot
    }
    let isRight =
      switch taught {
      case .learned: isOne(.learned)
      case .moved: isOne(.moved) && events[0].from.slot == old?.port
      case .pinned: events.allSatisfy { $0.mac == source && $0.vlan == vlan }
      case .unchanged, .refreshed, .refused, .barred: events.isEmpty
      }
    let told = events.map { "\($0.kind) \($0.mac) on \($0.port.slot), from \($0.from.slot)" }
    return isRight ? nil : "\(taught) with the events \(told)"
  }

  /// Both tables hold the same.
  func compareTables() -> String? {
    let expected = model.allLive(now)
    let reader = bridge.reader
    let entries = dump(reader, at: tick, chunk: 7)
    if entries.count != expected.count || reader.count(at: tick) != expected.count {
      return "\(entries.count) entries, counted \(reader.count(at: tick)), not \(expected.count)"
    }
    for entry in entries {
      let other = expected[.init(mac: entry.mac, vlan: entry.vlan)]
      let age = other.flatMap { $0.kind == .static ? nil : UInt32(now - $0.heard) }
      if other?.port != entry.port.slot || other?.kind != entry.kind || age != entry.age {
        return "\(entry), not \(other.map { "\($0)" } ?? "there")"
      }
      if reader.find(entry.mac, vlan: entry.vlan, at: tick) != entry { return "\(entry) is not found" }
    }
    return nil
  }
}

/// The ports that get a copy of a flooded frame, in the order in which the bridge names them.
func recipients(_ bridge: borrowing Bridge, _ verdict: Verdict, from slot: Int) -> [Int] {
  walk(bridge.members(of: verdict, from: port(slot)))
}
