// Says why a client is not served, then hangs up. It reads nothing of what was asked.

internal import NIOCore
internal import SwitchModel

/// Takes the place of the HTTP handlers on a connection that got no place. Lives on the event loop alone.
final class Refusal: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let limit: ClientLimit
  private let problem: Problem
  private var context: ChannelHandlerContext?
  private var timer: Scheduled<Void>?

  init(limit: ClientLimit, problem: Problem) {
    self.limit = limit
    self.problem = problem
  }

  func channelActive(context: ChannelHandlerContext) {
    self.context = context
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: Self.answer(problem))), promise: nil)
    context.close(mode: .output, promise: nil)
    // A client that is still sending its request would find the connection broken and not read the answer: it gets a
    // moment. In a rush of clients that moment gets shorter.
    limit.linger(self)
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: ClientLimit.farewell) { self.end() }
  }

  func end() { context?.close(promise: nil) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    limit.left(self)
    self.context = nil
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  /// A whole HTTP/1.1 answer.
  static func answer(_ problem: Problem) -> [UInt8] {
    let body = problem.body
    let head =
      "HTTP/1.1 \(problem.status) Service Unavailable\r\ncontent-type: \(Problem.mediaType)\r\n"
      + "content-length: \(body.count)\r\nretry-after: 1\r\nconnection: close\r\n\r\n"
    return Array(head.utf8) + body
  }
}
