// `tapswitch config validate`: needs no switch, and changes nothing.

internal import ArgumentParser
internal import SwitchModel

struct ConfigValidate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Check a configuration file.",
    discussion: """
      Prints every mistake with file, line and key, and warns of what is acceptable but hardly meant. Needs no \
      running switch and changes nothing.

        tapswitch config validate lab.yaml
      """)

  @Argument(help: "Configuration file (YAML or JSON); - is standard input.", completion: .file())
  var file: String

  @Flag(help: "Print JSON, errors too.")
  var json = false

  func run() async throws {
    let input = try ConfigurationInput(file)
    let ports = input.configuration.ports.count
    let entries = input.configuration.entries.count
    guard !json else {
      let value: JSONValue = [
        "file": .string(file), "ports": .integer(ports), "fdb": .integer(entries),
        "warnings": .array(input.configuration.warnings.map { .string($0) }),
      ]
      return try StandardOutput.write(value.text + "\n")
    }
    let counts =
      "\(Words.count(ports)) \(ports == 1 ? "port" : "ports"), "
      + "\(Words.count(entries)) static \(entries == 1 ? "entry" : "entries")"
    let warnings = WarningText.lines(input.configuration.warnings, Terminal(noColor: false))
    try StandardOutput.write("\(warnings)\(TerminalText.escaped(file)): ok, \(counts)\n")
  }
}
