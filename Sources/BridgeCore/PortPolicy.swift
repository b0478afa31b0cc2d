// What the configuration says of one port, reduced to the few fields that deciding a frame needs. Computed when
// the configuration changes, read per frame; it must not hold anything that a frame can change.

public import Wire

/// How a frame came in, seen with its port's tag protocol: what must change before it leaves elsewhere.
public enum TagForm: UInt8, Sendable {
  /// No tag of this port's TPID, or a port with `isQinQ`: belongs to the native VLAN.
  case untagged
  /// A tag with VID 0, which carries a priority only (802.1Q-2018 clause 9.6): belongs to the native VLAN.
  case priorityTagged
  /// A tag that names the VLAN.
  case tagged
}

/// Which frames a port lets in (802.1Q-2018 clause 6.9, acceptable frame types). A priority tag is no tag here.
public enum AcceptedFrames: UInt8, Sendable, BitwiseCopyable, CaseIterable {
  case all
  case tagged
  case untagged
}

/// What becomes of a frame from one address too many.
public enum MACLimitAction: UInt8, Sendable, BitwiseCopyable, CaseIterable {
  /// It is dropped.
  case drop
  /// It passes, and its source is not learned.
  case forward
  /// It is dropped; the port is to be shut by whoever hears of it.
  case shutdown
}

/// One port's part in forwarding. The default is a port without settings: trunk of all VLANs, native VLAN 1.
public struct PortPolicy: Sendable, BitwiseCopyable, Equatable {
  /// What is asked of every frame, a bit each.
  @usableFromInline let flags: UInt16
  /// The VLAN of frames without a VLAN of their own; 1 to 4094, or 0 for none.
  public let nativeVID: UInt16
  /// The tag protocol identifier read here; a tag of any other is payload. What no tag bears where all are payload.
  @usableFromInline let readTPID: UInt16
  /// Which ports may be reached from here: an index for `Bridge.setReach`; 0 for every port.
  public let reach: UInt16
  /// Most dynamic and sticky entries of the port, 0 for no limit.
  public let macLimit: UInt32
  /// The tag protocol identifier of this port's VLAN tags.
  public let tpid: EtherType
  /// What becomes of frames from addresses beyond `macLimit`.
  public let macLimitAction: MACLimitAction
  /// The addresses that may send from here. Its memory must outlive the policy in every worker.
  public let allowed: AddressList

  /// - Parameters:
  ///   - nativeVID: one that is no VLAN (4095 and above) counts as none.
  ///   - isQinQ: every frame is in `nativeVID`, and its tags, whatever they are, are payload.
  @inlinable
  public init(
    forwarding: Bool = true, learning: Bool = true, nativeVID: UInt16 = 1,
    tpid: EtherType = EtherType(rawValue: 0x8100), accept: AcceptedFrames = .all, isQinQ: Bool = false,
    isLocked: Bool = false, macLimit: UInt32 = 0, macLimitAction: MACLimitAction = .drop, bpduGuard: Bool = false,
    refusesReserved: Bool = false, reach: UInt16 = 0, allowed: AddressList = .any
  ) {
    var flags: UInt16 = 0
    if forwarding, accept != .tagged { flags |= PortPolicy.admitsUntagged }
    if forwarding, accept != .untagged { flags |= PortPolicy.admitsTagged }
    if forwarding { flags |= PortPolicy.forwards }
    if learning { flags |= PortPolicy.learns }
    if isLocked { flags |= PortPolicy.locked }
    if isQinQ { flags |= PortPolicy.qinq }
    if bpduGuard { flags |= PortPolicy.guardsBPDU }
    if refusesReserved { flags |= PortPolicy.noReserved }
    if isLocked || (macLimit != 0 && learning) || !allowed.isAny { flags |= PortPolicy.guards }
    flags |= UInt16(accept.rawValue) &<< PortPolicy.acceptShift
    self.flags = flags
    self.nativeVID = nativeVID < 4095 ? nativeVID : 0
    self.tpid = tpid
    // A frame without a tag has the identifier 0 in its place, and 65535 is none that is parsed as a tag.
    readTPID = isQinQ || tpid.rawValue == 0 ? 0xFFFF : tpid.rawValue
    self.reach = reach
    self.macLimit = macLimit
    self.macLimitAction = macLimitAction
    self.allowed = allowed
  }

  // Bit 1 becomes bit 0 by one shift where a frame is tagged.
  @usableFromInline static var admitsUntagged: UInt16 { 1 }
  @usableFromInline static var admitsTagged: UInt16 { 2 }
  @usableFromInline static var forwards: UInt16 { 4 }
  @usableFromInline static var learns: UInt16 { 8 }
  @usableFromInline static var guards: UInt16 { 16 }
  @usableFromInline static var locked: UInt16 { 32 }
  @usableFromInline static var qinq: UInt16 { 64 }
  @usableFromInline static var guardsBPDU: UInt16 { 128 }
  @usableFromInline static var noReserved: UInt16 { 256 }
  @usableFromInline static var acceptShift: UInt16 { 9 }

  /// Frames may enter here. False for a slot without a port and for a port that is down.
  @inlinable public var forwarding: Bool { flags & PortPolicy.forwards != 0 }
  /// Sources heard here go to the forwarding table.
  @inlinable public var learning: Bool { flags & PortPolicy.learns != 0 }
  /// Only sources known on this very port may send.
  @inlinable public var isLocked: Bool { flags & PortPolicy.locked != 0 }
  /// Every frame is in `nativeVID`, whatever tags it bears.
  @inlinable public var isQinQ: Bool { flags & PortPolicy.qinq != 0 }
  /// No BPDU may come in here.
  @inlinable public var bpduGuard: Bool { flags & PortPolicy.guardsBPDU != 0 }
  /// No frame to a reserved group address may come in here.
  @inlinable public var refusesReserved: Bool { flags & PortPolicy.noReserved != 0 }
  /// There is something to ask of a source beyond being an address: `isLocked`, `macLimit` or `allowed`.
  @inlinable public var guardsSource: Bool { flags & PortPolicy.guards != 0 }
  /// Which frames are let in.
  public var accept: AcceptedFrames { AcceptedFrames(rawValue: UInt8(flags &>> PortPolicy.acceptShift & 3)) ?? .all }

  /// A slot that holds no port.
  @inlinable public static var absent: PortPolicy { PortPolicy(forwarding: false, learning: false, nativeVID: 0) }

  /// The form in which a frame with this header came in through this port.
  @inlinable
  public func form(of header: FrameHeader) -> TagForm {
    guard header.outerTag.tpid.rawValue == readTPID else { return .untagged }
    return header.outerTag.vid == 0 ? .priorityTagged : .tagged
  }

  /// The VLAN that a frame with this header belongs to (802.1Q-2018 clause 6.9.1): 1 to 4094; 0 where it has none
  /// and the port has no native VLAN; 4095 where its tag bears that reserved number.
  @inlinable
  public func vlan(of header: FrameHeader) -> UInt16 {
    form(of: header) == .tagged ? header.outerTag.vid : nativeVID
  }
}
