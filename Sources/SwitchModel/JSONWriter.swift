// Writes JSON: members in the order given, everything that is not plain text escaped. The result is always UTF-8
// and, compact, one line; so it can stand in a stream of one object a line.

/// Appends JSON to bytes.
package struct JSONWriter: Sendable {
  package private(set) var bytes: [UInt8] = []
  private let indent: Int?

  /// - Parameter indent: spaces a level; nil writes without any white space.
  package init(indent: Int? = nil) { self.indent = indent }

  package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  package mutating func write(_ value: JSONValue, depth: Int = 0) {
    switch value {
    case .null: append("null")
    case .bool(let value): append(value ? "true" : "false")
    case .integer(let value): append("\(value)")
    case .number(let text): append(text)
    case .string(let text): write(text)
    case .array(let items):
      bracket("[", "]", items, depth) { writer, item in writer.write(item, depth: depth + 1) }
    case .object(let members):
      bracket("{", "}", members, depth) { writer, member in
        writer.write(member.key)
        writer.append(writer.indent == nil ? ":" : ": ")
        writer.write(member.value, depth: depth + 1)
      }
    }
  }

  /// A text in quotes.
  package mutating func write(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): append("\\\"")
      case UInt8(ascii: "\\"): append("\\\\")
      case 0x0A: append("\\n")
      case 0x0D: append("\\r")
      case 0x09: append("\\t")
      case 0..<0x20, 0x7F:
        append(byte < 0x10 ? "\\u000" : "\\u00")
        append(String(byte, radix: 16))
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  package mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  private mutating func bracket<Item>(
    _ open: String, _ close: String, _ items: [Item], _ depth: Int, _ body: (inout JSONWriter, Item) -> Void
  ) {
    append(open)
    for (index, item) in items.enumerated() {
      if index > 0 { append(",") }
      newLine(depth + 1)
      body(&self, item)
    }
    if !items.isEmpty { newLine(depth) }
    append(close)
  }

  private mutating func newLine(_ depth: Int) {
    guard let indent else { return }
    bytes.append(UInt8(ascii: "\n"))
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent * depth))
  }
}

extension JSONValue {
  /// Compact JSON in UTF-8.
  package var bytes: [UInt8] {
    var writer = JSONWriter()
    writer.write(self)
    return writer.bytes
  }

  /// Compact JSON.
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// JSON over several lines, two spaces a level, with a newline at the end.
  package var prettyText: String {
    var writer = JSONWriter(indent: 2)
    writer.write(self)
    return String(decoding: writer.bytes, as: UTF8.self) + "\n"
  }
}
