// The way from one configuration to another: what differs, for people, and what is to be done, for the supervisor.
// Ports that do not differ do not stand in it, and lose no frame.

/// What makes one configuration of another. In this order no step is at odds with what is there: entries removed,
/// switch-wide settings, ports patched, ports removed (all that are remade too), ports added, entries added.
package struct ConfigurationPlan: Sendable, Equatable {
  /// A port that is there before and after.
  package struct PortChange: Sendable, Equatable {
    package let old: PortConfiguration
    package let new: PortConfiguration
    /// Settings whose value is another, in the order of the table. Empty where only kind or target is.
    package let settings: [Setting]
  }

  package fileprivate(set) var changes: [PlanDocument.Change] = []
  package fileprivate(set) var removedPorts: [PortConfiguration] = []
  package fileprivate(set) var addedPorts: [PortConfiguration] = []
  /// Removed and added again: kind, target or a setting that does not change live is another.
  package fileprivate(set) var remadePorts: [PortChange] = []
  package fileprivate(set) var patchedPorts: [PortChange] = []
  /// Gone, or to be replaced by one of `addedEntries`.
  package fileprivate(set) var removedEntries: [StaticEntry] = []
  package fileprivate(set) var addedEntries: [StaticEntry] = []
  /// Entries that stay, on ports that are remade: they go with the port and must be set again.
  package fileprivate(set) var keptEntriesOfRemadePorts: [StaticEntry] = []
  /// Switch-wide settings that change live.
  package fileprivate(set) var settings: [Setting] = []
  /// Switch-wide settings that need a restart; apply refuses them.
  package fileprivate(set) var restartSettings: [Setting] = []
  /// What is doubtful about the configuration wanted.
  package fileprivate(set) var warnings: [String] = []
  fileprivate var restartFixes: [ConfigurationError] = []

  package var isEmpty: Bool { changes.isEmpty }

  package var document: PlanDocument {
    PlanDocument(changes: changes, remade: remadePorts.map(\.new.name), warnings: warnings)
  }

  /// Why it cannot be applied while the switch runs; nil if it can.
  package var obstacle: ConfigurationErrors? { ConfigurationErrors(restartFixes) }
}

extension SwitchConfiguration {
  /// What has to change so that the running configuration, this one, becomes `wanted`.
  ///
  /// A `wanted` that says no `name` keeps the one there is: it may have come from the command line.
  package func plan(to wanted: SwitchConfiguration) -> ConfigurationPlan {
    var plan = ConfigurationPlan()
    planSettings(to: wanted, &plan)
    planPorts(to: wanted, &plan)
    planEntries(to: wanted, &plan)
    plan.warnings = wanted.warnings
    return plan
  }

  private func planSettings(to wanted: SwitchConfiguration, _ plan: inout ConfigurationPlan) {
    for setting in SettingTable.switchWide where self[setting] != wanted[setting] {
      if setting == .switchName, wanted.values[setting] == nil { continue }
      let old = self[setting]
      let new = wanted[setting]
      plan.changes.append(.init(path: setting.key, old: old?.json ?? .null, new: new?.json ?? .null))
      if setting.isLive {
        plan.settings.append(setting)
        continue
      }
      plan.restartSettings.append(setting)
      let texts = [old, new].map { $0?.text ?? setting.defaultText }
      let running = old.map { "write \(setting.key): \($0.text)" } ?? "leave out \(setting.key)"
      plan.restartFixes.append(
        ConfigurationError(
          path: setting.key,
          "does not change while the switch runs (it is \(texts[0]), the file wants \(texts[1]))",
          fix: "\(running) to apply the rest, or stop the switch and start it with this file"))
    }
  }

  private func planPorts(to wanted: SwitchConfiguration, _ plan: inout ConfigurationPlan) {
    for old in ports where wanted.port(named: old.name) == nil {
      plan.removedPorts.append(old)
      plan.changes.append(.init(path: "ports.\(old.name)", old: old.settingsObject, new: .null))
    }
    for new in wanted.ports {
      guard let old = port(named: new.name) else {
        plan.addedPorts.append(new)
        plan.changes.append(.init(path: "ports.\(new.name)", old: .null, new: new.settingsObject))
        continue
      }
      if old == new { continue }
      let path = { (key: String) in ConfigurationPath.join("ports.\(new.name)", key) }
      if old.kind == new.kind, old.target != new.target {
        plan.changes.append(
          .init(path: path(old.kind.rawValue), old: .string(old.target), new: .string(new.target)))
      } else if old.kind != new.kind {
        plan.changes.append(.init(path: path(old.kind.rawValue), old: .string(old.target), new: .null))
        plan.changes.append(.init(path: path(new.kind.rawValue), old: .null, new: .string(new.target)))
      }
      let settings = SettingTable.port.filter { old[$0] != new[$0] }
      for setting in settings {
        plan.changes.append(
          .init(path: path(setting.key), old: old[setting]?.json ?? .null, new: new[setting]?.json ?? .null))
      }
      let change = ConfigurationPlan.PortChange(old: old, new: new, settings: settings)
      if old.mustBeRemade(as: new, settings) {
        plan.remadePorts.append(change)
      } else {
        plan.patchedPorts.append(change)
      }
    }
  }

  private func planEntries(to wanted: SwitchConfiguration, _ plan: inout ConfigurationPlan) {
    let before = Dictionary(entries.map { ($0.key, $0) }) { first, _ in first }
    let after = Dictionary(wanted.entries.map { ($0.key, $0) }) { first, _ in first }
    let path = { (entry: StaticEntry) in "fdb.\(entry.mac).vlan\(entry.vlan)" }
    let remade = Set(plan.remadePorts.map(\.new.name))
    for old in entries where after[old.key] == nil {
      plan.removedEntries.append(old)
      plan.changes.append(.init(path: path(old), old: old.json, new: .null))
    }
    for new in wanted.entries {
      let old = before[new.key]
      if old == new {
        if remade.contains(new.port) { plan.keptEntriesOfRemadePorts.append(new) }
        continue
      }
      if let old { plan.removedEntries.append(old) }
      plan.addedEntries.append(new)
      plan.changes.append(.init(path: path(new), old: old?.json ?? .null, new: new.json))
    }
  }
}

extension PortConfiguration {
  /// `netns` written otherwise is the same namespace.
  fileprivate func mustBeRemade(as new: PortConfiguration, _ settings: [Setting]) -> Bool {
    kind != new.kind || target != new.target
      || settings.contains { !$0.isLive && ($0 != .netns || namespaceKey != new.namespaceKey) }
  }
}
