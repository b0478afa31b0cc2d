// What the tests of this module share: scratch directories, programs run beside, random numbers, a small disk.

import Capture
import Glibc
import Testing

/// A directory of its own under /tmp, removed at the end.
final class Scratch: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/tapswitch-capture-XXXXXX".utf8CString)
    path = try #require(unsafe mkdtemp(&template).map { unsafe String(cString: $0) })
  }

  deinit { _ = shell("rm -rf '\(path)'") }

  func file(_ name: String) -> String { path + "/" + name }
}

/// What a command printed on both outputs, and whether it succeeded.
@discardableResult
func shell(_ command: String) -> (text: String, status: Int32) {
  guard let pipe = unsafe popen("{ \(command)\n} 2>&1", "r") else { return ("popen failed", -1) }
  var text: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65536)
  while true {
    let count = unsafe fread(&buffer, 1, buffer.count, pipe)
    if count == 0 { break }
    text += buffer.prefix(count)
  }
  let status = unsafe pclose(pipe)
  return (String(decoding: text, as: UTF8.self), status)
}

func readFile(_ path: String) -> [UInt8] {
  let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
  guard number >= 0 else { return [] }
  defer { close(number) }
  var all: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 20)
  while true {
    let count = unsafe read(number, &buffer, buffer.count)
    if count <= 0 { return all }
    all += buffer.prefix(count)
  }
}

/// Creates or replaces a file.
func writeFile(_ path: String, _ bytes: [UInt8]) {
  let number = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
  _ = unsafe write(number, bytes, bytes.count)
  close(number)
}

/// Sets the soft limit on the size of files, of this process; nil: as far as the hard limit goes.
func limitFileSize(to octets: rlim_t?) -> Bool {
  let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
  var limit = rlimit()
  guard unsafe getrlimit(resource, &limit) == 0 else { return false }
  limit.rlim_cur = octets ?? limit.rlim_max
  return unsafe setrlimit(resource, &limit) == 0
}

/// Asks every 5 ms until it is so, at most `seconds`.
func eventually(within seconds: Double = 10, _ condition: () -> Bool) -> Bool {
  for _ in 0..<Int(seconds * 200) {
    if condition() { return true }
    usleep(5000)
  }
  return condition()
}

/// splitmix64.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// An Ethernet frame of `length` octets whose octets behind the type depend on `number`.
func frame(_ length: Int, number: Int = 0) -> [UInt8] {
  var bytes: [UInt8] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xB5]
  bytes.reserveCapacity(length)
  while bytes.count < length { bytes.append(UInt8(truncatingIfNeeded: bytes.count &* 7 &+ number)) }
  return Array(bytes.prefix(length))
}

struct NoProducer: Error {}

// What cannot be copied cannot go through `#require`.
func producing(_ ring: CaptureRing) throws -> RingProducer {
  guard let producer = ring.makeProducer() else { throw NoProducer() }
  return producer
}

func producing(_ capture: FileCapture, worker: Int = 0) throws -> RingProducer {
  guard let producer = capture.makeProducer(worker: worker) else { throw NoProducer() }
  return producer
}

func next(_ consumer: inout RingConsumer) throws -> CapturedFrame {
  let entry = consumer.next()
  return try #require(entry)
}

/// How many entries there were to read.
func count(_ consumer: inout RingConsumer) -> Int {
  var count = 0
  while consumer.next() != nil { count += 1 }
  return count
}

extension RingProducer {
  @discardableResult
  mutating func record(
    _ bytes: [UInt8], port: UInt16 = 0, interface: UInt32? = nil, timestamp: UInt64 = 1_700_000_000_123_456_789
  ) -> Bool {
    unsafe bytes.withUnsafeBytes {
      unsafe record(port: port, interface: interface, timestamp: timestamp, length: $0.count, bytes: $0)
    }
  }
}

/// A file system of a given size in a mount namespace that a child process holds; it goes with the child.
final class SmallDisk {
  private let input: Int32
  private let child: pid_t
  /// Leads into the namespace.
  let path: String

  /// nil where user namespaces or mounts are not permitted.
  init?(kilobytes: Int) {
    var (toChild, fromChild) = ([Int32](repeating: -1, count: 2), [Int32](repeating: -1, count: 2))
    guard unsafe pipe(&toChild) == 0, unsafe pipe(&fromChild) == 0 else { return nil }
    for number in [toChild[1], fromChild[0]] { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
    let mount = "mount -t tmpfs -o size=\(kilobytes)k,mode=755 tapswitch /mnt && echo ok; exec cat >/dev/null"
    let words = ["unshare", geteuid() == 0 ? "-m" : "-rm", "sh", "-c", mount]
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    var arguments: [UnsafeMutablePointer<CChar>?] = unsafe words.map { unsafe strdup($0) } + [nil]
    defer { unsafe arguments.forEach { unsafe free($0) } }
    var child = pid_t()
    let result = unsafe posix_spawnp(&child, "unshare", &actions, nil, &arguments, environ)
    close(toChild[0])
    close(fromChild[1])
    var answer = [UInt8](repeating: 0, count: 8)
    let count = unsafe result == 0 ? read(fromChild[0], &answer, answer.count) : 0
    close(fromChild[0])
    input = toChild[1]
    self.child = child
    path = "/proc/\(child)/root/mnt"
    guard count >= 3 else {
      close(input)
      if result == 0 {
        kill(child, SIGKILL)
        _ = waitpid(child, nil, 0)
      }
      return nil
    }
  }

  deinit {
    close(input)
    if child > 0 { _ = waitpid(child, nil, 0) }
  }

  static let isPossible = SmallDisk(kilobytes: 64) != nil
}
