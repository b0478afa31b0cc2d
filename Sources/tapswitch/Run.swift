// `tapswitch run`: the switch itself. Options are handed over as they were written; what they mean is decided where
// the configuration is put together.

internal import ArgumentParser
internal import Logging
internal import SwitchDaemon
internal import SwitchModel

struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a switch in the foreground until SIGINT or SIGTERM.",
    discussion: """
      Prints 'ready: 2 of 3 ports up' on stderr, and tells systemd, once the control socket answers and every port \
      is up, down or waiting.

        tapswitch run --port tap:tap0 --port tap:tap1
        tapswitch run --port tap:web0,netns=web,address=10.0.0.1/24 --capture all.pcap
        tapswitch run --config /etc/tapswitch/lab.yaml --log-level debug

      \(SettingHelp.spec.dropLast())
      """)

  @Option(help: ArgumentHelp("Configuration file (YAML).", valueName: "file"), completion: .file())
  var config: String?

  @Option(help: ArgumentHelp("Name of the switch. (default: \(SwitchName.standard))", valueName: "name"))
  var name: String?

  @Option(
    help: ArgumentHelp(
      "A port, besides those of the configuration file; may be given several times.", valueName: "spec"))
  var port: [String] = []

  @Option(
    help: ArgumentHelp(
      "Time after which a MAC address that is not heard any more is forgotten, \(Setting.ageing.type.allowed). "
        + "(default: \(Setting.ageing.defaultText))", valueName: "seconds"))
  var ageing: String?

  @Option(
    help: ArgumentHelp("Write every received frame to this file, .pcap or .pcapng.", valueName: "file"),
    completion: .file())
  var capture: String?

  @Option(
    help: ArgumentHelp("Control socket; TAPSWITCH_SOCKET does the same.", valueName: "path"), completion: .file())
  var socket: String?

  @Option(
    name: .customLong("socket-group"),
    help: ArgumentHelp("Group that may use the control socket.", valueName: "group"))
  var socketGroup: String?

  @Option(
    help: ArgumentHelp(
      "Serve the API on TCP too, for reading only; a port alone means loopback.", valueName: "address:port"))
  var listen: String?

  @Option(name: .customLong("log-level"), help: ArgumentHelp("Least severe events to log.", valueName: "level"))
  var logLevel = LogLevel.info

  @Option(name: .customLong("log-format"), help: ArgumentHelp("How the log is written.", valueName: "format"))
  var logFormat = LogFormat.text

  func run() async throws {
    try await Daemon.run(
      RunOptions(
        configuration: config, name: name, ports: port, ageing: ageing, capture: capture,
        socket: socket ?? ControlPlaces.variable("TAPSWITCH_SOCKET"), socketGroup: socketGroup, listen: listen,
        logLevel: logLevel.level, logFormat: logFormat))
  }
}

/// The levels of swift-log, as words of the command line.
enum LogLevel: String, CaseIterable, ExpressibleByArgument {
  case trace, debug, info, notice, warning, error, critical

  var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .info }
}

extension LogFormat: ExpressibleByArgument {}
