// An error as the API and `--json` give it: application/problem+json (RFC 9457) with the command that mends it.

package struct Problem: Error, Codable, Sendable, Equatable {
  package static let mediaType = "application/problem+json"

  /// `urn:tapswitch:problem:KIND`.
  package var type: String
  package var title: String
  /// The HTTP status.
  package var status: Int
  package var detail: String
  /// What to do about it.
  package var fix: String?
  /// All mistakes, where there is more than one.
  package var errors: [String]?

  package init(
    kind: String, title: String, status: Int, detail: String, fix: String? = nil, errors: [String]? = nil
  ) {
    type = "urn:tapswitch:problem:\(kind)"
    self.title = title
    self.status = status
    self.detail = detail
    self.fix = fix
    self.errors = errors
  }

  package init(_ error: ConfigurationError) {
    self.init(
      kind: error.kind.name, title: error.kind.title, status: error.httpStatus,
      detail: ConfigurationErrors.place(of: error) + error.detail, fix: error.fix)
  }

  package init(_ errors: ConfigurationErrors) {
    self.init(errors.first)
    if !errors.others.isEmpty { self.errors = errors.all.map(\.description) }
  }

  package var exitStatus: ExitStatus {
    type == "urn:tapswitch:problem:usage" ? .usage : ExitStatus(httpStatus: status)
  }
}

extension ConfigurationErrors {
  fileprivate static func place(of error: ConfigurationError) -> String {
    guard let source = error.source else { return error.line.map { "line \($0): " } ?? "" }
    return source + (error.line.map { ":\($0)" } ?? "") + ": "
  }
}

extension ConfigurationError.Kind {
  /// As it stands in the type of a problem.
  fileprivate var name: String {
    switch self {
    case .tooLarge: "too_large"
    case .notFound: "not_found"
    case .notPermitted: "not_permitted"
    default: rawValue
    }
  }

  fileprivate var title: String {
    switch self {
    case .usage: "Wrong command line"
    case .malformed: "Malformed input"
    case .unacceptable: "Unacceptable value"
    case .conflict: "At odds with what is there"
    case .tooLarge: "Too large"
    case .notFound: "Not found"
    case .notPermitted: "Not permitted"
    case .failure: "Failed"
    }
  }
}
