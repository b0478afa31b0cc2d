// The configuration as a document: read from what YAML and JSON have in common, and given back in the same shape.
// All mistakes of a document are collected, in the order of their lines.

extension SwitchConfiguration {
  /// Mistakes that are told one by one.
  private static let maximumErrors = 100
  /// Mistakes that are looked for: a file of nothing else must not take long.
  private static let soughtErrors = 1000
  private static let sections = ["ports", "fdb"]

  /// Reads a whole document.
  /// - Parameter source: the name of the file, for messages.
  package init(document: DocumentNode, source: String? = nil) throws(ConfigurationErrors) {
    self.init()
    var errors: [ConfigurationError] = []
    read(document, source, &errors)
    // Stable by line, so that one reading of the file from top to bottom mends it.
    let ordered = errors.enumerated().sorted { a, b in
      (a.element.line ?? 0, a.offset) < (b.element.line ?? 0, b.offset)
    }
    var shown = ordered.prefix(SwitchConfiguration.maximumErrors).map(\.element)
    if shown.count < ordered.count {
      let rest = ordered.count < SwitchConfiguration.soughtErrors ? "\(ordered.count - shown.count)" : "many"
      shown.append(ConfigurationError(source: source, "and \(rest) more mistakes"))
    }
    if let errors = ConfigurationErrors(shown) { throw errors }
  }

  /// The configuration in the shape of its file: settings that are not default, ports, entries.
  package var document: JSONValue {
    var object: JSONValue = [:]
    for setting in SettingTable.switchWide {
      if let value = values[setting] { object[setting.key] = value.json }
    }
    object["ports"] = .object(ports.map { JSONMember($0.name, $0.settingsObject) })
    if !entries.isEmpty { object["fdb"] = .array(entries.map(\.json)) }
    return object
  }

  private mutating func read(_ document: DocumentNode, _ source: String?, _ errors: inout [ConfigurationError]) {
    guard case .mapping(let members) = document.content else {
      errors.append(
        ConfigurationError(
          source: source, line: document.line, column: document.column,
          "found \(document.shape), allowed: a mapping with ports and settings of the switch",
          fix: document.isEmpty ? "for a switch without ports write ports: {}" : nil))
      return
    }
    for member in members where !SwitchConfiguration.sections.contains(member.key) {
      guard errors.count < SwitchConfiguration.soughtErrors else { return }
      let place = ConfigurationError(
        source: source, line: member.line, column: member.column, path: ConfigurationPath.join("", member.key), "")
      do throws(ConfigurationError) {
        let setting = try SettingTable.switchWide(member.key, sections: SwitchConfiguration.sections)
        set(setting, to: try setting.read(member.value))
      } catch {
        errors.append(place.saying(error))
      }
    }
    // Entries name ports, so ports come first wherever they stand in the file.
    for member in members where member.key == "ports" { readPorts(member, source, &errors) }
    for member in members where member.key == "fdb" { readEntries(member, source, &errors) }
  }

  private mutating func readPorts(
    _ section: DocumentNode.Member, _ source: String?, _ errors: inout [ConfigurationError]
  ) {
    if section.value.isEmpty { return }
    guard case .mapping(let members) = section.value.content else {
      errors.append(
        ConfigurationError(
          source: source, line: section.line, column: section.column, path: "ports",
          "found \(section.value.shape), allowed: a mapping of NAME: { KIND: TARGET, … }"))
      return
    }
    for member in members {
      guard errors.count < SwitchConfiguration.soughtErrors else { return }
      let path = ConfigurationPath.join("ports", member.key)
      let place = ConfigurationError(source: source, line: member.line, column: member.column, path: path, "")
      if !PortName.isValid(member.key) {
        let fault = ValueFault(member.key, allowed: "a name, \(SettingType.portName.allowed)")
        errors.append(place.saying(ConfigurationError(fault.message)))
      }
      let port = PortConfiguration.read(
        member.value.placed(at: member), name: PortName.isValid(member.key) ? member.key : "invalid", path: path,
        source: source, &errors)
      guard let port, PortName.isValid(member.key) else { continue }
      do throws(ConfigurationError) {
        try add(port)
      } catch {
        var place = place
        if error.path == Setting.accept.key { place.path = ConfigurationPath.join(path, error.path) }
        errors.append(place.saying(error))
      }
    }
  }

  private mutating func readEntries(
    _ section: DocumentNode.Member, _ source: String?, _ errors: inout [ConfigurationError]
  ) {
    if section.value.isEmpty { return }
    guard case .sequence(let items) = section.value.content else {
      errors.append(
        ConfigurationError(
          source: source, line: section.line, column: section.column, path: "fdb",
          "found \(section.value.shape), allowed: a list of { mac: MAC, port: NAME }"))
      return
    }
    // A port that is there but wrong has its own error already; its entries are not unknown besides.
    let portsAreWhole = errors.isEmpty
    for (index, item) in items.enumerated() {
      guard errors.count < SwitchConfiguration.soughtErrors else { return }
      let path = ConfigurationPath.item("fdb", index)
      guard let request = StaticEntryRequest.read(item, path: path, source: source, &errors) else { continue }
      do throws(ConfigurationError) {
        try add(try resolve(request))
      } catch {
        if error.kind == .notFound, !portsAreWhole { continue }
        var said = error
        if said.kind == .notFound {
          said.kind = .unacceptable
          if said.fix?.hasPrefix("see ") == true { said.fix = nil }
        }
        if !said.path.isEmpty { said.path = ConfigurationPath.join(path, said.path) }
        errors.append(
          ConfigurationError(
            source: source, line: item.line, column: item.column, path: said.path.isEmpty ? path : said.path, ""
          ).saying(said))
      }
    }
  }
}

extension DocumentNode {
  /// The node, at the key's place where it has none of its own.
  fileprivate func placed(at member: Member) -> DocumentNode {
    var node = self
    node.line = node.line ?? member.line
    node.column = node.column ?? member.column
    return node
  }
}
