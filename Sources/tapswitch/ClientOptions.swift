// Options that every command has which talks to a running switch.

internal import ArgumentParser
internal import SwitchModel

struct ClientOptions: ParsableArguments {
  @Option(
    name: .customLong("switch"),
    help: ArgumentHelp("Name of the switch; needed only when several run.", valueName: "name"))
  var switchName: String?

  @Option(
    help: ArgumentHelp("Control socket of the switch; TAPSWITCH_SOCKET does the same.", valueName: "path"),
    completion: .file())
  var socket: String?

  @Flag(help: "Print JSON, errors too.")
  var json = false

  @Flag(name: .customLong("no-color"), help: "No colour, also on a terminal; NO_COLOR does the same.")
  var noColor = false

  var terminal: Terminal { Terminal(noColor: noColor) }

  /// The switch these options mean.
  func client() throws -> ControlClient { ControlClient(socket: try SwitchLocator.socket(for: self)) }

  /// How to give another command to the same switch.
  func commandLine(_ command: String) -> String {
    let options = switchName.map { " --switch \($0)" } ?? socket.map { " --socket \(Shell.quoted($0))" } ?? ""
    return TerminalText.escaped("tapswitch \(command)\(options)")
  }

  /// Prints an answer: its bytes as they came with `--json`, what `words` makes of it otherwise.
  func show(_ answer: ControlAnswer, as words: (JSONValue) throws -> String) async throws {
    if json { return try await answer.copyToOutput() }
    try StandardOutput.write(try words(try await answer.document()))
  }
}
