// `tapswitch fdb remove`

internal import ArgumentParser
internal import SwitchModel
internal import Wire

struct FDBRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Remove the entries of an address.",
    discussion: """
      Of every kind, in one VLAN or in all.

        tapswitch fdb remove 52:54:00:12:34:56
        tapswitch fdb remove 52:54:00:12:34:56 --vlan 10
      """)

  @Argument(help: ArgumentHelp("MAC address.", valueName: "mac"))
  var mac: String

  @Option(help: ArgumentHelp("Only in this VLAN.", valueName: "vlan"))
  var vlan: String?

  @OptionGroup var client: ClientOptions

  func run() async throws {
    let mac = try ArgumentValues.mac(mac)
    let vlan = try ArgumentValues.vlan(vlan)
    let answer = try await client.client().send(
      .delete, ["v1", "fdb", mac.description], query: [("vlan", vlan.map { "\($0)" })])
    try await client.show(answer) { FDBRemove.words($0) }
  }

  /// `3 entries removed`.
  static func words(_ value: JSONValue) -> String {
    guard let number = value["removed"]?.integer else { return "removed\n" }
    return "\(Words.count(number)) \(number == 1 ? "entry" : "entries") removed\n"
  }
}
