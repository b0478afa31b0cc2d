// `tapswitch config show`

internal import ArgumentParser
internal import SwitchModel

struct ConfigShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Print the running configuration.",
    discussion: """
      YAML that starts the same switch again, or with --json the same as JSON.

        tapswitch config show > lab.yaml
      """)

  @OptionGroup var client: ClientOptions

  func run() async throws {
    let accept = client.json ? "application/json" : "application/yaml"
    let answer = try await client.client().send(.get, ["v1", "config"], accept: accept)
    // A file, to be redirected as it is: its writer has escaped what a terminal would act on.
    try await answer.copyToOutput()
  }
}
