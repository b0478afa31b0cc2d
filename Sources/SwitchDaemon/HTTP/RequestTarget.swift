// The target of a request, taken apart: decoded path segments and query items. Knows no routes.

internal import SwitchModel

/// Path and query of a request (RFC 9112 clause 3.2, RFC 3986).
struct RequestTarget: Equatable {
  struct Item: Equatable {
    let name: String
    let value: String
  }

  /// The path as it was sent, for messages.
  let path: String
  /// The path's segments, percent decoded; a slash that was encoded stands inside one.
  let segments: [String]
  let query: [Item]

  /// - Parameter target: in origin form; absolute form has been reduced to it before.
  /// - Throws: 400 if it is not ASCII, wrongly percent encoded, or not UTF-8 text once decoded.
  init(_ target: String) throws(Problem) {
    guard target.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw RequestProblem.badEncoding("the path") }
    let question = target.firstIndex(of: "?")
    path = String(target[..<(question ?? target.endIndex)])
    var segments: [String] = []
    for segment in path.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      segments.append(try Self.decoded(segment, what: "the path", plusIsSpace: false))
    }
    self.segments = segments
    var query: [Item] = []
    if let question {
      for pair in target[target.index(after: question)...].split(separator: "&") {
        let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = try Self.decoded(parts[0], what: "the query", plusIsSpace: true)
        let value = try parts.count > 1 ? Self.decoded(parts[1], what: "the query", plusIsSpace: true) : ""
        query.append(Item(name: name, value: value))
      }
    }
    self.query = query
  }

  /// `text` as it stands in one segment or query value: everything but letters, digits and `-._~` encoded.
  static func encoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default: result += "%" + (byte < 0x10 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return result
  }

  private static func decoded(_ text: Substring, what: String, plusIsSpace: Bool) throws(Problem) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "%"):
        guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
          throw RequestProblem.badEncoding(what)
        }
        bytes.append(high << 4 | low)
      case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
      default: bytes.append(byte)
      }
    }
    // No name holds control characters; without them nothing has to be careful further in.
    guard let decoded = String(validating: bytes, as: UTF8.self), !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F })
    else { throw RequestProblem.badEncoding(what) }
    return decoded
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte &- UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte &- UInt8(ascii: "a") &+ 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte &- UInt8(ascii: "A") &+ 10
    default: nil
    }
  }
}
