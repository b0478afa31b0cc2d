// The one table of settings. SPEC, YAML, PATCH, JSON schema, OpenAPI, --help and the documentation come from it;
// a later setting is a row here and nothing else. Texts and ranges follow the contract.

extension Setting {
  // Ports.
  package static let portName = Setting(
    .port, "name", .portName, nil, otherwise: "from the target", kinds: PortKind.allCases, live: false,
    "name of the port")
  package static let comment = Setting(
    .port, "comment", .text(maximum: 1024), .text(""), otherwise: "none", kinds: PortKind.allCases,
    "free text, shown by port show")
  package static let up = Setting(
    .port, "up", .boolean, .boolean(true), kinds: PortKind.allCases, "off takes the carrier away")
  package static let mac = Setting(
    .port, "mac", .unicastMAC, nil, otherwise: "derived from machine-id, switch and port", kinds: [.tap], live: false,
    "MAC address of the device")
  package static let mtu = Setting(
    .port, "mtu", .integer(68...65521, unit: "bytes"), nil, otherwise: "the device's", kinds: PortKind.allCases,
    "largest payload after Ethernet header and tags; a GSO frame is judged by its segment size")
  package static let txqueuelen = Setting(
    .port, "txqueuelen", .integer(1...65536, unit: "frames"), .integer(4096), kinds: [.tap],
    "frames the device holds for the switch before it loses some")
  package static let netns = Setting(
    .port, "netns", .namespace, nil, otherwise: "that of the switch", kinds: [.tap], live: false,
    "network namespace in which the device is made")
  package static let address = Setting(
    .port, "address", .addresses, .list([]), otherwise: "none", kinds: [.tap], "addresses of the device")
  package static let routes = Setting(
    .port, "routes", .routes, .list([]), otherwise: "none", kinds: [.tap], "routes through the device")
  package static let persist = Setting(
    .port, "persist", .boolean, .boolean(false), kinds: [.tap], live: false,
    "on keeps the device after a graceful stop")
  package static let coalesce = Setting(
    .port, "coalesce", .boolean, .boolean(true), kinds: PortKind.allCases,
    "off writes every frame by itself; on joins frames of one flow that came in one batch")

  // The whole switch.
  package static let switchName = Setting(
    .switchWide, "name", .switchName, .text(SwitchName.standard), live: false, "name of the switch")
  package static let ageing = Setting(
    .switchWide, "ageing", .duration(10...1_000_000), .integer(300),
    "time after which a MAC address that is not heard any more is forgotten")
  package static let tableSize = Setting(
    .switchWide, "table_size", .integer(16...1_048_576, unit: "entries"), .integer(65536), live: false,
    "entries that the MAC table holds")
  package static let forwardReserved = Setting(
    .switchWide, "forward_reserved", .boolean, .boolean(false),
    "on forwards the reserved group addresses 01:80:c2:00:00:02 to 0f")
  package static let workers = Setting(
    .switchWide, "workers", .integer(1...64, unit: "threads"), nil, otherwise: "by cores: 1 up to 3, then half of them",
    live: false, "threads that forward; the ports are spread over them")
  package static let spin = Setting(
    .switchWide, "spin", .integer(0...1000, unit: "microseconds"), nil, otherwise: "by cores: 0 up to 3, then 50",
    live: false, "how long a worker looks for the next frame before it sleeps, at the most")
  package static let listen = Setting(
    .switchWide, "listen", .listenAddress, nil, otherwise: "none", "where the API is served on TCP for reading")
  package static let socketGroup = Setting(
    .switchWide, "socket_group", .group, nil, otherwise: "none", "group that may use the control socket")

  // Static entries of the MAC table.
  package static let entryMAC = Setting(
    .entry, "mac", .unicastMAC, nil, otherwise: "required", "MAC address of the station")
  package static let entryPort = Setting(
    .entry, "port", .portName, nil, otherwise: "required", "port behind which it is")
  package static let entryVLAN = Setting(
    .entry, "vlan", .integer(1...4094, unit: ""), nil, otherwise: "the port's access or native VLAN",
    "VLAN in which it holds")
  package static let entrySticky = Setting(
    .entry, "sticky", .boolean, .boolean(false), "on lets the entry age")
}

/// All settings, in the order in which they are shown.
package enum SettingTable {
  package static let port: [Setting] = [
    .portName, .comment, .up, .mac, .mtu, .txqueuelen, .netns, .address, .routes, .persist, .napi, .rpsCPUs,
    .vlan, .native, .tagged, .accept, .tpid, .qinq,
    .learning, .flood, .macLimit, .macLimitAction, .allowMAC, .locked, .isolated, .group,
    .stormBroadcast, .stormMulticast, .stormUnknown, .rateIn, .rateOut, .burst,
    .bpduGuard, .loopProbe, .secure, .coalesce,
  ]

  package static let switchWide: [Setting] = [
    .switchName, .ageing, .tableSize, .defaultVLAN, .forwardReserved, .workers, .spin, .listen, .socketGroup,
  ]

  package static let entry: [Setting] = [.entryMAC, .entryPort, .entryVLAN, .entrySticky]

  /// Keys of the contract that this version does not have, with the kinds they are for (empty: all).
  static let laterPort: [(key: String, kinds: [String])] = [
    ("clients", ["stream", "vde"]), ("peer", ["dgram", "udp"]),
  ]

  static let laterSwitchWide = ["capture_dir", "mirrors"]

  package static func settings(of kind: PortKind) -> [Setting] { port.filter { $0.kinds.contains(kind) } }

  /// The row for a key of a port, or why there is none. Without a kind, settings of any kind do.
  package static func port(_ key: String, of kind: PortKind?) throws(ConfigurationError) -> Setting {
    if let row = port.first(where: { $0.key == key }) {
      guard let kind, !row.kinds.contains(kind) else { return row }
      throw notForKind(kind, row.kinds.map(\.rawValue))
    }
    if let row = laterPort.first(where: { $0.key == key }) {
      if let kind, !row.kinds.isEmpty, !row.kinds.contains(kind.rawValue) { throw notForKind(kind, row.kinds) }
      throw later
    }
    let known = (kind.map { settings(of: $0) } ?? port).map(\.key)
    throw unknown(
      key, known: known, others: laterPort.map(\.key) + PortKind.allCases.map(\.rawValue),
      seeing: "tapswitch port add --help")
  }

  /// The row for a key of the whole switch, or why there is none. `sections` are further keys of a document.
  package static func switchWide(_ key: String, sections: [String] = []) throws(ConfigurationError) -> Setting {
    if let row = switchWide.first(where: { $0.key == key }) { return row }
    if laterSwitchWide.contains(key) { throw later }
    throw unknown(key, known: switchWide.map(\.key) + sections, others: laterSwitchWide)
  }

  /// The row for a key of a static entry, or why there is none.
  package static func entry(_ key: String) throws(ConfigurationError) -> Setting {
    if let row = entry.first(where: { $0.key == key }) { return row }
    throw unknown(key, known: entry.map(\.key), others: [])
  }

  private static var later: ConfigurationError { ConfigurationError("not available in this version") }

  private static func notForKind(_ kind: PortKind, _ kinds: [String]) -> ConfigurationError {
    ConfigurationError("not for kind \(kind.rawValue), only for \(kinds.joined(separator: ", "))")
  }

  /// - Parameter place: where the settings are listed, if there are too many for a message.
  private static func unknown(
    _ key: String, known: [String], others: [String], seeing place: String? = nil
  ) -> ConfigurationError {
    if let meant = Suggestion.nearest(to: key, among: known + others) {
      return ConfigurationError("unknown setting", fix: "did you mean \(meant)?")
    }
    if let place { return ConfigurationError("unknown setting", fix: "see the settings: \(place)") }
    return ConfigurationError("unknown setting", fix: "did you mean one of \(known.joined(separator: ", "))?")
  }
}
