// Reading where the end may be anywhere, and text out of octets that a stranger chose. What is not there is nil;
// what could harm a terminal or a log does not get through.

extension RawSpan {
  /// The octet at `offset`; nil outside the span.
  package func octet(_ offset: Int) -> UInt8? {
    offset >= 0 && offset < byteCount ? byte(at: offset) : nil
  }

  /// The big-endian 16-bit integer at `offset`; nil where it is not wholly inside the span.
  package func word(_ offset: Int) -> UInt16? { holds(2, at: offset) ? uint16(at: offset) : nil }

  /// The big-endian 32-bit integer at `offset`; nil where it is not wholly inside the span.
  package func long(_ offset: Int) -> UInt32? { holds(4, at: offset) ? uint32(at: offset) : nil }

  /// The MAC address at `offset`; nil where it is not wholly inside the span.
  package func mac(_ offset: Int) -> MACAddress? {
    guard holds(6, at: offset) else { return nil }
    return MACAddress(bits: UInt64(uint16(at: offset)) << 32 | UInt64(uint32(at: offset + 2)))
  }

  /// The IPv6 address at `offset`; nil where it is not wholly inside the span.
  package func address6(_ offset: Int) -> NetworkAddress? {
    guard holds(16, at: offset) else { return nil }
    return .v6(UInt128(uint64(at: offset)) << 64 | UInt128(uint64(at: offset + 8)))
  }

  /// The octets of `range` that are there.
  package func octets(_ range: Range<Int>) -> [UInt8] {
    let range = range.clamped(to: 0..<byteCount)
    return range.map { byte(at: $0) }
  }

  /// The part from `start` to `end` that is there, as a range to extract.
  package func part(_ start: Int, _ end: Int = .max) -> Range<Int> {
    let first = min(max(start, 0), byteCount)
    return first..<min(max(end, first), byteCount)
  }

  private func holds(_ count: Int, at offset: Int) -> Bool { offset >= 0 && offset <= byteCount - count }
}

extension FrameSummary {
  /// Text between quotation marks with nothing in it but printable ASCII; other octets stand as dots, and what is
  /// longer than 63 octets is cut.
  static func quoted(_ octets: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    for octet in octets {
      guard text.count < 63 else { return "\"" + String(decoding: text, as: UTF8.self) + "…\"" }
      let plain = (0x20...0x7E).contains(octet) && octet != UInt8(ascii: "\"") && octet != UInt8(ascii: "\\")
      text.append(plain ? octet : UInt8(ascii: "."))
    }
    return "\"" + String(decoding: text, as: UTF8.self) + "\""
  }

  /// Hexadecimal digits without prefix, at least `digits` of them.
  static func hex(_ value: some BinaryInteger, _ digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
