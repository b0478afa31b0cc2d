// One VLAN tag: tag protocol identifier and tag control information (802.1Q-2018 clause 9.4).

/// A VLAN tag as it stands in the frame.
public struct VLANTag: Hashable, Sendable, BitwiseCopyable {
  public let tpid: EtherType
  /// PCP (3 bits), DEI (1 bit), VID (12 bits).
  public let tci: UInt16

  @inlinable @inline(__always)
  public init(tpid: EtherType, tci: UInt16) {
    self.tpid = tpid
    self.tci = tci
  }

  /// VLAN identifier: 0 is priority-tagged, 4095 is reserved.
  @inlinable public var vid: UInt16 { tci & 0x0FFF }
  /// Priority code point, 0 to 7.
  @inlinable public var priority: UInt8 { UInt8(truncatingIfNeeded: tci >> 13) }
  @inlinable public var dropEligible: Bool { tci & 0x1000 != 0 }
}
