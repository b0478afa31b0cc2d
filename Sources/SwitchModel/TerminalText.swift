// Text from outside, made safe to print (hostile-table row L10): names, comments and what was found in a file may
// hold escape sequences or characters that turn the direction of writing.

package enum TerminalText {
  /// `text` with control, format and line-separating characters as `\xNN` or `\u{NNNN}`. All else stays.
  package static func escaped(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      guard isUnsafe(scalar) else {
        result.unicodeScalars.append(scalar)
        continue
      }
      let hexadecimal = String(scalar.value, radix: 16)
      if scalar.value < 0x100 {
        result += "\\x" + (hexadecimal.utf8.count < 2 ? "0" : "") + hexadecimal
      } else {
        result += "\\u{\(hexadecimal)}"
      }
    }
    return result
  }

  /// `text` escaped, in single quotes, and cut after 64 characters: how a message shows what was found.
  package static func quoted(_ text: String) -> String {
    let limit = 64
    guard text.unicodeScalars.count > limit else { return "'\(escaped(text))'" }
    var cut = ""
    cut.unicodeScalars.append(contentsOf: text.unicodeScalars.prefix(limit))
    return "'\(escaped(cut))…'"
  }

  /// Whether `text` holds a character that `escaped` would change.
  package static func isPlain(_ text: String) -> Bool { !text.unicodeScalars.contains(where: isUnsafe) }

  private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x20...0x7E: false
    case 0..<0x20, 0x7F..<0xA0: true
    default:
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
      default: false
      }
    }
  }
}
