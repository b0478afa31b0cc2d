// From a request to its answer: finds the operation, checks who asks, reads the body, calls the switch, writes.

internal import HTTPTypes
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import SwitchModel

struct APIResponder: Sendable {
  enum Access: Sendable {
    /// The control socket: everything.
    case full
    /// TCP: reading only, and only under our own names.
    case reading(HostCheck)
  }

  /// Between two comments that keep an event stream alive, and tell us when its client has gone.
  static let keepAlive = Duration.seconds(15)

  let control: any SwitchControl
  let access: Access
  let keepAlive: Duration
  let logger: Logger

  func respond(_ request: Request, _ writer: consuming ResponseWriter, on channel: any Channel) async throws {
    let answer: APIAnswer
    do {
      answer = try await self.answer(request)
    } catch let problem as Problem {
      answer = .problem(problem)
    }
    try await write(answer, writer, channel)
  }

  /// - Throws: a `Problem`, or what ended the connection.
  private func answer(_ request: Request) async throws -> APIAnswer {
    let target = try RequestTarget(request.head.path ?? "")
    if case .reading(let hosts) = access {
      let host = request.head.authority
      guard hosts.allows(host) else { throw RequestProblem.badHost(host) }
    }
    let candidates = APIRoutes.all.compactMap { route in route.match(target.segments).map { (route, $0) } }
    // `/v1/fdb/flush` is the operation of that name before it is an address.
    let literal = candidates.filter { $0.1.isEmpty }
    let found = literal.isEmpty ? candidates : literal
    guard !found.isEmpty else { throw RequestProblem.notFound(target.path) }
    guard let (route, path) = found.first(where: { $0.0.method == request.method }) else {
      let allowed = found.map(\.0.method.rawValue)
      var answer = APIAnswer.problem(
        RequestProblem.wrongMethod(request.method.rawValue, target.path, allowed: allowed))
      answer.headers.append(("Allow", allowed.joined(separator: ", ")))
      return answer
    }
    if case .reading = access, !route.isForEveryone || route.method != .get {
      throw RequestProblem.readingOnly(target.path)
    }
    let body = route.body.isEmpty ? [] : try await body(of: request)
    let asked = try APIRequest(
      route: route, path: path, target: target, headers: request.headers, body: body)
    return try await route.handle(asked, control)
  }

  private func body(of request: Request) async throws -> [UInt8] {
    if let text = request.headers[.contentLength], let length = Int(text), length > RequestProblem.bodyLimit {
      throw RequestProblem.tooLarge
    }
    do {
      var buffer = try await request.body.collect(upTo: RequestProblem.bodyLimit)
      return buffer.readBytes(length: buffer.readableBytes) ?? []
    } catch is NIOTooManyBytesError {
      throw RequestProblem.tooLarge
    }
  }

  private func write(
    _ answer: APIAnswer, _ writer: consuming ResponseWriter, _ channel: any Channel
  ) async throws {
    var head = HTTPResponse(status: HTTPResponse.Status(code: answer.status))
    for header in answer.headers {
      if let name = HTTPField.Name(header.name) { head.headerFields.append(HTTPField(name: name, value: header.value)) }
    }
    head.headerFields[.cacheControl] = "no-store"
    switch answer.body {
    case .none:
      // 204 has no length (RFC 9110 clause 8.6).
      try await writer.writeResponse(head)
    case .bytes(let bytes, let type):
      head.headerFields[.contentType] = type
      head.headerFields[.contentLength] = "\(bytes.count)"
      try await writer.write(response: head, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    case .entries(var stream):
      head.headerFields[.contentType] = "application/json"
      var body = try await writer.writeHead(head)
      do {
        while let bytes = try await stream.next() { try await body.write(ByteBuffer(bytes: bytes)) }
      } catch let problem as Problem {
        // The status is out already; that the array does not end tells the client.
        logger.warning("the MAC table could not be sent whole: \(problem.detail)")
        throw problem
      }
      try await body.finish(nil)
    case .events(let follower):
      head.headerFields[.contentType] = EventText.mediaType
      var body = try await writer.writeHead(head)
      // Who hangs up has gone at once, not when the next event cannot be written.
      channel.closeFuture.whenComplete { [weak follower] _ in follower?.close() }
      let pause = keepAlive
      let ticking = Task { [weak follower] in
        while (try? await Task.sleep(for: pause)) != nil { follower?.tick() }
      }
      defer { ticking.cancel() }
      while let news = await follower.next() { try await body.write(ByteBuffer(bytes: EventText.bytes(of: news))) }
      try await body.finish(nil)
    }
  }
}
