// Making the running configuration another one: plan, then the steps of the plan; ports that do not differ are not touched.
// What fails on the way is undone by applying the plan that leads back.

internal import BridgeCore
internal import Dataplane
internal import LinuxIO
internal import Logging
package import SwitchModel

/// An applied configuration that nobody has confirmed yet.
struct PendingChange: Sendable {
  /// Tells it from those before.
  let id: UInt64
  /// What is put back.
  let before: SwitchConfiguration
  /// Monotonic nanoseconds.
  let deadline: UInt64
  let timer: Task<Void, Never>

  /// Rounded up.
  var secondsLeft: Int {
    let now = Clock.monotonic()
    return deadline > now ? Quantity.seconds(roundingUp: deadline - now) : 0
  }
}

extension Supervisor {
  package func planConfiguration(_ wanted: SwitchConfiguration) async throws(Problem) -> PlanDocument {
    let plan = configuration.plan(to: wanted)
    if let obstacle = plan.obstacle { throw Problem(obstacle) }
    return plan.document
  }

  package func applyConfiguration(
    _ wanted: SwitchConfiguration, confirmWithin seconds: Int?
  ) async throws(Problem) -> PlanDocument {
    try await beginChange()
    defer { release() }
    let before = configuration
    let plan = try await makeRunning(wanted)
    eventHub.publish(.configApplied(changes: plan.changes.count, confirmWithin: seconds))
    // What changed nothing needs no way back.
    if let seconds, !plan.isEmpty { wait(seconds, orPutBack: before) }
    return plan.document
  }

  package func confirmConfiguration() async throws(Problem) {
    await acquire()
    defer { release() }
    guard let pending else { throw ChangeProblem.nothingPending }
    pending.timer.cancel()
    self.pending = nil
    eventHub.publish(.configConfirmed)
  }

  /// SIGHUP: applies the file the switch was started with; what its command line said over it holds on.
  package func reload() async {
    guard let path else {
      logger.warning("SIGHUP: there is no configuration file to apply; the switch was started without --config")
      return
    }
    do {
      let (wanted, file) = try source.load()
      try await beginChange()
      defer { release() }
      let plan = try await makeRunning(wanted)
      for port in plan.removedPorts { logger.notice("\(path) has no port \(port.name): removed \(port.spec)") }
      for entry in plan.removedEntries where !plan.addedEntries.contains(where: { $0.key == entry.key }) {
        logger.notice("\(path) has no static entry for \(entry.mac) in VLAN \(entry.vlan): removed")
      }
      for warning in plan.warnings { logger.warning("\(warning)") }
      saved = file
      eventHub.publish(.configApplied(changes: plan.changes.count, confirmWithin: nil))
    } catch {
      logger.error("\(path) was not applied, nothing was changed: \(error)")
    }
  }

  // MARK: confirmation

  private func wait(_ seconds: Int, orPutBack before: SwitchConfiguration) {
    let length = UInt64(seconds) * 1_000_000_000
    let id = Clock.monotonic()
    let timer = Task { [weak self] in
      do { try await Task.sleep(nanoseconds: length) } catch { return }
      await self?.putBack(id)
    }
    pending = PendingChange(id: id, before: before, deadline: id + length, timer: timer)
  }

  private func putBack(_ id: UInt64) async {
    await acquire()
    defer { release() }
    // Confirmed in the last moment, perhaps, and another one waits.
    guard let pending, pending.id == id else { return }
    self.pending = nil
    do {
      _ = try await makeRunning(pending.before)
      eventHub.publish(.configReverted(reason: "nobody confirmed it in time"))
    } catch {
      logger.error("what was there before the apply could not be put back whole: \(error)")
    }
  }

  // MARK: carrying out

  /// Makes `wanted` the running configuration, all of it or nothing.
  private func makeRunning(_ wanted: SwitchConfiguration) async throws(Problem) -> ConfigurationPlan {
    let wanted = wanted.named(configuration.name)
    let before = configuration
    let plan = before.plan(to: wanted)
    if let obstacle = plan.obstacle { throw Problem(obstacle) }
    isApplying = true
    defer { isApplying = false }
    do throws(Problem) {
      try await carryOut(plan, wanted)
    } catch {
      let back = configuration.plan(to: before)
      do throws(Problem) {
        try await carryOut(back, before)
        configuration = before
      } catch {
        logger.error("not all of what was there before could be put back: \(error)")
      }
      throw error
    }
    configuration = wanted
    return plan
  }

  /// What can fail and harms nobody comes first; then what takes something away, and what needs the room.
  private func carryOut(_ plan: ConfigurationPlan, _ wanted: SwitchConfiguration) async throws(Problem) {
    for entry in plan.removedEntries {
      configuration.removeEntries(of: entry.mac, vlan: entry.vlan)
      await dataplane.perform(.removeEntry(entry.mac, vlan: entry.vlan))
    }
    try await change(plan.settings, wanted)
    for change in plan.patchedPorts {
      let isSetUp = change.new.up && !change.old.up
      try await apply(change.new, changed: change.settings, isSetUp: isSetUp)
    }
    var delayed: [PortConfiguration] = []
    for port in plan.addedPorts {
      var probe = configuration
      if (try? probe.add(port)) == nil { delayed.append(port) } else { try await install(port) }
    }
    for port in plan.removedPorts { try await uninstall(port.name) }
    for change in plan.remadePorts { try await uninstall(change.old.name) }
    for change in plan.remadePorts { try await install(change.new) }
    for port in delayed { try await install(port) }
    for entry in plan.addedEntries + plan.keptEntriesOfRemadePorts {
      do throws(ConfigurationError) { try configuration.add(entry) } catch { throw Problem(error) }
      guard await put(entry) else { throw Supervisor.full(entry) }
    }
  }

  /// Puts switch-wide settings in force.
  private func change(_ settings: [Setting], _ wanted: SwitchConfiguration) async throws(Problem) {
    for setting in settings {
      configuration.set(setting, to: wanted.values[setting])
      switch setting {
      case .ageing: await dataplane.perform(.setAgeing(UInt32(clamping: configuration.ageing)))
      case .forwardReserved: await dataplane.perform(.setForwardReserved(configuration.forwardReserved))
      case .defaultVLAN: await defaultVLANChanged()
      case .listen: try await listeners?.listen(on: configuration.listen)
      case .socketGroup: try await listeners?.give(socketTo: configuration.socketGroup)
      default: break
      }
    }
  }

  /// Ports without VLAN settings are something else now.
  private func defaultVLANChanged() async {
    for record in ordered where !record.configuration.hasVLANSettings {
      let name = record.configuration.name
      await join(name)
      await adjust(name)
      await dataplane.perform(.flush(record.index, vlan: nil))
    }
  }
}
