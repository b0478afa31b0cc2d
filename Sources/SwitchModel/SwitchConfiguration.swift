// The configuration of a whole switch: what `config show` prints and a file says. Ports and entries stand in the
// order in which they came. Every change keeps the whole acceptable or is refused.

import BridgeCore
package import Wire

/// Settings of the switch, its ports, its static entries.
package struct SwitchConfiguration: Sendable, Equatable {
  /// As many ports as the data plane has slots for.
  package static let maximumPorts = PortIndex.limit

  /// Switch-wide settings whose value is not the default.
  package private(set) var values: [Setting: SettingValue] = [:]
  package private(set) var ports: [PortConfiguration] = []
  package private(set) var entries: [StaticEntry] = []
  private var entryKeys: Set<StaticEntry.Key> = []
  /// Places in `ports` by name, and names by device: thousands of ports are compared with no loop.
  private var places: [String: Int] = [:]
  private var devices: [Device: String] = [:]

  /// An interface has one port, of whatever kind.
  private struct Device: Sendable, Hashable {
    let target: String
    let namespace: String?

    init(_ port: PortConfiguration) {
      target = port.target
      namespace = port.namespaceKey
    }
  }

  package init() {}

  package subscript(_ setting: Setting) -> SettingValue? { values[setting] ?? setting.defaultValue }

  package var name: String { self[.switchName]?.textValue ?? SwitchName.standard }
  /// Seconds.
  package var ageing: Int { self[.ageing]?.integerValue ?? 300 }
  /// Entries.
  package var tableSize: Int { self[.tableSize]?.integerValue ?? 65536 }
  /// Nil: by the number of cores.
  package var workers: Int? { self[.workers]?.integerValue }
  /// Microseconds; nil: by the number of cores.
  package var spin: Int? { self[.spin]?.integerValue }
  /// What a port without VLAN settings is.
  package var defaultVLAN: DefaultVLAN {
    if let vlan = self[.defaultVLAN]?.integerValue { .access(UInt16(truncatingIfNeeded: vlan)) } else { .all }
  }
  package var forwardReserved: Bool { self[.forwardReserved]?.booleanValue ?? false }
  package var listen: ListenAddress? { self[.listen]?.textValue.flatMap { ListenAddress($0) } }
  /// Name or number of the group that may use the control socket.
  package var socketGroup: String? { self[.socketGroup]?.textValue }

  /// Sets a switch-wide setting to a value that its type has made; nil for the default.
  package mutating func set(_ setting: Setting, to value: SettingValue?) {
    values[setting] = value == setting.defaultValue ? nil : value
  }

  /// Sets a switch-wide setting from an option of the command line.
  /// - Parameter option: the option as the user wrote it, such as `--ageing`, for the message.
  package mutating func set(_ setting: Setting, option: String, text: String) throws(ConfigurationError) {
    do throws(ValueFault) {
      set(setting, to: try setting.type.parse(text, .spec))
    } catch {
      throw ConfigurationError(path: option, error.message, fix: error.fix)
    }
  }

  /// The same for a switch that is called `name`, unless it has a name of its own.
  package func named(_ name: String) -> SwitchConfiguration {
    var copy = self
    if values[.switchName] == nil { copy.set(.switchName, to: .text(name)) }
    return copy
  }

  package func port(named name: String) -> PortConfiguration? { places[name].map { ports[$0] } }
}

// MARK: Ports

extension SwitchConfiguration {
  /// Adds a port at the end.
  package mutating func add(_ port: PortConfiguration) throws(ConfigurationError) {
    guard ports.count < SwitchConfiguration.maximumPorts else {
      throw ConfigurationError(.conflict, "more than \(SwitchConfiguration.maximumPorts) ports in one switch")
    }
    if let other = self.port(named: port.name) {
      let free = PortName.free(like: port.name) { places[$0] != nil }
      throw ConfigurationError(
        .conflict, path: "name", "port \(port.name) exists already (\(TerminalText.escaped(other.spec)))",
        fix: "name the new one apart: \(Shell.quoted(port.renamed(free).spec))")
    }
    if let other = devices[Device(port)] {
      let place = port.netns.map { " in network namespace \(TerminalText.escaped($0))" } ?? ""
      throw ConfigurationError(
        .conflict, path: port.kind.rawValue,
        "device \(TerminalText.escaped(port.target))\(place) is already port \(other)",
        fix: "use another device, or the port that is there: tapswitch port show \(other)")
    }
    try checkDefault(port)
    places[port.name] = ports.count
    devices[Device(port)] = port.name
    ports.append(port)
  }

  /// Adds the ports of SPECs, as `run --port` gives them. All mistakes are collected; nothing is added if there are any.
  package mutating func merge(specs: [String]) throws(ConfigurationErrors) {
    var merged = self
    var errors: [ConfigurationError] = []
    for spec in specs {
      do throws(ConfigurationError) {
        let port = try PortConfiguration(spec: spec)
        do throws(ConfigurationError) {
          try merged.add(port)
        } catch {
          var located = error
          located.source = "port \(TerminalText.quoted(spec))"
          throw located
        }
      } catch {
        errors.append(error)
      }
    }
    if let errors = ConfigurationErrors(errors) { throw errors }
    self = merged
  }

  /// Puts a patched port in place of the one of the same name; kind, target and namespace do not change by a patch.
  /// Refused, with nothing changed, if a static entry of the port would lie outside its VLANs.
  package mutating func replace(_ port: PortConfiguration) throws(ConfigurationError) {
    guard let index = places[port.name] else { throw noPort(port.name) }
    try checkDefault(port)
    let vlans = port.vlans(default: defaultVLAN)
    if let entry = entries.first(where: { $0.port == port.name && !vlans.contains($0.vlan) }) {
      throw ConfigurationError(
        .conflict, path: "vlan",
        "the static entry for \(entry.mac) in VLAN \(entry.vlan) would be left behind: port "
          + "\(port.name) would carry VLAN \(vlans.vlans.text)",
        fix: "remove it first: tapswitch fdb remove \(entry.mac) --vlan \(entry.vlan)")
    }
    devices[Device(ports[index])] = nil
    devices[Device(port)] = port.name
    ports[index] = port
  }

  /// What a port contradicts only because `default_vlan` makes it an access port.
  private func checkDefault(_ port: PortConfiguration) throws(ConfigurationError) {
    guard !port.hasVLANSettings, port.values[.accept] == .text("tagged"), case .access(let vlan) = defaultVLAN else {
      return
    }
    throw ConfigurationError(
      path: "accept", "default_vlan=\(vlan) makes the port an access port, which is for frames without a tag",
      fix: "leave out accept, or write vlan=trunk")
  }

  /// Removes a port and its static entries.
  @discardableResult
  package mutating func removePort(named name: String) throws(ConfigurationError) -> PortConfiguration {
    guard let index = places.removeValue(forKey: name) else { throw noPort(name) }
    let port = ports.remove(at: index)
    devices[Device(port)] = nil
    for later in index..<ports.count { places[ports[later].name] = later }
    removeEntries { $0.port == name }
    return port
  }

  /// The error for a name that no port has.
  package func noPort(_ name: String) -> ConfigurationError {
    let meant = Suggestion.nearest(to: name, among: ports.map(\.name))
    return ConfigurationError(
      .notFound, "no port \(TerminalText.quoted(name))",
      fix: meant.map { "did you mean \($0)?" } ?? "see the ports: tapswitch port list")
  }
}

// MARK: Static entries

extension SwitchConfiguration {
  /// The entry that a request stands for: the port must be there; without a VLAN it is the port's access or native one.
  package func resolve(_ request: StaticEntryRequest) throws(ConfigurationError) -> StaticEntry {
    guard let port = port(named: request.port) else { throw noPort(request.port) }
    let native = port.vlans(default: defaultVLAN).native
    guard let vlan = request.vlan ?? (native == 0 ? nil : native) else {
      throw ConfigurationError(
        path: "vlan", "port \(port.name) is a trunk without native VLAN, so the entry needs one",
        fix: "add a VLAN (--vlan VID)")
    }
    return StaticEntry(mac: request.mac, vlan: vlan, port: request.port, isSticky: request.isSticky)
  }

  /// Adds an entry of a port that is there, in a VLAN that it carries.
  package mutating func add(_ entry: StaticEntry) throws(ConfigurationError) {
    guard let port = port(named: entry.port) else { throw noPort(entry.port) }
    let vlans = port.vlans(default: defaultVLAN)
    guard vlans.contains(entry.vlan) else {
      throw ConfigurationError(
        path: "vlan", "port \(port.name) carries VLAN \(vlans.vlans.text), not \(entry.vlan)",
        fix: vlans.native == 0 ? "name one of its VLANs" : "did you mean VLAN \(vlans.native)?")
    }
    guard entries.count < tableSize else {
      throw ConfigurationError(
        .conflict, "more static entries than the MAC table holds (\(tableSize))", fix: "raise table_size")
    }
    guard entryKeys.insert(entry.key).inserted else {
      throw ConfigurationError(
        .conflict, "a static entry for \(entry.mac) in VLAN \(entry.vlan) is there already",
        fix: "remove it first: tapswitch fdb remove \(entry.mac) --vlan \(entry.vlan)")
    }
    entries.append(entry)
  }

  /// Removes the entries of an address, in one VLAN or in all; returns how many there were.
  @discardableResult
  package mutating func removeEntries(of mac: MACAddress, vlan: UInt16? = nil) -> Int {
    removeEntries { $0.mac == mac && (vlan == nil || $0.vlan == vlan) }
  }

  @discardableResult
  private mutating func removeEntries(where matches: (StaticEntry) -> Bool) -> Int {
    let before = entries.count
    entries.removeAll(where: matches)
    if entries.count != before { entryKeys = Set(entries.map(\.key)) }
    return before - entries.count
  }
}
