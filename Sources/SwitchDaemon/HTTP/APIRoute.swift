// One operation of the API: where it is, what it takes, what it answers and who may call it. Routing, checks of
// parameters and /openapi.json all come from these values.

internal import HTTPTypes
internal import SwitchModel
internal import Wire

/// An operation of the API.
struct APIRoute: Sendable {
  /// A parameter in path or query, always written as text.
  struct Parameter: Sendable {
    let name: String
    let help: String
    let schema: JSONValue
    var isInPath = false
  }

  /// What is sent in a body, or comes back in one.
  struct Content: Sendable {
    var type = "application/json"
    let schema: JSONValue
  }

  let method: HTTPRequest.Method
  /// `/v1/ports/{name}`
  let path: String
  let identifier: String
  let summary: String
  var parameters: [Parameter] = []
  /// What a body may be; none is read if nothing stands here.
  var body: [Content] = []
  /// Whether a request must have a body.
  var needsBody = true
  var status = 200
  var answers: [Content] = []
  /// Header fields of the answer and what they say.
  var answerHeaders: [(name: String, help: String)] = []
  /// Whether it is served over TCP too. Only operations that read may say so.
  var isForEveryone = true
  let handle: @Sendable (APIRequest, any SwitchControl) async throws(Problem) -> APIAnswer

  /// The values of the `{…}` segments if the path fits, else nil. None of them is empty.
  func match(_ segments: [String]) -> [String: String]? {
    let template = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    guard template.count == segments.count else { return nil }
    var values: [String: String] = [:]
    for (pattern, segment) in zip(template, segments) {
      if pattern.hasPrefix("{") {
        guard !segment.isEmpty else { return nil }
        values[String(pattern.dropFirst().dropLast())] = segment
      } else if pattern != segment {
        return nil
      }
    }
    return values
  }
}

/// A request that fits a route.
struct APIRequest: Sendable {
  let path: [String: String]
  /// Only items that the route declares, each once.
  let query: [String: String]
  let headers: HTTPFields
  let body: [UInt8]

  init(
    route: APIRoute, path: [String: String], target: RequestTarget, headers: HTTPFields, body: [UInt8]
  ) throws(Problem) {
    var query: [String: String] = [:]
    let allowed = route.parameters.filter { !$0.isInPath }.map(\.name)
    for item in target.query {
      guard allowed.contains(item.name) else {
        throw RequestProblem.parameter(
          item.name, "unknown, allowed here: \(allowed.isEmpty ? "none" : allowed.joined(separator: ", "))",
          fix: "leave it out")
      }
      guard query.updateValue(item.value, forKey: item.name) == nil else {
        throw RequestProblem.parameter(item.name, "given twice", fix: "give it once")
      }
    }
    self.path = path
    self.query = query
    self.headers = headers
    self.body = body
  }

  func name() -> String { path["name"] ?? "" }

  /// The media types of `Accept` in lower case, as they stand, without parameters; refused ones (q=0) are left out.
  var accepted: [String] {
    headers[values: .accept].flatMap { $0.split(separator: ",") }.compactMap { range in
      let parts = range.split(separator: ";").map { $0.filter { !$0.isWhitespace }.lowercased() }
      let isRefused = parts.dropFirst().contains { $0.hasPrefix("q=") && Double($0.dropFirst(2)) == 0 }
      return isRefused ? nil : parts.first
    }
  }

  /// The media type of the body in lower case, without parameters; nil if none is given.
  var contentType: String? {
    headers[.contentType].map { String($0.prefix { $0 != ";" }.filter { !$0.isWhitespace }).lowercased() }
  }

  func mac() throws(Problem) -> MACAddress {
    let text = path["mac"] ?? ""
    guard let mac = MACAddress(text) else {
      throw RequestProblem.parameter(
        "mac", "found \(TerminalText.quoted(text)), allowed: six bytes such as 52:54:00:12:34:56", fix: "write it so")
    }
    return mac
  }

  func vlan() throws(Problem) -> UInt16? { try number("vlan", 1...4094).map { UInt16($0) } }

  func number(_ name: String, _ range: ClosedRange<Int>) throws(Problem) -> Int? {
    guard let text = query[name] else { return nil }
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text), range.contains(value) else {
      throw RequestProblem.parameter(
        name, "found \(TerminalText.quoted(text)), allowed: \(range.lowerBound) to \(range.upperBound)",
        fix: "give a number in that range")
    }
    return value
  }

  /// The body as JSON. `empty`: what no body at all means.
  func json(empty: JSONValue? = nil) throws(Problem) -> JSONValue {
    if body.isEmpty, let empty { return empty }
    do throws(ConfigurationError) {
      return try JSONValue(parsing: body, limits: JSONLimits(bytes: RequestProblem.bodyLimit))
    } catch {
      throw .request(error)
    }
  }
}

/// What an operation answers.
struct APIAnswer: Sendable {
  enum Body: Sendable {
    case none
    case bytes([UInt8], type: String)
    /// A JSON array of unknown length, in pieces.
    case entries(EntryStream)
    /// Server-sent events, until the client or the switch ends them.
    case events(EventFollower)
  }

  var status = 200
  var headers: [(name: String, value: String)] = []
  let body: Body

  static func json(_ value: some Encodable, status: Int = 200) throws(Problem) -> APIAnswer {
    do {
      let bytes = try JSONValue(encoding: value).bytes
      return APIAnswer(status: status, body: .bytes(bytes, type: "application/json"))
    } catch {
      throw RequestProblem.unexpected(error)
    }
  }

  static func problem(_ problem: Problem) -> APIAnswer {
    APIAnswer(status: problem.status, body: .bytes(problem.body, type: Problem.mediaType))
  }
}
