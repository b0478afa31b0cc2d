// `tapswitch events`: what has happened, and with --follow what happens.

internal import ArgumentParser
internal import Glibc
internal import SwitchModel

struct Events: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what has happened to ports, addresses and the configuration.",
    discussion: """
      The last 4,096 events, oldest first; with --follow also those that come, until SIGINT. With --json one object a \
      line. Events have ascending numbers ('sequence'); those that a reader was too slow for are counted in one of \
      type 'events_lost'.

        tapswitch events
        tapswitch events --follow --json | jq -c 'select(.type == "moved")'
      """)

  @Flag(help: "Go on with the events that come.")
  var follow = false

  @OptionGroup var client: ClientOptions

  func run() async throws {
    guard follow else {
      let answer = try await client.client().send(.get, ["v1", "events"])
      return try await answer.elements { try show($0) }
    }
    // Ends it at once and well, as the contract says; nothing is buffered that would be lost.
    _ = signal(SIGINT) { _ in _exit(0) }
    let answer = try await client.client().send(.get, ["v1", "events"], accept: "text/event-stream")
    var reader = EventStreamReader()
    try await answer.pieces { piece in
      try reader.feed(piece) { try show(try ControlAnswer.parsed($0)) }
    }
  }

  private func show(_ event: JSONValue) throws {
    if client.json { return try StandardOutput.write(event.text + "\n") }
    try StandardOutput.write(Events.line(try event.answer(as: EventDocument.self)))
  }

  /// When, and what happened.
  static func line(_ event: EventDocument) -> String { "\(TerminalText.escaped(event.time))  \(event.text)\n" }
}
