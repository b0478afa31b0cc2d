// What all segments of one frame have in common: found once, by Segmenter, before the first is cut. It reads the frame
// and writes nothing.

internal import Wire

/// Where a frame is cut, and the sums over what no segment changes.
struct SegmentPlan: BitwiseCopyable {
  let isIPv4: Bool
  let isUDP: Bool
  /// Offsets of IP header, transport header, and payload, from the first octet of the frame.
  let network: Int
  let transport: Int
  let headers: Int
  /// Where the packet ends: what lies behind is padding and goes into no segment.
  let end: Int
  /// Payload octets in each segment but the last.
  let size: Int
  let count: Int
  /// Of the first segment; 0 where there is none.
  let identification: UInt16
  let sequence: UInt32
  /// Octets 12 and 13 of the TCP header.
  let offsetAndFlags: UInt16
  /// The IPv4 header without total length, identification and checksum.
  let networkHeader: InternetSum
  /// Without length.
  let pseudoHeader: InternetSum
  /// The TCP header without sequence, flags and checksum; the UDP header without length and checksum.
  let transportHeader: InternetSum

  /// CWR: says once that the window was reduced.
  static let onFirst: UInt16 = 0x80
  /// PSH and FIN: said of the end of the data.
  static let onLast: UInt16 = 0x09

  /// - Returns: nil where `offload` is not true of the frame, or no segments can be cut as it says.
  init?(_ frame: RawSpan, _ offload: VirtioNetHeader, _ header: FrameHeader) {
    guard offload.isSegmented, offload.isChecksumPartial, offload.gsoSize != 0,
      let layers = try? Layer4(locating: frame, behind: header, segmented: true), layers.fragment == .whole
    else { return nil }
    isIPv4 = layers.version == 4
    isUDP = offload.gsoKind == VirtioNetHeader.gsoUDPL4
    network = layers.networkOffset
    transport = layers.transportOffset
    end = layers.packetEnd
    size = Int(offload.gsoSize)
    guard Int(offload.checksumStart) == transport else { return nil }
    guard SegmentPlan.kindFits(offload, layers) else { return nil }

    var transportHeader = InternetSum()
    if isUDP {
      guard offload.checksumOffset == UDPHeader.checksumOffset, transport &+ UDPHeader.size <= end else { return nil }
      headers = transport &+ UDPHeader.size
      sequence = 0
      offsetAndFlags = 0
      transportHeader.add(frame, transport..<transport &+ 4)
    } else {
      guard offload.checksumOffset == TCPHeader.checksumOffset,
        let tcp = try? TCPHeader(parsing: frame, at: transport, end: end)
      else { return nil }
      headers = transport &+ tcp.headerLength
      sequence = tcp.sequence
      offsetAndFlags = frame.uint16(at: transport &+ 12)
      transportHeader.add(frame, transport..<transport &+ 4)
      transportHeader.add(frame, transport &+ 8..<transport &+ 12)
      transportHeader.add(frame, transport &+ 14..<transport &+ 16)
      transportHeader.add(frame, transport &+ 18..<headers)
    }
    self.transportHeader = transportHeader

    let payload = end &- headers
    count = payload == 0 ? 1 : (payload &+ size &- 1) / size
    guard count <= OffloadCheck.maximumSegments else { return nil }
    let counted = isIPv4 ? network : network &+ IPv6Header.minimumLength
    guard headers &+ min(size, payload) &- counted <= 0xFFFF else { return nil }

    var networkHeader = InternetSum()
    if isIPv4 {
      identification = frame.uint16(at: network &+ 4)
      networkHeader.add(frame, network..<network &+ 2)
      networkHeader.add(frame, network &+ 6..<network &+ 10)
      networkHeader.add(frame, network &+ 12..<transport)
    } else {
      identification = 0
    }
    self.networkHeader = networkHeader
    guard let pseudoHeader = SegmentPlan.pseudoHeader(frame, layers, field: transport &+ Int(offload.checksumOffset))
    else { return nil }
    self.pseudoHeader = pseudoHeader
  }

  private static func kindFits(_ offload: VirtioNetHeader, _ layers: Layer4) -> Bool {
    // by raw value: the equality of raw-representable types is generic, and called through a table
    let number = layers.ipProtocol.rawValue
    switch offload.gsoType {
    case VirtioNetHeader.gsoTCPv4, VirtioNetHeader.gsoTCPv4 | VirtioNetHeader.gsoECN:
      return layers.version == 4 && number == IPProtocol.tcp.rawValue
    case VirtioNetHeader.gsoTCPv6, VirtioNetHeader.gsoTCPv6 | VirtioNetHeader.gsoECN:
      return layers.version == 6 && number == IPProtocol.tcp.rawValue
    case VirtioNetHeader.gsoUDPL4: return number == IPProtocol.udp.rawValue
    default: return false
    }
  }
}

// MARK: - The pseudo header

extension SegmentPlan {
  /// The pseudo header without length, from the addresses: a receiver of the whole frame would not have looked at what the
  /// sender left in the field. Behind a routing header the destination that counts is the final one (RFC 8200
  /// clause 8.1), which only the sender's sum knows: there its length is taken out, as the kernel does it always.
  /// - Parameter field: where the checksum is stored.
  private static func pseudoHeader(_ frame: RawSpan, _ layers: Layer4, field: Int) -> InternetSum? {
    var sum = InternetSum()
    if layers.version == 4 {
      guard let ip = try? IPv4Header(parsing: frame, at: layers.networkOffset, segmented: true) else { return nil }
      sum.addPseudoHeader(ip, protocol: layers.ipProtocol, length: 0)
      return sum
    }
    guard let ip = try? IPv6Header(parsing: frame, at: layers.networkOffset, segmented: true) else { return nil }
    guard hasRouting(frame, ip, layers) else {
      sum.addPseudoHeader(ip, protocol: layers.ipProtocol, length: 0)
      return sum
    }
    var length = InternetSum()
    length.add(UInt32(truncatingIfNeeded: layers.packetEnd &- layers.transportOffset))
    sum.add(frame.uint16(at: field))
    sum.add(length.checksum)
    return sum
  }

  /// The chain was walked by `IPv6Header` already, to `transportOffset`.
  private static func hasRouting(_ frame: RawSpan, _ ip: IPv6Header, _ layers: Layer4) -> Bool {
    var next = ip.nextHeader.rawValue
    var position = layers.networkOffset &+ IPv6Header.minimumLength
    while position &+ 8 <= layers.transportOffset {
      if next == IPProtocol.routing.rawValue { return true }
      let field = Int(frame.byte(at: position &+ 1))
      let length =
        switch next {
        case IPProtocol.fragment.rawValue: 8
        case IPProtocol.authentication.rawValue: (field &+ 2) &* 4
        default: (field &+ 1) &* 8
        }
      next = frame.byte(at: position)
      position &+= length
    }
    return false
  }
}
