// The TCP header (RFC 9293 clause 3.1) as a value. Neither options nor checksum are judged.

/// A TCP header that is wholly there.
public struct TCPHeader: Hashable, Sendable, BitwiseCopyable {
  public let sourcePort: UInt16
  public let destinationPort: UInt16
  public let sequence: UInt32
  public let acknowledgement: UInt32
  /// Octets of header, options included: 20 to 60.
  public let headerLength: Int
  /// CWR, ECE, URG, ACK, PSH, RST, SYN, FIN from bit 7 down.
  public let flags: UInt8
  public let window: UInt16
  public let checksum: UInt16
  public let urgentPointer: UInt16

  public static let minimumLength = 20
  /// Of the checksum field in the header.
  public static let checksumOffset: UInt16 = 16

  /// - Parameters:
  ///   - offset: where the header begins in `bytes`.
  ///   - end: where the IP packet ends in `bytes`; what follows is padding.
  public init(parsing bytes: RawSpan, at offset: Int = 0, end: Int? = nil) throws(PacketFault) {
    let end = min(end ?? bytes.byteCount, bytes.byteCount)
    guard offset >= 0, offset <= end, end &- offset >= TCPHeader.minimumLength else { throw .truncated }
    headerLength = Int(bytes.byte(at: offset &+ 12) >> 4) &* 4
    guard headerLength >= TCPHeader.minimumLength else { throw .headerLength }
    guard headerLength <= end &- offset else { throw .truncated }
    sourcePort = bytes.uint16(at: offset)
    destinationPort = bytes.uint16(at: offset &+ 2)
    sequence = bytes.uint32(at: offset &+ 4)
    acknowledgement = bytes.uint32(at: offset &+ 8)
    flags = bytes.byte(at: offset &+ 13)
    window = bytes.uint16(at: offset &+ 14)
    checksum = bytes.uint16(at: offset &+ 16)
    urgentPointer = bytes.uint16(at: offset &+ 18)
  }
}
