// How a MergeCandidate is made: one pass over the IP and transport headers, with one length check a header.

public import Wire

extension MergeCandidate {
  /// Looks at one frame.
  /// - Parameters:
  ///   - frame: from its destination address on, before a tag is taken from it or put on it.
  ///   - offload: as `OffloadCheck` accepted it for this frame.
  ///   - header: parsed from `frame`.
  /// - Returns: nil for what has no ports to tell its flow by: not TCP or UDP over IP, a fragment, IPv4 options, IPv6
  ///   extension headers, lengths that contradict each other. It must not pass anything that is pending for the same port.
  public init?(frame bytes: UnsafeRawBufferPointer, offload: VirtioNetHeader, header: FrameHeader) {
    let ip: Network
    // raw values: comparing the types themselves would be calls
    if header.etherType.rawValue == EtherType.ipv4.rawValue {
      guard let network = unsafe MergeCandidate.version4(bytes, header) else { return nil }
      ip = network
    } else if header.etherType.rawValue == EtherType.ipv6.rawValue {
      guard let network = unsafe MergeCandidate.version6(bytes, header) else { return nil }
      ip = network
    } else {
      return nil
    }
    guard let frame = bytes.baseAddress else { return nil }
    let length = ip.end &- ip.transport
    let base = unsafe frame + ip.transport
    var good = ip.isMergeable
    let size: Int
    let field: Int
    switch ip.ipProtocol {
    case IPProtocol.udp.rawValue:
      guard length >= UDPHeader.size else { return nil }
      size = UDPHeader.size
      field = Int(UDPHeader.checksumOffset)
      isTCP = false
      sequence = 0
      flags = 0
      good = unsafe good && Int(base.number16(at: 4)) == length
    case IPProtocol.tcp.rawValue:
      guard length >= TCPHeader.minimumLength else { return nil }
      size = Int(unsafe base.octet(at: 12) >> 4) &* 4
      guard size >= TCPHeader.minimumLength, size <= length else { return nil }
      field = Int(TCPHeader.checksumOffset)
      isTCP = true
      sequence = unsafe base.number32(at: 4)
      flags = unsafe base.octet(at: 13)
      good = good && flags & (TCPFlag.syn | TCPFlag.rst | TCPFlag.urg | TCPFlag.ack) == TCPFlag.ack
    default: return nil
    }
    network = ip.offset
    transport = ip.transport
    headers = ip.transport &+ size
    isIPv6 = ip.isIPv6
    identification = ip.identification
    flow = unsafe MergeCandidate.mix(
      ip.flow, UInt64(base.word32(at: 0)) | UInt64(ip.ipProtocol) << 32)

    let data = length &- size
    payload = data
    isPartial = offload.isChecksumPartial
    good = good && data > 0 && data < 0xFFFF
    if isPartial {
      var sum = MergeSum()
      unsafe sum.addPseudoHeader(
        frame + ip.offset, isIPv6: ip.isIPv6, protocol: IPProtocol(rawValue: ip.ipProtocol), length: length)
      // in a tunnel it is the inner packet whose checksum is asked for
      good =
        unsafe good && base.word16(at: field) == sum.value
        && Int(offload.checksumStart) == ip.transport && Int(offload.checksumOffset) == field
    } else {
      // no checksum at all: the receiver of a merged frame would see one that nobody vouches for
      good = unsafe good && (isTCP || base.word16(at: field) != 0)
    }
    if offload.isSegmented {
      let unit = Int(offload.gsoSize)
      let kind: UInt8 =
        isTCP ? (isIPv6 ? VirtioNetHeader.gsoTCPv6 : VirtioNetHeader.gsoTCPv4) : VirtioNetHeader.gsoUDPL4
      good = good && isPartial && offload.gsoKind == kind && unit > 0 && unit < data
      segmentSize = unit
      segments = good ? (data &+ unit &- 1) / unit : 1
    } else {
      segmentSize = payload
      segments = 1
    }
    isMergeable = good
  }

  /// What the IP header says, for the transport header that follows it.
  private struct Network {
    let offset: Int
    let transport: Int
    /// Where the packet ends.
    let end: Int
    let isIPv6: Bool
    let ipProtocol: UInt8
    let identification: UInt16
    let isMergeable: Bool
    let flow: UInt64
  }

  @inline(__always)
  private static func version4(_ frame: UnsafeRawBufferPointer, _ header: FrameHeader) -> Network? {
    let offset = header.payloadOffset
    let available = frame.count &- offset
    guard let base = frame.baseAddress, available >= IPv4Header.minimumLength &+ UDPHeader.size else { return nil }
    let ip = unsafe base + offset
    let length = Int(unsafe ip.number16(at: 2))
    let fragmentation = unsafe ip.number16(at: 6)
    guard unsafe ip.octet(at: 0) == 0x45, length <= available, fragmentation & 0x3FFF == 0 else { return nil }

    var sum = MergeSum()
    unsafe sum.addHeader(ip)
    // the kernel merges neither where the header's checksum is wrong, nor with the reserved flag, nor padded frames
    let isMergeable = sum.value == 0xFFFF && fragmentation & 0x8000 == 0 && length == available
    let addresses = unsafe ip.word64(at: 12)
    return unsafe Network(
      offset: offset, transport: offset &+ IPv4Header.minimumLength, end: offset &+ length,
      isIPv6: false, ipProtocol: ip.octet(at: 9), identification: ip.number16(at: 4), isMergeable: isMergeable,
      flow: MergeCandidate.mix(header.source.bits ^ header.destination.bits << 16, addresses))
  }

  @inline(__always)
  private static func version6(_ frame: UnsafeRawBufferPointer, _ header: FrameHeader) -> Network? {
    let offset = header.payloadOffset
    let available = frame.count &- offset
    guard let base = frame.baseAddress, available >= IPv6Header.minimumLength &+ UDPHeader.size else { return nil }
    let ip = unsafe base + offset
    let length = IPv6Header.minimumLength &+ Int(unsafe ip.number16(at: 4))
    guard unsafe ip.octet(at: 0) >> 4 == 6, length <= available else { return nil }
    var flow = header.source.bits ^ header.destination.bits << 16
    flow = unsafe MergeCandidate.mix(flow, ip.word64(at: 8))
    flow = unsafe MergeCandidate.mix(flow, ip.word64(at: 16))
    flow = unsafe MergeCandidate.mix(flow, ip.word64(at: 24))
    flow = unsafe MergeCandidate.mix(flow, ip.word64(at: 32))
    return unsafe Network(
      offset: offset, transport: offset &+ IPv6Header.minimumLength, end: offset &+ length,
      isIPv6: true, ipProtocol: ip.octet(at: 6), identification: 0, isMergeable: length == available, flow: flow)
  }

  /// One step of a hash. It needs no secret: who makes flows collide only keeps their own frames from being merged.
  @inline(__always)
  private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let product = (hash ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return product.high ^ product.low
  }
}
