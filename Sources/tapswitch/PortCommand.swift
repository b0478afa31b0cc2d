// `tapswitch port`: the group of commands about ports.

internal import ArgumentParser

struct Port: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List, show, add, change and remove ports.",
    discussion: """
      Ports change while the switch runs; other ports lose no frame. 'tapswitch config save' keeps the change.

        tapswitch port list
        tapswitch port add tap:tap2
        tapswitch port set tap2 mtu=9000
      """,
    subcommands: [PortList.self, PortShow.self, PortAdd.self, PortSet.self, PortRemove.self])
}
