// `tapswitch run`: puts the parts together, says when they are ready, waits for a signal, and takes them down in order.

internal import Capture
internal import Dataplane
internal import Glibc
internal import LinuxIO
internal import Logging
internal import SwitchModel
internal import UnixSignals

/// The daemon in the foreground.
package enum Daemon {
  /// Runs a switch until SIGINT or SIGTERM.
  /// - Throws: `Problem`, `ConfigurationError` or `ConfigurationErrors` when it cannot start; nothing was changed then.
  package static func run(_ options: RunOptions) async throws {
    let plan = try StartPlan(options)
    ignoreSignals()
    raiseFileLimit()
    let logger = plan.logger
    let socket = try ControlSocket.claim(
      path: plan.socketPath, group: plan.configuration.socketGroup, makesDirectory: plan.makesDirectory)
    let supervisor: Supervisor
    let capture: FileCapture?
    do {
      capture = try plan.capture.map { try openCapture($0, plan.configuration, logger) }
      supervisor = try await startSwitch(plan, capture, logger)
    } catch {
      socket.release()
      throw error
    }
    let server: ControlServer
    do {
      server = try await ControlServer.start(
        socket: socket, listen: plan.configuration.listen, control: supervisor, logger: logger)
    } catch {
      await supervisor.stop()
      throw error
    }
    await supervisor.serve(on: server)
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
    let (up, total) = await supervisor.readiness
    writeToStderr("ready: \(up) of \(total) ports up\n")
    ServiceManager.notify("READY=1\nSTATUS=\(up) of \(total) ports up")
    await wait(for: signals, logger, supervisor)
    ServiceManager.notify("STOPPING=1")
    await server.stop()
    await supervisor.stop()
  }

  private static func startSwitch(
    _ plan: StartPlan, _ capture: FileCapture?, _ logger: Logger
  ) async throws -> Supervisor {
    let configuration = plan.configuration
    for warning in configuration.warnings { logger.warning("\(warning)") }
    let events = SupervisorEvents()
    let observations = ObservationBox()
    let dataplane: Dataplane
    do {
      dataplane = try Dataplane(
        DataplaneConfiguration(
          tableSize: configuration.tableSize, ageing: UInt32(clamping: configuration.ageing),
          forwardReserved: configuration.forwardReserved, seed: UInt64.random(in: 0...UInt64.max),
          workers: workers(configuration),
          spin: UInt64(clamping: configuration.spin ?? Processors.spin) * 1000),
        capture: capture, notify: { events.yield(.notice($0)) },
        observe: { if observations.add($0) { events.yield(.observed) } })
    } catch {
      throw Problem(kind: "system", title: "Cannot start the data plane", status: 500, detail: "\(error)")
    }
    let supervisor = Supervisor(
      configuration, saved: plan.saved, source: plan.source, dataplane: dataplane, capture: capture, events: events,
      observations: observations, stateFile: TableStateFile.standard(switchName: configuration.name), logger: logger)
    do {
      try await supervisor.start()
    } catch {
      capture?.stop()
      throw error
    }
    return supervisor
  }

  private static func workers(_ configuration: SwitchConfiguration) -> Int {
    configuration.workers ?? Processors.workers
  }

  private static func openCapture(
    _ path: String, _ configuration: SwitchConfiguration, _ logger: Logger
  ) throws(Problem) -> FileCapture {
    do throws(CaptureError) {
      return try FileCapture(
        path: path, workers: workers(configuration), application: "tapswitch \(TapswitchVersion.text)"
      ) { state in
        switch state {
        case .writing: logger.notice("capture: \(state.text)")
        case .stopped: logger.debug("capture: \(state.text)")
        case .deleted, .full, .failed: logger.warning("capture: \(state.text)")
        }
      }
    } catch {
      throw Problem(error)
    }
  }

  /// A write beyond a limit or into a closed pipe is an error of that write, not the end of everybody's network.
  private static func ignoreSignals() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
  }

  /// Until the first signal that asks to end. One that asks for the file to be applied is heard while that goes on.
  private static func wait(for signals: UnixSignalsSequence, _ logger: Logger, _ supervisor: Supervisor) async {
    for await signal in signals {
      guard signal == .sighup else {
        logger.info("stopping: \(signal)")
        return
      }
      ServiceManager.reloading()
      await supervisor.reload()
      ServiceManager.notify("READY=1")
    }
  }
}

extension Problem {
  fileprivate init(_ error: CaptureError) {
    let (kind, status) =
      switch error.kind {
      case .suffix, .notAFile, .inUse: ("unacceptable", 422)
      case .noDirectory: ("not_found", 404)
      case .notPermitted: ("not_permitted", 403)
      case .system: ("system", 500)
      }
    self.init(
      kind: kind, title: "Cannot capture", status: status,
      detail: "capture \(TerminalText.escaped(error.path)): \(error.why)", fix: error.fix)
  }
}
