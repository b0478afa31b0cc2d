// The root of the command line. Every command ends in `main`: what it threw is reported and becomes an exit status
// there and nowhere else.

internal import ArgumentParser
internal import Glibc
internal import NIOCore
internal import SwitchModel

@main
struct Tapswitch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tapswitch",
    abstract: "A virtual Ethernet switch.",
    discussion: """
      'tapswitch run' is the switch; every other command looks at one that runs, or changes it.

        tapswitch run --port tap:tap0 --port tap:tap1 --capture all.pcap
        tapswitch port list
        tapswitch fdb list --json
        tapswitch port add tap:tap2,netns=web,address=10.0.0.1/24

      Exit status: 0 done; 64 wrong command line; 65 unacceptable value; 66 no such port, entry or file; 69 no \
      switch answers; 75 try again; 77 not permitted; 1 anything else.
      """,
    version: "tapswitch \(TapswitchVersion.text)",
    subcommands: [Run.self, Status.self, Port.self, FDB.self, VLAN.self, Drops.self, Events.self, Config.self])

  static func main() async {
    // A reader that ends early (`| head`) is noticed when writing, by EPIPE.
    _ = signal(SIGPIPE, SIG_IGN)
    // A client makes one request: one loop and one helper thread are plenty, and so they are for a control API.
    NIOSingletons.groupLoopCountSuggestion = 1
    NIOSingletons.blockingPoolThreadCountSuggestion = 1
    var status = ExitReport.done
    do {
      var command = try await asyncParseAsRoot(nil)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      status = ExitReport.report(error)
    }
    Glibc.exit(status)
  }
}
