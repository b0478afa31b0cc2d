// A problem as an HTTP answer: its kind by status, and its body.

internal import SwitchModel

extension Problem {
  /// A problem that HTTP itself or the control socket brings about; the kind follows from the status.
  init(status: Int, title: String, detail: String, fix: String? = nil) {
    self.init(kind: Self.kind(of: status), title: title, status: status, detail: detail, fix: fix)
  }

  /// A configuration mistake, found in the body of a request.
  static func request(_ error: ConfigurationError) -> Problem {
    var error = error
    error.source = nil
    return Problem(error)
  }

  /// The bytes of `application/problem+json`.
  var body: [UInt8] {
    // A problem holds texts and one number; encoding it cannot fail.
    (try? JSONValue(encoding: self))?.bytes ?? Array("{}".utf8)
  }

  private static func kind(of status: Int) -> String {
    switch status {
    case 400: "malformed"
    case 403: "not_permitted"
    case 404: "not_found"
    case 405: "method_not_allowed"
    case 408: "timeout"
    case 409: "conflict"
    case 413, 431: "too_large"
    case 415, 422: "unacceptable"
    case 423, 429, 503: "busy"
    default: "failure"
    }
  }
}
