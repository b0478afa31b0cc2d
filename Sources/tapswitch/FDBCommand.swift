// `tapswitch fdb`: the group of commands about the MAC table.

internal import ArgumentParser

struct FDB: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fdb",
    abstract: "List and change the MAC table.",
    discussion: """
      A dynamic entry was learned, ages and moves; a static one never ages and never moves; a sticky one ages and \
      never moves.

        tapswitch fdb list --port tap0
        tapswitch fdb add 52:54:00:12:34:56 --port tap0
        tapswitch fdb flush --vlan 10
      """,
    subcommands: [FDBList.self, FDBShow.self, FDBAdd.self, FDBRemove.self, FDBFlush.self])
}
