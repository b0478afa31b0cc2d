// `tapswitch config`: the group of commands about configurations.

internal import ArgumentParser

struct Config: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config",
    abstract: "Check, preview and apply a configuration file; show or save the running configuration.",
    discussion: """
      Live commands and 'config apply' change the running switch only; 'config save' writes what runs to its file.

        tapswitch config validate lab.yaml
        tapswitch config plan lab.yaml
        tapswitch config apply lab.yaml --confirm 60
        tapswitch config confirm
        tapswitch config save
      """,
    subcommands: [
      ConfigValidate.self, ConfigPlan.self, ConfigApply.self, ConfigConfirm.self, ConfigShow.self, ConfigSave.self,
    ])
}
