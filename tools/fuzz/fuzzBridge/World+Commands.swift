// What may change between two frames: time, policies, sets of ports, entries. Made of two octets each, so that the fuzzer
// finds its way through them.

internal import BridgeCore
internal import Wire

extension World {
  /// Time passes, and now and then somebody changes something. The upper bits of `number` choose among like commands.
  mutating func command(_ number: UInt8, _ argument: UInt8) {
    let port = World.ports[Int(argument) % World.ports.count]
    let mac = MACAddress(bits: 0x0200_0000_0000 | UInt64(argument >> 3))
    let which = number >> 4 & 7
    switch number & 15 {
    case 0...3: now = Tick(rawValue: now.rawValue &+ UInt32(argument))
    case 4: now = Tick(rawValue: now.rawValue &+ UInt32(argument) << 20)
    case 5: bridge.flush(port: port, vlan: nil)
    case 6: bridge.flush(port: nil, vlan: argument & 1 == 0 ? 1 : 10)
    case 7: bridge.flush(port: port, vlan: 1)
    case 8: bridge.addEntry(mac, vlan: 1, on: port, kind: .static, at: now)
    case 9: bridge.addEntry(mac, vlan: 10, on: port, kind: .sticky, at: now)
    case 10: bridge.remove(mac, vlan: argument & 1 == 0 ? 1 : 10)
    case 11: bridge.removePort(port)
    case 12: bridge.setPolicy(policy(which, argument), of: port)
    case 13: setPorts(which, World.ports.filter { argument >> ($0.rawValue & 7) & 1 != 0 })
    case 14: setOther(which, argument, mac, port)
    default: bridge.setAgeing(UInt32(argument))
    }
    bridge.sweep(at: now)
  }

  /// A policy that is made of two numbers: a plain one, or anything.
  func policy(_ which: UInt8, _ argument: UInt8) -> PortPolicy {
    if which == 0 { return PortPolicy(learning: argument & 128 == 0, nativeVID: UInt16(argument)) }
    var bits = (UInt64(which) << 8 | UInt64(argument)) &* 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    func pick<Value>(_ values: [Value]) -> Value {
      defer { bits >>= 3 }
      return values[Int(bits & 7) % values.count]
    }
    return PortPolicy(
      forwarding: pick([true, true, true, false]), learning: pick([true, true, true, false]),
      nativeVID: pick([1, 1, 10, 0, 4094, 77]), tpid: pick([.serviceTag, EtherType(rawValue: 0x8100)]),
      accept: pick([.all, .all, .tagged, .untagged]), isQinQ: pick([false, false, true]),
      isLocked: pick([false, false, true]), macLimit: pick([0, 0, 1, 2, 4]),
      macLimitAction: pick([.drop, .forward, .shutdown]), bpduGuard: pick([false, true]),
      refusesReserved: pick([false, true]), reach: pick([0, 0, 1, 2, 9000]), allowed: pick([.any, .any, list]))
  }

  mutating func setPorts(_ which: UInt8, _ ports: [PortIndex]) {
    switch which {
    case 0, 1: setMembers(FloodSetIndex(rawValue: 2 - UInt16(which)), ports)
    case 6, 7: bridge.setReach(UInt16(which) - 5, FloodSet.allocate(members: ports))?.deallocate()
    default:
      guard let mask = FloodMask(rawValue: which - 2) else { return }
      bridge.setMask(mask, FloodSet.allocate(members: ports))?.deallocate()
    }
  }

  mutating func setOther(_ which: UInt8, _ argument: UInt8, _ mac: MACAddress, _ port: PortIndex) {
    switch which {
    case 1: bridge.setProbeSource(argument & 1 == 0 ? mac : .broadcast)
    case 2, 3: restore(mac, on: port, age: UInt32(argument))
    case 4: bridge.events.clear()
    case 5: bridge.mapVLAN(World.vlans[Int(argument) % 3], to: FloodSetIndex(rawValue: UInt16(argument >> 4)))
    default: bridge.setForwardReserved(argument & 1 != 0)
    }
  }

  mutating func restore(_ mac: MACAddress, on port: PortIndex, age: UInt32) {
    let before = bridge.reader.find(mac, vlan: 1, at: now)
    let taken = bridge.restore(mac, vlan: 1, on: port, age: age, at: now)
    let after = bridge.reader.find(mac, vlan: 1, at: now)
    require(
      !taken || (before == nil && after?.age == age && after?.port == port), "what was restored is as old as said")
    require(taken || after == before, "what was not restored changes nothing")
  }
}
