// A bridge as simple as can be, written from the contract: dictionaries and sets, no bound, no cleverness. The real one
// must give the same verdicts. What the contract leaves open is left open here too: several alternatives are right.

import BridgeCore
import Wire

/// Whether something must be, must not be, or is left open.
enum ReferenceAnswer { case yes, no, either }

/// One port with the settings of the contract, as they are before anything is precomputed from them.
struct ReferencePort: Equatable {
  var isUp = true
  var learning = true
  /// VLAN of frames without one of their own: access VLAN, native VLAN or service tag; 0 for none.
  var native: UInt16 = 1
  var tpid: UInt16 = 0x8100
  var accept = AcceptedFrames.all
  var isQinQ = false
  var isLocked = false
  /// 0 for none.
  var limit = 0
  var limitAction = MACLimitAction.drop
  var bpduGuard = false
  var refusesReserved = false
  var allowed: Set<MACAddress>?
  var flood: Set<FloodKind> = [.unicast, .multicast, .broadcast]
  var isIsolated = false
  var group: Int?
}

struct ReferenceFrame: Equatable {
  struct Tag: Equatable {
    let tpid: UInt16
    let tci: UInt16
    var vid: UInt16 { tci & 0xFFF }
  }
  let destination: MACAddress
  let source: MACAddress
  var tags: [Tag] = []

  var kind: FloodKind { destination.isBroadcast ? .broadcast : destination.isGroup ? .multicast : .unicast }
  /// 0 to 15 for 01-80-C2-00-00-0x.
  var reserved: UInt64? { destination.bits >> 4 == 0x0180_C200_000 ? destination.bits & 15 : nil }
}

/// What became of a frame, and to whom it went.
enum ReferenceOutcome: Hashable {
  case deliver(Int)
  case flood(Set<Int>, FloodKind)
  case drop(DropReason)
  case consume
}

/// One right answer of several.
struct ReferenceVerdict {
  let outcome: ReferenceOutcome
  /// The VLAN it was admitted to; nil where it was dropped before.
  var vlan: UInt16?
  var teach = ReferenceAnswer.no
}

struct ReferenceBridge {
  struct Key: Hashable {
    let mac: MACAddress
    let vlan: UInt16
  }
  struct Entry: Equatable {
    var port: Int
    var kind: EntryKind
    /// Second in which it was last heard; before the start for an entry that was restored.
    var heard: Int
    /// Seconds of its moves, and of its pinning.
    var moves: [Int] = []
    var pinned: Int?
    /// Ports from which it moved.
    var origins: [Int] = []
    /// It moved in an earlier life, of which a bridge may remember more or less.
    var isHazy = false
  }

  var ports: [Int: ReferencePort] = [:]
  /// Which set a VLAN has, and its members, up or not.
  var vlans: [UInt16: Int] = [:]
  var sets: [Int: Set<Int>] = [:]
  var entries: [Key: Entry] = [:]
  /// Second in which an entry that had moved was forgotten.
  var graves: [Key: Int] = [:]
  var ageing = 300
  var forwardReserved = false
  var probe: MACAddress?

  func members(_ vlan: UInt16) -> Set<Int> { vlans[vlan].flatMap { sets[$0] } ?? [] }

  /// Isolated ports do not reach one another; ports of one group do not reach other groups' isolated ports.
  func mayReach(_ from: Int, _ to: Int) -> Bool {
    guard let a = ports[from], let b = ports[to], b.isIsolated else { return true }
    if a.isIsolated { return false }
    guard let mine = a.group, let other = b.group else { return true }
    return mine == other
  }

  func decide(_ frame: ReferenceFrame, from slot: Int, at now: Int) -> [ReferenceVerdict] {
    let port = ports[slot] ?? ReferencePort(isUp: false)
    let isProbe = probe == frame.source
    let reasons = refusals(frame, slot, port, now)
    if !reasons.isEmpty {
      return reasons.map { ReferenceVerdict(outcome: .drop($0)) }
        + (isProbe ? [ReferenceVerdict(outcome: .consume)] : [])
    }
    if isProbe { return [ReferenceVerdict(outcome: .consume)] }
    let vlan = vlan(of: frame, port)
    let key = Key(mac: frame.source, vlan: vlan)
    let limited = isLimited(port, slot, key, now)
    if limited, port.limitAction != .forward { return [ReferenceVerdict(outcome: .drop(.macLimit))] }
    let teach = port.learning && !limited ? isNews(key, slot, now) : .no
    return egress(frame, slot, vlan, now).map { ReferenceVerdict(outcome: $0, vlan: vlan, teach: teach) }
  }

  /// The VLAN of an admissible frame; 0 for none, 4095 for the reserved number.
  func vlan(of frame: ReferenceFrame, _ port: ReferencePort) -> UInt16 {
    guard !port.isQinQ, let tag = frame.tags.first, tag.tpid == port.tpid, tag.vid != 0 else { return port.native }
    return tag.vid
  }

  /// Every reason for which a frame is not let in: which of several is named is left open, but for a BPDU on a guarded
  /// port, which must be known for what it is.
  private func refusals(
    _ frame: ReferenceFrame, _ slot: Int, _ port: ReferencePort, _ now: Int
  ) -> Set<DropReason> {
    var reasons: Set<DropReason> = []
    if frame.source.isGroup || frame.source.isZero { reasons.insert(.badSource) }
    if let last = frame.reserved {
      if last == 0, port.bpduGuard { reasons.insert(.bpduGuard) }
      if last == 1 { reasons.insert(.pause) }
      if last > 1, !forwardReserved { reasons.insert(.reservedAddress) }
      if port.refusesReserved, !reasons.contains(.bpduGuard) { reasons.insert(.reservedAddress) }
    }
    let vlan = vlan(of: frame, port)
    // VID 0 is a priority and no VLAN: such a frame counts as untagged (802.1Q clause 6.9)
    let isTagged = !port.isQinQ && (frame.tags.first.map { $0.tpid == port.tpid && $0.vid != 0 } ?? false)
    if port.accept == (isTagged ? .untagged : .tagged) { reasons.insert(.frameType) }
    if vlan == 4095 { reasons.insert(.badTag) }
    if !port.isUp || vlan == 0 || !members(vlan).contains(slot) { reasons.insert(.vlanNotAllowed) }
    if vlan == 4095 { reasons.remove(.vlanNotAllowed) }
    guard !reasons.contains(.bpduGuard) else { return reasons }
    if let allowed = port.allowed, !allowed.contains(frame.source) { reasons.insert(.sourceNotAllowed) }
    if port.isLocked, live(Key(mac: frame.source, vlan: vlan), now)?.port != slot { reasons.insert(.locked) }
    if !reasons.isEmpty, port.limitAction != .forward,
      isLimited(port, slot, Key(mac: frame.source, vlan: vlan), now)
    {
      reasons.insert(.macLimit)
    }
    return reasons
  }

  /// Whether the port has as many dynamic and sticky entries as it may, and this would be another. What belongs
  /// elsewhere by command is none of them: its frames pass and teach nothing.
  func isLimited(_ port: ReferencePort, _ slot: Int, _ key: Key, _ now: Int) -> Bool {
    guard port.limit > 0, port.learning else { return false }
    let entry = live(key, now)
    if let entry, entry.port == slot || entry.kind != .dynamic { return false }
    return entries.count { $0.value.port == slot && $0.value.kind != .static && live($0.key, now) != nil } >= port.limit
  }

  /// Where an admitted frame goes; more than one answer only where it is left open what took the last port away.
  private func egress(_ frame: ReferenceFrame, _ slot: Int, _ vlan: UInt16, _ now: Int) -> [ReferenceOutcome] {
    let destination = frame.destination
    let members = members(vlan)
    if destination == frame.source { return [.drop(.samePort)] }
    if !destination.isGroup, let entry = live(Key(mac: destination, vlan: vlan), now) {
      if entry.port == slot { return [.drop(.samePort)] }
      if members.contains(entry.port) {
        return [mayReach(slot, entry.port) ? .deliver(entry.port) : .drop(.isolated)]
      }
    }
    let others = members.filter { $0 != slot && ports[$0]?.isUp == true }
    let reached = others.filter { mayReach(slot, $0) }
    let taking = others.filter { ports[$0]?.flood.contains(frame.kind) == true }
    let all = reached.intersection(taking)
    if !all.isEmpty { return [.flood(all, frame.kind)] }
    if others.isEmpty { return [.drop(.noDestination)] }
    if reached.isEmpty == taking.isEmpty { return [.drop(.isolated), .drop(.floodOff)] }
    return [.drop(reached.isEmpty ? .isolated : .floodOff)]
  }
}
