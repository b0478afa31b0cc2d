// What a port's settings mean for forwarding, typed. `secure` is expanded here and nowhere else; an explicit setting
// goes before what secure gives, and PortConsistency refuses those that would weaken it.

package import BridgeCore
package import Wire

/// What `secure=on` sets where nothing is set.
enum SecurePreset {
  static let values: [Setting: SettingValue] = [
    .accept: .text("untagged"), .macLimit: .integer(4), .flood: .list(["multicast", "broadcast"]),
    .stormBroadcast: .integer(1000), .stormMulticast: .integer(1000), .stormUnknown: .integer(1000),
    .bpduGuard: .boolean(true), .loopProbe: .boolean(true),
  ]
}

extension PortConfiguration {
  /// The value that holds: what is set, else what `secure` gives, else the default.
  package func effective(_ setting: Setting) -> SettingValue? {
    if setting == .portName { return self[setting] }
    return values[setting] ?? (secure ? SecurePreset.values[setting] : nil) ?? setting.defaultValue
  }

  /// Like `settingsObject`, with `secure` expanded into the settings it stands for.
  package var effectiveSettingsObject: JSONValue {
    var members = [JSONMember(kind.rawValue, .string(target))]
    for setting in SettingTable.settings(of: kind) {
      let value = values[setting] ?? (secure ? SecurePreset.values[setting] : nil)
      if let value { members.append(JSONMember(setting.key, value.json)) }
    }
    return .object(members)
  }

  private func isOn(_ setting: Setting) -> Bool { effective(setting)?.booleanValue ?? false }

  package var secure: Bool { values[.secure]?.booleanValue ?? false }
  package var learning: Bool { isOn(.learning) }
  package var isLocked: Bool { isOn(.locked) }
  package var isIsolated: Bool { isOn(.isolated) }
  package var bpduGuard: Bool { isOn(.bpduGuard) }
  package var loopProbe: Bool { isOn(.loopProbe) }
  /// Reserved group addresses are refused, whatever `forward_reserved` says.
  package var refusesReserved: Bool { secure }

  /// Tag protocol identifier, in host byte order.
  package var tpid: UInt16 { effective(.tpid)?.textValue == "0x88a8" ? 0x88A8 : 0x8100 }

  /// Kinds of flooded frames that the port takes.
  package var floodKinds: FloodKinds { FloodKinds(names: effective(.flood)?.listValue ?? []) }

  /// Addresses; nil for no limit.
  package var macLimit: Int? { effective(.macLimit)?.integerValue }
  package var macLimitAction: MACLimitAction {
    switch effective(.macLimitAction)?.textValue {
    case "forward": .forward
    case "shutdown": .shutdown
    default: .drop
    }
  }
  /// The only sources that may send, in the order of the configuration; empty for any.
  package var allowedMACs: [MACAddress] {
    effective(.allowMAC)?.listValue?.compactMap { MACAddress($0) } ?? []
  }
  package var group: String? { effective(.group)?.textValue }

  /// Nil for no limit; so are the others.
  package var stormBroadcast: RateLimit? { effective(.stormBroadcast)?.rateLimit }
  package var stormMulticast: RateLimit? { effective(.stormMulticast)?.rateLimit }
  /// For unicast frames to addresses that the table does not hold.
  package var stormUnknown: RateLimit? { effective(.stormUnknown)?.rateLimit }
  /// Bits a second, from the port into the switch; nil for no limit.
  package var rateIn: Int? { effective(.rateIn)?.textValue.flatMap { BitRate.parse($0) } }
  /// Bits a second, from the switch to the port; nil for no limit.
  package var rateOut: Int? { effective(.rateOut)?.textValue.flatMap { BitRate.parse($0) } }
  /// Bytes; nil: 100 ms of the rate, at least 128 KiB.
  package var burst: Int? { effective(.burst)?.integerValue }

  package var napi: TapNAPI { effective(.napi)?.textValue.flatMap { TapNAPI(rawValue: $0) } ?? .off }
  /// Numbers of processors, ascending; empty where the kernel decides alone.
  package var rpsCPUs: [Int] {
    (effective(.rpsCPUs)?.listValue ?? []).flatMap { item -> [Int] in
      let bounds = item.split(separator: "-").compactMap { Int($0) }
      guard let first = bounds.first, let last = bounds.last, first <= last else { return [] }
      return Array(first...last)
    }
  }
}
