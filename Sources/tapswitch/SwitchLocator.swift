// Which switch a command means. Sockets are looked for where INTERFACE.md says they are; nothing is asked of them
// except, when there are several, whether anybody answers.

internal import Glibc
internal import SwitchDaemon
internal import SwitchModel

enum SwitchLocator {
  /// The path of the socket to connect to.
  static func socket(for options: ClientOptions) throws -> String {
    if let path = options.socket {
      guard options.switchName == nil else {
        throw CommandFailure.usage("--switch and --socket are both given", fix: "give one of them")
      }
      return try checked(path, from: "--socket")
    }
    if let name = options.switchName { return try socket(named: name) }
    if let path = ControlPlaces.variable("TAPSWITCH_SOCKET") { return try checked(path, from: "TAPSWITCH_SOCKET") }
    return try onlySocket()
  }

  private static func checked(_ path: String, from place: String) throws -> String {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw ConfigurationError(path: place, "found nothing, allowed: the path of a socket")
    }
    guard path.utf8.count <= ControlPlaces.pathLimit else {
      throw ConfigurationError(
        path: place,
        "found a path of \(path.utf8.count) bytes, allowed: at most \(ControlPlaces.pathLimit), as a unix socket has")
    }
    return path
  }

  private static func socket(named name: String) throws -> String {
    guard SwitchName.isValid(name) else {
      throw ConfigurationError(
        path: "--switch", "found \(TerminalText.quoted(name)), allowed: \(Setting.switchName.type.allowed)")
    }
    let (sockets, denied) = found()
    if let path = sockets.first(where: { self.name(of: $0) == name }) { return path }
    if let denied { throw mayNotLook(denied) }
    let others = sockets.filter { UnixAddress.probe($0) != .refused }.map { self.name(of: $0) }
    throw CommandFailure.unreachable(
      "no switch named \(name)" + (others.isEmpty ? "" : "; there is \(others.joined(separator: ", "))"),
      fix: "tapswitch run --name \(name) --port tap:tap0")
  }

  private static func onlySocket() throws -> String {
    let (sockets, denied) = found()
    guard let first = sockets.first else {
      if let denied { throw mayNotLook(denied) }
      let places = ControlPlaces.searchedDirectories().map { TerminalText.escaped($0) }
      throw CommandFailure.unreachable(
        "no switch runs: there is no socket in \(places.joined(separator: " or "))",
        fix: "tapswitch run --port tap:tap0 --port tap:tap1")
    }
    guard sockets.count > 1 else { return first }
    // What a killed switch left behind does not count beside one that lives.
    let living = sockets.filter { UnixAddress.probe($0) != .refused }
    if living.count == 1 { return living[0] }
    guard !living.isEmpty else { return first }
    let names = living.map { name(of: $0) }
    let isTwice = Set(names).count < names.count
    let shown = isTwice ? living.map { TerminalText.escaped($0) } : names
    throw CommandFailure.usage(
      "several switches run: \(shown.joined(separator: ", "))",
      fix: isTwice ? "name one with --socket PATH" : "name one with --switch, such as --switch \(names[0])")
  }

  private static func mayNotLook(_ directory: String) -> CommandFailure {
    CommandFailure(
      .notPermitted, title: "Not permitted", status: 403,
      detail: "\(TerminalText.escaped(directory)) may not be looked into by this user: permission denied",
      fix: "act as root, or have the switch started with --socket-group and a group of this user")
  }

  /// `/run/tapswitch/lab.sock` is `lab`.
  private static func name(of path: String) -> String {
    let file = path.split(separator: "/").last.map { String($0) } ?? path
    return String(file.dropLast(ControlPlaces.suffix.count))
  }

  /// All sockets, by name within each directory, and a directory that could not be read for want of permission.
  private static func found() -> (sockets: [String], denied: String?) {
    var sockets: [String] = []
    var denied: String?
    for directory in ControlPlaces.searchedDirectories() {
      guard let stream = unsafe opendir(directory) else {
        if errno == EACCES { denied = directory }
        continue
      }
      var names: [String] = []
      while let entry = unsafe readdir(stream) {
        let file = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { raw in
          unsafe String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
        }
        guard file.hasSuffix(ControlPlaces.suffix) else { continue }
        let name = String(file.dropLast(ControlPlaces.suffix.count))
        if SwitchName.isValid(name), isSocket(ControlPlaces.joined(directory, file)) { names.append(name) }
      }
      unsafe closedir(stream)
      sockets += names.sorted().map { ControlPlaces.socket(of: $0, in: directory) }
    }
    return (sockets, denied)
  }

  static func isSocket(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
  }
}
