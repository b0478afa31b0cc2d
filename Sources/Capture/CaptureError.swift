// Why a capture cannot start, in words for the person who asked for it.

internal import LinuxIO

/// A capture that cannot start: what, why, and what to do about it.
package struct CaptureError: Error, Sendable, Equatable, CustomStringConvertible {
  package enum Kind: Sendable {
    /// The file name does not say the format.
    case suffix
    /// A symbolic link, FIFO, device, directory or socket; or a name no file can have.
    case notAFile
    /// A running capture writes to it.
    case inUse
    /// The directory does not exist.
    case noDirectory
    /// Not permitted: EACCES, EPERM, EROFS.
    case notPermitted
    /// Anything else the kernel refused.
    case system
  }

  package let kind: Kind
  /// As the caller gave it.
  package let path: String
  package let why: String
  package let fix: String

  package init(_ kind: Kind, path: String, why: String, fix: String) {
    self.kind = kind
    self.path = path
    self.why = why
    self.fix = fix
  }

  package var description: String { "cannot capture to '\(path)': \(why); \(fix)" }

  /// The error for a call that failed with `error` and was not about the kind of the file.
  static func failed(_ error: SystemError, path: String) -> CaptureError {
    CaptureError(.system, path: path, why: "\(error)", fix: "choose another file")
  }
}
