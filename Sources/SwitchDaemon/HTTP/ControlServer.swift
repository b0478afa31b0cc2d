// The control API on its sockets: one event loop of its own, accepting, limiting and stopping. What is asked and
// answered is decided elsewhere.

internal import Glibc
internal import HummingbirdCore
package import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
package import SwitchModel
internal import Synchronization

/// Serves a switch on its control socket and, if asked to, for reading on TCP.
///
/// Between requests nothing wakes up: all timers belong to connections.
package final class ControlServer: Sendable {
  private struct Listener: Sendable {
    let channel: any Channel
    let limit: NIOLoopBound<ClientLimit>
    /// Where it listens for reading; nil for the control socket.
    let address: ListenAddress?
  }

  private let socket: ControlSocket
  private let group: MultiThreadedEventLoopGroup
  private let logger: Logger
  private let control: any SwitchControl
  private let keepAlive: Duration
  private let makeLimit: @Sendable () -> ClientLimit
  private let listeners = Mutex<[Listener]>([])
  /// Connections whose requests are being handled.
  private let running = Atomic<Int>(0)
  private let isStopped = Atomic<Bool>(false)

  private init(
    socket: ControlSocket, control: any SwitchControl, keepAlive: Duration, logger: Logger,
    makeLimit: @escaping @Sendable () -> ClientLimit
  ) {
    self.makeLimit = makeLimit
    self.socket = socket
    self.control = control
    self.keepAlive = keepAlive
    self.logger = logger
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  }

  /// Starts to answer on `socket`, and on `listen` for reading. If it throws, the socket has been released.
  package static func start(
    socket: ControlSocket, listen: ListenAddress? = nil, control: any SwitchControl, logger: Logger
  ) async throws(Problem) -> ControlServer {
    try await start(
      socket: socket, listen: listen, control: control, logger: logger, clients: ClientLimit.standard,
      patience: .nanoseconds(ClientLimit.patience.nanoseconds))
  }

  /// The same with other limits, for tests.
  static func start(
    socket: ControlSocket, listen: ListenAddress?, control: any SwitchControl, logger: Logger, clients: Int,
    patience: Duration, keepAlive: Duration = APIResponder.keepAlive
  ) async throws(Problem) -> ControlServer {
    let server = ControlServer(socket: socket, control: control, keepAlive: keepAlive, logger: logger) {
      ClientLimit(limit: clients, patience: TimeAmount(patience))
    }
    if let listen {
      do throws(Problem) { try await server.serveForReading(on: listen) } catch {
        socket.release()
        await server.stop()
        throw error
      }
    }
    do {
      let responder = APIResponder(control: control, access: .full, keepAlive: keepAlive, logger: logger)
      try await server.serve(responder, on: nil) { $0.withBoundSocket(socket.descriptor) }
    } catch {
      // NIO has taken the descriptor over and closed it.
      await server.stop()
      throw RequestProblem.unexpected(error)
    }
    return server
  }

  /// Stops: no further clients, the socket's name goes, event streams end, requests that are being answered get up to
  /// `grace`.
  /// Returns within a second. A second call does nothing.
  package func stop(grace: Duration = .milliseconds(800)) async {
    guard !isStopped.exchange(true, ordering: .relaxed) else { return }
    socket.unlinkIfOurs()
    let all = listeners.withLock { $0 }
    for listener in all {
      try? await listener.channel.close()
      await onLoop(listener) { $0.quiesce() }
    }
    control.eventHub.finish()
    await wait(atMost: grace)
    for listener in all { await onLoop(listener) { $0.closeAll() } }
    await wait(atMost: .milliseconds(100))
    // A handler that still waits for the switch must find its event loop when it comes back.
    guard running.load(ordering: .relaxed) == 0 else {
      logger.warning("the control API stopped while a request was being handled")
      return
    }
    try? await group.shutdownGracefully()
  }

  private func serveForReading(on address: ListenAddress) async throws(Problem) {
    let responder = APIResponder(
      control: control, access: .reading(HostCheck()), keepAlive: keepAlive, logger: logger)
    do {
      let socket = try SocketAddress(ipAddress: address.address.description, port: Int(address.port))
      try await serve(responder, on: address) { $0.bind(to: socket) }
    } catch {
      throw ListenProblem.make(address, error)
    }
  }

  private func onLoop(_ listener: Listener, _ body: @escaping @Sendable (ClientLimit) -> Void) async {
    try? await listener.channel.eventLoop.submit { body(listener.limit.value) }.get()
  }

  private func wait(atMost duration: Duration) async {
    let end = ContinuousClock.now + duration
    while running.load(ordering: .relaxed) > 0, ContinuousClock.now < end {
      try? await Task.sleep(for: .milliseconds(5))
    }
  }

  private func serve(
    _ responder: APIResponder, on address: ListenAddress?, _ bind: (ServerBootstrap) -> EventLoopFuture<any Channel>
  ) async throws {
    let loop = group.next()
    let limit = try await loop.submit { NIOLoopBound(self.makeLimit(), eventLoop: loop) }.get()
    let http = HTTP1Channel(
      responder: { request, writer, channel in try await responder.respond(request, writer, on: channel) },
      configuration: HTTP1Channel.Configuration(
        httpDecoderConfiguration: .init(
          maxHeaderFieldSize: 64 << 10, maxHeaderListSize: 64 << 10, maxHeaderFieldCount: 200)))
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      // Without descriptors left accepting must rest, not spin.
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(AcceptBackoffHandler())
        }
      }
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in self.accept(channel, limit.value, http) }
    let channel = try await bind(bootstrap).get()
    listeners.withLock { $0.append(Listener(channel: channel, limit: limit, address: address)) }
  }

  /// Runs on the event loop for every new connection.
  private func accept(_ channel: any Channel, _ limit: ClientLimit, _ http: HTTP1Channel) -> EventLoopFuture<Void> {
    guard let connection = limit.admit(now: .now()) else {
      let problem = limit.isStopping ? RequestProblem.stopping : RequestProblem.tooManyClients
      return channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHandler(Refusal(limit: limit, problem: problem))
      }
    }
    let ready = http.setup(channel: channel, logger: logger).assumeIsolated().flatMapThrowing { value in
      do {
        let pipeline = channel.pipeline.syncOperations
        let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
        try pipeline.addHandler(connection, position: .after(decoder))
      } catch {
        limit.remove(connection)
        channel.close(promise: nil)
      }
      self.running.add(1, ordering: .relaxed)
      // Once made, a value must be handled, also on a connection that has closed meanwhile.
      Task {
        await http.handle(value: value, logger: self.logger)
        self.running.subtract(1, ordering: .relaxed)
      }
    }
    ready.whenFailure { _ in limit.remove(connection) }
    return ready.nonisolated()
  }
}

extension ControlServer: ControlListeners {
  /// The old address is given up first: the new one may be a part of it. If the new one cannot be had the old one is
  /// served again.
  package func listen(on address: ListenAddress?) async throws(Problem) {
    let old = listeners.withLock { $0.first { $0.address != nil } }
    guard old?.address != address else { return }
    if let old {
      try? await old.channel.close()
      await onLoop(old) { $0.quiesce() }
      listeners.withLock { all in all.removeAll { $0.channel === old.channel } }
    }
    guard let address else { return }
    do throws(Problem) { try await serveForReading(on: address) } catch {
      if let before = old?.address { try? await serveForReading(on: before) }
      throw error
    }
  }

  package func give(socketTo group: String?) async throws(Problem) { try socket.give(to: group) }
}

/// What can be wrong with `listen`.
private enum ListenProblem {
  static func make(_ address: ListenAddress, _ error: any Error) -> Problem {
    let code = (error as? IOError)?.errnoCode ?? 0
    let (status, fix) =
      switch code {
      case EADDRINUSE: (409, "'ss -ltnp' shows who has it; choose another port with --listen")
      case EACCES, EPERM: (403, "choose a port above 1023, or grant CAP_NET_BIND_SERVICE")
      case EADDRNOTAVAIL: (422, "choose an address that 'ip address' shows")
      default: (500, "choose another address with --listen")
      }
    return Problem(
      status: status, title: "cannot listen on \(address)", detail: TerminalText.escaped("listen \(address): \(error)"),
      fix: fix)
  }
}
