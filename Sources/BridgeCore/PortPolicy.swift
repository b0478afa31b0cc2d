// What the configuration says of one port, reduced to the few fields that deciding a frame needs. Computed when
// the configuration changes, read per frame; it must not hold anything that a frame can change.

public import Wire

/// How a frame came in, seen with its port's tag protocol: what must change before it leaves elsewhere.
public enum TagForm: UInt8, Sendable {
  /// No tag of this port's TPID: belongs to the native VLAN.
  case untagged
  /// A tag with VID 0, which carries a priority only (802.1Q-2018 clause 9.6): belongs to the native VLAN.
  case priorityTagged
  /// A tag that names the VLAN.
  case tagged
}

/// One port's part in forwarding. The default is a port without settings: trunk of all VLANs, native VLAN 1.
public struct PortPolicy: Sendable, BitwiseCopyable, Equatable {
  /// Frames may enter here. False for a slot without a port and for a port that is down.
  public let forwarding: Bool
  /// Sources heard here go to the forwarding table.
  public let learning: Bool
  /// The VLAN of frames without a VLAN of their own, which also leave untagged; 1 to 4094, or 0 for none.
  public let nativeVID: UInt16
  /// The only tag protocol identifier read and written here; a tag of any other is payload.
  public let tpid: EtherType

  /// A `nativeVID` that is no VLAN (4095 and above) counts as none.
  @inlinable
  public init(
    forwarding: Bool = true, learning: Bool = true, nativeVID: UInt16 = 1, tpid: EtherType = EtherType(rawValue: 0x8100)
  ) {
    self.forwarding = forwarding
    self.learning = learning
    self.nativeVID = nativeVID < 4095 ? nativeVID : 0
    self.tpid = tpid
  }

  /// A slot that holds no port.
  @inlinable public static var absent: PortPolicy { PortPolicy(forwarding: false, learning: false, nativeVID: 0) }

  /// The form in which a frame with this header came in through this port.
  @inlinable
  public func form(of header: FrameHeader) -> TagForm {
    guard header.tagCount != 0, header.outerTag.tpid.rawValue == tpid.rawValue else { return .untagged }
    return header.outerTag.vid == 0 ? .priorityTagged : .tagged
  }

  /// The VLAN that a frame with this header belongs to (802.1Q-2018 clause 6.9.1): 1 to 4094; 0 where it has none
  /// and the port has no native VLAN; 4095 where its tag bears that reserved number.
  @inlinable @inline(__always)
  public func vlan(of header: FrameHeader) -> UInt16 {
    guard header.tagCount != 0, header.outerTag.tpid.rawValue == tpid.rawValue else { return nativeVID }
    let vid = header.outerTag.vid
    return vid == 0 ? nativeVID : vid
  }
}
