// The whole command line against a switch of fixed answers: output, errors and exit statuses, byte for byte as
// Tests/Golden/cli has them.

import Glibc
import Logging
import SwitchModel
import Testing

@testable import SwitchDaemon

struct HTTPCommandTests {
  @Test("what people see is as the golden files have it (L10)")
  func sheets() async throws {
    try await withLab { lab in
      for (file, command) in [
        ("status", "status"), ("port-list", "port list"), ("port-show", "port show web"), ("fdb-list", "fdb list"),
        ("fdb-show", "fdb show 52:54:00:00:00:01"), ("vlan-list", "vlan list"), ("drops", "drops"),
        ("events", "events"),
      ] {
        let ended = try await lab.run(command)
        #expect(ended.errors == "", "\(command)")
        #expect(ended.status == 0, "\(command)")
        #expect(ended.output.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A }, "\(command): nothing acts on a terminal")
        try ConfigurationSupport.expectGolden(ended.output, "Tests/Golden/cli/\(file).txt")
      }
    }
  }

  @Test("what commands say that change something")
  func answers() async throws {
    try await withLab { lab in
      let files = [
        "lab.yaml": "ports:\n  web: { tap: tap-web, vlan: 10 }\n  c: { tap: tap-c }\n", "same.yaml": "ports: {}\n",
      ]
      for (name, text) in files { try ConfigurationFile.write(text, path: "\(lab.directory)/\(name)") }
      defer { for name in files.keys { _ = unsafe unlink("\(lab.directory)/\(name)") } }
      var text = ""
      for (command, _) in try lab.blocks(of: "answers") {
        let ended = try await lab.run(command)
        #expect(ended.errors == "", "\(command)")
        #expect(ended.status == 0, "\(command)")
        #expect(ended.output.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A }, "\(command): nothing acts on a terminal")
        text += "$ tapswitch \(command)\n\(Lab.withoutTime(ended.output))"
      }
      try ConfigurationSupport.expectGolden(text, "Tests/Golden/cli/answers.txt")
    }
  }

  @Test("errors say what, why and the fix, and end in the contract's exit status")
  func errors() async throws {
    try await withLab { lab in
      try ConfigurationFile.write(
        "ageing: 9\nports:\n  web: { tap: a, colour: red, mut: 3 }\n", path: lab.directory + "/bad.yaml")
      try ConfigurationFile.write("ports: { a: { tap: pending } }\n", path: lab.directory + "/pending.yaml")
      defer { for name in ["bad", "pending"] { _ = unsafe unlink("\(lab.directory)/\(name).yaml") } }
      let places = ControlPlaces.searchedDirectories { ["XDG_RUNTIME_DIR": lab.directory][$0] }
      let isAlone = !places.contains(where: Lab.holdsSocket)
      var text = ""
      for (command, golden) in try lab.blocks(of: "errors") {
        // `status` looks for switches itself here; where one runs beside the tests it would find that one.
        let searches = command == "status" || command.hasPrefix("status --switch lab")
        guard isAlone || !searches else {
          text += golden
          continue
        }
        let ended = try await lab.run(command, knowsSocket: !command.hasPrefix("status"))
        #expect(ended.output == "", "\(command)")
        text += "$ tapswitch \(command)\n\(ended.errors)exit status \(ended.status)\n"
      }
      text.replace("in \(places.joined(separator: " or "))\n", with: "in /run/tapswitch\n")
      try ConfigurationSupport.expectGolden(text, "Tests/Golden/cli/errors.txt")
    }
  }

  @Test("with --json the answer is passed through, one document and a newline")
  func json() async throws {
    try await withLab { lab in
      for (command, path) in [
        ("status", "/v1/status"), ("port list", "/v1/ports"), ("port show web", "/v1/ports/web"),
        ("fdb list", "/v1/fdb"), ("fdb show 52:54:00:00:00:01", "/v1/fdb/52:54:00:00:00:01"),
        ("vlan list", "/v1/vlans"), ("drops", "/v1/drops"), ("config show", "/v1/config"),
      ] {
        let ended = try await lab.run(command + " --json")
        let answer = try await ask(lab.socket, "GET", path)
        #expect(ended.output == answer.text + "\n", "\(command)")
        #expect(ended.status == 0, "\(command)")
      }
    }
  }

  @Test("events are one object a line, kept and followed, and SIGINT ends well", .timeLimit(.minutes(1)))
  func events() async throws {
    let control = LabSwitch()
    try await withLab(control) { lab in
      let kept = try await lab.run("events --json")
      #expect(kept.status == 0 && kept.errors == "")
      let lines = kept.output.split(separator: "\n")
      #expect(try lines.map { try JSONValue(parsing: Array($0.utf8))["sequence"]?.integer } == Array(1...6))
      for asJSON in [false, true] {
        let begun = try lab.start("events --follow" + (asJSON ? " --json" : ""))
        let before = control.eventHub.kept().count
        try await begun.wait { $0.split(separator: "\n").count == before }
        control.eventHub.publish(.portAdded("late"))
        try await begun.wait { $0.split(separator: "\n").count == before + 1 }
        let ended = try await begun.end(with: SIGINT)
        #expect(ended.status == 0 && ended.errors == "")
        #expect(ended.output.hasSuffix(asJSON ? ",\"port\":\"late\"}\n" : "  added port late\n"), "\(ended.output)")
      }
    }
  }

  @Test("who follows ends well when the switch does", .timeLimit(.minutes(1)))
  func followedToTheEnd() async throws {
    var begun: Lab.Begun?
    try await withLab { lab in
      begun = try lab.start("events --follow")
      try await begun?.wait { $0.split(separator: "\n").count == 6 }
    }
    let ended = try await begun?.end(with: nil)
    #expect(ended?.status == 0 && ended?.errors == "")
  }

  @Test("a plan is coloured on a terminal only, apply says how to confirm and by when")
  func plan() async throws {
    try await withLab { lab in
      try ConfigurationFile.write("ports:\n  web: { tap: t }\n", path: lab.directory + "/lab.yaml")
      defer { _ = unsafe unlink(lab.directory + "/lab.yaml") }
      let json = try await lab.run("config plan lab.yaml --json")
      #expect(try JSONValue(parsing: Array(json.output.utf8.dropLast()))["changes"]?.array?.count == 5)
      let before = time(nil)
      let applied = try await lab.run("config apply lab.yaml --confirm 5m")
      let line = try #require(applied.output.split(separator: "\n").last)
      let after = time(nil)
      let times = (before...after).map { Quantity.time(seconds: Int64($0) + 300) }
      #expect(
        times.contains { line.hasPrefix("taken back in 5m, at \($0), unless you confirm it: tapswitch config confirm") }
      )
      let named = try await lab.run("config apply lab.yaml --confirm 60 --socket s.sock", knowsSocket: false)
      #expect(named.output.contains("tapswitch config confirm --socket s.sock"), "\(named.output)\(named.errors)")
    }
  }

  @Test("too many clients is exit status 75", .timeLimit(.minutes(1)))
  func tooManyClients() async throws {
    try await withLab(clients: 2) { lab in
      let first = try await RawClient(lab.socket)
      let second = try await RawClient(lab.socket)
      for client in [first, second] { try await client.send("GET /v1/status HTTP/1.1\r\nHost: x\r\n") }
      let ended = try await lab.run("status")
      #expect(ended.status == 75)
      #expect(ended.errors.contains("fix: "))
    }
  }
}

/// A switch behind a socket, and the command beside this test.
private struct Lab {
  let directory: String
  let socket: String
  let program: String

  struct Ended {
    var status: Int32
    var output: String
    var errors: String
  }

  /// The commands of a golden file in order, each with its lines.
  func blocks(of file: String) throws -> [(command: String, text: String)] {
    let path = "\(ConfigurationSupport.root)/Tests/Golden/cli/\(file).txt"
    var blocks: [(command: String, text: String)] = []
    for line in String(decoding: try ConfigurationFile.read(path: path), as: UTF8.self).split(separator: "\n") {
      if line.hasPrefix("$ tapswitch ") { blocks.append((String(line.dropFirst(12)), "")) }
      if !blocks.isEmpty { blocks[blocks.count - 1].text += line + "\n" }
    }
    return blocks
  }

  /// Whether a switch has, or had, its socket in `directory`.
  static func holdsSocket(_ directory: String) -> Bool {
    guard let stream = unsafe opendir(directory) else { return false }
    defer { unsafe closedir(stream) }
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { raw in
        unsafe String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(ControlPlaces.suffix) { return true }
    }
    return false
  }

  /// A command that has been started.
  struct Begun {
    let command: String
    let pid: pid_t
    let output: String
    let errors: String

    /// Until what it has written is as wanted.
    func wait(for wanted: (String) -> Bool) async throws {
      for _ in 0..<2500 {
        if wanted(try Lab.text(output)) { return }
        try await Task.sleep(for: .milliseconds(2))
      }
      throw TestError("\(command): \(try Lab.text(output))")
    }

    /// Sends it a signal, if any, and waits for its end.
    func end(with signal: Int32?) async throws -> Ended {
      defer { for path in [output, errors] { _ = unsafe unlink(path) } }
      if let signal { kill(pid, signal) }
      var state: Int32 = 0
      // The server shares the threads of this test, so waiting must not hold one.
      while unsafe waitpid(pid, &state, WNOHANG) == 0 { try await Task.sleep(for: .milliseconds(2)) }
      guard state & 0x7F == 0 else { throw TestError("\(command): ended by signal \(state & 0x7F)") }
      return Ended(status: state >> 8 & 0xFF, output: try Lab.text(output), errors: try Lab.text(errors))
    }
  }

  /// `text` with a word where it says by when a change is confirmed.
  static func withoutTime(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
      guard line.hasPrefix("taken back in "), let at = line.firstRange(of: ", at "), let end = line.firstRange(of: "Z,")
      else { return String(line) }
      return line[..<at.upperBound] + "TIME" + line[end.upperBound...].drop { $0 == "," }
    }.joined(separator: "\n")
  }

  /// Runs a command in `directory` with nothing else in its environment, and waits for its end.
  func run(_ command: String, knowsSocket: Bool = true) async throws -> Ended {
    try await start(command, knowsSocket: knowsSocket).end(with: nil)
  }

  func start(_ command: String, knowsSocket: Bool = true) throws -> Begun {
    // Several may run at once, in the directory of one test.
    let name = "\(directory)/\(UInt32.random(in: 0 ... .max))"
    let outputPath = name + ".out"
    let errorPath = name + ".err"
    var environment = ["PATH=/usr/bin:/bin", "XDG_RUNTIME_DIR=\(directory)"]
    if knowsSocket { environment.append("TAPSWITCH_SOCKET=\(socket)") }
    let enter = ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", directory, program]
    let pid = try Lab.spawn(
      enter + command.split(separator: " ").map { String($0) }, environment, outputPath, errorPath)
    return Begun(command: command, pid: pid, output: outputPath, errors: errorPath)
  }

  fileprivate static func text(_ path: String) throws -> String {
    String(decoding: try ConfigurationFile.read(path: path), as: UTF8.self)
  }

  private static func spawn(
    _ arguments: [String], _ environment: [String], _ output: String, _ errors: String
  ) throws -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    let flags = O_WRONLY | O_CREAT | O_TRUNC
    unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, flags, 0o600)
    unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors, flags, 0o600)
    var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
    var variables = unsafe environment.map { unsafe strdup($0) } + [nil]
    defer { unsafe (words + variables).forEach { unsafe free($0) } }
    var pid: pid_t = 0
    let code = unsafe posix_spawn(&pid, arguments[0], &actions, nil, &words, &variables)
    guard code == 0 else { throw TestError("\(arguments[0]): \(SystemText.reason(code))") }
    return pid
  }
}

private enum SystemText {
  static func reason(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}

private func withLab(
  _ control: LabSwitch = LabSwitch(), clients: Int = 64, _ body: (Lab) async throws -> Void
) async throws {
  try await withServer(control, clients: clients) { socket in
    try await body(Lab(directory: ControlPlaces.parent(of: socket), socket: socket, program: try programPath()))
  }
}

/// The command is built beside the bundle of the tests.
private func programPath() throws -> String {
  var buffer = [CChar](repeating: 0, count: 4096)
  guard unsafe readlink("/proc/self/exe", &buffer, buffer.count - 1) > 0 else { throw TestError("readlink: \(errno)") }
  let own = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  let path = ControlPlaces.parent(of: own) + "/tapswitch"
  guard unsafe access(path, X_OK) == 0 else { throw TestError("\(path) is not there: build it with 'swift build'") }
  return path
}
