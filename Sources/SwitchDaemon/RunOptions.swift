// What `tapswitch run` was asked on its command line, before the configuration file is read. Values are taken over
// as they were written; what they mean and whether they are acceptable is decided where the configuration is put
// together.

package import Logging

/// The options of `run`. Nil: not given, so the configuration file or the default decides.
package struct RunOptions: Sendable {
  /// `--config FILE`
  package var configuration: String?
  /// `--name NAME`
  package var name: String?
  /// `--port SPEC`, in the order given.
  package var ports: [String]
  /// `--ageing SECONDS`, as written (`300`, `5m`).
  package var ageing: String?
  /// `--capture FILE`
  package var capture: String?
  /// `--socket PATH` or `TAPSWITCH_SOCKET`
  package var socket: String?
  /// `--socket-group GROUP`
  package var socketGroup: String?
  /// `--listen ADDRESS:PORT`
  package var listen: String?
  package var logLevel: Logger.Level
  package var logFormat: LogFormat

  package init(
    configuration: String? = nil, name: String? = nil, ports: [String] = [], ageing: String? = nil,
    capture: String? = nil, socket: String? = nil, socketGroup: String? = nil, listen: String? = nil,
    logLevel: Logger.Level = .info, logFormat: LogFormat = .text
  ) {
    self.configuration = configuration
    self.name = name
    self.ports = ports
    self.ageing = ageing
    self.capture = capture
    self.socket = socket
    self.socketGroup = socketGroup
    self.listen = listen
    self.logLevel = logLevel
    self.logFormat = logFormat
  }
}
