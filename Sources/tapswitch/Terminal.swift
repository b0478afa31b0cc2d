// Whether and how output is coloured: only on a terminal, and never against NO_COLOR or --no-color.

internal import Glibc
internal import SwitchDaemon

/// Dresses text for one stream. Where there is no colour every function returns its text as it is.
struct Terminal {
  let hasColour: Bool

  /// Standard output of a command with or without `--no-color`.
  init(noColor: Bool) { hasColour = !noColor && Terminal.mayColour(STDOUT_FILENO) }

  private init(descriptor: Int32) {
    hasColour = !CommandLine.arguments.contains("--no-color") && Terminal.mayColour(descriptor)
  }

  static var standardError: Terminal { Terminal(descriptor: STDERR_FILENO) }

  private static func mayColour(_ descriptor: Int32) -> Bool {
    isatty(descriptor) == 1 && ControlPlaces.variable("NO_COLOR") == nil && ControlPlaces.variable("TERM") != "dumb"
  }

  func bold(_ text: String) -> String { dressed(text, "1") }

  /// A line of a plan in its colour.
  func added(_ text: String) -> String { dressed(text, "32") }
  func removed(_ text: String) -> String { dressed(text, "31") }
  func changed(_ text: String) -> String { dressed(text, "33") }

  /// A state of the contract in its colour.
  func state(_ text: String) -> String {
    switch text {
    case "up": dressed(text, "32")
    case "down": dressed(text, "31")
    case "waiting": dressed(text, "33")
    default: text
    }
  }

  private func dressed(_ text: String, _ code: String) -> String {
    hasColour && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }

  /// Columns of help screens: the table of settings needs 124 so that its lines stay whole.
  static var helpColumns: Int {
    var size = winsize()
    let isTerminal = unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0
    return max(124, isTerminal ? Int(size.ws_col) : 0)
  }
}
