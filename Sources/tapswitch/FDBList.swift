// `tapswitch fdb list`: a table that may have a million entries, printed while it arrives.

internal import ArgumentParser
internal import SwitchModel

struct FDBList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the entries of the MAC table.",
    discussion: """
      AGE is the time since a frame from that address was last seen; '-' where an entry does not age.

        tapswitch fdb list
        tapswitch fdb list --port tap0 --vlan 10
        tapswitch fdb list --json | jq -r '.[] | select(.moves > 0) | .mac'
      """)

  @Option(help: ArgumentHelp("Only entries of this port.", valueName: "name"))
  var port: String?

  @Option(help: ArgumentHelp("Only entries of this VLAN.", valueName: "vlan"))
  var vlan: String?

  @OptionGroup var client: ClientOptions

  func run() async throws {
    let vlan = try ArgumentValues.vlan(vlan)
    let port = try port.map { try ArgumentValues.port($0) }
    let answer = try await client.client().send(
      .get, ["v1", "fdb"], query: [("port", port), ("vlan", vlan.map { "\($0)" })])
    if client.json { return try await answer.copyToOutput() }
    let terminal = client.terminal
    var table = StreamedTable(
      [
        .left("MAC"), .right("VLAN"), .left("PORT"), .left("KIND"), .right("AGE"), .right("MOVES"), .left("ADDRESSES"),
      ], heading: terminal.bold)
    try await answer.elements { try table.add(FDBList.row($0)) }
    try table.finish()
  }

  /// Members are read one by one: decoding a value costs several times as much, and this runs a million times.
  static func row(_ entry: JSONValue) throws -> [String] {
    guard let mac = entry["mac"]?.string, let vlan = entry["vlan"]?.integer, let port = entry["port"]?.string,
      let kind = entry["kind"]?.string
    else { throw ControlFailure.strange("an entry without mac, vlan, port or kind") }
    let addresses = entry["addresses"]?.array?.compactMap(\.string) ?? []
    return [
      mac, "\(vlan)", port, kind, Words.age(entry["age_seconds"]?.integer), Words.count(entry["moves"]?.integer ?? 0),
      addresses.joined(separator: ", "),
    ]
  }
}
