// Writes a configuration as YAML: block style, stable order, quotes only where a reader of YAML 1.1 or 1.2 would
// otherwise see something else than the text. Reading it back gives the same configuration.

package import SwitchModel

package enum YAMLWriter {
  /// The line that tells editors which schema a file follows.
  package static let schemaLine = "# yaml-language-server: $schema=tapswitch.schema.json\n"

  /// A whole file: only what is not default.
  package static func text(of configuration: SwitchConfiguration) -> String {
    var text = ""
    write(configuration.document, indent: 0, into: &text)
    return text
  }

  /// An object over several lines; inside lists objects and lists stand on one line.
  private static func write(_ object: JSONValue, indent: Int, into text: inout String) {
    for member in object.members ?? [] {
      text += String(repeating: " ", count: indent) + scalar(member.key) + ":"
      switch member.value {
      case .object(let members) where !members.isEmpty:
        text += "\n"
        write(member.value, indent: indent + 2, into: &text)
      case .array(let items) where items.contains(where: { $0.members != nil }):
        text += "\n"
        for item in items { text += String(repeating: " ", count: indent + 2) + "- " + inline(item) + "\n" }
      default: text += " " + inline(member.value) + "\n"
      }
    }
  }

  private static func inline(_ value: JSONValue) -> String {
    switch value {
    case .object(let members):
      members.isEmpty
        ? "{}" : "{ " + members.map { "\(scalar($0.key)): \(inline($0.value))" }.joined(separator: ", ") + " }"
    case .array(let items): "[" + items.map(inline).joined(separator: ", ") + "]"
    case .string(let text): scalar(text)
    case .bool(let on): on ? "on" : "off"
    case .integer(let number): "\(number)"
    case .number(let text): text
    case .null: "null"
    }
  }

  /// A text as a scalar that every reader takes for that text, also inside `{ }` and `[ ]`.
  package static func scalar(_ text: String) -> String { isPlain(text) ? text : quoted(text) }

  private static func isPlain(_ text: String) -> Bool {
    let safe: [UInt8] = Array("_./+-@:".utf8)
    guard let first = text.utf8.first, let last = text.utf8.last, text.utf8.count <= 256 else { return false }
    let isWord = { (byte: UInt8) in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: false
      }
    }
    guard text.utf8.allSatisfy({ isWord($0) || safe.contains($0) }), isWord(first) || first == UInt8(ascii: "/"),
      last != UInt8(ascii: ":")
    else { return false }
    return !looksTyped(text)
  }

  /// Whether some reader would see a number, a boolean, null, a date or a sexagesimal number (which a MAC address of
  /// decimal digits is to YAML 1.1).
  private static func looksTyped(_ text: String) -> Bool {
    let words = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
    if words.contains(text.lowercased()) { return true }
    guard let first = text.utf8.first, (0x30...0x39).contains(first) else { return false }
    let lowered = text.lowercased()
    if lowered.hasPrefix("0x") || lowered.hasPrefix("0o") || lowered.hasPrefix("0b") { return true }
    let numeric: [UInt8] = Array("0123456789.:_+-e".utf8)
    return lowered.utf8.allSatisfy { numeric.contains($0) }
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      default:
        if TerminalText.isPlain(String(scalar)) {
          result.unicodeScalars.append(scalar)
        } else {
          let digits = String(scalar.value, radix: 16)
          result += "\\U" + String(repeating: "0", count: 8 - digits.utf8.count) + digits
        }
      }
    }
    return result + "\""
  }
}
