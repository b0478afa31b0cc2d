// Finds the data of each event in bytes that come in pieces (WHATWG HTML, "Server-sent events"). What the data says is
// for its reader.

struct EventStreamReader {
  /// The most octets of one line, and of one event's data.
  private static let limit = 1 << 20
  private var line: [UInt8] = []
  private var data: [UInt8]?
  private var endedWithReturn = false

  /// Takes the next bytes and hands out the data of every event that ends in them.
  mutating func feed(_ piece: [UInt8], _ body: ([UInt8]) throws -> Void) throws {
    for byte in piece {
      // A line ends with LF, CR, or both.
      let isSecond = byte == UInt8(ascii: "\n") && endedWithReturn
      endedWithReturn = byte == UInt8(ascii: "\r")
      if isSecond { continue }
      if byte == UInt8(ascii: "\n") || endedWithReturn {
        try end(body)
      } else {
        line.append(byte)
        guard line.count <= EventStreamReader.limit else { throw ControlFailure.strange("an event of more than 1 MiB") }
      }
    }
  }

  private mutating func end(_ body: ([UInt8]) throws -> Void) throws {
    defer { line.removeAll(keepingCapacity: true) }
    if line.isEmpty {
      if let data { try body(data) }
      data = nil
      return
    }
    let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
    // Comments have no name; `id` and `event` say what stands in the data too.
    guard parts[0].elementsEqual("data".utf8) else { return }
    let value = parts.count > 1 ? parts[1] : []
    let text = value.first == UInt8(ascii: " ") ? value.dropFirst() : value
    if data == nil { data = Array(text) } else { data? += [UInt8(ascii: "\n")] + text }
    guard data?.count ?? 0 <= EventStreamReader.limit else {
      throw ControlFailure.strange("an event of more than 1 MiB")
    }
  }
}
