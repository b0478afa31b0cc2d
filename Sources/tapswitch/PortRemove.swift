// `tapswitch port remove`

internal import ArgumentParser
internal import SwitchModel

struct PortRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Remove a port from the running switch.",
    discussion: """
      Its entries of the MAC table go with it, and its device unless 'persist=on' keeps that.

        tapswitch port remove tap2
      """)

  @Argument(help: "Name of the port.")
  var name: String

  @OptionGroup var client: ClientOptions

  func run() async throws {
    let name = try ArgumentValues.port(name)
    let answer = try await client.client().send(.delete, ["v1", "ports", name])
    try await client.show(answer) { _ in "port \(name) is removed\n" }
  }
}
