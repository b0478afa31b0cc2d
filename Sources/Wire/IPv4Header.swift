// The IPv4 header (RFC 791) as a value. It is parsed only where an offload header or a filter needs it:
// forwarding never looks this far. Neither the header checksum nor the options are judged.

/// An IPv4 header, its lengths checked against the octets that are there.
public struct IPv4Header: Hashable, Sendable, BitwiseCopyable {
  /// Octets of header, options included: 20 to 60.
  public let headerLength: Int
  /// Octets of the packet as the header has it; 0 only in a segmented frame over 64 KiB (Linux BIG TCP).
  public let totalLength: UInt16
  /// Octets of the packet: `totalLength`, or in a segmented frame without one all that is there.
  public let packetLength: Int
  /// DSCP (6 bits) and ECN (2 bits).
  public let trafficClass: UInt8
  public let identification: UInt16
  public let dontFragment: Bool
  public let moreFragments: Bool
  /// In octets: 0 to 65528.
  public let fragmentOffset: Int
  public let timeToLive: UInt8
  public let ipProtocol: IPProtocol
  public let checksum: UInt16
  /// First octet most significant.
  public let source: UInt32
  public let destination: UInt32

  public static let minimumLength = 20

  @inlinable public var fragment: FragmentState {
    if fragmentOffset != 0 { return .later }
    return moreFragments ? .first : .whole
  }

  /// - Parameters:
  ///   - bytes: a frame or a packet, maybe with padding behind it.
  ///   - offset: where the header begins in `bytes`.
  ///   - segmented: the offload header says that the frame stands for several; then a total length of 0 is allowed.
  public init(parsing bytes: RawSpan, at offset: Int = 0, segmented: Bool = false) throws(PacketFault) {
    guard offset >= 0, offset <= bytes.byteCount else { throw .truncated }
    let available = bytes.byteCount &- offset
    guard available >= IPv4Header.minimumLength else { throw .truncated }
    let first = bytes.byte(at: offset)
    guard first >> 4 == 4 else { throw .version }
    headerLength = Int(first & 15) &* 4
    guard headerLength >= IPv4Header.minimumLength else { throw .headerLength }
    guard headerLength <= available else { throw .truncated }
    totalLength = bytes.uint16(at: offset &+ 2)
    packetLength = segmented && totalLength == 0 ? available : Int(totalLength)
    guard packetLength >= headerLength, packetLength <= available else { throw .packetLength }
    trafficClass = bytes.byte(at: offset &+ 1)
    identification = bytes.uint16(at: offset &+ 4)
    let fragmentation = bytes.uint16(at: offset &+ 6)
    dontFragment = fragmentation & 0x4000 != 0
    moreFragments = fragmentation & 0x2000 != 0
    fragmentOffset = Int(fragmentation & 0x1FFF) &* 8
    timeToLive = bytes.byte(at: offset &+ 8)
    ipProtocol = IPProtocol(rawValue: bytes.byte(at: offset &+ 9))
    checksum = bytes.uint16(at: offset &+ 10)
    source = bytes.uint32(at: offset &+ 12)
    destination = bytes.uint32(at: offset &+ 16)
  }
}
