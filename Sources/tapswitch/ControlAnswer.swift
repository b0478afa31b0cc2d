// The answer to one request: as a whole, passed through, or element by element. Large answers are never held whole.

internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import SwitchModel

struct ControlAnswer {
  let response: HTTPClientResponse
  let socket: String

  /// The most bytes of an answer that is read whole: a thousand ports with all their counters are 1.5 MB.
  private static let limit = 64 << 20

  /// Hands out the body piece by piece, as it comes.
  func pieces(_ body: ([UInt8]) throws -> Void) async throws {
    var iterator = response.body.makeAsyncIterator()
    while true {
      let piece: ByteBuffer?
      do {
        piece = try await iterator.next()
      } catch {
        throw ControlFailure.reading(error, socket)
      }
      guard let piece else { return }
      try body(Array(piece.readableBytesView))
    }
  }

  /// The whole body.
  func bytes() async throws -> [UInt8] {
    var whole: [UInt8] = []
    try await pieces { piece in
      whole += piece
      guard whole.count <= ControlAnswer.limit else { throw ControlFailure.strange("more than 64 MiB") }
    }
    return whole
  }

  /// The body as JSON; null if there is none.
  func document() async throws -> JSONValue {
    let whole = try await bytes()
    return whole.isEmpty ? .null : try ControlAnswer.parsed(whole)
  }

  static func parsed(_ bytes: [UInt8]) throws -> JSONValue {
    do throws(ConfigurationError) {
      return try JSONValue(parsing: bytes, limits: JSONLimits(bytes: limit, values: 20_000_000))
    } catch {
      throw ControlFailure.strange(error.message)
    }
  }

  /// Copies the body to standard output, with a newline at its end; an answer without body is `null`.
  func copyToOutput() async throws {
    var last: UInt8?
    try await pieces { piece in
      try StandardOutput.write(piece)
      last = piece.last ?? last
    }
    if last == nil { try StandardOutput.write("null") }
    if last != UInt8(ascii: "\n") { try StandardOutput.write("\n") }
  }

  /// Hands out the elements of a JSON array while it arrives.
  func elements(_ body: (JSONValue) throws -> Void) async throws {
    var splitter = ArraySplitter()
    try await pieces { piece in
      try splitter.feed(piece) { element in try body(try ControlAnswer.parsed(element)) }
    }
    guard splitter.isComplete else { throw ControlFailure.strange("the array does not end") }
  }

  /// The problem that an answer with an error status is.
  func problem() async throws -> any Error {
    let whole = try await bytes()
    if let value = try? JSONValue(parsing: whole), let problem = try? value.decoded(as: Problem.self) { return problem }
    let status = Int(response.status.code)
    return Problem(
      kind: "failure", title: "The switch refused", status: status,
      detail: "the switch answered \(status) \(response.status.reasonPhrase)")
  }
}

extension JSONValue {
  /// Decodes what the switch said, or says what is strange about it.
  func answer<Value: Decodable>(as type: Value.Type) throws -> Value {
    do {
      return try decoded(as: type)
    } catch {
      throw ControlFailure.strange(TerminalText.escaped("\(error)"))
    }
  }
}
