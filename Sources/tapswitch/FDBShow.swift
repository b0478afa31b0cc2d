// `tapswitch fdb show`

internal import ArgumentParser
internal import SwitchModel
internal import Wire

struct FDBShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show where an address is and where it has been.",
    discussion: """
      One sheet for every VLAN in which the address is known.

        tapswitch fdb show 52:54:00:12:34:56
      """)

  @Argument(help: ArgumentHelp("MAC address.", valueName: "mac"))
  var mac: String

  @OptionGroup var client: ClientOptions

  func run() async throws {
    let mac = try ArgumentValues.mac(mac)
    let answer = try await client.client().send(.get, ["v1", "fdb", mac.description])
    try await client.show(answer) { value in
      // One entry stands alone or in an array.
      let entries = try (value.array ?? [value]).map { try $0.answer(as: FDBDetail.self) }
      return entries.map { FDBShow.sheet($0).text(on: client.terminal) }.joined(separator: "\n")
    }
  }

  static func sheet(_ entry: FDBDetail) -> Sheet {
    var sheet = Sheet()
    sheet.add("MAC", entry.mac)
    sheet.add("VLAN", "\(entry.vlan)")
    sheet.add("port", entry.port)
    sheet.add("kind", entry.kind.rawValue)
    sheet.add("age", entry.ageSeconds == nil ? "does not age" : Words.age(entry.ageSeconds))
    sheet.add("since", entry.since)
    if let name = entry.hostName { sheet.add("host name", name) }
    if !entry.addresses.isEmpty { sheet.add("addresses", entry.addresses.joined(separator: ", ")) }
    sheet.add("moves", Quantity.grouped(entry.moves))
    for move in entry.history { sheet.add("  \(TerminalText.escaped(move.time))", "from \(move.from) to \(move.to)") }
    return sheet
  }
}
