// Why a port cannot be opened or changed, in the words the user reads, with what to do about it.

/// A failure of set-up. The owner turns it into a port state or an exit status.
package enum PortError: Error, Sendable, Equatable {
  /// A device, namespace or process that is not there (yet): the port waits for it.
  case absent(String)
  /// Another program holds the device.
  case inUse(String, fix: String?)
  /// A setting that can never work as it stands.
  case invalid(String, fix: String?)
  /// A right is missing.
  case notPermitted(String, fix: String?)
  /// /dev/net/tun is missing or does nothing.
  case noTunDevice(String, fix: String?)
  /// Anything else the kernel said.
  case system(SystemError, fix: String?)

  /// What happened and why, one sentence without a full stop.
  package var message: String {
    switch self {
    case .absent(let what): "\(what) does not exist"
    case .inUse(let message, _), .invalid(let message, _), .notPermitted(let message, _), .noTunDevice(let message, _):
      message
    case .system(let error, _): error.description
    }
  }

  /// Commands that repair it, ready to paste; nil if there are none.
  package var fix: String? {
    switch self {
    case .absent: nil
    case .inUse(_, let fix), .invalid(_, let fix), .notPermitted(_, let fix), .noTunDevice(_, let fix): fix
    case .system(_, let fix): fix
    }
  }
}

extension PortError: CustomStringConvertible {
  package var description: String { message + (fix.map { "; fix: \($0)" } ?? "") }
}
