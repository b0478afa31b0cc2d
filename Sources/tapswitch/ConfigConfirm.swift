// `tapswitch config confirm`

internal import ArgumentParser
internal import SwitchModel

struct ConfigConfirm: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "confirm",
    abstract: "Keep what was applied with 'config apply --confirm'.",
    discussion: """
      Until then it is taken back when its time is over, and no other change is possible.

        tapswitch config confirm
      """)

  @OptionGroup var client: ClientOptions

  func run() async throws {
    let answer = try await client.client().send(.post, ["v1", "config", "confirm"])
    try await client.show(answer) { _ in
      "confirmed: it stays while the switch runs; '\(client.commandLine("config save"))' writes it to the file\n"
    }
  }
}
