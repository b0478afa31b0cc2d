// What frames stand for, in the plainest way: octet by octet, after Linux's segmentation. Only the parsers are shared
// with what is tested.

internal import Wire

/// Where the parts of a TCP or UDP packet lie in a frame that is no fragment.
struct Parts {
  let isIPv4: Bool
  let isTCP: Bool
  let network: Int
  let transport: Int
  /// Where the payload begins.
  let headers: Int
  /// Of the checksum, from the frame's first octet.
  var field: Int { transport + (isTCP ? 16 : 6) }
  /// IPv6 extension headers, of which a routing header changes the pseudo header.
  var hasExtensions: Bool { !isIPv4 && transport != network + 40 }

  init?(_ frame: [UInt8], segmented: Bool = false) {
    guard let header = frame.header,
      let layers = try? unsafe Layer4(locating: frame.span.bytes, behind: header, segmented: segmented),
      layers.fragment == .whole, layers.ipProtocol == .tcp || layers.ipProtocol == .udp
    else { return nil }
    isIPv4 = layers.version == 4
    isTCP = layers.ipProtocol == .tcp
    network = layers.networkOffset
    transport = layers.transportOffset
    guard layers.packetEnd >= transport + (isTCP ? 20 : 8) else { return nil }
    headers = transport + (isTCP ? Int(frame[transport + 12] >> 4) * 4 : 8)
    guard headers >= transport + (isTCP ? 20 : 8), headers <= layers.packetEnd else { return nil }
  }
}

extension [UInt8] {
  var header: FrameHeader? { try? unsafe FrameHeader(parsing: span.bytes) }

  func number(_ offset: Int) -> Int { Int(self[offset]) << 8 | Int(self[offset + 1]) }

  /// The low 16 bits of `value`, big-endian.
  mutating func put(_ value: Int, _ offset: Int) {
    self[offset] = UInt8(truncatingIfNeeded: value >> 8)
    self[offset + 1] = UInt8(truncatingIfNeeded: value)
  }
}

enum Reference {
  /// The ones'-complement sum of words, folded (RFC 1071).
  static func sum(_ bytes: ArraySlice<UInt8>, _ start: Int = 0) -> Int {
    var sum = start
    var isHigh = true
    for byte in bytes {
      sum += isHigh ? Int(byte) << 8 : Int(byte)
      isHigh.toggle()
    }
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    return sum
  }

  static func pseudoHeader(_ frame: [UInt8], _ parts: Parts) -> Int {
    let network = parts.network
    let addresses = parts.isIPv4 ? network + 12..<network + 20 : network + 8..<network + 40
    let length = frame.count - parts.transport
    return sum(frame[addresses], (parts.isTCP ? 6 : 17) + length >> 16 + length & 0xFFFF)
  }

  /// The full checksum of TCP or UDP.
  static func fillSum(_ frame: inout [UInt8], _ parts: Parts) {
    frame.put(0, parts.field)
    let value = ~sum(frame[parts.transport...], pseudoHeader(frame, parts)) & 0xFFFF
    frame.put(value == 0 && !parts.isTCP ? 0xFFFF : value, parts.field)
  }

  /// The frames on the wire, checksums filled in, that an accepted frame stands for.
  /// - Returns: nil where a segment would have no length.
  static func wire(_ frame: [UInt8], _ offload: VirtioNetHeader) -> [[UInt8]]? {
    guard offload.isSegmented else { return [completed(frame, offload)] }
    guard let parts = Parts(frame, segmented: true) else { return nil }
    let size = Int(offload.gsoSize)
    var result: [[UInt8]] = []
    for start in stride(from: parts.headers, to: frame.count, by: size) {
      let end = min(start + size, frame.count)
      var segment = Array(frame[..<parts.headers]) + frame[start..<end]
      let length = segment.count - parts.network
      guard length - (parts.isIPv4 ? 0 : 40) <= 0xFFFF else { return nil }
      cut(&segment, parts, number: result.count, from: start - parts.headers, isLast: end == frame.count, frame)
      result.append(segment)
    }
    return result
  }

  private static func cut(
    _ segment: inout [UInt8], _ parts: Parts, number: Int, from offset: Int, isLast: Bool, _ frame: [UInt8]
  ) {
    let network = parts.network
    let transport = parts.transport
    if parts.isIPv4 {
      segment.put(segment.count - network, network + 2)
      segment.put(frame.number(network + 4) + number, network + 4)
      segment.put(0, network + 10)
      segment.put(~sum(segment[network..<transport]), network + 10)
    } else {
      segment.put(segment.count - network - 40, network + 4)
    }
    if parts.isTCP {
      let sequence = frame.number(transport + 4) << 16 + frame.number(transport + 6) + offset
      segment.put(sequence >> 16, transport + 4)
      segment.put(sequence, transport + 6)
      if !isLast { segment[transport + 13] &= ~0x09 }
      if number > 0 { segment[transport + 13] &= ~0x80 }
    } else {
      segment.put(segment.count - transport, transport + 4)
    }
    fillSum(&segment, parts)
  }

  private static func completed(_ frame: [UInt8], _ offload: VirtioNetHeader) -> [UInt8] {
    guard offload.isChecksumPartial else { return frame }
    var whole = frame
    let start = Int(offload.checksumStart)
    let value = ~sum(frame[start...]) & 0xFFFF
    whole.put(value == 0 ? 0xFFFF : value, start + Int(offload.checksumOffset))
    return whole
  }

  /// A frame without what may come out otherwise: checksums have two zeros; the identification of packets that nobody may
  /// fragment means nothing (RFC 6864 clause 4.1); whom a routing header leads to is not looked up here.
  static func comparable(_ frame: [UInt8]) -> [UInt8] {
    guard let parts = Parts(frame) else { return frame }
    var result = frame
    if parts.isIPv4 {
      let mayFragment = frame[parts.network + 6] & 0x40 == 0
      if !mayFragment { result.put(0, parts.network + 4) }
      if !mayFragment || frame.number(parts.network + 10) == 0xFFFF { result.put(0, parts.network + 10) }
    }
    if parts.hasExtensions || parts.isTCP && frame.number(parts.field) == 0xFFFF { result.put(0, parts.field) }
    return result
  }

  /// What tells flows apart whose order counts: addresses, protocol, ports.
  static func flow(_ frame: [UInt8], _ parts: Parts) -> [UInt8] {
    let network = parts.network
    let addresses = parts.isIPv4 ? network + 12..<network + 20 : network + 8..<network + 40
    var key = Array(frame[..<12])
    key += frame[addresses]
    key += frame[parts.transport..<parts.transport + 4]
    key.append(parts.isTCP ? 6 : 17)
    return key
  }
}
