// Readers for what the writers write, stricter than the tools': every length, every padding octet, every option is
// checked, and nothing may be left over unless the test allows a torn end.

import Testing

struct FileFault: Error, CustomStringConvertible {
  let description: String
}

/// A pcapng file taken apart (draft-ietf-opsawg-pcapng).
struct PcapngFile {
  struct Option: Equatable {
    let code: UInt16
    let value: [UInt8]
    var text: String { String(decoding: value, as: UTF8.self) }
    var number: UInt64 { value.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
  }
  struct Interface {
    let snapLength: UInt32
    let options: [Option]
    var name: String { options.first { $0.code == 2 }?.text ?? "" }
    func option(_ code: UInt16) -> Option? { options.first { $0.code == code } }
  }
  struct Packet {
    let interface: Int
    let timestamp: UInt64
    let length: UInt32
    let bytes: [UInt8]
    let options: [Option]
    var flags: UInt64? { options.first { $0.code == 2 }?.number }
  }
  struct Statistics {
    let interface: Int
    let options: [Option]
    func value(_ code: UInt16) -> UInt64? { options.first { $0.code == code }?.number }
  }

  var header: [Option] = []
  var interfaces: [Interface] = []
  var packets: [Packet] = []
  var statistics: [Statistics] = []
  /// Octets behind the last whole block.
  var torn = 0

  /// The name of the interface of each packet.
  var names: [String] { packets.map { interfaces[$0.interface].name } }

  init(_ bytes: [UInt8], mayBeTorn: Bool = false) throws {
    var at = 0
    while at < bytes.count {
      guard bytes.count - at >= 12, Int(little32(bytes, at + 4)) <= bytes.count - at else {
        torn = bytes.count - at
        try check(mayBeTorn, "torn block at \(at)")
        return
      }
      let length = Int(little32(bytes, at + 4))
      try check(length % 4 == 0 && length >= 12, "length \(length) at \(at)")
      try check(Int(little32(bytes, at + length - 4)) == length, "lengths differ at \(at)")
      try block(little32(bytes, at), Array(bytes[(at + 8)..<(at + length - 4)]), isFirst: at == 0)
      at += length
    }
    try check(!bytes.isEmpty, "empty file")
  }

  private mutating func block(_ type: UInt32, _ body: [UInt8], isFirst: Bool) throws {
    try check(isFirst == (type == 0x0A0D_0D0A), "section header only at the start")
    switch type {
    case 0x0A0D_0D0A:
      try check(body.count >= 16 && little32(body, 0) == 0x1A2B_3C4D, "byte-order magic")
      try check(little16(body, 4) == 1 && little16(body, 6) == 0, "version")
      try check(body[8..<16].allSatisfy { $0 == 0xFF }, "section length")
      header = try options(body, from: 16)
    case 1:
      try check(body.count >= 8 && little16(body, 0) == 1 && little16(body, 2) == 0, "link type")
      let interface = Interface(snapLength: little32(body, 4), options: try options(body, from: 8))
      try check(interface.option(9)?.value == [9], "nanoseconds")
      try check(!interface.name.isEmpty, "name")
      interfaces.append(interface)
    case 6:
      try check(body.count >= 20, "packet header")
      let captured = Int(little32(body, 12))
      let padded = (captured + 3) & ~3
      try check(20 + padded <= body.count, "captured length")
      try check(body[(20 + captured)..<(20 + padded)].allSatisfy { $0 == 0 }, "padding")
      let packet = Packet(
        interface: Int(little32(body, 0)), timestamp: UInt64(little32(body, 4)) << 32 | UInt64(little32(body, 8)),
        length: little32(body, 16), bytes: Array(body[20..<(20 + captured)]),
        options: try options(body, from: 20 + padded))
      try check(packet.interface < interfaces.count, "interface \(packet.interface) told before")
      try check(packet.length >= captured, "length at least what was captured")
      try check(captured <= interfaces[packet.interface].snapLength, "snap length")
      packets.append(packet)
    case 5:
      try check(body.count >= 12 && Int(little32(body, 0)) < interfaces.count, "statistics of a known interface")
      statistics.append(Statistics(interface: Int(little32(body, 0)), options: try options(body, from: 12)))
    default: throw FileFault(description: "block type \(type)")
    }
  }

  private func options(_ body: [UInt8], from start: Int) throws -> [Option] {
    var found: [Option] = []
    var at = start
    while at < body.count {
      try check(at + 4 <= body.count, "option header")
      let (code, length) = (little16(body, at), Int(little16(body, at + 2)))
      if code == 0 {
        try check(length == 0 && at + 4 == body.count, "end of options is the end")
        return found
      }
      let padded = (length + 3) & ~3
      try check(at + 4 + padded <= body.count, "option length")
      try check(body[(at + 4 + length)..<(at + 4 + padded)].allSatisfy { $0 == 0 }, "option padding")
      found.append(Option(code: code, value: Array(body[(at + 4)..<(at + 4 + length)])))
      at += 4 + padded
    }
    try check(found.isEmpty, "options have an end")
    return found
  }
}

/// A classic pcap file with nanoseconds taken apart.
struct PcapFile {
  struct Packet {
    let seconds: UInt32
    let nanoseconds: UInt32
    let length: UInt32
    let bytes: [UInt8]
  }
  let snapLength: UInt32
  var packets: [Packet] = []
  var torn = 0

  init(_ bytes: [UInt8], mayBeTorn: Bool = false) throws {
    try check(bytes.count >= 24, "header")
    try check(little32(bytes, 0) == 0xA1B2_3C4D, "magic")
    try check(little16(bytes, 4) == 2 && little16(bytes, 6) == 4, "version")
    try check(bytes[8..<16].allSatisfy { $0 == 0 } && little32(bytes, 20) == 1, "reserved, link type")
    snapLength = little32(bytes, 16)
    var at = 24
    while at < bytes.count {
      guard bytes.count - at >= 16, Int(little32(bytes, at + 8)) <= bytes.count - at - 16 else {
        torn = bytes.count - at
        try check(mayBeTorn, "torn record at \(at)")
        return
      }
      let captured = Int(little32(bytes, at + 8))
      packets.append(
        Packet(
          seconds: little32(bytes, at), nanoseconds: little32(bytes, at + 4), length: little32(bytes, at + 12),
          bytes: Array(bytes[(at + 16)..<(at + 16 + captured)])))
      try check(little32(bytes, at + 4) < 1_000_000_000, "nanoseconds")
      try check(captured <= snapLength && captured <= little32(bytes, at + 12), "lengths")
      at += 16 + captured
    }
  }
}

private func check(_ condition: Bool, _ what: String) throws {
  guard condition else { throw FileFault(description: what) }
}

private func little16(_ bytes: [UInt8], _ at: Int) -> UInt16 { UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8 }
private func little32(_ bytes: [UInt8], _ at: Int) -> UInt32 {
  UInt32(little16(bytes, at)) | UInt32(little16(bytes, at + 2)) << 16
}
