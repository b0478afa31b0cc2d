// Honest packets, built octet by octet, and a judge of what arrives: sums are made here a second time, as plainly as
// can be.

import Testing
import Wire

/// A TCP segment or UDP datagram over IPv4 or IPv6.
struct Packet: CustomTestStringConvertible {
  /// What of it is left to the receiver, as the offload header says.
  enum Rest: CaseIterable { case nothing, checksum, segments }

  let isTCP: Bool
  let isIPv6: Bool
  var rest = Rest.nothing
  var count = 701

  static let segmentSize = 200

  static let all: [Packet] = Rest.allCases.flatMap { rest in
    [(true, false), (true, true), (false, false), (false, true)].map { Packet(isTCP: $0.0, isIPv6: $0.1, rest: rest) }
  }

  var testDescription: String { "\(isTCP ? "TCP" : "UDP") over IPv\(isIPv6 ? 6 : 4), left: \(rest)" }

  private var ipLength: Int { isIPv6 ? 40 : 20 }
  private var transportLength: Int { isTCP ? 20 : 8 }
  private var field: Int { isTCP ? 16 : 6 }
  var payload: [UInt8] { Packet.pattern[..<count].map { $0 } }
  private static let pattern = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ $0 >> 3) }

  /// The offload header in front of a frame with so many tags.
  func offloadHeader(tags: Int) -> [UInt8] {
    var header = VirtioNetHeader()
    guard rest != .nothing else { return offload(header) }
    let transport = 14 + 4 * tags + ipLength
    header.flags = VirtioNetHeader.needsChecksum
    header.checksumStart = UInt16(transport)
    header.checksumOffset = UInt16(field)
    guard rest == .segments else { return offload(header) }
    header.gsoType = isTCP ? isIPv6 ? VirtioNetHeader.gsoTCPv6 : VirtioNetHeader.gsoTCPv4 : VirtioNetHeader.gsoUDPL4
    header.gsoSize = UInt16(Packet.segmentSize)
    header.headerLength = UInt16(transport + transportLength)
    return offload(header)
  }

  /// The frame without offload header; its checksum is partial if it is left to the receiver.
  func frame(to destination: MACAddress, from source: MACAddress, tags: [(UInt16, UInt16)]) -> [UInt8] {
    let length = transportLength + payload.count
    let next: UInt8 = isTCP ? 6 : 17
    var ip: [UInt8]
    if isIPv6 {
      ip = [0x60, 0, 0, 0] + big(UInt16(length)) + [next, 64]
      for end: UInt8 in [1, 2] { ip += [0xFD] + [UInt8](repeating: end, count: 15) }
    } else {
      ip = [0x45, 0] + big(UInt16(20 + length)) + [0, 9, 0x40, 0, 64, next, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]
      ip.replaceSubrange(10..<12, with: big(~Packet.sum(ip)))
    }
    var transport =
      isTCP
      ? big(4000) + big(80) + [0, 0, 1, 0, 0, 0, 0, 5, 0x50, 0x10, 1, 0, 0, 0, 0, 0]
      : big(4000) + big(80) + big(UInt16(length)) + [0, 0]
    transport += payload
    let pseudo = pseudoSum(ip, transport.count)
    let value = rest == .nothing ? ~Packet.sum(transport, UInt32(pseudo)) : pseudo
    transport.replaceSubrange(field..<field + 2, with: big(value))
    return ethernet(
      to: destination, from: source, tags: tags, type: isIPv6 ? 0x86DD : 0x0800, payload: ip + transport)
  }

  private func pseudoSum(_ ip: [UInt8], _ length: Int) -> UInt16 {
    Packet.sum(isIPv6 ? ip[8..<40] : ip[12..<20], UInt32((isTCP ? 6 : 17) + length))
  }

  /// The payload of a finished frame whose IP header begins at `network`; nil where any sum or length in it is wrong.
  func finishedPayload(_ frame: [UInt8], network: Int) -> [UInt8]? {
    let transport = network + ipLength
    guard frame.count >= transport + transportLength else { return nil }
    let ip = Array(frame[network..<transport])
    let segment = Array(frame[transport...])
    let announced = isIPv6 ? Packet.word(ip, 4) : Packet.word(ip, 2) - 20
    guard announced == segment.count, isIPv6 || Packet.sum(ip) == 0xFFFF else { return nil }
    guard isTCP || Packet.word(segment, 4) == segment.count else { return nil }
    guard Packet.sum(segment, UInt32(pseudoSum(ip, segment.count))) == 0xFFFF else { return nil }
    return Array(segment[transportLength...])
  }

  private static func word(_ bytes: [UInt8], _ offset: Int) -> Int { Int(bytes[offset]) << 8 | Int(bytes[offset + 1]) }

  /// The ones' complement sum (RFC 1071), folded.
  static func sum(_ octets: some Sequence<UInt8>, _ start: UInt32 = 0) -> UInt16 {
    var sum = start
    for (index, octet) in octets.enumerated() { sum += index % 2 == 0 ? UInt32(octet) << 8 : UInt32(octet) }
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    return UInt16(sum)
  }
}
