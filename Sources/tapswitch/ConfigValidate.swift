// `tapswitch config validate`: needs no switch, and changes nothing.

internal import ArgumentParser
internal import SwitchDaemon
internal import SwitchModel

struct ConfigValidate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Check a configuration file.",
    discussion: """
      Prints every mistake with file, line and key. Needs no running switch and changes nothing.

        tapswitch config validate lab.yaml
      """)

  @Argument(help: "Configuration file (YAML or JSON).", completion: .file())
  var file: String

  @Flag(help: "Print JSON, errors too.")
  var json = false

  func run() async throws {
    let configuration = try ConfigurationFile.load(path: file)
    let ports = configuration.ports.count
    let entries = configuration.entries.count
    guard !json else {
      let value: JSONValue = ["file": .string(file), "ports": .integer(ports), "fdb": .integer(entries)]
      return try StandardOutput.write(value.text + "\n")
    }
    let counts =
      "\(Words.count(ports)) \(ports == 1 ? "port" : "ports"), "
      + "\(Words.count(entries)) static \(entries == 1 ? "entry" : "entries")"
    try StandardOutput.write("\(TerminalText.escaped(file)): ok, \(counts)\n")
  }
}
