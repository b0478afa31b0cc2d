// Settings of one port that contradict one another. Found when a port is read, added or patched, before anything
// changes: a combination that could not hold is refused as a whole.

enum PortConsistency {
  /// What is wrong with values beside one another; the path of each is the key that should change.
  /// - Parameter values: as they were written, defaults included: an explicit `bpdu_guard=off` contradicts `secure`,
  ///   one that was never written does not.
  static func contradictions(_ values: [Setting: SettingValue]) -> [ConfigurationError] {
    vlans(values) + secure(values) + limits(values)
  }

  private static func error(_ setting: Setting, _ message: String, fix: String) -> ConfigurationError {
    ConfigurationError(path: setting.key, message, fix: fix)
  }

  private static func vlans(_ values: [Setting: SettingValue]) -> [ConfigurationError] {
    var errors: [ConfigurationError] = []
    if let service = values[.qinq] {
      for setting in [Setting.vlan, .native, .tagged] where values[setting] != nil {
        errors.append(
          error(
            setting,
            "qinq=\(service.text) puts every frame of the port into VLAN \(service.text), so \(setting.key) "
              + "has no meaning beside it", fix: "leave out \(setting.key) or qinq"))
      }
      if let accept = values[.accept], accept != .text("all") {
        errors.append(
          error(
            .accept, "qinq=\(service.text) takes every frame, whatever tags it bears; found accept=\(accept.text)",
            fix: "leave out accept or qinq"))
      }
      return errors
    }
    if case .integer(let access) = values[.vlan] {
      for setting in [Setting.native, .tagged] where values[setting] != nil {
        let meant = setting == .native ? "its only VLAN is \(access)" : "it carries no VLAN with a tag"
        errors.append(
          error(
            setting, "vlan=\(access) makes an access port: \(meant)",
            fix: "leave out \(setting.key), or write vlan=trunk"))
      }
      if values[.accept] == .text("tagged") {
        errors.append(
          error(
            .accept, "vlan=\(access) makes an access port, which is for frames without a tag",
            fix: "leave out accept, or write vlan=trunk"))
      }
    } else if values[.native] == .text("none"), values[.accept] == .text("untagged") {
      errors.append(
        error(
          .accept, "native=none leaves frames without a tag no VLAN, so accept=untagged would let nothing in",
          fix: "leave out accept, or give native a VLAN"))
    }
    return errors
  }

  /// `secure` can be made stricter, and its numbers may be others; what it forbids stays forbidden.
  private static func secure(_ values: [Setting: SettingValue]) -> [ConfigurationError] {
    guard values[.secure] == .boolean(true) else { return [] }
    var errors: [ConfigurationError] = []
    switch values[.vlan] {
    case .integer: break
    default:
      let found = [Setting.qinq, .vlan, .native, .tagged].lazy.compactMap { setting in
        values[setting].map { "\(setting.key)=\($0.text)" }
      }.first
      errors.append(
        error(
          .secure, "needs an access VLAN; found " + (found ?? "no vlan"),
          fix: found == nil ? "add vlan=VID" : "write vlan=VID instead, or leave out secure"))
    }
    for setting in [Setting.bpduGuard, .loopProbe] where values[setting] == .boolean(false) {
      errors.append(weakens(setting, "\(setting.key)=off"))
    }
    if let accept = values[.accept], accept != .text("untagged") {
      errors.append(weakens(.accept, "accept=\(accept.text)"))
    }
    if let flood = values[.flood], flood.listValue?.contains("unicast") == true {
      errors.append(weakens(.flood, "flood=\(flood.text), which has unicast in it,"))
    }
    if values[.macLimitAction] == .text("forward") {
      errors.append(weakens(.macLimitAction, "mac_limit_action=forward"))
    }
    // Nothing learned is nothing limited, unless other sources are refused anyway.
    if values[.learning] == .boolean(false), values[.locked] != .boolean(true),
      values[.allowMAC] ?? .list([]) == .list([])
    {
      errors.append(
        error(
          .learning, "learning=off would keep the MAC limit of secure from ever being reached",
          fix: "leave out learning, or add locked=on or allow_mac"))
    }
    return errors
  }

  private static func weakens(_ setting: Setting, _ found: String) -> ConfigurationError {
    error(setting, "\(found) would weaken secure=on", fix: "leave out \(setting.key) or secure")
  }

  private static func limits(_ values: [Setting: SettingValue]) -> [ConfigurationError] {
    guard values[.burst] != nil, values[.rateIn] == nil, values[.rateOut] == nil else { return [] }
    return [
      error(.burst, "how much may pass at once in spite of a rate, but there is none", fix: "add rate_in or rate_out")
    ]
  }
}
