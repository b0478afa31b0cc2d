// A domain name inside a DNS message (RFC 1035 clause 4.1.4), compressed or not, and where what follows it stands.

package enum DomainName {
  /// Pointers followed in one name. Real messages need two or three.
  private static let mostJumps = 16
  /// Octets of a name, lengths included (RFC 1035 clause 3.1).
  private static let mostOctets = 255

  /// - Parameters:
  ///   - message: from the message's first octet, which pointers count from.
  ///   - offset: where the name begins.
  /// - Returns: the labels as they stood, and the offset behind the name; nil for a name that is cut off, too long, or
  ///   whose pointers do not lead backwards.
  package static func parse(_ message: RawSpan, at offset: Int) -> (labels: [[UInt8]], next: Int)? {
    var labels: [[UInt8]] = []
    var position = offset
    var next: Int?
    var octets = 0
    var jumps = 0
    // a pointer must lead to before where this stretch of labels began, so that no name goes on for ever
    var limit = offset
    while let length = message.octet(position) {
      switch length >> 6 {
      case 0:
        if length == 0 { return (labels, next ?? position + 1) }
        octets += Int(length) + 1
        guard octets <= mostOctets, position + 1 + Int(length) <= message.byteCount else { return nil }
        labels.append(message.octets(position + 1..<position + 1 + Int(length)))
        position += 1 + Int(length)
      case 3:
        guard let low = message.octet(position + 1), jumps < mostJumps else { return nil }
        let target = Int(length & 0x3F) << 8 | Int(low)
        guard target < limit else { return nil }
        next = next ?? position + 2
        position = target
        limit = target
        jumps += 1
      default: return nil
      }
    }
    return nil
  }

  /// The labels joined by dots; the root is a dot alone.
  static func joined(_ labels: [[UInt8]]) -> [UInt8] {
    labels.isEmpty ? [UInt8(ascii: ".")] : Array(labels.joined(separator: [UInt8(ascii: ".")]))
  }
}
