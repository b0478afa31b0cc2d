// What `run` is to do, worked out from its options and the configuration file before anything is changed.

internal import Glibc
internal import Logging
internal import SwitchModel

/// The start of a switch, decided.
struct StartPlan: Sendable {
  let configuration: SwitchConfiguration
  /// What the configuration file holds; nil without one.
  let saved: SwitchConfiguration?
  /// The configuration file, absolute.
  let path: String?
  let capture: String?
  let socketPath: String
  /// The socket is at its default place, whose directory is ours to make.
  let makesDirectory: Bool
  let logger: Logger

  init(_ options: RunOptions) throws {
    var configuration = SwitchConfiguration()
    var saved: SwitchConfiguration?
    if let file = options.configuration {
      configuration = try ConfigurationFile.load(path: file)
      saved = configuration
    }
    path = options.configuration.map(StartPlan.absolute)
    if let name = options.name { try configuration.set(.switchName, option: "--name", text: name) }
    if let ageing = options.ageing { try configuration.set(.ageing, option: "--ageing", text: ageing) }
    if let group = options.socketGroup { try configuration.set(.socketGroup, option: "--socket-group", text: group) }
    if let listen = options.listen { try configuration.set(.listen, option: "--listen", text: listen) }
    try configuration.merge(specs: options.ports)
    self.configuration = configuration
    self.saved = saved
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
