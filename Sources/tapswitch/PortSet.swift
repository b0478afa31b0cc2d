// `tapswitch port set`

internal import ArgumentParser
internal import SwitchModel

struct PortSet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set",
    abstract: "Change settings of a port while it runs.",
    discussion: """
      All settings are changed or, if one of them is not acceptable, none. 'KEY=' means the default. A comma needs \
      no doubling here.

        tapswitch port set tap0 mtu=9000 comment='uplink, upper floor'
        tapswitch port set tap0 up=off
        tapswitch port set tap0 mtu=

      \(SettingHelp.text(of: SettingTable.port).dropLast())
      """)

  @Argument(help: "Name of the port.")
  var name: String

  @Argument(help: ArgumentHelp("Settings with their new values.", valueName: "key=value"))
  var settings: [String]

  @OptionGroup var client: ClientOptions

  func run() async throws {
    let name = try ArgumentValues.port(name)
    let patch = try PortConfiguration.patch(arguments: settings)
    let answer = try await client.client().send(.patch, ["v1", "ports", name], body: patch)
    try await client.show(answer) { value in PortAdd.words(try value.answer(as: PortStatus.self), client.terminal) }
  }
}
