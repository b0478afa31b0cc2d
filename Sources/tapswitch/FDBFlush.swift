// `tapswitch fdb flush`

internal import ArgumentParser
internal import SwitchModel

struct FDBFlush: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flush",
    abstract: "Forget dynamic entries.",
    discussion: """
      All of them, or those of a port, of a VLAN, or of a port in a VLAN. Static and sticky entries stay.

        tapswitch fdb flush
        tapswitch fdb flush --port tap0 --vlan 10
      """)

  @Option(help: ArgumentHelp("Only entries of this port.", valueName: "name"))
  var port: String?

  @Option(help: ArgumentHelp("Only entries of this VLAN.", valueName: "vlan"))
  var vlan: String?

  @OptionGroup var client: ClientOptions

  func run() async throws {
    var body: JSONValue = [:]
    if let port { body["port"] = .string(try ArgumentValues.port(port)) }
    if let vlan = try ArgumentValues.vlan(vlan) { body["vlan"] = .integer(vlan) }
    let answer = try await client.client().send(.post, ["v1", "fdb", "flush"], body: body)
    try await client.show(answer) { FDBRemove.words($0) }
  }
}
