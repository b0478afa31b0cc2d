// The log of the daemon: one line an event on stderr, as text or as JSON. Logged is what changed, never a frame.
// Text from outside is escaped, so that a port's comment or a client's request cannot write to a terminal.

internal import Glibc
package import Logging
internal import SwitchModel
internal import Synchronization

/// How lines of the log are written (`--log-format`).
package enum LogFormat: String, Sendable, CaseIterable {
  /// `2026-01-31T10:20:30.123Z warning port web: device is down`
  case text
  /// One object a line: `time`, `level`, `message`, and the metadata by their names.
  case json
}

/// Writes whole lines to stderr with one write each, so that lines of several threads do not mix.
package struct SwitchLogHandler: LogHandler {
  package var logLevel: Logger.Level
  package var metadata: Logger.Metadata = [:]
  let format: LogFormat
  let write: @Sendable (String) -> Void

  package init(level: Logger.Level, format: LogFormat, write: @escaping @Sendable (String) -> Void = writeToStderr) {
    logLevel = level
    self.format = format
    self.write = write
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    let merged = event.metadata.map { metadata.merging($0) { _, new in new } } ?? metadata
    let pairs = merged.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
    let line = LogLine(time: .now(), level: event.level, message: event.message.description, metadata: pairs)
    write(line.formatted(format))
  }
}

/// One event, ready to be written.
struct LogLine {
  let time: WallClock
  let level: Logger.Level
  let message: String
  let metadata: [(key: String, value: String)]

  func formatted(_ format: LogFormat) -> String {
    switch format {
    case .text:
      var line = "\(time.rfc3339) \(level.rawValue)"
      // An event says in its words all that stands beside it for programs.
      if metadata.contains(where: { $0.key == "event" }) { return "\(line) \(TerminalText.escaped(message))\n" }
      // A port's events begin with its name, so that one can grep for it; other metadata stand at the end.
      if let port = metadata.first(where: { $0.key == "port" })?.value {
        line += " port \(TerminalText.escaped(port)):"
      }
      line += " " + TerminalText.escaped(message)
      for (key, value) in metadata where key != "port" { line += " \(key)=\(TerminalText.escaped(value))" }
      return line + "\n"
    case .json:
      var members = ["time": time.rfc3339, "level": level.rawValue, "message": message]
      for (key, value) in metadata where members[key] == nil { members[key] = value }
      let ordered =
        ["time", "level", "message"] + metadata.map(\.key).filter { !["time", "level", "message"].contains($0) }
      let body = ordered.compactMap { key in members[key].map { "\(quoted(key)):\(quoted($0))" } }
      return "{" + body.joined(separator: ",") + "}\n"
    }
  }

  private func quoted(_ text: String) -> String { JSONValue.string(text).text }
}

/// A moment of real time, for people and logs only.
struct WallClock {
  /// Since 1970-01-01T00:00:00Z.
  let seconds: Int
  let milliseconds: Int

  static func now() -> WallClock {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return WallClock(seconds: time.tv_sec, milliseconds: Int(time.tv_nsec) / 1_000_000)
  }

  /// RFC 3339 in UTC with milliseconds.
  var rfc3339: String {
    var broken = unsafe tm()
    var whole = time_t(seconds)
    _ = unsafe gmtime_r(&whole, &broken)
    let (year, month, day) = unsafe (Int(broken.tm_year) + 1900, Int(broken.tm_mon) + 1, Int(broken.tm_mday))
    let (hour, minute, second) = unsafe (Int(broken.tm_hour), Int(broken.tm_min), Int(broken.tm_sec))
    let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    let clock = "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))"
    return "\(date)T\(clock).\(padded(milliseconds, 3))Z"
  }

  private func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }
}

/// Writes `line` whole, as far as stderr takes it; a log that cannot be written must not stop the switch.
@Sendable package func writeToStderr(_ line: String) {
  var rest = Array(line.utf8)[...]
  while !rest.isEmpty {
    let count = unsafe rest.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    if count < 0, errno == EINTR { continue }
    guard count > 0 else { return }
    rest = rest.dropFirst(count)
  }
}
