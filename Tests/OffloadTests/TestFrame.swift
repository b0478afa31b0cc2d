// Frames and offload headers as the tests of this module want them, built field by field.

import Offload
import Wire

/// A frame under construction, with the offsets of its layers.
struct TestFrame {
  enum Kind { case tcp, udp }

  var bytes: [UInt8]
  /// Where IP and where TCP or UDP begin.
  let network: Int
  let transport: Int
  let kind: Kind
  let version: Int

  /// - Parameters:
  ///   - options: octets of TCP options, a multiple of 4.
  ///   - payload: octets behind the transport header.
  init(_ version: Int = 4, _ kind: Kind = .tcp, tags: [UInt16] = [], options: Int = 0, payload: Int = 100) {
    self.kind = kind
    self.version = version
    bytes = [0x52, 0x54, 0, 0xAA, 0, 2, 0x52, 0x54, 0, 0xAA, 0, 1]
    for tci in tags { bytes += [0x81, 0x00, UInt8(tci >> 8), UInt8(tci & 0xFF)] }
    bytes += version == 4 ? [0x08, 0x00] : [0x86, 0xDD]
    network = bytes.count
    let header = kind == .tcp ? 20 + options : 8
    let number: UInt8 = kind == .tcp ? 6 : 17
    let length = header + payload
    if version == 4 {
      bytes += [0x45, 0] + TestFrame.pair(length + 20 > 0xFFFF ? 0 : length + 20) + [0, 7, 0x40, 0, 64, number, 0, 0]
      bytes += [10, 1, 0, 1, 10, 1, 0, 2]
    } else {
      bytes += [0x60, 0, 0, 0] + TestFrame.pair(length > 0xFFFF ? 0 : length) + [number, 64]
      bytes += [0xFD] + [UInt8](repeating: 0, count: 14) + [1] + [0xFD] + [UInt8](repeating: 0, count: 14) + [2]
    }
    transport = bytes.count
    if kind == .tcp {
      bytes += [4, 0, 0, 80, 0, 0, 0, 1, 0, 0, 0, 1, UInt8((20 + options) / 4) << 4, 0x18, 0xFF, 0xFF, 0, 0, 0, 0]
      bytes += [UInt8](repeating: 1, count: options)
    } else {
      bytes += [4, 0, 0, 53] + TestFrame.pair(length) + [0, 0]
    }
    bytes += (0..<payload).map { UInt8(truncatingIfNeeded: $0 &* 7) }
  }

  static func pair(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF)] }

  mutating func set(_ value: Int, at offset: Int) {
    bytes.replaceSubrange(offset..<offset + 2, with: TestFrame.pair(value))
  }

  var fieldOffset: UInt16 { kind == .tcp ? 16 : 6 }

  /// What an honest kernel sends with this frame when no segments are to be cut.
  var checksumHeader: VirtioNetHeader {
    var header = VirtioNetHeader()
    header.flags = VirtioNetHeader.needsChecksum
    header.checksumStart = UInt16(transport)
    header.checksumOffset = fieldOffset
    return header
  }

  /// The same when segments of `size` are.
  func segmentHeader(_ size: Int) -> VirtioNetHeader {
    var header = checksumHeader
    header.gsoType =
      kind == .udp
      ? VirtioNetHeader.gsoUDPL4
      : version == 4 ? VirtioNetHeader.gsoTCPv4 : VirtioNetHeader.gsoTCPv6
    header.gsoSize = UInt16(size)
    header.headerLength = UInt16(headerLength)
    return header
  }

  var headerLength: Int { kind == .udp ? transport + 8 : transport + Int(bytes[transport + 12] >> 4) * 4 }
}

extension VirtioNetHeader {
  /// This header with one thing different.
  func with(_ change: (inout VirtioNetHeader) -> Void) -> VirtioNetHeader {
    var copy = self
    change(&copy)
    return copy
  }

  var octets: [UInt8] {
    var bytes = [UInt8](repeating: 0xEE, count: VirtioNetHeader.size)
    unsafe bytes.withUnsafeMutableBytes { buffer in _ = unsafe store(to: buffer) }
    return bytes
  }
}

extension OffloadCheck {
  static func validate(_ raw: VirtioNetHeader, frame: [UInt8], header: FrameHeader) -> OffloadVerdict {
    unsafe validate(raw, frame: frame.span.bytes, header: header)
  }
}
extension Checksum {
  static func pseudoHeader(_ frame: [UInt8], _ layers: Layer4) throws(PacketFault) -> InternetSum {
    try unsafe pseudoHeader(frame.span.bytes, layers)
  }
}
extension InternetSum {
  mutating func add(_ bytes: [UInt8], _ range: Range<Int>) { unsafe add(bytes.span.bytes, range) }
}

func check(_ raw: VirtioNetHeader, _ bytes: [UInt8]) throws -> OffloadVerdict {
  OffloadCheck.validate(raw, frame: bytes, header: try FrameHeader(parsing: bytes))
}
func check(_ raw: VirtioNetHeader, _ frame: TestFrame) throws -> OffloadVerdict {
  try check(raw, frame.bytes)
}
func fault(_ raw: VirtioNetHeader, _ frame: TestFrame) throws -> OffloadFault? {
  if case .rejected(let fault) = try check(raw, frame) { return fault }
  return nil
}
