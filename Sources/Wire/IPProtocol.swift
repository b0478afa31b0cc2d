// What the parsers of both internet protocols share: protocol numbers, fragment state, and why bytes are no packet.

/// The protocol field of IPv4 and the next-header field of IPv6 (IANA protocol numbers).
public struct IPProtocol: Hashable, Sendable, BitwiseCopyable, RawRepresentable {
  public let rawValue: UInt8
  @inlinable @inline(__always)
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let hopByHop = IPProtocol(rawValue: 0)
  public static let icmp = IPProtocol(rawValue: 1)
  /// IPv4 inside IP (RFC 2003).
  public static let ipv4 = IPProtocol(rawValue: 4)
  public static let tcp = IPProtocol(rawValue: 6)
  public static let udp = IPProtocol(rawValue: 17)
  /// IPv6 inside IP (RFC 2473).
  public static let ipv6 = IPProtocol(rawValue: 41)
  public static let routing = IPProtocol(rawValue: 43)
  public static let fragment = IPProtocol(rawValue: 44)
  public static let gre = IPProtocol(rawValue: 47)
  public static let authentication = IPProtocol(rawValue: 51)
  public static let icmpv6 = IPProtocol(rawValue: 58)
  public static let noNextHeader = IPProtocol(rawValue: 59)
  public static let destinationOptions = IPProtocol(rawValue: 60)
  public static let sctp = IPProtocol(rawValue: 132)
}

/// How much of its datagram a packet carries.
public enum FragmentState: UInt8, Sendable, BitwiseCopyable {
  /// All of it. An IPv6 packet with a fragment header of offset 0 and nothing to follow is whole too (RFC 6946).
  case whole
  /// The beginning: the layer-4 header is here.
  case first
  /// A later part, which begins in the middle of the layer-4 payload.
  case later
}

/// Why bytes are not the packet that the layer below announces.
public enum PacketFault: UInt8, Error, Sendable, BitwiseCopyable {
  /// The frame's type names neither IPv4 nor IPv6: another protocol, an 802.3 length, or a fifth VLAN tag.
  case notIP
  /// Ends before a header does.
  case truncated
  /// A version field that does not fit the frame's type, or an address format that is not Ethernet and IPv4 (ARP).
  case version
  /// A header length below the fixed part of the header.
  case headerLength
  /// A packet length below the headers or beyond the octets that are there.
  case packetLength
  /// More than eight IPv6 extension headers.
  case extensions
}
