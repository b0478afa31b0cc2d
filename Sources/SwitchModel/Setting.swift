// A row of the table of settings.

/// One setting: everything that SPEC, YAML, PATCH, the schemas and the documentation need to know of it.
package struct Setting: Sendable {
  package enum Scope: Sendable, Hashable {
    case port, switchWide
    /// A static entry of the MAC table.
    case entry
  }

  package let scope: Scope
  package let key: String
  /// The kinds of ports it applies to; empty for other scopes.
  package let kinds: [PortKind]
  package let type: SettingType
  /// Nil where leaving it out is not the same as any value (`mac`: derived; `netns`: ours).
  package let defaultValue: SettingValue?
  /// What holds when it is left out, in words.
  package let defaultText: String
  /// Whether it changes while the port or switch runs; the contract marks the others †.
  package let isLive: Bool
  /// One sentence, without a full stop.
  package let help: String

  init(
    _ scope: Scope, _ key: String, _ type: SettingType, _ defaultValue: SettingValue?,
    otherwise defaultText: String? = nil,
    kinds: [PortKind] = [], live: Bool = true, _ help: String
  ) {
    self.scope = scope
    self.key = key
    self.kinds = kinds
    self.type = type
    self.defaultValue = defaultValue
    self.defaultText = defaultText ?? defaultValue?.text ?? ""
    self.isLive = live
    self.help = help
  }
}

extension Setting {
  /// A number that is no number when it is left out: no limit, no VLAN, or what the machine suggests.
  private var isOptionalNumber: Bool {
    guard defaultValue == nil else { return false }
    switch type {
    case .integer, .stormLimit, .bitRate, .vlan([]): return true
    default: return false
    }
  }

  /// `SettingType.parse` with the fault as an error that still lacks its place.
  func read(_ text: String, _ dialect: SettingDialect) throws(ConfigurationError) -> SettingValue {
    do throws(ValueFault) {
      return try type.parse(text, dialect)
    } catch {
      throw explained(error, text)
    }
  }

  /// - Parameter text: what was written, if it was one text.
  func explained(_ fault: ValueFault, _ text: String?) -> ConfigurationError {
    var fix = fault.fix
    if isOptionalNumber, let text, ["0", "0bit", "none", "off", "any", "unlimited", "-1"].contains(text) {
      let live = scope == .port && isLive ? " ('\(key)=' with 'port set')" : ""
      fix = "leave \(key) out\(live): its default is \(defaultText)"
    }
    return ConfigurationError(fault.message, fix: fix)
  }
}

extension Setting: Hashable {
  package static func == (a: Setting, b: Setting) -> Bool { a.key == b.key && a.scope == b.scope }
  package func hash(into hasher: inout Hasher) {
    hasher.combine(key)
    hasher.combine(scope)
  }
}
