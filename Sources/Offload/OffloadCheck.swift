// The stage between FrameHeader and Bridge.decide: the offload header that came with a frame is compared with the
// frame, once. It comes from a guest, and the receiver's kernel will write two octets where it says and cut
// segments as it says; so a field passes only if it is true of the headers that were parsed. It must not touch the frame.

public import Wire

/// The check of a `VirtioNetHeader` at ingress.
public enum OffloadCheck {
  /// The smallest segment of a TCP stream; Linux accepts no smaller MSS (TCP_MIN_SND_MSS). Bounds the segments of a frame.
  public static let minimumSegmentSize = 48
  /// The most segments of a UDP datagram train (UDP_MAX_SEGMENTS): what any kernel sends, and accepts.
  public static let maximumDatagrams = 128
  /// Payload octets behind the headers of a segmented frame, at the most.
  public static let maximumPayload = 65_536
  /// `maximumPayload` in segments of `minimumSegmentSize`.
  public static let maximumSegments = 1366

  /// Compares `raw` with the frame it came with.
  /// - Parameters:
  ///   - frame: the frame behind the offload header, from its destination address on.
  ///   - header: parsed from `frame`.
  /// - Returns: a header that may be handed on, in which whatever the receiver must not rely on is zero; or the fault.
  @inlinable @inline(__always)
  public static func validate(_ raw: VirtioNetHeader, frame: RawSpan, header: FrameHeader) -> OffloadVerdict {
    // nothing asked for: by far the most frames, decided without a look at the frame
    guard raw.gsoType | raw.flags & VirtioNetHeader.needsChecksum != 0 else {
      return .accepted(header: VirtioNetHeader(), segments: 1)
    }
    return inspect(raw, frame: frame, header: header)
  }

  @inline(never)
  public static func inspect(_ raw: VirtioNetHeader, frame: RawSpan, header: FrameHeader) -> OffloadVerdict {
    do throws(OffloadFault) {
      guard raw.isSegmented else {
        let layers = try locate(frame, header, segmented: false)
        return .accepted(header: try checksumOnly(raw, layers), segments: 1)
      }
      return try segments(raw, frame: frame, header: header)
    } catch {
      return .rejected(error)
    }
  }

  private static func locate(_ frame: RawSpan, _ header: FrameHeader, segmented: Bool) throws(OffloadFault) -> Layer4 {
    do throws(PacketFault) {  // typed, or the fault would be boxed
      return try Layer4(locating: frame, behind: header, segmented: segmented)
    } catch {
      throw .headers
    }
  }
}

// MARK: - One frame with a checksum to fill in

extension OffloadCheck {
  /// The kernel asks for checksums in more places than TCP and UDP: SCTP, GRE, and the innermost header of a tunnel.
  /// Any place behind the IP header is therefore good, unless the protocol leaves only one.
  private static func checksumOnly(_ raw: VirtioNetHeader, _ layers: Layer4) throws(OffloadFault) -> VirtioNetHeader {
    guard layers.fragment != .later else { throw .fragment }
    let start = Int(raw.checksumStart)
    let transport = layers.transportOffset
    guard start >= transport else { throw .checksumStart }
    // what is left under 65,536 is room for the tags that may be pushed in front
    guard start <= 0xFFFF &- 4 &* FrameHeader.maximumTags else { throw .checksumStart }
    guard start &+ Int(raw.checksumOffset) &+ 2 <= layers.packetEnd else { throw .checksumOffset }

    switch layers.ipProtocol {
    case .tcp:
      guard start == transport else { throw .checksumStart }
      guard raw.checksumOffset == TCPHeader.checksumOffset else { throw .checksumOffset }
    case .udp where start == transport:
      guard raw.checksumOffset == UDPHeader.checksumOffset else { throw .checksumOffset }
    case .udp:  // inside what a UDP tunnel carries
      guard start >= transport &+ UDPHeader.size else { throw .checksumStart }
    case .ipv4:
      guard start >= transport &+ IPv4Header.minimumLength else { throw .checksumStart }
    case .ipv6:
      guard start >= transport &+ IPv6Header.minimumLength else { throw .checksumStart }
    default: break
    }

    var clean = VirtioNetHeader()
    clean.flags = VirtioNetHeader.needsChecksum
    clean.checksumStart = raw.checksumStart
    clean.checksumOffset = raw.checksumOffset
    return clean
  }
}

// MARK: - One frame that stands for several

extension OffloadCheck {
  private static func segments(
    _ raw: VirtioNetHeader, frame: RawSpan, header: FrameHeader
  ) throws(OffloadFault) -> OffloadVerdict {
    let kind = raw.gsoKind
    switch raw.gsoType {
    case VirtioNetHeader.gsoTCPv4, VirtioNetHeader.gsoTCPv4 | VirtioNetHeader.gsoECN:
      guard header.etherType == .ipv4 else { throw .segmentType }
    case VirtioNetHeader.gsoTCPv6, VirtioNetHeader.gsoTCPv6 | VirtioNetHeader.gsoECN:
      guard header.etherType == .ipv6 else { throw .segmentType }
    case VirtioNetHeader.gsoUDPL4: break
    default: throw .segmentType  // none but the ECN bit, fragmentation offload, tunnels, unknown
    }
    guard raw.isChecksumPartial else { throw .segmentChecksum }
    guard raw.gsoSize != 0 else { throw .segmentSize }

    // a stream of more than 64 KiB has no length in its IP header (Linux BIG TCP); datagrams always have
    let isUDP = kind == VirtioNetHeader.gsoUDPL4
    let layers = try locate(frame, header, segmented: !isUDP)
    guard layers.fragment == .whole else { throw .fragment }
    // padding would be cut into segments with the rest
    guard layers.packetEnd == frame.byteCount else { throw .headers }
    guard layers.ipProtocol == (isUDP ? .udp : .tcp) else { throw .segmentType }
    guard Int(raw.checksumStart) == layers.transportOffset else { throw .checksumStart }
    guard raw.checksumOffset == (isUDP ? UDPHeader.checksumOffset : TCPHeader.checksumOffset) else {
      throw .checksumOffset
    }
    let headers = layers.transportOffset &+ (try transportLength(frame, layers, isUDP: isUDP))

    let payload = frame.byteCount &- headers
    let size = Int(raw.gsoSize)
    guard payload > size else {  // one frame after all, as the kernel sees it: then it has to hold as one
      let plain = try locate(frame, header, segmented: false)
      return .accepted(header: try checksumOnly(raw, plain), segments: 1)
    }
    // 65535 is the kernel's mark for something else (GSO_BY_FRAGS)
    guard payload <= maximumPayload, raw.gsoSize != .max else { throw .segmentSize }
    let count = (payload &+ size &- 1) / size
    if isUDP {
      guard count <= maximumDatagrams else { throw .segmentSize }
    } else {
      guard size >= minimumSegmentSize else { throw .segmentSize }
    }
    var clean = VirtioNetHeader()
    clean.flags = VirtioNetHeader.needsChecksum
    clean.gsoType = raw.gsoType
    clean.gsoSize = raw.gsoSize
    clean.headerLength = UInt16(truncatingIfNeeded: headers)
    clean.checksumStart = raw.checksumStart
    clean.checksumOffset = raw.checksumOffset
    return .accepted(header: clean, segments: count)
  }

  private static func transportLength(
    _ frame: RawSpan, _ layers: Layer4, isUDP: Bool
  ) throws(OffloadFault) -> Int {
    do throws(PacketFault) {
      guard isUDP else { return try TCPHeader(parsing: frame, at: layers.transportOffset).headerLength }
      let udp = try UDPHeader(parsing: frame, at: layers.transportOffset)
      guard Int(udp.length) == frame.byteCount &- layers.transportOffset else { throw .packetLength }
      return UDPHeader.size
    } catch {
      throw .headers
    }
  }
}
