// Why a frame is not let in, beside the straight path: reserved addresses, acceptable frames, and what is asked of a
// source on ports that are locked, limited or bound to a list. Nothing here looks at the destination's entry.

public import Wire

/// What a port says of a source.
public enum SourceRuling: UInt8, Sendable, BitwiseCopyable {
  case passes
  /// The frame passes, and its source is not to be learned.
  case passesUnlearned
  case locked
  case notAllowed
  case overLimit

  /// Meaningful where the frame does not pass.
  @inlinable public var reason: DropReason {
    switch self {
    case .locked: .locked
    case .notAllowed: .sourceNotAllowed
    default: .macLimit
    }
  }
}

extension Bridge {
  /// Why a frame to 01-80-C2-00-00-00 to -0F goes no further; nil if it does.
  ///
  /// A BPDU does, but where the port guards against it: a bridge without spanning tree that swallowed BPDUs would hide
  /// loops from its neighbours. The address alone says what is one; a tag before it changes nothing.
  @inline(never)
  public mutating func reservedReason(
    _ destination: MACAddress, _ policy: UnsafePointer<PortPolicy>
  ) -> DropReason? {
    let refuses = unsafe policy.pointee.refusesReserved
    switch destination.bits & 0xF {
    case 0: return unsafe policy.pointee.bpduGuard ? .bpduGuard : refuses ? .reservedAddress : nil
    case 1: return .pause
    default: return forwardReserved && !refuses ? nil : .reservedAddress
    }
  }

  /// Why a frame is admitted to no VLAN: in this order a number that no VLAN has, a port that is down, a kind of frame
  /// that the port does not accept, and a VLAN that it is no member of.
  @inline(never)
  public mutating func refusal(_ header: FrameHeader, _ policy: UnsafePointer<PortPolicy>) -> Verdict {
    let policy = unsafe policy.pointee
    if policy.vlan(of: header) == 4095 { return .drop(.badTag) }
    guard policy.forwarding else { return .drop(.vlanNotAllowed) }
    let unwanted: AcceptedFrames = policy.form(of: header) == .tagged ? .untagged : .tagged
    return .drop(policy.accept == unwanted ? .frameType : .vlanNotAllowed)
  }

  /// What a port with `guardsSource` says of a source.
  ///
  /// First the list. A live entry of this very port, of whatever kind, then passes. On a locked port nothing else does.
  /// What would not be learned is not limited: it adds no entry.
  /// - Parameters:
  ///   - found: the value word of the source's entry in the frame's VLAN, 0 if there is none.
  ///   - fresh: what it would be had it been heard now.
  @inline(never)
  public mutating func rule(
    _ source: MACAddress, _ found: UInt64, _ fresh: UInt64, _ policy: UnsafePointer<PortPolicy>, from port: PortIndex,
    at now: Tick
  ) -> SourceRuling {
    guard unsafe policy.pointee.allowed.allows(source) else { return .notAllowed }
    if found == fresh { return .passes }
    let policy = unsafe policy.pointee
    let alive = found != 0 && table.storage.isAlive(found, at: now, ageLimit: table.ageLimit)
    if alive, TableValue.port(found) == port { return .passes }
    if policy.isLocked { return .locked }
    guard policy.learning, policy.macLimit != 0 else { return .passes }
    if alive, !TableValue.isDynamic(found) { return .passes }
    if hasRoom(for: found, on: port, policy) { return .passes }
    return policy.macLimitAction == .forward ? .passesUnlearned : .overLimit
  }

  /// Whether one more entry, in the place of `found` if that is one of the port's own, keeps the port's limit.
  func hasRoom(for found: UInt64, on port: PortIndex, _ policy: PortPolicy) -> Bool {
    guard policy.macLimit != 0 else { return true }
    let own: UInt64 = table.storage.isLimited(found, on: port) ? 1 : 0
    return table.storage.limited(on: port) < UInt64(policy.macLimit) &+ own
  }

  /// Clears dead entries away where a port is at its limit, so that they do not keep living ones out.
  mutating func relieveLimits(at now: Tick) {
    guard table.isWriter else { return }
    for slot in 0..<PortIndex.limit {
      let limit = unsafe policies[slot].macLimit
      guard limit != 0, table.storage.limited(on: PortIndex(rawValue: UInt16(slot))) >= UInt64(limit) else { continue }
      return table.hurry(at: now)
    }
  }
}
