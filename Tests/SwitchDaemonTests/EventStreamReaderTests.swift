// The client's side of an event stream: events in pieces of any size, and what is no event.

import Testing

@testable import tapswitch

struct EventStreamReaderTests {
  private func read(_ text: String, by size: Int) throws -> [String] {
    var reader = EventStreamReader()
    var found: [String] = []
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: size) {
      try reader.feed(Array(bytes[start..<min(bytes.count, start + size)])) {
        found.append(String(decoding: $0, as: UTF8.self))
      }
    }
    return found
  }

  @Test(arguments: [
    ("id: 1\nevent: a\ndata: {}\n\n", ["{}"]), ("data: 1\n\ndata: 2\n\n:\n\ndata: 3\n", ["1", "2"]),
    ("data: 1\r\n\r\ndata: 2\r\r", ["1", "2"]), ("data:1\ndata: 2\n\n", ["1\n2"]), ("data\n\n", [""]),
    ("data:  x\n\n", [" x"]), (":data: 1\n\nDATA: 2\n\ndatum: 3\n\n", []), ("\n\n\r\n", []), ("data: a:b\n\n", ["a:b"]),
  ])
  func `events are found however they are cut`(text: String, events: [String]) throws {
    for size in [1, 2, 3, 5, 1000] { #expect(try read(text, by: size) == events, "\(size)") }
  }

  @Test func `a line or an event without end is refused`() {
    var reader = EventStreamReader()
    #expect(throws: (any Error).self) { try reader.feed([UInt8](repeating: 0x61, count: 1 << 20 + 1)) { _ in } }
    reader = EventStreamReader()
    let line = Array("data: ".utf8) + [UInt8](repeating: 0x61, count: 1 << 19) + [0x0A]
    #expect(throws: (any Error).self) { for _ in 0..<3 { try reader.feed(line) { _ in } } }
  }
}
