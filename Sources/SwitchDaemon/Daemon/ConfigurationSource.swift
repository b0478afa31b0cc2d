// Where the configuration of a running switch comes from: a file, and what the command line says over it. Read at start, and
// again whenever the file is to be applied anew.

internal import SwitchModel

/// The file and the options of `tapswitch run`.
package struct ConfigurationSource: Sendable {
  private let options: RunOptions
  /// The configuration file, absolute; nil without one.
  package let path: String?

  init(_ options: RunOptions, path: String?) {
    self.options = options
    self.path = path
  }

  /// Reads the file and puts the options over it: the command line holds as long as the switch runs.
  /// - Returns: what is to run, and what the file alone says; nil without a file.
  /// - Throws: `ConfigurationError` or `ConfigurationErrors`.
  func load() throws -> (wanted: SwitchConfiguration, saved: SwitchConfiguration?) {
    var wanted = SwitchConfiguration()
    var saved: SwitchConfiguration?
    if let file = options.configuration {
      wanted = try ConfigurationFile.load(path: file)
      saved = wanted
    }
    if let name = options.name { try wanted.set(.switchName, option: "--name", text: name) }
    if let ageing = options.ageing { try wanted.set(.ageing, option: "--ageing", text: ageing) }
    if let group = options.socketGroup { try wanted.set(.socketGroup, option: "--socket-group", text: group) }
    if let listen = options.listen { try wanted.set(.listen, option: "--listen", text: listen) }
    try wanted.merge(specs: options.ports)
    return (wanted, saved)
  }
}
