// `tapswitch config`: the group of commands about configurations.

internal import ArgumentParser

struct Config: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Check a configuration file; show or save the running configuration.",
    discussion: """
      Live commands change the running switch only; 'config save' writes what runs to its file.

        tapswitch config validate lab.yaml
        tapswitch config show
        tapswitch config save
      """,
    subcommands: [ConfigValidate.self, ConfigShow.self, ConfigSave.self])
}
