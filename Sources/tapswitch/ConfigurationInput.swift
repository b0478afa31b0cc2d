// The configuration file of `config validate`, `plan` and `apply`: read and checked here, with the caller's rights, so
// that mistakes are told with file and line whether a switch runs or not.

internal import SwitchDaemon
internal import SwitchModel

struct ConfigurationInput {
  /// As it was given.
  let file: String
  /// What is sent to the switch.
  let bytes: [UInt8]
  let configuration: SwitchConfiguration

  /// - Parameter file: a path, or `-` for standard input.
  init(_ file: String) throws {
    self.file = file
    let isInput = file == "-"
    bytes = try ConfigurationFile.read(path: isInput ? "/dev/stdin" : file)
    configuration = try ConfigurationFile.parse(
      bytes: bytes, source: isInput ? "standard input" : TerminalText.escaped(file))
  }
}

/// What is acceptable and yet hardly meant, one line each.
enum WarningText {
  static func lines(_ warnings: [String], _ terminal: Terminal) -> String {
    warnings.map { "\(terminal.changed("warning:")) \(TerminalText.escaped($0))\n" }.joined()
  }
}
