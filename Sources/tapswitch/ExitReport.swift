// The one place where an error becomes text for people, problem+json for programs, and an exit status.

internal import ArgumentParser
internal import Glibc
internal import SwitchModel

/// What a command could not do, with an exit status that no HTTP status stands for.
struct CommandFailure: Error {
  let problem: Problem
  let exitStatus: ExitStatus

  init(_ exitStatus: ExitStatus, title: String, status: Int, detail: String, fix: String?) {
    let kind =
      switch exitStatus {
      case .usage: "usage"
      case .unacceptable: "unacceptable"
      case .notFound: "not_found"
      case .unreachable: "unreachable"
      case .tryAgain: "try_again"
      case .notPermitted: "not_permitted"
      case .done, .failure: "failure"
      }
    problem = Problem(kind: kind, title: title, status: status, detail: detail, fix: fix)
    self.exitStatus = exitStatus
  }

  /// The command line itself is wrong.
  static func usage(_ detail: String, fix: String?) -> CommandFailure {
    CommandFailure(.usage, title: "Wrong command line", status: 400, detail: detail, fix: fix)
  }

  /// Nobody answers on the socket.
  static func unreachable(_ detail: String, fix: String) -> CommandFailure {
    CommandFailure(.unreachable, title: "No switch answers", status: 502, detail: detail, fix: fix)
  }
}

/// Whoever reads standard output has gone: nothing is left to do or to say.
struct OutputClosed: Error {}

enum ExitReport {
  static let done = ExitStatus.done.rawValue

  /// Tells people or programs of `error`, and returns the exit status.
  static func report(_ error: any Error) -> Int32 {
    switch error {
    case is OutputClosed:
      return done
    case let failure as CommandFailure:
      return told(failure.problem, failure.exitStatus)
    case let problem as Problem:
      return told(problem, problem.exitStatus)
    case let errors as ConfigurationErrors:
      // A SPEC without KIND: is a mistake of the command line, whatever else is wrong.
      let isUsage = errors.all.contains { $0.kind == .usage }
      return told(Problem(errors), isUsage ? .usage : errors.exitStatus)
    case let error as ConfigurationError:
      return told(Problem(error), error.exitStatus)
    default:
      return parserReport(error)
    }
  }

  /// What ArgumentParser throws: help and version, which are no errors, and mistakes of the command line.
  private static func parserReport(_ error: any Error) -> Int32 {
    let code = Tapswitch.exitCode(for: error)
    let text = Tapswitch.fullMessage(for: error, columns: Terminal.helpColumns)
    if code == .success {
      do {
        try StandardOutput.write(text.hasSuffix("\n") ? text : text + "\n")
      } catch {
        return report(error)
      }
      return done
    }
    let message = oneLine(Tapswitch.message(for: error))
    guard code == .validationFailure else {
      let problem = Problem(kind: "failure", title: "Failed", status: 500, detail: message)
      return told(problem, .failure)
    }
    let detail = message.isEmpty ? "incomplete" : message.prefix(1).lowercased() + message.dropFirst()
    // Behind the message ArgumentParser says where its help is: See 'tapswitch port add --help' for more information.
    let see = text.split(separator: "\n").last { $0.contains("See '") }
    let help = see?.split(separator: "'").dropFirst().first.map { String($0) }
    return told(CommandFailure.usage(detail, fix: help ?? "tapswitch --help").problem, .usage)
  }

  /// ArgumentParser lists many values one a line.
  private static func oneLine(_ message: String) -> String {
    let lines = message.split(separator: "\n")
    let items = lines.dropFirst().map { line in
      let text = line.drop { $0 == " " }
      return text.hasPrefix("- ") ? text.dropFirst(2) : text
    }
    return (lines.first.map { String($0) } ?? "") + (items.isEmpty ? "" : " " + items.joined(separator: ", "))
  }

  private static func told(_ problem: Problem, _ status: ExitStatus) -> Int32 {
    let text = wantsJSON ? json(problem) : words(problem)
    StandardError.write(text)
    return status.rawValue
  }

  private static func json(_ problem: Problem) -> String {
    let value = (try? JSONValue(encoding: problem)) ?? ["detail": .string(problem.detail)]
    return value.text + "\n"
  }

  /// `tapswitch: error: WHAT` and, on a line of its own, what mends it.
  private static func words(_ problem: Problem) -> String {
    let all = problem.errors ?? [problem.detail]
    let heading = Terminal.standardError.bold("tapswitch: error:")
    var text = all.map { "\(heading) \(TerminalText.escaped($0))\n" }.joined()
    // A list of mistakes holds what mends each of them.
    if let fix = problem.fix, problem.errors == nil { text += "fix: \(TerminalText.escaped(fix))\n" }
    return text
  }

  /// Whether `--json` was given, also on a command line that is otherwise wrong.
  private static var wantsJSON: Bool { CommandLine.arguments.prefix { $0 != "--" }.contains("--json") }
}
