// Events over HTTP: the array of those kept, and the stream.

import SwitchModel
import Testing

@testable import SwitchDaemon

@Suite(.serialized)
struct HTTPEventTests {
  /// A connection on which a stream of events comes in.
  private final class Stream {
    let client: RawClient

    init(_ client: RawClient) { self.client = client }

    init(_ path: String, _ target: String = "/v1/events", headers: String = "") async throws {
      client = try await RawClient(path)
      try await client.send("GET \(target) HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\(headers)\r\n")
    }

    /// All that came so far, once it holds `text`.
    @discardableResult
    func wait(for text: String, within: Duration = .seconds(30)) async throws -> String {
      let end = ContinuousClock.now + within
      while true {
        _ = try await client.waitForClose(within: .milliseconds(1))
        let found = String(decoding: client.received, as: UTF8.self)
        if found.contains(text) { return found }
        guard ContinuousClock.now < end, !client.isClosed else {
          throw TestError("no \(text) in: \(found.suffix(500))")
        }
      }
    }
  }

  @Test func `the events kept are an array, after a number those behind it`() async throws {
    let hub = TestEvents.hub(5)
    for number in 1...8 { hub.publish(TestEvents.learned(number)) }
    let json = "Accept: application/json\r\n"
    try await withServer(FakeSwitch(hub: hub)) { path in
      let all = try await ask(path, "GET", "/v1/events", headers: json)
      #expect(all.headers["content-type"] == "application/json")
      #expect(try all.json().array?.map { $0["sequence"]?.integer } == [4, 5, 6, 7, 8])
      let events = try await ask(path, "GET", "/v1/events?after=6", headers: "Accept: */*, application/json\r\n").json()
        .array
      #expect(events?.map { $0["sequence"]?.integer } == [7, 8])
      let resumed = try await ask(
        path, "GET", "/v1/events?after=6",
        headers: "Last-Event-ID: 1\r\nAccept: text/event-stream;q=0, application/json\r\n")
      #expect(try resumed.json().array?.first?["type"] == "events_lost")
      #expect(try resumed.json().array?.first?["count"] == 2)
      let event = try #require(try all.json().array?.first)
      #expect(event["type"] == "learned" && event["port"] == "web" && event["vlan"] == 1)
      #expect(event["mac"] == "00:00:00:00:00:04" && event["reason"] == nil)
    }
  }

  @Test(arguments: ["", "-1", "+1", "x", "1.0", "0x1", String(repeating: "9", count: 21)])
  func `a number that is none is 422`(_ text: String) async throws {
    try await withServer { path in
      try HTTPRouteTests.expectProblem(
        try await ask(path, "GET", "/v1/events?after=\(RequestTarget.encoded(text))"), 422)
      let accept = "Accept: text/event-stream\r\nLast-Event-ID: \(text)\r\n"
      try HTTPRouteTests.expectProblem(try await ask(path, "GET", "/v1/events", headers: accept), 422)
    }
  }

  @Test(arguments: ["", "Accept: */*\r\n", "Accept: application/json, text/event-stream\r\n"])
  func `who asks for nothing else gets the stream`(_ accept: String) async throws {
    let hub = TestEvents.hub()
    hub.publish(TestEvents.learned(1))
    try await withServer(FakeSwitch(hub: hub)) { path in
      let client = try await RawClient(path)
      try await client.send("GET /v1/events HTTP/1.1\r\nHost: x\r\n\(accept)\r\n")
      let stream = Stream(client)
      let first = try await stream.wait(for: "\n\n")
      #expect(first.lowercased().contains("\r\ncontent-type: text/event-stream\r\n"))
      try await stream.wait(for: "id: 1\nevent: learned\n")
    }
  }

  @Test func `the stream begins with what is kept and goes on`() async throws {
    let hub = TestEvents.hub()
    hub.publish(TestEvents.learned(1))
    try await withServer(FakeSwitch(hub: hub)) { path in
      let stream = try await Stream(path)
      let first = try await stream.wait(for: "\n\n")
      #expect(first.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(first.lowercased().contains("\r\ncontent-type: text/event-stream\r\n"))
      #expect(first.lowercased().contains("\r\ncache-control: no-store\r\n"))
      #expect(first.contains("id: 1\nevent: learned\ndata: {\"sequence\":1,\"time\":\""))
      hub.publish(.portDown("web", reason: "a\nb\u{2028}c"))
      let second = try await stream.wait(for: "id: 2\n")
      #expect(second.contains("event: port_down\ndata: {\"sequence\":2,"))
      #expect(second.contains("\"reason\":\"a\\nb"), "a line end in a text ends no line")
      // Another request is served beside it.
      #expect(try await ask(path, "GET", "/v1/status").status == 200)
      let resumed = try await Stream(path, "/v1/events?after=9", headers: "Last-Event-ID: 1\r\n")
      #expect(try await resumed.wait(for: "\n\n").contains("id: 2\n"))
      #expect(!String(decoding: resumed.client.received, as: UTF8.self).contains("id: 1\n"))
    }
  }

  @Test func `a quiet stream is kept alive by comments`() async throws {
    try await withServer(keepAlive: .milliseconds(50)) { path in
      let stream = try await Stream(path)
      try await stream.wait(for: "\r\n:\n\n\r\n3\r\n:\n\n")
    }
  }

  @Test func `a stop ends the streams well`() async throws {
    let hub = TestEvents.hub()
    hub.publish(TestEvents.learned(1))
    var stream: Stream?
    try await withServer(FakeSwitch(hub: hub)) { path in
      stream = try await Stream(path)
      try await stream?.wait(for: "id: 1\n")
    }
    let client = try #require(stream).client
    #expect(try await client.waitForClose(within: .seconds(1)))
    #expect(client.received.suffix(5).elementsEqual("0\r\n\r\n".utf8), "the chunks end as HTTP wants it")
  }

  @Test func `half of the clients may follow, and who hangs up makes room at once`() async throws {
    let hub = TestEvents.hub()
    hub.publish(TestEvents.learned(1))
    try await withServer(FakeSwitch(hub: hub)) { path in
      var streams: [Stream] = []
      for _ in 0..<EventHub.followerLimit {
        streams.append(try await Stream(path))
        try await streams.last?.wait(for: "id: 1\n")
      }
      let accept = "Accept: text/event-stream\r\n"
      try HTTPRouteTests.expectProblem(try await ask(path, "GET", "/v1/events", headers: accept), 503)
      let array = "Accept: application/json\r\n"
      #expect(try await ask(path, "GET", "/v1/events", headers: array).status == 200)
      streams.removeLast(3)
      try await Task.sleep(for: .milliseconds(200))
      for _ in 0..<3 {
        streams.append(try await Stream(path))
        try await streams.last?.wait(for: "id: 1\n")
      }
    }
  }

  @Test func `L4 a follower that does not read loses its own, and nobody waits for it`() async throws {
    let hub = TestEvents.hub(300)
    try await withServer(FakeSwitch(hub: hub)) { path in
      let stream = try await Stream(path)
      hub.publish(TestEvents.learned(1))
      try await stream.wait(for: "id: 1\n")
      for number in 2...8000 {
        hub.publish(TestEvents.learned(number))
        // The server shares the threads of this test.
        if number % 100 == 0 { await Task.yield() }
      }
      #expect(try await ask(path, "GET", "/v1/status").status == 200)
      let text = try await stream.wait(for: "id: 8000\n", within: .seconds(40))
      #expect(text.contains("event: events_lost\n"))
      var last = 0
      for line in text.split(separator: "\n") where line.hasPrefix("data: ") {
        let event = try JSONValue(parsing: Array(line.dropFirst(6).utf8))
        let number = event["sequence"]?.integer ?? 0
        #expect(number == last + (event["type"] == "events_lost" ? event["count"]?.integer ?? 0 : 1))
        last = number
      }
    }
  }

  @Test func `what does not read at all is dropped in the end`() async throws {
    let hub = TestEvents.hub(10_000)
    try await withServer(FakeSwitch(hub: hub), patience: .milliseconds(500)) { path in
      let client = try await RawClient(path)
      try await client.send("GET /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
      for number in 1...8000 {
        hub.publish(TestEvents.learned(number))
        if number % 100 == 0 { try await Task.sleep(for: .milliseconds(1)) }
      }
      try await Task.sleep(for: .milliseconds(1000))
      #expect(try await client.waitForClose(within: .seconds(2)))
    }
  }
}
