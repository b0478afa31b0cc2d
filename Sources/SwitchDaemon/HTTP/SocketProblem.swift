// What can be wrong with the place of a control socket, as problems that say what, why and the fix.

internal import Glibc
internal import LinuxIO
internal import SwitchModel

enum SocketProblem {
  static func live(_ path: String) -> Problem {
    Problem(
      status: 409, title: "a switch runs there already", detail: "a switch answers on \(shown(path))",
      fix: "look at it with 'tapswitch status --socket \(shown(path))', or start this one with another --name")
  }

  static func occupied(_ path: String, by kind: String) -> Problem {
    Problem(
      status: 409, title: "the socket's place is taken",
      detail: "\(shown(path)) is \(kind), not a dead switch's socket",
      fix: "remove it or choose another place with --socket PATH")
  }

  static func tooLong(_ path: String) -> Problem {
    Problem(
      status: 422, title: "the socket's path is too long",
      detail: "\(shown(path)): it has \(path.utf8.count) bytes, "
        + "a unix socket's path at most \(ControlPlaces.pathLimit)",
      fix: "choose a shorter one with --socket PATH")
  }

  static func notAPath(_ path: String) -> Problem {
    Problem(
      status: 422, title: "not the path of a socket",
      detail: "found \(TerminalText.quoted(path)), allowed: the path of a file",
      fix: "give one with --socket PATH")
  }

  static func unknownGroup(_ name: String) -> Problem {
    Problem(
      status: 422, title: "no such group", detail: "there is no group \(TerminalText.quoted(name)) on this machine",
      fix: "choose one that 'getent group' shows")
  }

  static func group(_ group: UInt32, _ error: SystemError) -> Problem {
    Problem(
      status: error.isPermission ? 403 : 500, title: "the socket cannot be given to the group",
      detail: "group \(group): \(error)", fix: "run the switch as root or as a member of that group")
  }

  static func otherGroup(_ path: String, has: UInt32, wanted: UInt32) -> Problem {
    Problem(
      status: 409, title: "the directory belongs to another group",
      detail: "\(shown(path)) is open to group \(has), the socket is meant for group \(wanted)",
      fix: "choose a place in another directory with --socket PATH")
  }

  static func unsafeDirectory(_ path: String, owner: UInt32, mode: mode_t) -> Problem {
    Problem(
      status: 403, title: "the socket's directory is not safe",
      detail: "\(shown(path)) belongs to user \(owner) with mode \(String(mode, radix: 8)): "
        + "others could put their own socket there",
      fix: "choose a directory in which only this user writes, with --socket PATH")
  }

  static func directory(_ path: String, _ error: SystemError) -> Problem {
    let fix =
      switch error.code {
      case ENOENT: "make it with 'mkdir -m 700 -p \(shown(path))', or choose another place with --socket PATH"
      case EWOULDBLOCK: "another program holds a lock on it; end that one, or choose another place with --socket PATH"
      default: "choose another place with --socket PATH"
      }
    return Problem(
      status: error.isPermission ? 403 : error.code == ENOENT || error.code == ENOTDIR ? 422 : 500,
      title: "the socket's directory cannot be used", detail: "\(error)", fix: fix)
  }

  static func system(_ error: SystemError, _ path: String) -> Problem {
    Problem(
      status: error.isPermission ? 403 : error.code == EADDRINUSE ? 409 : 500,
      title: "the control socket cannot be made", detail: "\(shown(path)): \(error)",
      fix: "choose another place with --socket PATH")
  }

  static func shown(_ path: String) -> String { TerminalText.escaped(path) }
}

extension SystemError {
  /// The kernel said that this user may not.
  var isPermission: Bool { code == EPERM || code == EACCES || code == EROFS }
}
