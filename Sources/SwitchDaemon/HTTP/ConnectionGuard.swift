// Holds one connection to its limits: ten seconds to send a request, ten seconds to take what was written, and an
// answer to bytes that are no HTTP. It sits behind the decoder and knows nothing of routes.

internal import NIOCore
internal import NIOHTTP1
internal import SwitchModel

/// Rows L1, L3 and L4 of the hostile-input table. Lives on the event loop alone.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private let limit: ClientLimit
  private let patience: TimeAmount
  private var context: ChannelHandlerContext?
  /// Since when the client owes us a request.
  private var waitingSince: NIODeadline
  /// A head has come and its end has not.
  private var isReceiving = false
  /// Requests that have come whole and have no whole answer yet.
  private var unanswered = 0
  /// The head of an answer has been written and its end has not.
  private var isAnswering = false
  /// To be said when everything before it has been answered; then the connection ends.
  private var lastWord: Problem?
  private var closesAfterAnswer = false
  private var isLeaving = false
  /// Ends of answers that the socket has not taken yet: our direction stays open until it has.
  private var unsent = 0
  private var closesWhenSent: [EventLoopPromise<Void>?]?
  private var requestTimer: Scheduled<Void>?
  private var writeTimer: Scheduled<Void>?

  init(limit: ClientLimit, patience: TimeAmount, now: NIODeadline) {
    self.limit = limit
    self.patience = patience
    waitingSince = now
  }

  /// Since when nothing has been going on; nil while a request is coming in or being answered.
  var silentSince: NIODeadline? { isReceiving || unanswered > 0 || isAnswering || isLeaving ? nil : waitingSince }

  /// Closes at once.
  func giveWay() { context?.close(promise: nil) }

  /// Closes when nothing is owed to the client.
  func quiesce() {
    if silentSince == nil { closesAfterAnswer = true } else { giveWay() }
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    armRequestTimer(context)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    forget()
    self.context = nil
  }

  func channelInactive(context: ChannelHandlerContext) {
    forget()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // After the last word the rest is read only so that the client's writes do not fail before it has read ours.
    guard !isLeaving, lastWord == nil else { return }
    switch unwrapInboundIn(data) {
    case .head(let head):
      isReceiving = true
      guard Self.isServable(head.uri), head.headers["host"].count <= 1 else {
        return end(with: RequestProblem.notHTTP, context)
      }
      if !head.isKeepAlive { closesAfterAnswer = true }
      if unanswered == 0, Self.waitsForContinue(head) {
        context.writeAndFlush(
          wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
      }
    case .body: break
    case .end:
      isReceiving = false
      unanswered += 1
      requestTimer?.cancel()
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard !isLeaving else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    switch unwrapOutboundIn(data) {
    case .head(var head):
      isAnswering = true
      // An answer before the end of the request is the last one: what follows of the request is not worth reading.
      if isReceiving && unanswered == 0 { closesAfterAnswer = true }
      if closesAfterAnswer { head.headers.replaceOrAdd(name: "connection", value: "close") }
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .body:
      context.write(data, promise: promise)
    case .end:
      send(end: data, context, promise)
      answered(context)
    }
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard mode == .output, unsent > 0 else { return context.close(mode: mode, promise: promise) }
    closesWhenSent = (closesWhenSent ?? []) + [promise]
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    writeTimer?.cancel()
    writeTimer = nil
    if !context.channel.isWritable {
      writeTimer = context.eventLoop.assumeIsolated().scheduleTask(in: patience) { self.giveWay() }
    }
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if let error = error as? HTTPParserError, !isLeaving, lastWord == nil {
      let isOverflow = error == .headerOverflow
      end(with: isOverflow ? RequestProblem.headersTooLarge : RequestProblem.notHTTP, context)
    }
    // Who waits for the rest of a body must learn that it will not come.
    context.fireErrorCaught(error)
  }

  private func forget() {
    limit.remove(self)
    requestTimer?.cancel()
    writeTimer?.cancel()
    for promise in closesWhenSent ?? [] { promise?.fail(ChannelError.alreadyClosed) }
    closesWhenSent = nil
  }

  private func answered(_ context: ChannelHandlerContext) {
    isAnswering = false
    if unanswered > 0 { unanswered -= 1 }
    // What was asked before the request that closes the connection is answered too.
    if closesAfterAnswer, unanswered == 0 {
      context.flush()
      leave(context)
    } else if unanswered == 0 {
      if let lastWord { return say(lastWord, context) }
      waitingSince = .now()
      armRequestTimer(context)
    }
  }

  private func armRequestTimer(_ context: ChannelHandlerContext) {
    requestTimer?.cancel()
    requestTimer = context.eventLoop.assumeIsolated().scheduleTask(in: patience) {
      guard let context = self.context, !self.isLeaving else { return }
      if self.isAnswering { self.giveWay() } else { self.end(with: RequestProblem.tooSlow, context) }
    }
  }

  /// Says `problem` as soon as everything before it has been answered, then ends the connection.
  private func end(with problem: Problem, _ context: ChannelHandlerContext) {
    lastWord = problem
    isReceiving = false
    if unanswered == 0 { say(problem, context) }
  }

  private func say(_ problem: Problem, _ context: ChannelHandlerContext) {
    // In the middle of an answer there is no place for another one.
    guard !isAnswering else { return giveWay() }
    let body = problem.body
    let headers: HTTPHeaders = [
      "content-type": Problem.mediaType, "content-length": String(body.count), "connection": "close",
    ]
    let status = HTTPResponseStatus(statusCode: problem.status)
    let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
    send(end: wrapOutboundOut(.end(nil)), context, nil)
    context.flush()
    leave(context)
  }

  private func send(end data: NIOAny, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
    let sent = promise ?? context.eventLoop.makePromise(of: Void.self)
    unsent += 1
    sent.futureResult.assumeIsolated().whenComplete { _ in
      self.unsent -= 1
      guard self.unsent == 0, let waiting = self.closesWhenSent, let context = self.context else { return }
      self.closesWhenSent = nil
      for promise in waiting { context.close(mode: .output, promise: promise) }
    }
    context.write(data, promise: sent)
  }

  /// Ends our direction and gives the client a moment to read and to hang up.
  private func leave(_ context: ChannelHandlerContext) {
    isLeaving = true
    requestTimer?.cancel()
    close(context: context, mode: .output, promise: nil)
    _ = context.eventLoop.assumeIsolated().scheduleTask(in: ClientLimit.farewell) {
      // A long answer may still be on its way; then the write timer decides.
      if self.unsent == 0 { self.giveWay() } else { self.closesWhenSent = [nil] }
    }
  }

  /// Origin form, or absolute form (RFC 9112 clause 3.2).
  private static func isServable(_ target: String) -> Bool { target.hasPrefix("/") || target.hasPrefix("http://") }

  private static func waitsForContinue(_ head: HTTPRequestHead) -> Bool {
    guard head.headers[canonicalForm: "expect"].contains(where: { $0.lowercased() == "100-continue" }) else {
      return false
    }
    return head.headers.first(name: "content-length").flatMap { Int($0) }.map { $0 <= RequestProblem.bodyLimit } ?? true
  }
}
