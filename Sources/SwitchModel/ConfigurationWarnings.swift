// What is acceptable but probably not meant. Shown by `run`, `config validate`, `config plan` and `doctor`.

extension SwitchConfiguration {
  /// Names that a warning tells one by one.
  private static let namesShown = 8

  /// One sentence each, without a full stop: what it is, which ports, what to do.
  package var warnings: [String] {
    let with = ports.filter(\.hasVLANSettings).map(\.name)
    let without = ports.filter { !$0.hasVLANSettings }.map(\.name)
    guard !with.isEmpty, !without.isEmpty else { return [] }
    let many = without.count > 1
    let what =
      switch defaultVLAN {
      case .all: many ? "trunks of all VLANs with native 1" : "a trunk of all VLANs with native 1"
      case .access(let vlan): many ? "access ports in VLAN \(vlan)" : "an access port in VLAN \(vlan)"
      }
    let others = defaultVLAN == .all ? ", or set default_vlan for all of them" : ""
    return [
      "\(many ? "ports" : "port") \(SwitchConfiguration.list(without)) \(many ? "have" : "has") no VLAN settings while "
        + "\(SwitchConfiguration.list(with)) \(with.count > 1 ? "have" : "has") some: by default_vlan=\(defaultText) "
        + "\(many ? "they are" : "it is") \(what); say what \(many ? "they are" : "it is") with vlan=VID or vlan=trunk"
        + others
    ]
  }

  private var defaultText: String { self[.defaultVLAN]?.text ?? "" }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(namesShown).joined(separator: ", ")
    return names.count > namesShown ? "\(shown) and \(names.count - namesShown) more" : shown
  }
}
