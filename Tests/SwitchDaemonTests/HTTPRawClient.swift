// A client that sends bytes as told, to the letter or not, and takes answers apart.

import Glibc
import SwitchModel

@testable import SwitchDaemon

/// An answer, taken apart.
struct RawAnswer {
  var status = 0
  var headers: [String: String] = [:]
  var body: [UInt8] = []
  var text: String { String(decoding: body, as: UTF8.self) }
  func json() throws -> JSONValue { try JSONValue(parsing: body, limits: JSONLimits(bytes: 1 << 28, values: 1 << 24)) }
}

/// A connection that sends and reads bytes as told. It never blocks its thread: the server needs it too.
final class RawClient {
  private let descriptor: Int32
  private(set) var received: [UInt8] = []
  private(set) var isClosed = false

  /// Connects to a unix socket; waits while the server's queue is full.
  init(_ path: String) async throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
    for _ in 0..<5000 {
      if unsafe UnixAddress.with(path, { unsafe connect(descriptor, $0, $1) }) == 0 { return }
      guard errno == EAGAIN else { break }
      try await Task.sleep(for: .milliseconds(1))
    }
    throw TestError("connect: \(errno)")
  }

  init(port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw TestError("connect: \(errno)") }
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
  }

  deinit { close(descriptor) }

  /// Sends all of it; returns what was sent when the server hung up before.
  @discardableResult
  func send(_ bytes: [UInt8], within: Duration = .seconds(5)) async throws -> Int {
    var sent = 0
    let end = ContinuousClock.now + within
    while sent < bytes.count, ContinuousClock.now < end {
      let count = unsafe bytes[sent...].withUnsafeBytes { bytes in
        unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
      }
      if count > 0 {
        sent += count
      } else if errno == EAGAIN {
        try await Task.sleep(for: .milliseconds(1))
      } else {
        break
      }
    }
    return sent
  }

  @discardableResult
  func send(_ text: String) async throws -> Int { try await send(Array(text.utf8)) }

  func shutDownOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Reads what is there; false when nothing more will come.
  private func fill() -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
      if count > 0 {
        received += buffer[..<count]
      } else {
        isClosed = count == 0 || errno != EAGAIN
        return !isClosed
      }
    }
  }

  /// Waits until the server hangs up.
  func waitForClose(within: Duration = .seconds(30)) async throws -> Bool {
    let end = ContinuousClock.now + within
    while fill(), ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(1)) }
    return isClosed
  }

  /// The next whole answer. Tests run side by side, on machines that do other things too: patience costs nothing.
  func answer(within: Duration = .seconds(30)) async throws -> RawAnswer {
    let end = ContinuousClock.now + within
    while true {
      let isOpen = fill()
      if let (answer, rest) = try Self.parse(received, isWhole: !isOpen) {
        received = rest
        return answer
      }
      guard isOpen else { throw TestError("closed after \(received.count) bytes") }
      guard ContinuousClock.now < end else { throw TestError("no whole answer, \(received.count) bytes") }
      try await Task.sleep(for: .milliseconds(1))
    }
  }

  private static func parse(_ bytes: [UInt8], isWhole: Bool) throws -> (RawAnswer, rest: [UInt8])? {
    guard let end = find([13, 10, 13, 10], in: bytes, from: 0) else { return nil }
    let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
    var answer = RawAnswer()
    answer.status = Int(lines[0].split(separator: " ")[1]) ?? 0
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      answer.headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
    }
    var position = end + 4
    if answer.status == 100 || answer.status == 204 { return (answer, Array(bytes[position...])) }
    guard answer.headers["transfer-encoding"] == "chunked" else {
      guard let length = answer.headers["content-length"].flatMap({ Int($0) }) else { throw TestError("no length") }
      guard bytes.count >= position + length else { return nil }
      answer.body = Array(bytes[position..<(position + length)])
      return (answer, Array(bytes[(position + length)...]))
    }
    while let lineEnd = find([13, 10], in: bytes, from: position) {
      guard let size = Int(String(decoding: bytes[position..<lineEnd], as: UTF8.self), radix: 16) else {
        throw TestError("no chunk")
      }
      let start = lineEnd + 2
      guard bytes.count >= start + size + 2 else { return nil }
      answer.body += bytes[start..<(start + size)]
      position = start + size + 2
      if size == 0 { return (answer, Array(bytes[position...])) }
    }
    return nil
  }

  private static func find(_ pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    var index = start
    while index + pattern.count <= bytes.count {
      if bytes[index] == pattern[0], bytes[index..<(index + pattern.count)].elementsEqual(pattern) { return index }
      index += 1
    }
    return nil
  }
}

/// One request on a connection of its own.
func ask(
  _ path: String, _ method: String, _ target: String, _ body: String? = nil, headers: String = ""
) async throws -> RawAnswer {
  let client = try await RawClient(path)
  var head = "\(method) \(target) HTTP/1.1\r\nHost: tapswitch\r\n\(headers)"
  if let body { head += "Content-Length: \(body.utf8.count)\r\n" }
  try await client.send(head + "\r\n" + (body ?? ""))
  return try await client.answer()
}
