// `tapswitch config plan`

internal import ArgumentParser
internal import SwitchModel

struct ConfigPlan: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show what applying a configuration file would change.",
    discussion: """
      One line a change: + what would come, - what would go, ~ what would be another. Nothing is changed.

        tapswitch config plan lab.yaml
        tapswitch config show | sed s/1500/9000/ | tapswitch config plan -
      """)

  @Argument(help: "Configuration file (YAML or JSON); - is standard input.", completion: .file())
  var file: String

  @OptionGroup var client: ClientOptions

  func run() async throws {
    let input = try ConfigurationInput(file)
    let answer = try await client.client().send(
      .post, ["v1", "config", "plan"], content: RequestContent(input.bytes, type: "application/yaml"))
    try await client.show(answer) { value in
      let plan = try value.answer(as: PlanDocument.self)
      let text = ConfigPlan.text(plan, client.terminal)
      guard !plan.changes.isEmpty else { return text }
      let apply = file == "-" ? "" : ": \(client.commandLine("config apply \(Shell.quoted(file))"))"
      return text + "\(ConfigPlan.count(plan)) to be applied\(apply)\n"
    }
  }

  /// One line a change, what it costs, and what is doubtful about it.
  static func text(_ plan: PlanDocument, _ terminal: Terminal) -> String {
    guard !plan.changes.isEmpty else { return WarningText.lines(plan.warnings, terminal) + "no changes\n" }
    let changes = plan.lines.map { line -> String in
      switch line.first {
      case "+": terminal.added(line)
      case "-": terminal.removed(line)
      default: terminal.changed(line)
      }
    }
    let remade = plan.remade.map { "port \(TerminalText.escaped($0)) is made anew: frames on it are lost meanwhile" }
    return (changes + remade).map { $0 + "\n" }.joined() + WarningText.lines(plan.warnings, terminal)
  }

  /// `3 changes`.
  static func count(_ plan: PlanDocument) -> String {
    "\(Words.count(plan.changes.count)) \(plan.changes.count == 1 ? "change" : "changes")"
  }
}
