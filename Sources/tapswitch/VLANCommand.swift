// `tapswitch vlan list`

internal import ArgumentParser
internal import SwitchModel

struct VLAN: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vlan",
    abstract: "Show the VLANs.",
    discussion: """
      VLANs follow from the settings of the ports.

        tapswitch vlan list
      """,
    subcommands: [VLANList.self])
}

struct VLANList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the VLANs with their member ports.",
    discussion: """
      Neighbouring VLANs with the same members stand in one row. On a port under UNTAGGED frames of the VLAN leave \
      without a tag.

        tapswitch vlan list
        tapswitch vlan list --json
      """)

  @OptionGroup var client: ClientOptions

  func run() async throws {
    let answer = try await client.client().send(.get, ["v1", "vlans"])
    try await client.show(answer) { value in
      client.terminal.text(of: VLANList.table(try value.answer(as: [VLANRow].self)))
    }
  }

  static func table(_ rows: [VLANRow]) -> TextTable {
    var table = TextTable([.left("VLANS"), .left("UNTAGGED PORTS"), .left("TAGGED PORTS")])
    let names = { (ports: [VLANRow.Member]) -> String in
      ports.isEmpty ? "-" : ports.map(\.port).joined(separator: ", ")
    }
    for row in rows {
      table.add([row.vlans, names(row.ports.filter { !$0.tagged }), names(row.ports.filter(\.tagged))])
    }
    return table
  }
}
