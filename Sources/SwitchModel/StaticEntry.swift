// A static entry of the MAC table as configuration: who is where, for good.

package import Wire

/// One entry under `fdb:`, or of `fdb add`.
package struct StaticEntry: Sendable, Hashable {
  /// Never a group, never zero.
  package let mac: MACAddress
  /// 1 to 4094.
  package let vlan: UInt16
  /// Name of the port.
  package let port: String
  /// Ages like a dynamic entry, but never moves.
  package let isSticky: Bool

  package init(mac: MACAddress, vlan: UInt16, port: String, isSticky: Bool = false) {
    self.mac = mac
    self.vlan = vlan
    self.port = port
    self.isSticky = isSticky
  }

  /// What there can be only one of.
  package struct Key: Sendable, Hashable {
    package let mac: MACAddress
    package let vlan: UInt16
    package init(mac: MACAddress, vlan: UInt16) {
      self.mac = mac
      self.vlan = vlan
    }
  }

  package var key: Key { Key(mac: mac, vlan: vlan) }

  /// The object that stands under `fdb:` in YAML.
  package var json: JSONValue {
    var object: JSONValue = [
      "mac": .string(mac.description), "port": .string(port), "vlan": .integer(Int(vlan)),
    ]
    if isSticky { object["sticky"] = true }
    return object
  }
}

/// An entry as it was asked for: the VLAN may be missing, the port unknown.
package struct StaticEntryRequest: Sendable, Equatable {
  package let mac: MACAddress
  package let port: String
  package let vlan: UInt16?
  package let isSticky: Bool

  package init(mac: MACAddress, port: String, vlan: UInt16? = nil, isSticky: Bool = false) {
    self.mac = mac
    self.port = port
    self.vlan = vlan
    self.isSticky = isSticky
  }

  /// The object of `POST /v1/fdb`.
  package init(request: JSONValue) throws(ConfigurationErrors) {
    var errors: [ConfigurationError] = []
    let made = StaticEntryRequest.read(DocumentNode(json: request), path: "", source: nil, &errors)
    guard let made else { throw ConfigurationErrors(errors) ?? ConfigurationErrors(ConfigurationError("no entry")) }
    self = made
  }

  package var json: JSONValue {
    var object: JSONValue = ["mac": .string(mac.description), "port": .string(port)]
    if let vlan { object["vlan"] = .integer(Int(vlan)) }
    if isSticky { object["sticky"] = true }
    return object
  }

  /// Reads an object; nil, with at least one more error, if it is no entry.
  static func read(
    _ node: DocumentNode, path: String, source: String?, _ errors: inout [ConfigurationError]
  ) -> StaticEntryRequest? {
    let before = errors.count
    let whole = ConfigurationError(source: source, line: node.line, column: node.column, path: path, "")
    guard case .mapping(let members) = node.content else {
      errors.append(whole.saying(ConfigurationError("found \(node.shape), allowed: a mapping with mac and port")))
      return nil
    }
    var values: [Setting: SettingValue] = [:]
    for member in members {
      let place = ConfigurationError(
        source: source, line: member.line, column: member.column, path: ConfigurationPath.join(path, member.key), "")
      do throws(ConfigurationError) {
        let setting = try SettingTable.entry(member.key)
        values[setting] = try setting.read(member.value)
      } catch {
        errors.append(place.saying(error))
      }
    }
    guard errors.count == before else { return nil }
    guard case .mac(let mac) = values[.entryMAC], let port = values[.entryPort]?.textValue else {
      let missing = values[.entryMAC] == nil ? Setting.entryMAC : .entryPort
      errors.append(whole.saying(ConfigurationError("no \(missing.key), which is required: \(missing.help)")))
      return nil
    }
    return StaticEntryRequest(
      mac: mac, port: port, vlan: values[.entryVLAN]?.integerValue.map { UInt16(truncatingIfNeeded: $0) },
      isSticky: values[.entrySticky]?.booleanValue ?? false)
  }
}
