// What is wrong with something a user wrote: where it stands, what was found, what is allowed, what would fix it.
// Every text in here is already safe to print on a terminal.

/// One mistake in a SPEC, a configuration file or a request.
package struct ConfigurationError: Error, Sendable, Equatable {
  package enum Kind: String, Sendable, CaseIterable {
    /// The command line itself is wrong: exit 64.
    case usage
    /// Not the syntax that was promised (JSON, YAML, UTF-8): exit 65, HTTP 400.
    case malformed
    /// Understood, but no such setting or value: exit 65, HTTP 422.
    case unacceptable
    /// At odds with something that is there already: exit 65, HTTP 409.
    case conflict
    /// More than the limits allow: exit 65, HTTP 413.
    case tooLarge
    /// No such file or port: exit 66, HTTP 404.
    case notFound
    /// Not permitted: exit 77, HTTP 403.
    case notPermitted
    /// The machine failed (input/output error, disk full): exit 1, HTTP 500.
    case failure
  }

  package var kind: Kind
  /// The file, the SPEC or the request in which it stands; nil where there is only one thing it could be.
  package var source: String?
  /// Line in the file, from 1.
  package var line: Int?
  /// Column in the line, from 1.
  package var column: Int?
  /// Where in the document: `ports.web.mtu`. Empty for the whole.
  package var path: String
  /// What was found and what is allowed.
  package var message: String
  /// What to do about it: a question (`did you mean mtu?`), a sentence or a command.
  package var fix: String?

  package init(
    _ kind: Kind, source: String? = nil, line: Int? = nil, column: Int? = nil, path: String = "",
    _ message: String, fix: String? = nil
  ) {
    self.kind = kind
    self.source = source
    self.line = line
    self.column = column
    self.path = path
    self.message = message
    self.fix = fix
  }

  /// A mistake of kind `unacceptable`.
  package init(
    source: String? = nil, line: Int? = nil, column: Int? = nil, path: String = "", _ message: String,
    fix: String? = nil
  ) {
    self.init(.unacceptable, source: source, line: line, column: column, path: path, message, fix: fix)
  }

  package var exitStatus: ExitStatus {
    switch kind {
    case .usage: .usage
    case .malformed, .unacceptable, .conflict, .tooLarge: .unacceptable
    case .notFound: .notFound
    case .notPermitted: .notPermitted
    case .failure: .failure
    }
  }

  package var httpStatus: Int {
    switch kind {
    case .usage, .malformed: 400
    case .unacceptable: 422
    case .conflict: 409
    case .tooLarge: 413
    case .notFound: 404
    case .notPermitted: 403
    case .failure: 500
    }
  }

  /// Path, message and fix without the place: what goes into `detail` of a problem.
  package var detail: String { path.isEmpty ? message : "\(path): \(message)" }
}

extension ConfigurationError: CustomStringConvertible {
  /// `FILE:LINE: PATH: what; fix`.
  package var description: String {
    var text = ""
    if let source {
      text += source
      if let line { text += ":\(line)" }
      text += ": "
    } else if let line {
      text += "line \(line): "
    }
    text += detail
    if let fix { text += "; \(fix)" }
    return text
  }
}

/// All mistakes of one document, in the order of their places; never empty.
package struct ConfigurationErrors: Error, Sendable, Equatable {
  package let first: ConfigurationError
  package let others: [ConfigurationError]

  package init(_ first: ConfigurationError, _ others: [ConfigurationError] = []) {
    self.first = first
    self.others = others
  }

  /// Nil for an empty list.
  package init?(_ all: [ConfigurationError]) {
    guard let first = all.first else { return nil }
    self.init(first, Array(all.dropFirst()))
  }

  package var all: [ConfigurationError] { [first] + others }
  package var exitStatus: ExitStatus { first.exitStatus }
  package var httpStatus: Int { first.httpStatus }
}

extension ConfigurationErrors: CustomStringConvertible {
  /// One line a mistake.
  package var description: String { all.map(\.description).joined(separator: "\n") }
}
