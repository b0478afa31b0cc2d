// The configuration of one port: kind, target and typed settings. A value of this type is always acceptable in
// itself; whether it fits beside other ports is for SwitchConfiguration to say.

package import Wire

/// What a user asked a port to be.
package struct PortConfiguration: Sendable, Hashable {
  package let name: String
  package let kind: PortKind
  package let target: String
  /// Settings whose value is not the default; never `name`.
  package private(set) var values: [Setting: SettingValue]

  /// - Parameters:
  ///   - name: nil takes the default name of the target.
  ///   - values: settings of this kind; those at their default are dropped.
  /// - Throws: what is wrong with target or name, or the first contradiction between values.
  package init(kind: PortKind, target: String, name: String? = nil, values: [Setting: SettingValue] = [:])
    throws(ConfigurationError)
  {
    do throws(ValueFault) {
      self.target = try kind.parseTarget(target)
    } catch {
      throw ConfigurationError(path: kind.rawValue, error.message, fix: error.fix)
    }
    if let name, !PortName.isValid(name) {
      let fault = ValueFault(name, allowed: SettingType.portName.allowed)
      throw ConfigurationError(path: Setting.portName.key, fault.message)
    }
    if let contradiction = PortConsistency.contradictions(values).first { throw contradiction }
    self.kind = kind
    self.name = name ?? kind.defaultName(for: self.target)
    self.values = values.filter { $0.key != .portName && $0.value != $0.key.defaultValue }
  }

  /// The value of a setting or its default; nil where neither is there.
  package subscript(_ setting: Setting) -> SettingValue? {
    if setting == .portName { return .text(name) }
    return values[setting] ?? setting.defaultValue
  }

  /// The same port with one setting changed; nil for the default. `name` cannot be set.
  func setting(_ setting: Setting, to value: SettingValue?) -> PortConfiguration {
    var copy = self
    copy.values[setting] = value == setting.defaultValue ? nil : value
    return copy
  }

  /// The same settings under another name, which is valid.
  func renamed(_ name: String) -> PortConfiguration { PortConfiguration(copy: self, name: name, target: target) }

  /// The same settings for another target, which is valid.
  func moved(to target: String) -> PortConfiguration { PortConfiguration(copy: self, name: name, target: target) }

  private init(copy: PortConfiguration, name: String, target: String) {
    self.name = name
    self.target = target
    kind = copy.kind
    values = copy.values
  }
}

extension PortConfiguration {
  package var comment: String { self[.comment]?.textValue ?? "" }
  package var up: Bool { self[.up]?.booleanValue ?? true }
  /// Frames of one flow are joined on their way to the port.
  package var coalesce: Bool { self[.coalesce]?.booleanValue ?? true }
  /// Nil: derived from machine-id, switch and port.
  package var mac: MACAddress? { if case .mac(let address) = self[.mac] { address } else { nil } }
  /// Bytes; nil: the device's own.
  package var mtu: Int? { self[.mtu]?.integerValue }
  /// Frames.
  package var txqueuelen: Int { self[.txqueuelen]?.integerValue ?? 4096 }
  /// `NAME`, `pid:N` or an absolute path; nil: that of the switch.
  package var netns: String? { self[.netns]?.textValue }
  /// Equal for namespaces that are the same however they are written: `web` is `/run/netns/web`.
  package var namespaceKey: String? {
    for directory in ["/run/netns/", "/var/run/netns/"] {
      if let netns, netns.hasPrefix(directory) { return String(netns.dropFirst(directory.utf8.count)) }
    }
    return netns
  }
  /// CIDRs in canonical text.
  package var addresses: [String] { self[.address]?.listValue ?? [] }
  /// `CIDR` or `CIDR@NEXTHOP` in canonical text.
  package var routes: [String] { self[.routes]?.listValue ?? [] }
  package var persist: Bool { self[.persist]?.booleanValue ?? false }

  /// Exactly the object that stands under `ports:` in YAML: the kind's key, then what is not default.
  package var settingsObject: JSONValue {
    var members = [JSONMember(kind.rawValue, .string(target))]
    for setting in SettingTable.settings(of: kind) {
      if let value = values[setting] { members.append(JSONMember(setting.key, value.json)) }
    }
    return .object(members)
  }

  /// The SPEC that makes this port; `name` only where it is not the default.
  package var spec: String {
    var text = "\(kind.rawValue):\(PortSpec.escaped(target))"
    if name != kind.defaultName(for: target) { text += ",name=\(name)" }
    for setting in SettingTable.settings(of: kind) {
      if let value = values[setting] { text += ",\(setting.key)=\(PortSpec.escaped(value.text))" }
    }
    return text
  }
}

extension SettingValue {
  package var textValue: String? { if case .text(let text) = self { text } else { nil } }
  package var booleanValue: Bool? { if case .boolean(let on) = self { on } else { nil } }
  package var integerValue: Int? { if case .integer(let number) = self { number } else { nil } }
  package var listValue: [String]? { if case .list(let items) = self { items } else { nil } }
}
