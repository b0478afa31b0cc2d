// The exit statuses of the command line and the HTTP statuses they stand for. One table for both sides, so that
// a script sees the same answer whether it calls the command or the API.

/// How a command ended; the numbers are those of `sysexits.h` and part of the contract.
package enum ExitStatus: Int32, Sendable, CaseIterable {
  case done = 0
  case failure = 1
  case usage = 64
  case unacceptable = 65
  case notFound = 66
  case unreachable = 69
  case tryAgain = 75
  case notPermitted = 77

  /// The exit status that an HTTP answer stands for.
  package init(httpStatus: Int) {
    switch httpStatus {
    case 200..<400: self = .done
    case 400, 409, 413, 422: self = .unacceptable
    case 404: self = .notFound
    case 423, 429, 503: self = .tryAgain
    case 403: self = .notPermitted
    default: self = .failure
    }
  }
}
