// What tests on real devices need: commands of the system, names that nobody else uses, waiting, cleaning up.

import Glibc
import Synchronization
import Testing
import Wire

@testable import LinuxIO

/// Tests that change the machine's network. One after the other: some measure time.
@Suite(
  .serialized,
  .enabled(if: Machine.isUsable, "needs root, /dev/net/tun and iproute2: run `sudo swift test`"))
struct Devices {}

enum Machine {
  static let isUsable: Bool = {
    guard geteuid() == 0, unsafe access("/dev/net/tun", R_OK | W_OK) == 0 else { return false }
    return (try? Command.run("ip", "-V")) != nil
  }()

  private static let counter = Mutex(0)

  /// A name that no other test and no other run uses, at most 15 bytes.
  static func unique(_ prefix: String) -> String {
    let number = counter.withLock { number in
      number += 1
      return number
    }
    return "\(prefix)\(getpid() % 1_000_000)x\(number)"
  }

  /// How many descriptors this process has open.
  static var openDescriptors: Int { SmallFiles.names(in: "/proc/self/fd").count }
}

struct CommandFailure: Error, CustomStringConvertible {
  let description: String
}

enum Command {
  /// Runs a program to its end and returns what it wrote to stdout and stderr.
  @discardableResult
  static func run(_ arguments: String...) throws -> String {
    let file = "/tmp/\(Machine.unique("linuxio-out-"))"
    defer { unsafe unlink(file) }
    let pid = try spawn(arguments, output: file)
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
    let output = SmallFiles.text(file) ?? ""
    guard status == 0 else { throw CommandFailure(description: "\(arguments): status \(status): \(output)") }
    return output
  }

  /// Starts a program and leaves it running.
  static func start(_ arguments: String...) throws -> pid_t { try spawn(arguments, output: "/dev/null") }

  static func stop(_ pid: pid_t) {
    kill(pid, SIGKILL)
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
  }

  private static func spawn(_ arguments: [String], output: String) throws -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    let flags = output == "/dev/null" ? O_WRONLY : O_WRONLY | O_CREAT | O_EXCL
    unsafe posix_spawn_file_actions_addopen(&actions, 1, output, flags, 0o600)
    unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var words: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) } + [nil]
    defer { for index in unsafe words.indices { unsafe free(words[index]) } }
    var pid: pid_t = 0
    let error = unsafe posix_spawnp(&pid, arguments[0], &actions, nil, &words, environ)
    guard error == 0 else { throw CommandFailure(description: "\(arguments): error \(error)") }
    return pid
  }
}

/// A named namespace for the length of a test.
final class TestNamespace {
  let name: String
  init(_ prefix: String = "ts") throws {
    name = Machine.unique(prefix)
    try Command.run("ip", "netns", "add", name)
  }
  deinit { _ = try? Command.run("ip", "netns", "del", name) }

  var reference: NamespaceReference { .named(name) }
  @discardableResult
  func ip(_ words: String) throws -> String { try Devices.ip("-n \(name) \(words)") }
}

extension Devices {
  /// `ip WORDS`, split at spaces.
  @discardableResult
  static func ip(_ words: String) throws -> String {
    try Command.run("sh", "-c", "exec ip \(words)")
  }

  static func request(_ name: String, _ namespace: NamespaceReference = .current) -> TapRequest {
    TapRequest(
      name: name, namespace: namespace, mac: stableMAC(machineID: "test", switchName: "lab", port: name),
      label: "tapswitch lab\(getpid())/\(name)", group: 0x7473_0000 | UInt32(getpid()) & 0xFFFF)
  }

  /// Sends broadcast frames into a device from its own side.
  static func sendFrames(_ count: Int, device: String, namespace: String?) throws {
    let program = """
      import socket
      s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
      s.bind(("\(device)", 0))
      f = b"\\xff" * 6 + b"\\x02\\x00\\x00\\x00\\x00\\x01" + b"\\x88\\xb5" + b"x" * 46
      for i in range(\(count)): s.send(f)
      """
    if let namespace {
      try Command.run("ip", "netns", "exec", namespace, "/usr/bin/python3", "-c", program)
    } else {
      try Command.run("/usr/bin/python3", "-c", program)
    }
  }

  /// A frame as the switch writes it: offload header and 60 octets of broadcast.
  static let frame: [UInt8] =
    [UInt8](repeating: 0, count: 12) + [UInt8](repeating: 0xFF, count: 6) + [2, 0, 0, 0, 0, 1, 0x88, 0xB5]
    + [UInt8](repeating: 0, count: 46)

  static func write(_ device: TapDevice) -> Int {
    let frame = frame
    return unsafe frame.withUnsafeBytes { unsafe PortIO(descriptor: device.descriptor).transmit($0) }
  }

  static func read(_ device: TapDevice) -> Int {
    var buffer = [UInt8](repeating: 0, count: 70000)
    return unsafe buffer.withUnsafeMutableBytes { unsafe PortIO(descriptor: device.descriptor).receive(into: $0).count }
  }

  /// What poll(2) says at once of a descriptor that is watched for reading.
  static func poll(_ device: TapDevice) -> Int16 {
    var entry = pollfd(fd: device.descriptor, events: Int16(POLLIN), revents: 0)
    _ = unsafe Glibc.poll(&entry, 1, 0)
    return entry.revents
  }

  /// Whether `condition` holds within `seconds`.
  static func soon(_ seconds: Double = 1, _ condition: () -> Bool) -> Bool {
    let end = Clock.monotonic() + UInt64(seconds * 1e9)
    while true {
      if condition() { return true }
      if Clock.monotonic() > end { return false }
      usleep(2000)
    }
  }

  static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = Clock.monotonic()
    try body()
    return Double(Clock.monotonic() - start) / 1e9
  }
}

/// The error a call throws.
func failure(_ body: () throws(PortError) -> Void) -> PortError? {
  do throws(PortError) {
    try body()
    return nil
  } catch {
    return error
  }
}
