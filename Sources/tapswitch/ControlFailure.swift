// Why there was no answer: errors of the socket and of the HTTP client, as sentences with an exit status.

internal import AsyncHTTPClient
internal import Glibc
internal import NIOCore
internal import SwitchModel

enum ControlFailure {
  /// An error before the answer began.
  static func connecting(_ error: any Error, _ socket: String) -> CommandFailure {
    let place = TerminalText.escaped(socket)
    let start = "tapswitch run --socket \(Shell.quoted(place)) --port tap:tap0"
    if let error = error as? IOError {
      switch error.errnoCode {
      case ENOENT, ENOTDIR:
        return .unreachable("no switch answers: there is no socket \(place)", fix: start)
      case ECONNREFUSED, ENOTSOCK, EPROTOTYPE:
        if !SwitchLocator.isSocket(socket) { return .unreachable("\(place) is not a socket", fix: other) }
        return .unreachable("no switch answers on \(place): nobody listens there any more", fix: start)
      case EACCES, EPERM:
        return CommandFailure(
          .notPermitted, title: "Not permitted", status: 403, detail: "\(place): permission denied",
          fix: "act as the user who runs the switch, or have it started with --socket-group and a group of this user")
      case EAGAIN:
        return tooBusy(place)
      case EPIPE, ECONNRESET:
        return hungUp(place)
      default:
        return CommandFailure(
          .unreachable, title: "No switch answers", status: 502,
          detail: "\(place): \(unsafe String(cString: strerror(error.errnoCode)))", fix: start)
      }
    }
    // Cut off while the request was being written: the same, seen from one layer below.
    if let error = error as? ChannelError, [.ioOnClosedChannel, .inputClosed, .eof].contains(error) {
      return hungUp(place)
    }
    switch error as? HTTPClientError {
    case .remoteConnectionClosed?: return hungUp(place)
    case .connectTimeout?: return tooBusy(place)
    case .deadlineExceeded?, .readTimeout?, .requestStreamCancelled?:
      return .unreachable("the switch on \(place) took the request and did not answer within 30 s", fix: hung)
    default:
      return .unreachable("what answers on \(place) is no switch: \(TerminalText.escaped("\(error)"))", fix: other)
    }
  }

  /// An error within the answer.
  static func reading(_ error: any Error, _ socket: String) -> CommandFailure {
    .unreachable(
      "the switch on \(TerminalText.escaped(socket)) hung up in the middle of its answer, which is incomplete",
      fix: "look whether it still runs with 'tapswitch status', then ask again")
  }

  /// An answer that is not what the contract says.
  static func strange(_ what: String) -> CommandFailure {
    CommandFailure(
      .failure, title: "Unexpected answer", status: 502, detail: "the answer of the switch is not as agreed: \(what)",
      fix: "use the tapswitch of the same version: compare 'tapswitch --version' with 'tapswitch status'")
  }

  private static let other = "name the socket of a switch with --socket PATH, or the switch with --switch NAME"

  private static let hung = "see what it does: its log, or 'gdb -p' with the pid that 'ss -xlp' shows"

  private static func hungUp(_ place: String) -> CommandFailure {
    CommandFailure(
      .tryAgain, title: "No answer", status: 503,
      detail: "the switch on \(place) hung up without an answer: it has too many clients, or is just stopping",
      fix: "try again in a moment; 'ss -xp' shows who is connected")
  }

  private static func tooBusy(_ place: String) -> CommandFailure {
    CommandFailure(
      .tryAgain, title: "Too many clients", status: 503, detail: "the switch on \(place) takes no further connections",
      fix: "try again in a moment; 'ss -xp' shows who is connected")
  }
}
