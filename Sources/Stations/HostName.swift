// A host name out of octets that a stranger chose, fit for a table, a log and a terminal.

enum HostName {
  static let limit = 63

  /// Letters, digits, dots, hyphens and underscores stay, all else becomes a hyphen; cut to 63 octets and at a zero
  /// octet, without hyphens and dots at the ends. Nil if nothing is left.
  static func clean(_ octets: [UInt8]) -> String? {
    let name = octets.prefix { $0 != 0 }.prefix(limit).map { isPlain($0) ? $0 : UInt8(ascii: "-") }
    let isEdge = { (octet: UInt8) in octet == UInt8(ascii: "-") || octet == UInt8(ascii: ".") }
    guard let first = name.firstIndex(where: { !isEdge($0) }), let last = name.lastIndex(where: { !isEdge($0) }) else {
      return nil
    }
    return String(decoding: name[first...last], as: UTF8.self)
  }

  private static func isPlain(_ octet: UInt8) -> Bool {
    switch octet {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
