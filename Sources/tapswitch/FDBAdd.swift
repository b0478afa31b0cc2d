// `tapswitch fdb add`

internal import ArgumentParser
internal import SwitchModel

struct FDBAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Add a static or sticky entry.",
    discussion: """
      A frame from such an address on another port is forwarded, but teaches nothing.

        tapswitch fdb add 52:54:00:12:34:56 --port tap0
        tapswitch fdb add 52:54:00:12:34:56 --port tap0 --vlan 10 --sticky
      """)

  @Argument(help: ArgumentHelp("MAC address of one station.", valueName: "mac"))
  var mac: String

  @Option(help: ArgumentHelp("Port behind which it is.", valueName: "name"))
  var port: String

  @Option(help: ArgumentHelp("VLAN; without it the port's access or native VLAN.", valueName: "vlan"))
  var vlan: String?

  @Flag(help: "Let the entry age.")
  var sticky = false

  @OptionGroup var client: ClientOptions

  func run() async throws {
    let request = StaticEntryRequest(
      mac: try ArgumentValues.mac(mac), port: try ArgumentValues.port(port),
      vlan: try ArgumentValues.vlan(vlan).map { UInt16(clamping: $0) }, isSticky: sticky)
    let answer = try await client.client().send(.post, ["v1", "fdb"], body: request.json)
    try await client.show(answer) { value in
      let entry = try value.answer(as: FDBEntry.self)
      return TerminalText.escaped(
        "\(entry.mac) in VLAN \(entry.vlan) is on port \(entry.port), \(entry.kind.rawValue)") + "\n"
    }
  }
}
