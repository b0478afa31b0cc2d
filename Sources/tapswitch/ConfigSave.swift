// `tapswitch config save`

internal import ArgumentParser
internal import Glibc
internal import SwitchDaemon
internal import SwitchModel

struct ConfigSave: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "save",
    abstract: "Write the running configuration to a file.",
    discussion: """
      Without FILE to the one the switch was started with; any other is written with the rights of the caller. The \
      file is replaced as a whole or not at all.

        tapswitch config save
        tapswitch config save /etc/tapswitch/lab.yaml
      """)

  @Argument(help: "File to write; without it that of 'run --config'.", completion: .file())
  var file: String?

  @OptionGroup var client: ClientOptions

  func run() async throws {
    let control = try client.client()
    guard let file else {
      let answer = try await control.send(.post, ["v1", "config", "save"])
      return try await client.show(answer) { ConfigSave.words($0["path"]?.string ?? "its file") }
    }
    let path = try ConfigSave.absolute(file)
    do {
      let answer = try await control.send(.post, ["v1", "config", "save"], body: ["path": .string(path)])
      try await client.show(answer) { _ in ConfigSave.words(path) }
    } catch let problem as Problem where problem.exitStatus == .notPermitted {
      // The switch writes only the file it was started with. Any other is written with the caller's rights.
      let answer = try await control.send(.get, ["v1", "config"], accept: "application/yaml")
      try ConfigurationFile.write(String(decoding: try await answer.bytes(), as: UTF8.self), path: path)
      let value: JSONValue = ["path": .string(path)]
      try StandardOutput.write(client.json ? value.text + "\n" : ConfigSave.words(path))
    }
  }

  private static func words(_ path: String) -> String { "saved to \(TerminalText.escaped(path))\n" }

  /// The switch has another working directory than its caller.
  static func absolute(_ path: String) throws -> String {
    guard !path.isEmpty else { throw ConfigurationError(path: "FILE", "found nothing, allowed: the path of a file") }
    if path.hasPrefix("/") { return path }
    guard let directory = unsafe getcwd(nil, 0) else {
      throw ConfigurationError(.failure, path: "FILE", "the working directory is gone", fix: "give an absolute path")
    }
    defer { unsafe free(directory) }
    return ControlPlaces.joined(unsafe String(cString: directory), path)
  }
}
