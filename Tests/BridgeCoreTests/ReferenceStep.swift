// What can happen to a bridge, as a value: made up at random, done to both bridges, left out one by one when a failure
// is made small, and printed so that it can be read.

import BridgeCore
import Wire

enum ReferenceStep {
  /// A port comes, or its settings change.
  case port(Int, ReferencePort)
  case noPort(Int)
  /// Maps a VLAN to a set, and gives the set its members.
  case vlan(UInt16, set: Int, Set<Int>)
  /// Maps a VLAN to a set with the members it has.
  case map(UInt16, set: Int)
  case ageing(Int)
  case forwardReserved(Bool)
  case probe(MACAddress)
  case wait(Int)
  /// A frame, whose teaching may get lost, as where a ring between workers is full.
  case frame(ReferenceFrame, from: Int, isTaught: Bool)
  /// A lesson that comes late, without its frame.
  case lesson(MACAddress, vlan: UInt16, on: Int)
  case entry(MACAddress, vlan: UInt16, on: Int, EntryKind)
  case restore(MACAddress, vlan: UInt16, on: Int, age: Int)
  case remove(MACAddress, vlan: UInt16?)
  case flush(Int?, vlan: UInt16?)
}

extension ReferenceStep: CustomStringConvertible {
  var description: String {
    func text(_ vlan: UInt16?) -> String { vlan.map { "VLAN \($0)" } ?? "all VLANs" }
    return switch self {
    case .port(let slot, let port): "port \(slot): \(port)"
    case .noPort(let slot): "port \(slot) is removed"
    case .vlan(let vlan, let set, let members): "VLAN \(vlan) is set \(set) with ports \(members.sorted())"
    case .map(let vlan, let set): "VLAN \(vlan) is set \(set)"
    case .ageing(let seconds): "ageing \(seconds)"
    case .forwardReserved(let on): "forward_reserved \(on ? "on" : "off")"
    case .probe(let mac): "probes come from \(mac)"
    case .wait(let seconds): "\(seconds) s pass"
    case .frame(let frame, let slot, let isTaught): "port \(slot) < \(frame)\(isTaught ? "" : ", its teaching is lost")"
    case .lesson(let mac, let vlan, let slot): "late lesson: \(mac) in VLAN \(vlan) on port \(slot)"
    case .entry(let mac, let vlan, let slot, let kind): "\(kind.name) entry: \(mac) in VLAN \(vlan) on port \(slot)"
    case .restore(let mac, let vlan, let slot, let age):
      "restored: \(mac) in VLAN \(vlan) on port \(slot), \(age) s old"
    case .remove(let mac, let vlan): "remove \(mac) in \(text(vlan))"
    case .flush(let slot, let vlan): "flush \(slot.map { "port \($0)" } ?? "all ports") in \(text(vlan))"
    }
  }
}

extension ReferencePort: CustomStringConvertible {
  /// The settings that are not the default.
  var description: String {
    var words: [String] = []
    if !isUp { words.append("down") }
    if !learning { words.append("learning=off") }
    words.append(isQinQ ? "qinq=\(native)" : "native=\(native)")
    if tpid != 0x8100 { words.append("tpid=0x\(String(tpid, radix: 16))") }
    if accept != .all { words.append("accept=\(accept)") }
    if isLocked { words.append("locked") }
    if limit > 0 { words.append("mac_limit=\(limit) \(limitAction)") }
    if bpduGuard { words.append("bpdu_guard") }
    if refusesReserved { words.append("no reserved groups") }
    if let allowed { words.append("allow_mac=\(allowed.sorted())") }
    if flood.count < 3 { words.append("flood=\(flood.map { "\($0)" }.sorted())") }
    if isIsolated { words.append("isolated") }
    if let group { words.append("group=\(group)") }
    return words.joined(separator: ", ")
  }
}

extension ReferenceFrame: CustomStringConvertible {
  var description: String {
    let tags = tags.map { " \(String($0.tpid, radix: 16)):\($0.tci >> 13).\($0.vid)" }.joined()
    return "\(source) to \(destination)\(tags)"
  }
}

extension ReferenceVerdict: CustomStringConvertible {
  var description: String { "\(outcome)\(vlan.map { " in VLAN \($0)" } ?? ""), teach \(teach)" }
}
