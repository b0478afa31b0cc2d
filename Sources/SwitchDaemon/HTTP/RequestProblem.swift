// What can be wrong with a request before any route has seen it.

internal import SwitchModel

enum RequestProblem {
  /// The most bytes of one request's body (INTERFACE.md, "API").
  static let bodyLimit = 1 << 20

  static let notHTTP = Problem(
    status: 400, title: "not an HTTP request", detail: "what was sent is not a whole HTTP/1.1 request",
    fix: "send one as /openapi.json describes; for example 'curl --unix-socket PATH http://tapswitch/v1/status'")

  static let headersTooLarge = Problem(
    status: 431, title: "the request's header is too large", detail: "its fields have more than 64 KiB",
    fix: "send fewer or shorter header fields")

  static let tooSlow = Problem(
    status: 408, title: "the request took too long", detail: "a request must arrive whole within 10 seconds",
    fix: "connect when the request is ready to be sent")

  static let tooLarge = Problem(
    status: 413, title: "the request is too large", detail: "a request has at most \(bodyLimit) bytes",
    fix: "send what is in it in several requests; a larger configuration is applied by SIGHUP or systemctl reload")

  static let tooManyClients = Problem(
    status: 503, title: "too many clients", detail: "\(ClientLimit.standard) clients are being served already",
    fix: "try again in a moment; 'ss -xp' shows who is connected")

  static let tooManyFollowers = Problem(
    status: 503, title: "too many followers", detail: "\(EventHub.followerLimit) clients follow the events already",
    fix: "try again when one has ended, or ask for the events kept without following them")

  static func unknownType(_ type: String, allowed: [String]) -> Problem {
    Problem(
      status: 415, title: "unknown kind of document",
      detail: "found Content-Type \(TerminalText.quoted(type)), allowed: \(allowed.joined(separator: ", "))",
      fix: "say what the body is")
  }

  static let stopping = Problem(
    status: 503, title: "the switch is stopping", detail: "it takes no further requests",
    fix: "try again when it has been started")

  static func badEncoding(_ what: String) -> Problem {
    Problem(
      status: 400, title: "not text",
      detail: "\(what) is not UTF-8 text without control characters after percent decoding",
      fix: "encode it as UTF-8, then percent-encode it")
  }

  static func notFound(_ path: String) -> Problem {
    Problem(
      status: 404, title: "no such resource", detail: "there is nothing at \(TerminalText.quoted(path))",
      fix: "GET /openapi.json lists what is there")
  }

  static func wrongMethod(_ method: String, _ path: String, allowed: [String]) -> Problem {
    Problem(
      status: 405, title: "method not allowed",
      detail: "\(TerminalText.escaped(method)) is not possible at \(TerminalText.quoted(path)), "
        + "allowed: \(allowed.joined(separator: ", "))",
      fix: "use one of these methods")
  }

  static func readingOnly(_ path: String) -> Problem {
    Problem(
      status: 403, title: "for reading only", detail: "over TCP \(TerminalText.quoted(path)) is not served",
      fix: "use the control socket, for example with 'curl --unix-socket PATH'")
  }

  static func badHost(_ host: String?) -> Problem {
    Problem(
      status: 403, title: "the Host header is not this switch's",
      detail: host.map { "found \(TerminalText.quoted($0)), allowed: an IP address, localhost or this machine's name" }
        ?? "the request has none",
      fix: "use the address in the URL; the check keeps web pages of others from reading here")
  }

  static func parameter(_ name: String, _ what: String, fix: String) -> Problem {
    Problem(status: 422, title: "parameter \(TerminalText.escaped(name))", detail: what, fix: fix)
  }

  static func unexpected(_ error: any Error) -> Problem {
    Problem(
      status: 500, title: "the switch failed to answer", detail: TerminalText.escaped("\(error)"),
      fix: "the log of the switch says more; please report it")
  }
}
