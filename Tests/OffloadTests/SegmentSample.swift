// Frames that stand for several, with every header there can be, and what their segments have to be: computed in the
// slowest and plainest way, apart from what it tests.

import Offload
import Testing
import Wire

/// A GSO frame under construction.
struct SegmentSample: CustomTestStringConvertible {
  var version = 4
  var isUDP = false
  var tags = 0
  /// Octets of IPv4 options, a multiple of 4.
  var ipOptions = 0
  /// Next-header values of IPv6 extension headers in front of the transport header, 16 octets each.
  var extensions: [UInt8] = []
  var tcpOptions = 0
  var flags: UInt8 = 0x10
  var identification: UInt16 = 0xFFFE
  var fragmentation: UInt16 = 0x4000
  var sequence: UInt32 = 0xFFFF_FF00
  var payload = 3000
  var size = 1000
  var ecnBit = false
  /// Of the payload.
  var seed: UInt64 = 1

  var testDescription: String {
    "v\(version) \(isUDP ? "udp" : "tcp") tags \(tags) options \(ipOptions)/\(tcpOptions) extensions \(extensions) "
      + "flags \(flags) payload \(payload) size \(size)"
  }

  var network: Int { 14 + 4 * tags }
  var transport: Int { network + (version == 4 ? 20 + ipOptions : 40 + 16 * extensions.count) }
  var headers: Int { transport + (isUDP ? 8 : 20 + tcpOptions) }
  var count: Int { (payload + size - 1) / size }

  /// Source and destination.
  private var addresses: [UInt8] {
    guard version == 6 else { return [10, 200, 0, 1, 172, 31, 255, 2] }
    return (0..<32).map { $0 % 16 == 0 ? 0xFD : UInt8($0 * 7) }
  }

  /// The frame as a kernel would send it, with the pseudo header's sum in the checksum field.
  var bytes: [UInt8] {
    var random = SeededGenerator(seed: seed)
    var frame: [UInt8] = [0x52, 0x54, 0, 0xAA, 0, 2, 0x52, 0x54, 0, 0xAA, 0, 1]
    for tag in 0..<tags { frame += tag == 0 && tags > 1 ? [0x88, 0xA8, 0x20, 7] : [0x81, 0, 0, UInt8(tag + 1)] }
    let length = headers - transport + payload
    let number: UInt8 = isUDP ? 17 : 6
    if version == 4 {
      let total = 20 + ipOptions + length
      frame += [0x08, 0, UInt8(0x45 + ipOptions / 4), 0x12] + TestFrame.pair(total > 0xFFFF ? 0 : total)
      frame += TestFrame.pair(Int(identification)) + TestFrame.pair(Int(fragmentation)) + [61, number, 0, 0]
      frame += addresses + [UInt8](repeating: 1, count: ipOptions)
    } else {
      let total = 16 * extensions.count + length
      let chain = extensions + [number]
      frame += [0x86, 0xDD, 0x61, 0x2A, 0xBC, 0xDE] + TestFrame.pair(total > 0xFFFF ? 0 : total) + [chain[0], 62]
      frame += addresses
      for next in chain.dropFirst() { frame += [next, 1, 1, 12] + [UInt8](repeating: 0, count: 12) }
    }
    if isUDP {
      frame += [0xC0, 1, 0, 53] + TestFrame.pair(length) + [0, 0]
    } else {
      frame += [0xC0, 1, 0, 80] + TestFrame.pair(Int(sequence >> 16)) + TestFrame.pair(Int(sequence & 0xFFFF))
      frame += [1, 2, 3, 4, UInt8(20 + tcpOptions) << 2 | 1, flags, 0xFE, 0xDC, 0, 0, 0, 9]
      frame += (0..<tcpOptions).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
    frame += (0..<payload).map { _ in UInt8.random(in: 0...255, using: &random) }
    let field = transport + (isUDP ? 6 : 16)
    frame.replaceSubrange(field..<field + 2, with: TestFrame.pair(pseudoHeader(length)))
    return frame
  }

  var offload: VirtioNetHeader {
    var header = VirtioNetHeader()
    header.flags = VirtioNetHeader.needsChecksum
    header.gsoType =
      isUDP ? VirtioNetHeader.gsoUDPL4 : version == 4 ? VirtioNetHeader.gsoTCPv4 : VirtioNetHeader.gsoTCPv6
    if ecnBit { header.gsoType |= VirtioNetHeader.gsoECN }
    header.gsoSize = UInt16(size)
    header.headerLength = UInt16(headers)
    header.checksumStart = UInt16(transport)
    header.checksumOffset = isUDP ? 6 : 16
    return header
  }

  /// The words of the pseudo header summed, for a transport packet of `length` octets.
  private func pseudoHeader(_ length: Int) -> Int {
    let protocolAndLength = [0, isUDP ? 17 : 6] + TestFrame.pair(length >> 16) + TestFrame.pair(length)
    return naiveSum(addresses + protocolAndLength)
  }

  /// The segments of `frame`, octet by octet.
  func segments(of frame: [UInt8], _ mode: ChecksumMode) -> [[UInt8]] {
    (0..<count).map { index in
      let part = frame[headers + index * size..<min(headers + (index + 1) * size, headers + payload)]
      var segment = frame[..<headers] + part
      let length = segment.count - transport
      let put = { (value: Int, offset: Int) in
        segment.replaceSubrange(offset..<offset + 2, with: TestFrame.pair(value))
      }
      if version == 4 {
        put(segment.count - network, network + 2)
        put((Int(identification) + index) & 0xFFFF, network + 4)
        put(0, network + 10)
        put(~naiveSum(Array(segment[network..<transport])) & 0xFFFF, network + 10)
      } else {
        put(segment.count - network - 40, network + 4)
      }
      if isUDP {
        put(length, transport + 4)
      } else {
        let sequence = sequence &+ UInt32(index * size)
        put(Int(sequence >> 16), transport + 4)
        put(Int(sequence & 0xFFFF), transport + 6)
        var flags = flags
        if index != count - 1 { flags &= ~(0x01 | 0x08) }
        if index != 0 { flags &= ~0x80 }
        segment[transport + 13] = flags
      }
      let field = transport + (isUDP ? 6 : 16)
      put(pseudoHeader(length), field)
      if mode == .complete {
        let sum = ~naiveSum(Array(segment[transport...])) & 0xFFFF
        put(isUDP && sum == 0 ? 0xFFFF : sum, field)
      }
      return Array(segment)
    }
  }
}

/// RFC 1071 clause 4.1, word by word.
func naiveSum(_ bytes: [UInt8]) -> Int {
  var sum = 0
  for position in stride(from: 0, to: bytes.count, by: 2) {
    sum += Int(bytes[position]) << 8 | (position + 1 < bytes.count ? Int(bytes[position + 1]) : 0)
    sum = sum & 0xFFFF + sum >> 16
  }
  return sum
}

/// All segments of a frame, or nil where it cannot be cut. The room is exactly as large as is asked for, and what lies
/// behind it has to stay as it is.
func cut(_ frame: [UInt8], _ offload: VirtioNetHeader, _ mode: ChecksumMode = .complete) -> [[UInt8]]? {
  unsafe frame.withUnsafeBytes { bytes -> [[UInt8]]? in
    guard var segmenter = unsafe Segmenter(frame: bytes, offload: offload) else { return nil }
    var segments: [[UInt8]] = []
    let size = segmenter.largestSegment
    var memory = [UInt8](repeating: 0xEE, count: size + 8)
    unsafe memory.withUnsafeMutableBytes { memory in
      let room = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<size])
      while true {
        let length = unsafe segmenter.next(into: room, checksum: mode)
        if length == 0 { break }
        segments.append(unsafe Array(memory[..<length]))
        #expect(unsafe memory[size...].allSatisfy { $0 == 0xEE })
      }
      #expect(unsafe segmenter.next(into: room, checksum: mode) == 0)
    }
    #expect(segments.count == segmenter.count)
    #expect(segments.map(\.count).max() == size)
    return segments
  }
}

func partialHeader(_ frame: [UInt8], _ offload: VirtioNetHeader) -> VirtioNetHeader? {
  unsafe frame.withUnsafeBytes { bytes -> VirtioNetHeader? in
    guard let segmenter = unsafe Segmenter(frame: bytes, offload: offload) else { return nil }
    return segmenter.partialHeader
  }
}
