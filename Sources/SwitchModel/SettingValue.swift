// The value of one setting, typed; and what is said when a text is no such value.

package import Wire

/// A typed value. Which case it is follows from the setting's type alone, never from how it was written.
package enum SettingValue: Sendable, Hashable {
  case text(String)
  case boolean(Bool)
  /// Bytes, frames, entries or seconds: the unit stands in the table.
  case integer(Int)
  case mac(MACAddress)
  /// Items in canonical text.
  case list([String])

  /// As in a SPEC, before commas are doubled.
  package var text: String {
    switch self {
    case .text(let text): text
    case .boolean(let on): on ? "on" : "off"
    case .integer(let number): String(number)
    case .mac(let address): address.description
    case .list(let items): items.joined(separator: "+")
    }
  }

  /// As in JSON: a boolean, a number, a string or an array of strings and numbers.
  package var json: JSONValue {
    switch self {
    case .text(let text): .string(text)
    case .boolean(let on): .bool(on)
    case .integer(let number): .integer(number)
    case .mac(let address): .string(address.description)
    case .list(let items):
      .array(items.map { item in Units.parseDigits(item.utf8[...]).map { .integer($0) } ?? .string(item) })
    }
  }
}

/// Why something is not a value of a setting.
package struct ValueFault: Error, Sendable, Equatable {
  /// What was found, ready to print.
  package let found: String
  /// What is allowed instead.
  package let allowed: String
  /// A value that was probably meant.
  package let suggestion: String?

  package init(_ text: String, allowed: String, suggestion: String? = nil) {
    self.found = text.isEmpty ? "nothing" : TerminalText.quoted(text)
    self.allowed = allowed
    self.suggestion = suggestion.map(TerminalText.escaped)
  }

  /// For what is no text at all: `a mapping`, `null`.
  package init(shape: String, allowed: String) {
    found = shape
    self.allowed = allowed
    suggestion = nil
  }

  package var message: String { "found \(found), allowed: \(allowed)" }
  package var fix: String? { suggestion.map { "did you mean \($0)?" } }
}
