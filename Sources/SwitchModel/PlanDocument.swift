// `config plan`: what would change, setting by setting, as the contract shows it.

/// The difference between two configurations.
package struct PlanDocument: Codable, Sendable, Equatable {
  /// One setting, port or entry.
  package struct Change: Codable, Sendable, Equatable {
    /// `ports.web.vlan`, `ports.db`, `fdb.52:54:00:12:34:56.vlan10`, `ageing`.
    package var path: String
    /// Null where there was nothing, or no value.
    package var old: JSONValue
    /// Null where there will be nothing, or no value.
    package var new: JSONValue

    package init(path: String, old: JSONValue, new: JSONValue) {
      self.path = path
      self.old = old
      self.new = new
    }
  }

  package var changes: [Change]
  /// Ports that are made anew by it, so that frames on them are lost meanwhile.
  package var remade: [String]
  /// What is doubtful about the configuration wanted.
  package var warnings: [String]

  package init(changes: [Change], remade: [String] = [], warnings: [String] = []) {
    self.changes = changes
    self.remade = remade
    self.warnings = warnings
  }
}

extension PlanDocument {
  /// One line a change: `+ ports.db = {…}`, `- ports.db`, `~ ports.web.vlan: 10 -> 20`. For a terminal, without colour.
  package var lines: [String] {
    changes.map { change in
      let line =
        switch (change.old, change.new) {
        case (.null, let new): "+ \(change.path) = \(PlanDocument.text(new))"
        case (let old, .null): "- \(change.path) (was \(PlanDocument.text(old)))"
        case (let old, let new): "~ \(change.path): \(PlanDocument.text(old)) -> \(PlanDocument.text(new))"
        }
      return TerminalText.escaped(line)
    }
  }

  /// As it would stand in a SPEC: an object as `key=value` pairs.
  private static func text(_ value: JSONValue) -> String {
    switch value {
    case .string(let text): text.isEmpty ? "''" : text
    case .bool(let on): on ? "on" : "off"
    case .array(let items): items.isEmpty ? "none" : items.map(text).joined(separator: "+")
    case .object(let members): members.map { "\($0.key)=\(text($0.value))" }.joined(separator: ", ")
    default: value.text
    }
  }
}
