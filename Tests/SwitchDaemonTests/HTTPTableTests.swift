// The MAC table over HTTP: streamed, in pages, by cursor.

import SwitchModel
import Testing

@testable import SwitchDaemon

struct HTTPTableTests {
  @Test(arguments: [0, 1, 99, 100, 101, 25_000])
  func `the table is streamed in pieces as one array`(count: Int) async throws {
    try await withServer(FakeSwitch(entries: count)) { path in
      let answer = try await ask(path, "GET", "/v1/fdb")
      #expect(answer.status == 200)
      #expect(answer.headers["transfer-encoding"] == "chunked")
      #expect(answer.headers["content-type"] == "application/json")
      let entries = try answer.json().decoded(as: [FDBEntry].self)
      #expect(Set(entries.map(\.mac)).count == count && entries.count == count)
    }
  }

  @Test func `L4 a table is not read faster than its client reads`() async throws {
    let control = FakeSwitch(entries: 200_000)
    try await withServer(control) { path in
      let client = try await RawClient(path)
      try await client.send("GET /v1/fdb HTTP/1.1\r\nHost: x\r\n\r\n")
      try await Task.sleep(for: .milliseconds(500))
      // 2000 pieces of 13 kB each; the socket and the channel hold some hundred kilobytes.
      #expect(await control.pieces < 200)
      let whole = try await client.answer(within: .seconds(60))
      #expect(try whole.json().array?.count == 200_000)
    }
  }

  @Test func `a table that fails in the middle does not look whole`() async throws {
    let control = FakeSwitch(entries: 1000)
    await control.set(failsFrom: 500)
    try await withServer(control) { path in
      let client = try await RawClient(path)
      try await client.send("GET /v1/fdb HTTP/1.1\r\nHost: x\r\n\r\n")
      await #expect(throws: TestError.self) { try await client.answer() }
      #expect(client.isClosed)
    }
    await control.set(failsFrom: 0)
    try await withServer(control) { path in
      try HTTPRouteTests.expectProblem(try await ask(path, "GET", "/v1/fdb"), 500)
    }
  }

  @Test(arguments: [1, 7, 100, 150, 10_000])
  func `pages hold every entry once`(limit: Int) async throws {
    try await withServer(FakeSwitch(entries: 333)) { path in
      var found: [String] = []
      var after = ""
      for _ in 0..<400 {
        let page = try await ask(path, "GET", "/v1/fdb?limit=\(limit)\(after)")
        let entries = try page.json().decoded(as: [FDBEntry].self)
        #expect(entries.count <= limit)
        found += entries.map(\.mac)
        #expect(page.headers["link"]?.contains("</v1/fdb?limit=\(limit)>; rel=\"first\"") == true)
        guard let next = page.headers["tapswitch-next"] else { break }
        #expect(page.headers["link"]?.contains("after=\(next)>; rel=\"next\"") == true)
        after = "&after=\(next)"
      }
      #expect(found.count == 333 && Set(found).count == 333)
    }
  }

  @Test func `pages keep their filter`() async throws {
    try await withServer(FakeSwitch(entries: 300)) { path in
      let page = try await ask(path, "GET", "/v1/fdb?limit=5&port=db&vlan=2")
      #expect(page.headers["link"]?.contains("&port=db&vlan=2&after=") == true)
      let entries = try page.json().decoded(as: [FDBEntry].self)
      #expect(entries.count == 5 && entries.allSatisfy { $0.port == "db" && $0.vlan == 2 })
    }
  }

  @Test func `an entry that goes between two pages loses no other`() async throws {
    let control = FakeSwitch(entries: 50)
    try await withServer(control) { path in
      let page = try await ask(path, "GET", "/v1/fdb?limit=10")
      let first = try page.json().decoded(as: [FDBEntry].self)
      let next = try #require(page.headers["tapswitch-next"])
      let last = try #require(first.last)
      await control.removeEntries { $0.mac == last.mac }
      let rest = try await ask(path, "GET", "/v1/fdb?limit=100&after=\(next)").json().decoded(as: [FDBEntry].self)
      #expect(Set((first + rest).map(\.mac)).count == 50)
    }
  }

  @Test(arguments: ["0", "4711", "7.525400123456.10"])
  func `a cursor is read as it was written`(_ text: String) throws {
    #expect(try #require(EntryCursor(text)).text == text)
  }

  @Test(arguments: [
    "", "-1", "+1", "x", "1.2", "1.525400123456.9999", "1.5254.1", "1..1", "1.52540012345g.1", "1.2.3.4",
  ])
  func `no cursor`(_ text: String) { #expect(EntryCursor(text) == nil) }

  @Test func `an entry is written as every value is`() throws {
    for entry in [
      FDBEntry(mac: "52:54:00:12:34:56", vlan: 1, port: "we\"b", kind: .sticky, ageSeconds: 3, moves: 7),
      FDBEntry(
        mac: "52:54:00:12:34:56", vlan: 4094, port: "p", kind: .static, ageSeconds: nil, addresses: ["a", "b\n"]),
    ] {
      var bytes: [UInt8] = []
      EntryText.append(entry, to: &bytes)
      #expect(String(decoding: bytes, as: UTF8.self) == (try JSONValue(encoding: entry)).text)
    }
  }
}
