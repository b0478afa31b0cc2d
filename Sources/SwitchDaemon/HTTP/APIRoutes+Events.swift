// What has happened and what happens, as server-sent events; or the events kept, as an array.

internal import HTTPTypes
internal import SwitchModel

extension APIRoutes {
  static let events = APIRoute(
    method: .get, path: "/v1/events", identifier: "listEvents",
    summary: "The events kept, oldest first, and then those that come, as they come; if Accept names application/json "
      + "and not text/event-stream, an array of those kept. An event stream resumes behind the header Last-Event-ID. "
      + "Events that are no longer kept are counted in one of type events_lost.",
    parameters: [
      APIRoute.Parameter(
        name: "after", help: "Only events behind this sequence number.",
        schema: ["type": "integer", "minimum": 0])
    ],
    answers: [.list("Event"), APIRoute.Content(type: EventText.mediaType, schema: ["type": "string"])]
  ) { request, control throws(Problem) in
    // An event stream that resumes knows better than its address, which stays the same.
    let resumed = HTTPField.Name("Last-Event-ID").flatMap { request.headers[$0] }
    let after =
      if let resumed { try request.sequence(resumed, of: "Last-Event-ID") } else {
        try request.sequence(request.query["after"], of: "after")
      }
    if request.accepted.contains("application/json"), !request.accepted.contains(EventText.mediaType) {
      return try .json(control.eventHub.kept(after: after))
    }
    return APIAnswer(body: .events(try control.eventHub.follower(after: after)))
  }
}

extension APIRequest {
  /// A sequence number in decimal digits; one that is larger than any means that nothing has been seen.
  fileprivate func sequence(_ text: String?, of name: String) throws(Problem) -> UInt64? {
    guard let text else { return nil }
    guard !text.isEmpty, text.utf8.count <= 20, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw RequestProblem.parameter(
        name, "found \(TerminalText.quoted(text)), allowed: the sequence number of an event, or 0", fix: "leave it out")
    }
    return UInt64(text) ?? .max
  }
}

/// Events as a stream of text (WHATWG HTML, "Server-sent events"). A stream of a million events is written piece by
/// piece; nothing here waits.
enum EventText {
  static let mediaType = "text/event-stream"

  static func bytes(of news: EventFollower.News) -> [UInt8] {
    switch news {
    // A line that begins with a colon is a comment.
    case .nothing: return Array(":\n\n".utf8)
    case .events(let events):
      var bytes: [UInt8] = []
      for event in events { append(event, to: &bytes) }
      return bytes
    }
  }

  private static func append(_ event: EventDocument, to bytes: inout [UInt8]) {
    // JSON on one line: its writer escapes line ends. An event is texts and numbers; encoding it cannot fail.
    guard let data = (try? JSONValue(encoding: event))?.bytes else { return }
    bytes += Array("id: \(event.sequence)\nevent: \(event.type)\ndata: ".utf8)
    bytes += data
    bytes += Array("\n\n".utf8)
  }
}
