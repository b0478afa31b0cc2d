// Values of arguments that the table of settings knows, checked before anything is asked of a switch.

internal import SwitchModel
internal import Wire

enum ArgumentValues {
  /// The VLAN of `--vlan`, 1 to 4094.
  static func vlan(_ text: String?) throws -> Int? {
    try text.flatMap { try parse($0, Setting.entryVLAN, as: "--vlan").integerValue }
  }

  /// The address of one station, in any usual spelling.
  static func mac(_ text: String) throws -> MACAddress {
    guard case .mac(let address) = try parse(text, Setting.entryMAC, as: "MAC") else {
      throw ConfigurationError(path: "MAC", "found \(TerminalText.quoted(text)), allowed: a MAC address")
    }
    return address
  }

  /// A name that a port could have; of others it is certain that there is no such port.
  static func port(_ name: String) throws -> String {
    guard PortName.isValid(name) else {
      throw ConfigurationError(
        .notFound, "no port \(TerminalText.quoted(name))", fix: "see the ports: tapswitch port list")
    }
    return name
  }

  private static func parse(_ text: String, _ setting: Setting, as path: String) throws -> SettingValue {
    do throws(ValueFault) {
      return try setting.type.parse(text, .spec)
    } catch {
      throw ConfigurationError(path: path, error.message, fix: error.fix)
    }
  }
}
