// `tapswitch port add`

internal import ArgumentParser
internal import SwitchModel

struct PortAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Add a port to the running switch.",
    discussion: """
      What the port needs and is not there yet (a namespace) makes it wait; it attaches by itself.

        tapswitch port add tap:tap2
        tapswitch port add tap:web0,netns=web,address=10.0.0.1/24,mtu=9000
        tapswitch port add 'tap:db0,name=db,comment=the database,, behind the wall'

      \(SettingHelp.spec.dropLast())
      """)

  @Argument(help: "The port: KIND:TARGET[,KEY=VALUE]…")
  var spec: String

  @OptionGroup var client: ClientOptions

  func run() async throws {
    let port = try PortConfiguration(spec: spec)
    let answer = try await client.client().send(.post, ["v1", "ports"], body: port.request)
    try await client.show(answer) { value in PortAdd.words(try value.answer(as: PortStatus.self), client.terminal) }
  }

  /// What became of a port that was added or changed: `port web is up`.
  static func words(_ port: PortStatus, _ terminal: Terminal) -> String {
    let reason = port.reason.map { ": \(TerminalText.escaped($0))" } ?? ""
    return "port \(TerminalText.escaped(port.name)) is \(terminal.state(port.state.rawValue))\(reason)\n"
  }
}
