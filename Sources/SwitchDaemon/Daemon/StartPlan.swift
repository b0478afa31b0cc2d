// What `run` is to do, worked out from its options and the configuration file before anything is changed.

internal import Glibc
internal import Logging
internal import SwitchModel

/// The start of a switch, decided.
struct StartPlan: Sendable {
  let configuration: SwitchConfiguration
  /// What the configuration file holds; nil without one.
  let saved: SwitchConfiguration?
  let source: ConfigurationSource
  let capture: String?
  let socketPath: String
  /// The socket is at its default place, whose directory is ours to make.
  let makesDirectory: Bool
  let logger: Logger

  init(_ options: RunOptions) throws {
    source = ConfigurationSource(options, path: options.configuration.map(StartPlan.absolute))
    (configuration, saved) = try source.load()
    capture = options.capture
    socketPath =
      options.socket ?? ControlPlaces.socket(of: configuration.name, in: ControlPlaces.ownDirectory())
    makesDirectory = options.socket == nil
    let level = options.logLevel
    let format = options.logFormat
    logger = Logger(label: "tapswitch") { _ in SwitchLogHandler(level: level, format: format) }
  }

  private static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let directory = unsafe getcwd(nil, 0) else { return path }
    defer { unsafe free(directory) }
    return unsafe String(cString: directory) + "/" + path
  }
}
