// `tapswitch config apply`

internal import ArgumentParser
internal import LinuxIO
internal import SwitchModel

struct ConfigApply: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Make the running configuration that of a file.",
    discussion: """
      Changes what differs and nothing else: ports that stay as they are lose no frame. All of it is done or, if \
      anything fails, none. The file the switch was started with stays as it is; 'config save' writes it.

      With --confirm the change is taken back after so many seconds unless 'config confirm' is called: who cuts off \
      his own way to the switch gets it back.

        tapswitch config apply lab.yaml
        tapswitch config apply lab.yaml --confirm 60 && tapswitch config confirm
      """)

  @Argument(help: "Configuration file (YAML or JSON); - is standard input.", completion: .file())
  var file: String

  @Option(
    help: ArgumentHelp(
      "Take the change back after this time unless it is confirmed, 1 to 86400 seconds (also 30s, 5m, 1h).",
      valueName: "seconds"))
  var confirm: String?

  @OptionGroup var client: ClientOptions

  func run() async throws {
    let seconds = try confirm.map { try ConfigApply.seconds($0) }
    let input = try ConfigurationInput(file)
    let began = Int64(clamping: Clock.realTime() / 1_000_000_000)
    let answer = try await client.client().send(
      .post, ["v1", "config", "apply"], query: [("confirm", seconds.map { "\($0)" })],
      content: RequestContent(input.bytes, type: "application/yaml"))
    try await client.show(answer) { value in
      let plan = try value.answer(as: PlanDocument.self)
      let text = ConfigPlan.text(plan, client.terminal)
      guard !plan.changes.isEmpty else { return text }
      return text + "\(ConfigPlan.count(plan)) applied\n" + (seconds.map { confirmation($0, from: began) } ?? "")
    }
  }

  /// What to do, and by when. From before the request was sent: a moment too early rather than too late.
  private func confirmation(_ seconds: Int, from began: Int64) -> String {
    """
    taken back in \(Quantity.duration(seconds: UInt64(seconds))), at \(Quantity.time(seconds: began + Int64(seconds))), \
    unless you confirm it: \(client.commandLine("config confirm"))

    """
  }

  private static func seconds(_ text: String) throws -> Int {
    guard let seconds = Units.parseDuration(text), (1...86400).contains(seconds) else {
      throw ConfigurationError(
        path: "--confirm", "found \(TerminalText.quoted(text)), allowed: 1 to 86400 seconds (also 30s, 5m, 1h)")
    }
    return seconds
  }
}
