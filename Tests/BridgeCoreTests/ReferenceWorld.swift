// The bridge and the naive one side by side: each step is done to both, and what differs is said in words. The settings
// of ports are turned here into what the bridge wants precomputed, as plainly as can be.

import BridgeCore
import Wire

struct ReferenceWorld: ~Copyable {
  var bridge: Bridge
  var model = ReferenceBridge()
  private(set) var now = 0
  /// How often each kind of thing was seen, so that a test can tell whether it tested anything.
  private(set) var seen: [String: Int] = [:]
  private var lists: [Int: AddressList] = [:]
  /// Every slot that a step may name.
  private static let slots = Set(0..<140).union(ReferenceGenerator.slots)

  init(seed: UInt64, capacity: Int = 1024) {
    bridge = Bridge(capacity: capacity, ageing: 300, seed: seed)
  }

  deinit { for list in lists.values { list.deallocate() } }

  var tick: Tick { Tick(rawValue: UInt32(now)) }

  /// Does a step to both bridges.
  /// - Returns: in what they differ, if they do.
  mutating func perform(_ step: ReferenceStep) -> String? {
    switch step {
    case .port(let slot, let settings):
      model.ports[slot] = settings
      applySettings()
    case .noPort(let slot):
      model.removePort(slot, at: now)
      bridge.removePort(port(slot))
      applySettings()
    case .vlan(let vlan, let index, let members):
      model.vlans[vlan] = index
      model.sets[index] = members
      bridge.mapVLAN(vlan, to: set(index))
      bridge.setFloodSet(set(index), floodSet(members))?.deallocate()
    case .map(let vlan, let index):
      model.vlans[vlan] = index
      bridge.mapVLAN(vlan, to: set(index))
    case .ageing(let seconds): return setAgeing(seconds)
    case .forwardReserved(let on):
      model.forwardReserved = on
      bridge.setForwardReserved(on)
    case .probe(let mac):
      model.probe = mac
      bridge.setProbeSource(mac)
    case .wait(let seconds): return wait(seconds)
    case .frame(let frame, let slot, let isTaught): return self.frame(frame, slot, isTaught)
    case .lesson(let mac, let vlan, let slot): return teach(mac, vlan, slot)
    case .entry(let mac, let vlan, let slot, let kind):
      model.addEntry(.init(mac: mac, vlan: vlan), on: slot, kind: kind, at: now)
      if !bridge.addEntry(mac, vlan: vlan, on: port(slot), kind: kind, at: tick) { return "the entry was refused" }
    case .restore(let mac, let vlan, let slot, let age): return restore(mac, vlan, slot, age)
    case .remove(let mac, let vlan):
      let before = model.allLive(now).count
      model.remove(mac, vlan: vlan, at: now)
      let expected = before - model.allLive(now).count
      let count = bridge.remove(mac, vlan: vlan)
      if count != expected { return "\(count) removed, not \(expected)" }
    case .flush(let slot, let vlan):
      let before = model.allLive(now).count
      model.flush(port: slot, vlan: vlan, at: now)
      let expected = before - model.allLive(now).count
      let count = bridge.flush(port: slot.map { port($0) }, vlan: vlan)
      // what is flushed by port was counted before, with what is aged and not yet swept
      if vlan == nil ? count < expected : count != expected { return "\(count) flushed, not \(expected)" }
    }
    return nil
  }

  private func floodSet(_ members: Set<Int>) -> FloodSet { FloodSet.allocate(members: members.map { port($0) }) }

  /// Who is up, who takes which kind of flooded frame, who reaches whom, and the policies that refer to it.
  private mutating func applySettings() {
    let all = model.ports
    let up = Set(all.filter { $0.value.isUp }.keys)
    bridge.setMask(.up, floodSet(up))?.deallocate()
    for (mask, kind) in [(FloodMask.unicast, FloodKind.unicast), (.multicast, .multicast), (.broadcast, .broadcast)] {
      bridge.setMask(mask, floodSet(up.filter { all[$0]?.flood.contains(kind) == true }))?.deallocate()
    }
    var indices: [Set<Int>: UInt16] = [:]
    for (slot, settings) in all {
      let blocked = Set(all.keys.filter { !model.mayReach(slot, $0) })
      var reach: UInt16 = 0
      if !blocked.isEmpty {
        reach = indices[blocked] ?? UInt16(indices.count + 1)
        indices[blocked] = reach
      }
      let list = settings.allowed.map { AddressList.allocate(Array($0)) }
      bridge.setPolicy(policy(settings, reach, list ?? .any), of: port(slot))
      lists.updateValue(list ?? .any, forKey: slot)?.deallocate()
    }
    for (blocked, reach) in indices { bridge.setReach(reach, floodSet(Self.slots.subtracting(blocked)))?.deallocate() }
  }

  private func policy(_ port: ReferencePort, _ reach: UInt16, _ allowed: AddressList) -> PortPolicy {
    PortPolicy(
      forwarding: port.isUp, learning: port.learning, nativeVID: port.native, tpid: EtherType(rawValue: port.tpid),
      accept: port.accept, isQinQ: port.isQinQ, isLocked: port.isLocked, macLimit: UInt32(port.limit),
      macLimitAction: port.limitAction, bpduGuard: port.bpduGuard, refusesReserved: port.refusesReserved,
      reach: reach, allowed: allowed)
  }

  private mutating func setAgeing(_ seconds: Int) -> String? {
    let isLonger = seconds > model.ageing
    model.ageing = seconds
    bridge.setAgeing(UInt32(seconds))
    model.forgetAged(now)
    // a longer time may bring back what the sweep has not yet cleared; both begin with an empty table then
    if isLonger {
      for entry in dump(bridge.reader, at: tick) { bridge.remove(entry.mac, vlan: entry.vlan) }
      model.bury(model.entries, now)
    }
    return nil
  }

  private mutating func wait(_ seconds: Int) -> String? {
    now = min(now + seconds, Int(UInt32.max))
    model.forgetAged(now)
    bridge.events.clear()
    bridge.sweep(at: tick)
    for index in 0..<bridge.events.count {
      let event = bridge.events[index]
      guard event.kind == .aged else { return "a sweep told of \(event)" }
      if isLive(event) { return "not aged: \(event)" }
      note("event aged")
    }
    return nil
  }

  private mutating func restore(_ mac: MACAddress, _ vlan: UInt16, _ slot: Int, _ age: Int) -> String? {
    let key = ReferenceBridge.Key(mac: mac, vlan: vlan)
    // what is known already was heard by this switch; and only a port that learns may have learned
    guard model.live(key, now) == nil, let port = model.ports[slot], port.learning, port.limit == 0, !port.isLocked,
      port.allowed?.contains(mac) != false
    else { return nil }
    let restored = bridge.restore(mac, vlan: vlan, on: BridgeCoreTests.port(slot), age: UInt32(age), at: tick)
    if restored != (age <= model.ageing) { return restored ? "restored what is aged" : "not restored" }
    if restored {
      model.bury(model.entries.filter { $0.key == key }, now)
      model.entries[key] = .init(port: slot, kind: .dynamic, heard: now - age, isHazy: model.graves[key] != nil)
    }
    note("restored \(restored)")
    return nil
  }

  func isLive(_ event: BridgeEvent) -> Bool {
    model.live(.init(mac: event.mac, vlan: event.vlan), now) != nil
  }

  mutating func note(_ what: String) { seen[what, default: 0] += 1 }
}
