// ARP over Ethernet for IPv4 (RFC 826), as a value. Whether a claim in it is to be believed is policy, and not judged here.

/// An ARP packet: 28 octets behind the Ethernet header. What follows them is padding.
public struct ARP: Hashable, Sendable, BitwiseCopyable {
  /// 1 request, 2 reply; other values are let through.
  public let operation: UInt16
  public let senderMAC: MACAddress
  /// IPv4 address, first octet most significant.
  public let senderIP: UInt32
  public let targetMAC: MACAddress
  public let targetIP: UInt32

  public static let size = 28
  public static let request: UInt16 = 1
  public static let reply: UInt16 = 2

  /// - Parameter offset: where the packet begins in `bytes`: `FrameHeader.payloadOffset`.
  /// - Throws: `truncated`, or `version` where hardware is not Ethernet or the protocol not IPv4.
  public init(parsing bytes: RawSpan, at offset: Int = 0) throws(PacketFault) {
    guard offset >= 0, offset <= bytes.byteCount, bytes.byteCount &- offset >= ARP.size else { throw .truncated }
    // hardware type 1, protocol type 0x0800, address lengths 6 and 4
    guard bytes.uint64(at: offset) >> 16 == 0x0001_0800_0604 else { throw .version }
    operation = bytes.uint16(at: offset &+ 6)
    senderMAC = MACAddress(
      bits: UInt64(bytes.uint16(at: offset &+ 8)) << 32 | UInt64(bytes.uint32(at: offset &+ 10)))
    senderIP = bytes.uint32(at: offset &+ 14)
    targetMAC = MACAddress(
      bits: UInt64(bytes.uint16(at: offset &+ 18)) << 32 | UInt64(bytes.uint32(at: offset &+ 20)))
    targetIP = bytes.uint32(at: offset &+ 24)
  }

  /// Announces its own sender (RFC 5227 clause 3): sender and target address are the same.
  public var isGratuitous: Bool { senderIP == targetIP }
  /// Asks whether an address is in use (RFC 5227 clause 1.1): the sender has none yet.
  public var isProbe: Bool { senderIP == 0 }
}
