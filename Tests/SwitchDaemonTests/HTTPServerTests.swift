// Start, stop, the control socket's place and the read-only side on TCP.

import Glibc
import Logging
import SwitchModel
import Testing

@testable import SwitchDaemon

struct HTTPServerTests {
  private static let logger = Logger(label: "test") { _ in SwitchLogHandler(level: .critical, format: .text) }

  @Test func `a stop answers what was asked, removes the socket and is quick`() async throws {
    let place = try TestPlace()
    defer { place.remove() }
    let control = FakeSwitch()
    await control.set(delay: .milliseconds(200))
    let socket = try ControlSocket.claim(path: place.socket, group: nil, makesDirectory: false)
    let server = try await ControlServer.start(socket: socket, control: control, logger: Self.logger)
    let idle = try await RawClient(place.socket)
    let busy = try await RawClient(place.socket)
    try await busy.send("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
    try await Task.sleep(for: .milliseconds(50))
    let began = ContinuousClock.now
    await server.stop()
    #expect(ContinuousClock.now - began < .seconds(5))
    #expect(try await busy.answer().status == 200)
    #expect(try await idle.waitForClose())
    #expect(UnixAddress.probe(place.socket) == .absent)
    await server.stop()
  }

  @Test func `a stop does not wait for a switch that does not answer`() async throws {
    let place = try TestPlace()
    defer { place.remove() }
    let control = FakeSwitch()
    await control.set(delay: .seconds(20))
    let socket = try ControlSocket.claim(path: place.socket, group: nil, makesDirectory: false)
    let server = try await ControlServer.start(socket: socket, control: control, logger: Self.logger)
    let busy = try await RawClient(place.socket)
    try await busy.send("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
    try await Task.sleep(for: .milliseconds(50))
    let began = ContinuousClock.now
    await server.stop()
    #expect(ContinuousClock.now - began < .seconds(5))
    #expect(try await busy.waitForClose(within: .seconds(1)))
  }

  @Test func `L5 a live socket is refused, a dead one replaced, anything else left alone`() async throws {
    let place = try TestPlace()
    defer { place.remove() }
    let socket = try ControlSocket.claim(path: place.socket, group: nil, makesDirectory: false)
    var status = stat()
    #expect(unsafe lstat(place.socket, &status) == 0 && status.st_mode & 0o7777 == 0o600)
    expectProblem(409) { _ = try ControlSocket.claim(path: place.socket, group: nil, makesDirectory: false) }
    // As SIGKILL leaves it: the name without a listener.
    shutdown(socket.descriptor, Int32(SHUT_RDWR))
    close(socket.descriptor)
    let again = try ControlSocket.claim(path: place.socket, group: nil, makesDirectory: false)
    again.release()
    #expect(UnixAddress.probe(place.socket) == .absent)
    for make in [
      { unsafe symlink("/dev/null", place.socket) }, { unsafe mkdir(place.socket, 0o700) },
      { unsafe mkfifo(place.socket, 0o600) }, { close(unsafe creat(place.socket, 0o600)) },
    ] {
      #expect(make() == 0)
      expectProblem(409) { _ = try ControlSocket.claim(path: place.socket, group: nil, makesDirectory: false) }
      #expect(unsafe remove(place.socket) == 0, "what stood there still stands")
    }
    let long = place.directory + "/" + String(repeating: "x", count: 108)
    expectProblem(422) { _ = try ControlSocket.claim(path: long, group: nil, makesDirectory: false) }
    expectProblem(422) { _ = try ControlSocket.claim(path: "", group: nil, makesDirectory: false) }
  }

  @Test func `TCP is for reading, under our own names`() async throws {
    let port = try Self.freePort()
    let listen = try #require(ListenAddress("127.0.0.1:\(port)"))
    try await withServer(listen: listen) { _ in
      func ask(_ method: String, _ target: String, host: String) async throws -> RawAnswer {
        let client = try RawClient(port: port)
        try await client.send("\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\nContent-Length: 2\r\n\r\n{}")
        return try await client.answer()
      }
      for target in ["/v1/status", "/v1/ports", "/v1/ports/web", "/v1/fdb", "/v1/vlans", "/v1/drops", "/openapi.json"] {
        #expect(try await ask("GET", target, host: "127.0.0.1:\(port)").status == 200, "\(target)")
      }
      #expect(try await ask("GET", "/v1/status", host: "LOCALHOST").status == 200)
      for (method, target) in [
        ("GET", "/v1/config"), ("POST", "/v1/ports"), ("DELETE", "/v1/ports/web"), ("PATCH", "/v1/ports/web"),
        ("POST", "/v1/fdb/flush"), ("POST", "/v1/config/save"),
      ] {
        try HTTPRouteTests.expectProblem(try await ask(method, target, host: "127.0.0.1"), 403)
      }
      for host in ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "127.0.0.1:x", "[::1", ""] {
        try HTTPRouteTests.expectProblem(try await ask("GET", "/v1/status", host: host), 403)
      }
    }
  }

  @Test func `a TCP port in use is a conflict, and the socket is given back`() async throws {
    let taken = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(taken) }
    let port = try Self.bind(taken)
    listen(taken, 1)
    let place = try TestPlace()
    defer { place.remove() }
    let claimed = try ControlSocket.claim(path: place.socket, group: nil, makesDirectory: false)
    do {
      _ = try await ControlServer.start(
        socket: claimed, listen: ListenAddress("\(port)"), control: FakeSwitch(), logger: Self.logger)
      Issue.record("it started")
    } catch {
      #expect(error.status == 409 && error.detail.contains("127.0.0.1:\(port)"))
    }
    #expect(UnixAddress.probe(place.socket) == .absent)
  }

  @Test func `names a Host header may have`() {
    let check = HostCheck(machine: "Lab7.example.org")
    for host in [
      "localhost", "localhost:80", "127.0.0.1", "10.1.2.3:8080", "[::1]", "[fd00::1]:80", "lab7", "lab7.example.org.:1",
    ] {
      #expect(check.allows(host), "\(host)")
    }
    for host in [
      nil, "", ":80", "lab8", "example.org", "::1", "[127.0.0.1]", "[::1]x", "1.2.3", "localhost:80:80", "a@lab7",
    ] {
      #expect(!check.allows(host), "\(host ?? "nil")")
    }
  }

  private func expectProblem(_ status: Int, _ body: () throws -> Void) {
    do {
      try body()
      Issue.record("no problem")
    } catch let problem as Problem {
      #expect(problem.status == status && !(problem.fix ?? "").isEmpty, "\(problem)")
    } catch {
      Issue.record(error)
    }
  }

  private static func freePort() throws -> UInt16 {
    let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(probe) }
    return try bind(probe)
  }

  /// Binds to a free port of 127.0.0.1.
  private static func bind(_ descriptor: Int32) throws -> UInt16 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = unsafe withUnsafeMutablePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        unsafe Glibc.bind(descriptor, pointer, length) == 0 ? unsafe getsockname(descriptor, pointer, &length) : -1
      }
    }
    guard result == 0 else { throw TestError("bind: \(errno)") }
    return UInt16(bigEndian: address.sin_port)
  }
}
