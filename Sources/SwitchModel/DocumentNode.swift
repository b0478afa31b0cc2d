// A document before typing: what YAML and JSON have in common. Scalars are text; which type they have is decided by
// the table of settings alone. Lines and columns stand beside so that errors can name the place.

/// A scalar, sequence or mapping with its place.
package struct DocumentNode: Sendable, Equatable {
  package indirect enum Content: Sendable, Equatable {
    case scalar(String)
    /// JSON's `null`; YAML never gives it, since there `null` is a text like any other.
    case null
    case sequence([DocumentNode])
    case mapping([Member])
  }

  /// One key with its value; the place is the key's.
  package struct Member: Sendable, Equatable {
    package var key: String
    package var line: Int?
    package var column: Int?
    package var value: DocumentNode

    package init(key: String, line: Int? = nil, column: Int? = nil, value: DocumentNode) {
      self.key = key
      self.line = line
      self.column = column
      self.value = value
    }
  }

  package var content: Content
  package var line: Int?
  package var column: Int?

  package init(_ content: Content, line: Int? = nil, column: Int? = nil) {
    self.content = content
    self.line = line
    self.column = column
  }

  /// A JSON value without places.
  package init(json value: JSONValue) {
    switch value {
    case .null: self.init(.null)
    case .bool(let on): self.init(.scalar(on ? "true" : "false"))
    case .integer(let number): self.init(.scalar("\(number)"))
    case .number(let text), .string(let text): self.init(.scalar(text))
    case .array(let items): self.init(.sequence(items.map { DocumentNode(json: $0) }))
    case .object(let members):
      self.init(.mapping(members.map { Member(key: $0.key, value: DocumentNode(json: $0.value)) }))
    }
  }

  /// What a message calls it.
  package var shape: String {
    switch content {
    case .scalar(let text): text.isEmpty ? "nothing" : TerminalText.quoted(text)
    case .null: "null"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }

  /// No value behind the key, where a collection belongs: `ports:` alone on its line, or YAML's words for null.
  package var isEmpty: Bool {
    switch content {
    case .scalar(let text): text.isEmpty || text == "null" || text == "~"
    case .null: true
    default: false
    }
  }
}

extension SettingType {
  /// Reads the value of a setting in a document; nil for `null`, which means the default.
  package func parse(_ node: DocumentNode) throws(ValueFault) -> SettingValue? {
    switch node.content {
    case .null: return nil
    case .scalar(let text): return try parse(text, .document)
    case .mapping: throw ValueFault(shape: "a mapping", allowed: allowed)
    case .sequence(let items):
      guard isList else { throw ValueFault(shape: "a list", allowed: allowed) }
      var texts: [String] = []
      for item in items {
        guard case .scalar(let text) = item.content else { throw ValueFault(shape: item.shape, allowed: allowed) }
        texts.append(text)
      }
      return try parse(list: texts)
    }
  }
}

extension Setting {
  /// `SettingType.parse` with the fault as an error that still lacks its place.
  func read(_ node: DocumentNode) throws(ConfigurationError) -> SettingValue? {
    do throws(ValueFault) {
      return try type.parse(node)
    } catch {
      if case .scalar(let text) = node.content { throw explained(error, text) }
      throw explained(error, nil)
    }
  }
}
