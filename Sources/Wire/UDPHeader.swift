// The UDP header (RFC 768) as a value. The checksum is not judged.

/// A UDP header that is wholly there, its length checked against the packet.
public struct UDPHeader: Hashable, Sendable, BitwiseCopyable {
  public let sourcePort: UInt16
  public let destinationPort: UInt16
  /// Octets of header and payload as the header has it; 0 in a datagram of more than 64 KiB (RFC 2675).
  public let length: UInt16
  /// 0 where the sender made none.
  public let checksum: UInt16

  public static let size = 8
  /// Of the checksum field in the header.
  public static let checksumOffset: UInt16 = 6

  /// - Parameters:
  ///   - offset: where the header begins in `bytes`.
  ///   - end: where the IP packet ends in `bytes`; what follows is padding.
  ///   - fragment: the packet is a first fragment, of a datagram that is longer than what is here.
  public init(parsing bytes: RawSpan, at offset: Int = 0, end: Int? = nil, fragment: Bool = false)
    throws(PacketFault)
  {
    let end = min(end ?? bytes.byteCount, bytes.byteCount)
    guard offset >= 0, offset <= end, end &- offset >= UDPHeader.size else { throw .truncated }
    length = bytes.uint16(at: offset &+ 4)
    let available = end &- offset
    if length == 0 {
      guard available > 0xFFFF else { throw .packetLength }
    } else {
      guard length >= UDPHeader.size, fragment || Int(length) <= available else { throw .packetLength }
    }
    sourcePort = bytes.uint16(at: offset)
    destinationPort = bytes.uint16(at: offset &+ 2)
    checksum = bytes.uint16(at: offset &+ 6)
  }
}
