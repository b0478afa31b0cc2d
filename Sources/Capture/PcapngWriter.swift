// pcapng (draft-ietf-opsawg-pcapng): formatting only. One section; one interface description block for each port;
// nanoseconds; direction of each frame; statistics at the end.

internal import Wire

/// Formats a pcapng file, little-endian.
package struct PcapngWriter: CaptureFormat {
  package enum BlockType {
    package static let sectionHeader: UInt32 = 0x0A0D_0D0A
    package static let interfaceDescription: UInt32 = 1
    package static let interfaceStatistics: UInt32 = 5
    package static let enhancedPacket: UInt32 = 6
  }

  /// What the section header says of the machine; empty strings are left out.
  package struct Origin: Sendable, Equatable {
    package var hardware: String
    package var system: String
    package var application: String
    package var comment: String
    package init(hardware: String = "", system: String = "", application: String = "tapswitch", comment: String = "") {
      self.hardware = hardware
      self.system = system
      self.application = application
      self.comment = comment
    }
  }

  /// Options by the number the draft gives them; some numbers mean different things in different blocks.
  private enum Option {
    static let end: UInt16 = 0
    static let comment: UInt16 = 1
    static let (hardware, system, application) = (2 as UInt16, 3 as UInt16, 4 as UInt16)
    static let (name, description, mac, speed, resolution) = (
      2 as UInt16, 3 as UInt16, 6 as UInt16, 8 as UInt16, 9 as UInt16
    )
    static let packetFlags: UInt16 = 2
    static let (startTime, endTime, received, dropped, delivered) = (
      2 as UInt16, 3 as UInt16, 4 as UInt16, 5 as UInt16, 8 as UInt16
    )
  }

  private let snapLength: UInt32
  private let origin: Origin
  private var interfaces: [CaptureInterface] = []
  private var numbers: [CaptureInterface: UInt32] = [:]
  package var declared = 0

  package init(snapLength: Int = CaptureRing.defaultSnapLength, origin: Origin = Origin()) {
    self.snapLength = UInt32(clamping: snapLength)
    self.origin = origin
  }

  // MARK: blocks

  package func begin(into batch: inout CaptureBatch) {
    let texts = [
      (Option.comment, origin.comment), (Option.hardware, origin.hardware), (Option.system, origin.system),
      (Option.application, origin.application),
    ].filter { !$0.1.isEmpty }
    let length = UInt32(12 + 16 + texts.reduce(0) { $0 + PcapngWriter.size(text: $1.1) } + (texts.isEmpty ? 0 : 4))
    batch.append(BlockType.sectionHeader)
    batch.append(length)
    batch.append(0x1A2B_3C4D as UInt32)  // byte-order magic
    batch.append(1 as UInt16)  // version 1.0
    batch.append(0 as UInt16)
    batch.append(UInt64.max)  // section length unknown: the file grows
    for (code, text) in texts { PcapngWriter.append(code, text: text, into: &batch) }
    if !texts.isEmpty { PcapngWriter.appendEnd(into: &batch) }
    batch.append(length)
    batch.end(.header)
  }

  package mutating func number(of interface: CaptureInterface) -> UInt32 {
    if let known = numbers[interface] { return known }
    let new = UInt32(truncatingIfNeeded: interfaces.count)
    interfaces.append(interface)
    numbers[interface] = new
    return new
  }

  package mutating func frame(_ frame: CapturedFrame, on number: UInt32, into batch: inout CaptureBatch) {
    self.frame(frame, on: number, comment: nil, into: &batch)
  }

  /// One enhanced packet block. `comment` is shown by Wireshark beside the frame.
  package mutating func frame(
    _ frame: CapturedFrame, on number: UInt32, comment: String?, into batch: inout CaptureBatch
  ) {
    declare(into: &batch)
    let captured = unsafe frame.bytes.count
    let padding = PcapngWriter.padding(captured)
    let flags = UInt32(frame.direction.rawValue)
    let commentSize = comment.map { PcapngWriter.size(text: $0) } ?? 0
    let optionSize = (flags == 0 ? 0 : 8) &+ commentSize
    let length = UInt32(
      truncatingIfNeeded: 32 &+ captured &+ padding &+ optionSize &+ (optionSize == 0 ? 0 : 4))
    batch.append(BlockType.enhancedPacket)
    batch.append(length)
    batch.append(number)
    batch.append(UInt32(truncatingIfNeeded: frame.timestamp >> 32))
    batch.append(UInt32(truncatingIfNeeded: frame.timestamp))
    batch.append(UInt32(truncatingIfNeeded: captured))
    batch.append(max(frame.length, UInt32(truncatingIfNeeded: captured)))
    unsafe batch.append(copying: frame.bytes)
    batch.append(zeros: padding)
    if optionSize != 0 {
      if let comment { PcapngWriter.append(Option.comment, text: comment, into: &batch) }
      if flags != 0 {
        batch.append(Option.packetFlags)
        batch.append(4 as UInt16)
        batch.append(flags)
      }
      PcapngWriter.appendEnd(into: &batch)
    }
    batch.append(length)
    batch.end(.frame, interface: number, octets: captured)
  }

  package mutating func end(
    counts: [InterfaceCounts], from start: UInt64, to end: UInt64, into batch: inout CaptureBatch
  ) {
    declare(into: &batch)
    for (number, count) in counts.enumerated() where number < interfaces.count {
      let length: UInt32 = 24 + 5 * 12 + 4
      batch.append(BlockType.interfaceStatistics)
      batch.append(length)
      batch.append(UInt32(truncatingIfNeeded: number))
      PcapngWriter.append(time: end, into: &batch)
      for (code, time) in [(Option.startTime, start), (Option.endTime, end)] {
        batch.append(code)
        batch.append(8 as UInt16)
        PcapngWriter.append(time: time, into: &batch)
      }
      let values = [
        (Option.received, count.written &+ count.lost), (Option.dropped, count.lost), (Option.delivered, count.written),
      ]
      for (code, value) in values {
        batch.append(code)
        batch.append(8 as UInt16)
        batch.append(value)
      }
      PcapngWriter.appendEnd(into: &batch)
      batch.append(length)
      batch.end(.trailer)
    }
  }

  /// Interfaces have the number of their place in the file, so they are told in that order and without a gap.
  package mutating func declare(into batch: inout CaptureBatch) {
    while declared < interfaces.count {
      append(interfaces[declared], into: &batch)
      declared += 1
    }
  }

  private func append(_ interface: CaptureInterface, into batch: inout CaptureBatch) {
    let description = interface.description ?? ""
    let length = UInt32(
      20 + PcapngWriter.size(text: interface.name) + (description.isEmpty ? 0 : PcapngWriter.size(text: description))
        + (interface.mac == nil ? 0 : 12) + (interface.speed == nil ? 0 : 12) + 8 + 4)
    batch.append(BlockType.interfaceDescription)
    batch.append(length)
    batch.append(UInt16(PcapWriter.linkType))
    batch.append(0 as UInt16)
    batch.append(snapLength)
    PcapngWriter.append(Option.name, text: interface.name, into: &batch)
    if !description.isEmpty { PcapngWriter.append(Option.description, text: description, into: &batch) }
    if let mac = interface.mac {
      batch.append(Option.mac)
      batch.append(6 as UInt16)
      for octet in 0..<6 { batch.append(UInt8(truncatingIfNeeded: mac.bits >> UInt64(40 - 8 * octet))) }
      batch.append(zeros: 2)
    }
    if let speed = interface.speed {
      batch.append(Option.speed)
      batch.append(8 as UInt16)
      batch.append(speed)
    }
    batch.append(Option.resolution)
    batch.append(1 as UInt16)
    batch.append(9 as UInt8)  // 10^-9 s
    batch.append(zeros: 3)
    PcapngWriter.appendEnd(into: &batch)
    batch.append(length)
    batch.end(.interface)
  }

  // MARK: parts

  /// What is missing to a multiple of 4.
  @inline(__always)
  private static func padding(_ count: Int) -> Int { (0 &- count) & 3 }

  /// The option with its header; a text is cut at the last whole character below 64 KiB.
  private static func size(text: String) -> Int {
    let count = clipped(text).utf8.count
    return 4 + count + padding(count)
  }

  private static func append(_ code: UInt16, text: String, into batch: inout CaptureBatch) {
    var clipped = clipped(text)
    batch.append(code)
    batch.append(UInt16(truncatingIfNeeded: clipped.utf8.count))
    clipped.withUTF8 { text in unsafe batch.append(copying: UnsafeRawBufferPointer(text)) }
    batch.append(zeros: padding(clipped.utf8.count))
  }

  private static func clipped(_ text: String) -> String {
    guard text.utf8.count > Int(UInt16.max) else { return text }
    var short = ""
    var count = 0
    for scalar in text.unicodeScalars {
      count += UTF8.width(scalar)
      if count > Int(UInt16.max) { break }
      short.unicodeScalars.append(scalar)
    }
    return short
  }

  private static func appendEnd(into batch: inout CaptureBatch) { batch.append(0 as UInt32) }

  private static func append(time: UInt64, into batch: inout CaptureBatch) {
    batch.append(UInt32(truncatingIfNeeded: time >> 32))
    batch.append(UInt32(truncatingIfNeeded: time))
  }
}
