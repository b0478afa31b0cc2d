// The 16-bit type or length field of an Ethernet frame (802.3-2018 clause 3.2.6).

/// An EtherType, or an 802.3 length where the value is below 1536.
package struct EtherType: Hashable, Sendable, BitwiseCopyable, RawRepresentable {
  package let rawValue: UInt16
  @inlinable @inline(__always)
  package init(rawValue: UInt16) { self.rawValue = rawValue }

  package static let ipv4 = EtherType(rawValue: 0x0800)
  package static let arp = EtherType(rawValue: 0x0806)
  package static let ipv6 = EtherType(rawValue: 0x86DD)
  /// Customer VLAN tag (802.1Q).
  package static let customerTag = EtherType(rawValue: 0x8100)
  /// Service VLAN tag (802.1ad).
  package static let serviceTag = EtherType(rawValue: 0x88A8)
  /// The service tag of equipment older than 802.1ad.
  package static let oldServiceTag = EtherType(rawValue: 0x9100)

  /// Values below 1536 are an 802.3 length; an LLC header follows.
  @inlinable package var isLength: Bool { rawValue < 0x0600 }
  /// Introduces a VLAN tag.
  @inlinable package var isTag: Bool { self.rawValue == 0x8100 || self.rawValue == 0x88A8 || self.rawValue == 0x9100 }
}
