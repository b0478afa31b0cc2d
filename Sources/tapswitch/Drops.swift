// `tapswitch drops`

internal import ArgumentParser
internal import SwitchModel

struct Drops: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show which frames were dropped, why, and what to do.",
    discussion: """
      Every reason that has counted, with the port on which it did; a reason that never counted is absent. Below them \
      what each reason means, what to do, and the last frame it met on each port.

        tapswitch drops
        tapswitch drops --port tap0
      """)

  @Option(help: ArgumentHelp("Only drops of this port.", valueName: "name"))
  var port: String?

  @OptionGroup var client: ClientOptions

  func run() async throws {
    let port = try port.map { try ArgumentValues.port($0) }
    let answer = try await client.client().send(.get, ["v1", "drops"], query: [("port", port)])
    try await client.show(answer) { value in
      let rows = try value.answer(as: [DropRow].self)
      return client.terminal.text(of: Drops.table(rows)) + Drops.explanations(rows, client.terminal)
    }
  }

  static func table(_ rows: [DropRow]) -> TextTable {
    var table = TextTable([.left("REASON"), .left("PORT"), .right("FRAMES"), .left("LAST SEEN")])
    for row in rows { table.add([row.reason, row.port, Quantity.grouped(row.count), row.lastSeen]) }
    return table
  }

  /// What each reason means and what to do, once, however many ports it counted on.
  static func explanations(_ rows: [DropRow], _ terminal: Terminal) -> String {
    var told: Set<String> = []
    var text = ""
    for row in rows where told.insert(row.reason).inserted {
      text += "\n\(terminal.bold(TerminalText.escaped(row.reason)))\n"
      text += "  \(TerminalText.escaped(row.meaning))\n  fix: \(TerminalText.escaped(row.remedy))\n"
      for other in rows where other.reason == row.reason {
        guard let frame = other.lastFrame else { continue }
        text += "  last on \(TerminalText.escaped(other.port)): \(TerminalText.escaped(frame))\n"
      }
    }
    return text
  }
}
