// Reads JSON that may come from anybody (hostile-table row L2). Total: a value, or a place and a reason. Depth, size
// and number of values are bounded before anything is built, so neither stack nor memory can be exhausted.

/// Bounds of a document.
package struct JSONLimits: Sendable {
  package var bytes: Int
  package var depth: Int
  package var values: Int
  package init(bytes: Int = 1 << 20, depth: Int = 32, values: Int = 100_000) {
    self.bytes = bytes
    self.depth = depth
    self.values = values
  }
}

extension JSONValue {
  /// Reads one document; nothing but white space may follow it. RFC 8259 to the letter, and stricter where readers
  /// differ: a key that stands twice, NUL, lone surrogates, a byte order mark and numbers beyond a `Double` are
  /// refused.
  package init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(ConfigurationError) {
    guard bytes.count <= limits.bytes else {
      throw ConfigurationError(.tooLarge, "\(bytes.count) bytes of JSON, allowed: at most \(limits.bytes)")
    }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      throw ConfigurationError(.malformed, line: 1, column: 1, "JSON begins with a byte order mark, allowed: none")
    }
    var reader = JSONReader(bytes: bytes, limits: limits)
    self = try reader.document()
  }

  /// Reads one document from text.
  package init(parsing text: String, limits: JSONLimits = JSONLimits()) throws(ConfigurationError) {
    try self.init(parsing: Array(text.utf8), limits: limits)
  }
}

private struct JSONReader {
  let bytes: [UInt8]
  let limits: JSONLimits
  var position = 0
  var depth = 0
  var values = 0

  init(bytes: [UInt8], limits: JSONLimits) {
    self.bytes = bytes
    self.limits = limits
  }

  mutating func document() throws(ConfigurationError) -> JSONValue {
    let result = try value()
    skipSpace()
    guard position == bytes.count else { throw fault("text behind the document") }
    return result
  }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func fault(
    _ what: String, at offset: Int? = nil, _ kind: ConfigurationError.Kind = .malformed
  ) -> ConfigurationError {
    let end = min(offset ?? position, bytes.count)
    let before = bytes[..<end]
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let line = before.reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
    return ConfigurationError(
      kind, line: line, column: end - lineStart + 1, "JSON at column \(end - lineStart + 1): \(what)")
  }

  private mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func value() throws(ConfigurationError) -> JSONValue {
    skipSpace()
    values += 1
    guard values <= limits.values else { throw fault("more than \(limits.values) values", .tooLarge) }
    switch current {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case nil: throw fault("the document ends where a value is expected")
    case let byte? where byte == UInt8(ascii: "-") || (0x30...0x39).contains(byte): return try number()
    default: throw fault("found \(found()), allowed: a value")
    }
  }

  /// The character here, for messages.
  private func found() -> String {
    guard let byte = current else { return "the end" }
    guard (0x20...0x7E).contains(byte) else {
      let digits = String(byte, radix: 16)
      return "byte 0x" + (digits.utf8.count < 2 ? "0" : "") + digits
    }
    return "'\(Character(Unicode.Scalar(byte)))'"
  }

  private mutating func enter() throws(ConfigurationError) {
    depth += 1
    guard depth <= limits.depth else { throw fault("nested deeper than \(limits.depth)", .tooLarge) }
    position += 1
    skipSpace()
  }

  private mutating func word(_ text: String, _ value: JSONValue) throws(ConfigurationError) -> JSONValue {
    guard bytes[position...].starts(with: text.utf8) else { throw fault("found \(found()), allowed: \(text)") }
    position += text.utf8.count
    return value
  }

  private mutating func array() throws(ConfigurationError) -> JSONValue {
    try enter()
    var items: [JSONValue] = []
    if current != UInt8(ascii: "]") {
      repeat { items.append(try value()) } while try comma(before: UInt8(ascii: "]"))
    }
    position += 1
    depth -= 1
    return .array(items)
  }

  private mutating func object() throws(ConfigurationError) -> JSONValue {
    try enter()
    var members: [JSONMember] = []
    var keys: Set<String> = []
    if current != UInt8(ascii: "}") {
      repeat {
        skipSpace()
        let start = position
        guard current == UInt8(ascii: "\"") else { throw fault("found \(found()), allowed: a key in quotes") }
        let key = try string()
        guard keys.insert(key).inserted else { throw fault("key \(TerminalText.quoted(key)) stands twice", at: start) }
        skipSpace()
        guard current == UInt8(ascii: ":") else { throw fault("found \(found()), allowed: ':'") }
        position += 1
        members.append(JSONMember(key, try value()))
      } while try comma(before: UInt8(ascii: "}"))
    }
    position += 1
    depth -= 1
    return .object(members)
  }

  /// Behind an item: true for a comma (consumed), false for the closing bracket (not consumed).
  private mutating func comma(before close: UInt8) throws(ConfigurationError) -> Bool {
    skipSpace()
    if current == close { return false }
    guard current == UInt8(ascii: ",") else {
      throw fault("found \(found()), allowed: ',' or '\(Character(Unicode.Scalar(close)))'")
    }
    position += 1
    return true
  }

  private mutating func digits() throws(ConfigurationError) {
    guard let first = current, (0x30...0x39).contains(first) else { throw fault("found \(found()), allowed: a digit") }
    while let byte = current, (0x30...0x39).contains(byte) { position += 1 }
  }

  private mutating func number() throws(ConfigurationError) -> JSONValue {
    let start = position
    var isInteger = true
    if current == UInt8(ascii: "-") { position += 1 }
    if current == UInt8(ascii: "0") {
      position += 1
      if let byte = current, (0x30...0x39).contains(byte) { throw fault("a number with a leading zero", at: start) }
    } else {
      try digits()
    }
    if current == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      try digits()
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      isInteger = false
      position += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    guard position - start <= 64 else { throw fault("a number of more than 64 characters", at: start) }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, text != "-0", let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { throw fault("number \(text) is too large", at: start) }
    return .number(text)
  }

  private mutating func string() throws(ConfigurationError) -> String {
    let start = position
    position += 1
    var text: [UInt8] = []
    while true {
      guard let byte = current else { throw fault("a text that does not end", at: start) }
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        guard let result = String(validating: text, as: UTF8.self) else {
          throw fault("a text that is not UTF-8", at: start)
        }
        return result
      case UInt8(ascii: "\\"):
        try escape(into: &text)
      case 0..<0x20:
        throw fault("found \(found()) in a text, allowed: control characters only escaped")
      default:
        text.append(byte)
        position += 1
      }
    }
  }

  private mutating func escape(into text: inout [UInt8]) throws(ConfigurationError) {
    let start = position
    position += 1
    guard let byte = current else { throw fault("a text that does not end") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = try fourDigits()
      if code & 0xFC00 == 0xD800 {
        guard current == UInt8(ascii: "\\"), position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "u") else {
          throw fault("half a surrogate pair", at: start)
        }
        position += 2
        let low = try fourDigits()
        guard low & 0xFC00 == 0xDC00 else { throw fault("half a surrogate pair", at: start) }
        code = 0x10000 + (code & 0x3FF) << 10 + low & 0x3FF
      }
      guard let scalar = Unicode.Scalar(code) else { throw fault("half a surrogate pair", at: start) }
      guard code != 0 else { throw fault("the character NUL", at: start) }
      text.append(contentsOf: String(Character(scalar)).utf8)
    default: throw fault("an escape that JSON does not have", at: start)
    }
  }

  private mutating func fourDigits() throws(ConfigurationError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
        throw fault("found \(found()), allowed: a hexadecimal digit")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}
