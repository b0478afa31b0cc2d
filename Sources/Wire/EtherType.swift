// The 16-bit type or length field of an Ethernet frame (802.3-2018 clause 3.2.6).

/// An EtherType, or an 802.3 length where the value is below 1536.
public struct EtherType: Hashable, Sendable, BitwiseCopyable, RawRepresentable {
  public let rawValue: UInt16
  @inlinable @inline(__always)
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  public static let ipv4 = EtherType(rawValue: 0x0800)
  public static let arp = EtherType(rawValue: 0x0806)
  public static let ipv6 = EtherType(rawValue: 0x86DD)
  /// Customer VLAN tag (802.1Q).
  public static let customerTag = EtherType(rawValue: 0x8100)
  /// Service VLAN tag (802.1ad).
  public static let serviceTag = EtherType(rawValue: 0x88A8)
  /// The service tag of equipment older than 802.1ad.
  public static let oldServiceTag = EtherType(rawValue: 0x9100)

  /// Values below 1536 are an 802.3 length; an LLC header follows.
  @inlinable public var isLength: Bool { rawValue < 0x0600 }
  /// Introduces a VLAN tag.
  @inlinable public var isTag: Bool { self.rawValue == 0x8100 || self.rawValue == 0x88A8 || self.rawValue == 0x9100 }
}
