// Reads YAML into a document: libyaml's events with line and column, every scalar kept as text. What YAML would make
// of a scalar is not asked; the table of settings types it later. Nothing here knows a setting.

import CYAML
package import SwitchModel

/// Bounds of a configuration file.
package struct YAMLLimits: Sendable {
  package var bytes: Int
  package var depth: Int
  package var nodes: Int
  /// Mistakes after which reading stops.
  package var errors: Int

  package init(bytes: Int = 4 << 20, depth: Int = 32, nodes: Int = 500_000, errors: Int = 100) {
    self.bytes = bytes
    self.depth = depth
    self.nodes = nodes
    self.errors = errors
  }
}

extension DocumentNode {
  /// Reads one YAML document. Refused are anchors, aliases, tags, merge keys, a second document, a key that stands
  /// twice, and whatever is not UTF-8.
  /// - Parameter source: the name of the file, for messages.
  package init(yaml bytes: [UInt8], source: String? = nil, limits: YAMLLimits = YAMLLimits())
    throws(ConfigurationErrors)
  {
    if let fault = YAMLText.fault(in: bytes, source: source, limit: limits.bytes) { throw ConfigurationErrors(fault) }
    var builder = YAMLBuilder(source: source, limits: limits)
    YAMLEvents.forEach(in: bytes) { event in builder.take(event) }
    self = try builder.finish()
  }
}

/// What has to hold of the bytes before libyaml sees them.
private enum YAMLText {
  static func fault(in bytes: [UInt8], source: String?, limit: Int) -> ConfigurationError? {
    guard bytes.count <= limit else {
      return ConfigurationError(.tooLarge, source: source, "\(bytes.count) bytes, allowed: at most \(limit)")
    }
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      return ConfigurationError(
        .malformed, source: source, line: 1, "found UTF-16, allowed: UTF-8", fix: "save the file as UTF-8")
    }
    guard let (offset, scalar) = firstRefused(bytes) else { return nil }
    let before = bytes[..<offset]
    let line = before.reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
    let column = offset - (before.lastIndex(of: UInt8(ascii: "\n")) ?? -1)
    if let scalar {
      return ConfigurationError(
        .malformed, source: source, line: line, column: column,
        "control character \(TerminalText.escaped(String(scalar))) at column \(column), allowed: printable text",
        fix: "remove it, or write it as an escape in double quotes")
    }
    return ConfigurationError(
      .malformed, source: source, line: line, column: column,
      "byte 0x\(String(bytes[offset], radix: 16)) at column \(column) is not UTF-8, allowed: UTF-8",
      fix: "save the file as UTF-8")
  }

  /// Offset of the first byte that begins no valid sequence of UTF-8, or of the first character that YAML does not
  /// have (YAML 1.2.2 production 1, c-printable).
  private static func firstRefused(_ bytes: [UInt8]) -> (offset: Int, scalar: Unicode.Scalar?)? {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var offset = 0
    while true {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar):
        if !isPrintable(scalar.value) { return (offset, scalar) }
        offset += UTF8.width(scalar)
      case .emptyInput: return nil
      case .error: return (offset, nil)
      }
    }
  }

  private static func isPrintable(_ value: UInt32) -> Bool {
    switch value {
    case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
    default: false
    }
  }
}
