// Clients that misbehave: rows L1 to L4 of the hostile-input table, and the limits of the contract.

import SwitchModel
import Testing

@testable import SwitchDaemon

@Suite(.serialized)
struct HTTPClientTests {
  private static let request = "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"

  @Test func `L1 the sixty-fifth client gets 503 at once`() async throws {
    try await withServer { path in
      var clients: [RawClient] = []
      // In steps for all together: the ten seconds a request may take begin with its first octet.
      for _ in 0..<64 {
        let client = try await RawClient(path)
        try await client.send(Self.request)
        clients.append(client)
      }
      for client in clients { #expect(try await client.answer().status == 200) }
      // In the middle of the next request nobody gives way.
      for client in clients { try await client.send("GET /v1/sta") }
      let client = try await RawClient(path)
      try await client.send(Self.request)
      let answer = try await client.answer(within: .seconds(1))
      try HTTPRouteTests.expectProblem(answer, 503)
      #expect(answer.headers["retry-after"] == "1")
      #expect(try await client.waitForClose())
      clients.removeLast()
      try await Task.sleep(for: .milliseconds(50))
      #expect(try await ask(path, "GET", "/v1/status").status == 200)
    }
  }

  @Test func `L1 clients that say nothing give way after two seconds`() async throws {
    try await withServer(clients: 4) { path in
      var silent: [RawClient] = []
      for _ in 0..<4 { silent.append(try await RawClient(path)) }
      try await Task.sleep(for: .milliseconds(100))
      #expect(try await ask(path, "GET", "/v1/status").status == 503)
      try await Task.sleep(for: .milliseconds(2000))
      #expect(try await ask(path, "GET", "/v1/status").status == 200)
      #expect(silent.count == 4)
    }
  }

  @Test func `L1 ten thousand connections that send nothing`() async throws {
    try await withServer { path in
      // As many at a time as the test may have descriptors.
      for _ in 0..<20 {
        var silent: [RawClient] = []
        for _ in 0..<500 { silent.append(try await RawClient(path)) }
      }
      try await Task.sleep(for: .milliseconds(200))
      var best = Duration.seconds(10)
      for _ in 0..<5 {
        let began = ContinuousClock.now
        #expect(try await ask(path, "GET", "/v1/status").status == 200)
        best = min(best, ContinuousClock.now - began)
      }
      #expect(best < .milliseconds(500))
    }
  }

  @Test(arguments: [
    "", "G", "GET /v1/status HTTP/1.1\r\n", "POST /v1/ports HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
  ])
  func `L1 a request must be whole in time, else 408`(_ part: String) async throws {
    try await withServer(patience: .milliseconds(300)) { path in
      let client = try await RawClient(path)
      try await client.send(part)
      let began = ContinuousClock.now
      let answer = try await client.answer()
      try HTTPRouteTests.expectProblem(answer, 408)
      #expect(ContinuousClock.now - began > .milliseconds(200))
      #expect(answer.headers["connection"] == "close")
      #expect(try await client.waitForClose())
    }
  }

  @Test func `L1 a byte now and then does not keep a connection`() async throws {
    try await withServer(patience: .milliseconds(500)) { path in
      let client = try await RawClient(path)
      for byte in "GET /v1/status HTTP/1.1\r\nX-Slow: aaaaaaaaaa".utf8 {
        guard try await client.send([byte]) == 1 else { break }
        try await Task.sleep(for: .milliseconds(30))
      }
      try HTTPRouteTests.expectProblem(try await client.answer(), 408)
    }
  }

  @Test(arguments: [false, true])
  func `L2 a body over one mebibyte is 413`(isChunked: Bool) async throws {
    try await withServer { path in
      let client = try await RawClient(path)
      let body = [UInt8](repeating: UInt8(ascii: " "), count: (1 << 20) + 1)
      if isChunked {
        try await client.send("POST /v1/ports HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n")
      } else {
        try await client.send("POST /v1/ports HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.count)\r\n\r\n")
      }
      try await client.send(body)
      let answer = try await client.answer()
      try HTTPRouteTests.expectProblem(answer, 413)
      #expect(try await client.waitForClose())
    }
  }

  @Test func `L2 a body of one mebibyte is read`() async throws {
    try await withServer { path in
      let client = try await RawClient(path)
      let body = #"{"name":"big","tap":"t"}"# + String(repeating: " ", count: (1 << 20) - 24)
      try await client.send("POST /v1/ports HTTP/1.1\r\nHost: x\r\nContent-Length: \(1 << 20)\r\n\r\n")
      try await client.send(body)
      #expect(try await client.answer().status == 201)
    }
  }

  @Test func `L2 a hundred megabytes are refused before they are sent`() async throws {
    try await withServer { path in
      let client = try await RawClient(path)
      try await client.send("POST /v1/ports HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n")
      try HTTPRouteTests.expectProblem(try await client.answer(), 413)
      // What is sent all the same is thrown away, and not for long.
      try await client.send([UInt8](repeating: 32, count: 1 << 20))
      #expect(try await client.waitForClose(within: .seconds(3)))
    }
  }

  @Test func `100-continue is answered before the body is sent`() async throws {
    try await withServer { path in
      let client = try await RawClient(path)
      try await client.send(
        "POST /v1/fdb/flush HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
      #expect(try await client.answer().status == 100)
      try await client.send("{}")
      #expect(try await client.answer().status == 200)
    }
  }

  @Test func `L3 two requests in one write are answered in order, on one connection`() async throws {
    let control = FakeSwitch()
    await control.set(delay: .milliseconds(100))
    try await withServer(control) { path in
      let client = try await RawClient(path)
      try await client.send(
        "\r\n" + Self.request + "GET /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n"
          + "POST /v1/fdb/flush HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}" + Self.request)
      #expect(try await client.answer().status == 200)
      #expect(try await client.answer().status == 404)
      #expect(try await client.answer().text == #"{"removed":0}"#)
      #expect(try await client.answer().status == 200)
    }
  }

  @Test func `L3 half a request, then the end`() async throws {
    try await withServer { path in
      for part in [
        "", "G", "GET /v1/sta", "POST /v1/ports HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", "\r\n\r\n",
      ] {
        for isAbrupt in [false, true] {
          let client = try await RawClient(path)
          try await client.send(part)
          guard !isAbrupt else { continue }
          client.shutDownOutput()
          #expect(try await client.waitForClose(), "\(part)")
        }
      }
      #expect(try await ask(path, "GET", "/v1/status").status == 200)
    }
  }

  @Test func `L3 who ends his direction after the request is answered`() async throws {
    try await withServer { path in
      let client = try await RawClient(path)
      try await client.send(Self.request)
      client.shutDownOutput()
      #expect(try await client.answer().status == 200)
      #expect(try await client.waitForClose())
    }
  }

  static let noRequests: [[UInt8]] =
    [
      "NONSENSE\r\n\r\n", "GET\r\n\r\n", "GET /v1/status HTTP/9.9\r\nHost: x\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\0",
      "GET * HTTP/1.1\r\nHost: x\r\n\r\n", "GET /v1/status HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
      "POST /v1/ports HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
      "POST /v1/ports HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
      "POST /v1/ports HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "POST /v1/ports HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "GET /" + String(repeating: "a", count: 200_000) + " HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /v1/status HTTP/1.1\r\n" + String(repeating: "X-H: y\r\n", count: 50_000) + "\r\n",
      "CONNECT example.org:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    ].map { Array($0.utf8) } + [
      Array("GET /v1/ports/".utf8) + [0xFF, 0xFE] + Array(" HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
    ]

  @Test(arguments: noRequests.indices)
  func `L2 L3 what is no request is a problem, and the connection ends`(_ index: Int) async throws {
    try await withServer { path in
      let client = try await RawClient(path)
      try await client.send(Self.noRequests[index])
      client.shutDownOutput()
      let answer = try await client.answer()
      try HTTPRouteTests.expectProblem(answer, answer.status)
      #expect((400..<500).contains(answer.status), "\(answer.status)")
      #expect(try await client.waitForClose())
      #expect(try await ask(path, "GET", "/v1/status").status == 200)
    }
  }

  @Test func `L4 a client that never reads is dropped, others are served`() async throws {
    try await withServer(FakeSwitch(entries: 100_000), patience: .milliseconds(700)) { path in
      let client = try await RawClient(path)
      try await client.send("GET /v1/fdb HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(try await ask(path, "GET", "/v1/status").status == 200)
      try await Task.sleep(for: .milliseconds(1500))
      #expect(try await client.waitForClose(within: .seconds(1)))
      #expect(client.received.count < 4 << 20)
    }
  }

  @Test func `L4 requests without end from a client that never reads are not taken`() async throws {
    try await withServer(patience: .milliseconds(700)) { path in
      let client = try await RawClient(path)
      let many = Array(String(repeating: "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n", count: 20_000).utf8)
      #expect(try await client.send(many, within: .seconds(5)) < many.count)
      #expect(try await ask(path, "GET", "/v1/status").status == 200)
    }
  }

  @Test func `connections that come and go leave nothing`() async throws {
    try await withServer { path in
      for number in 0..<500 {
        let client = try await RawClient(path)
        if number % 2 == 0 { try await client.send(Self.request) }
      }
      #expect(try await ask(path, "GET", "/v1/status").status == 200)
    }
  }
}
