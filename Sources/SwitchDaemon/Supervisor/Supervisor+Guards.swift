// Ports that a guard shuts: BPDU guard, MAC limit with shutdown, loop probe. Each comes back by itself, ever later, or
// at once when somebody sets it up.

internal import BridgeCore
internal import Dataplane
internal import LinuxIO
internal import Logging
internal import Stations
internal import SwitchModel

/// What a guard has seen.
enum GuardCause: Sendable, Equatable {
  /// The setting that is the guard.
  var setting: String {
    switch self {
    case .bpdu: Setting.bpduGuard.key
    case .macLimit: Setting.macLimit.key
    case .loop: Setting.loopProbe.key
    }
  }

  case bpdu
  case macLimit
  /// The switch's own probe came back.
  case loop(sentOn: String)
}

extension Supervisor {
  /// A worker dropped a frame for which the port is to be shut.
  func tripped(_ index: PortIndex, serial: UInt32, _ reason: DropReason) async {
    guard let name = name(of: index), let record = records[name], record.serial == serial, record.shut == nil else {
      return
    }
    switch reason {
    case .bpduGuard where record.configuration.bpduGuard: await shut(name, .bpdu)
    case .macLimit where record.configuration.macLimitAction == .shutdown: await shut(name, .macLimit)
    default: break
    }
  }

  /// A storm or rate limit drops frames.
  func limited(_ index: PortIndex, serial: UInt32, _ reason: DropReason) {
    guard let name = name(of: index), records[name]?.serial == serial else { return }
    eventHub.publish(.storm(name, reason: reason.name))
  }

  /// Takes a port out of service until its penalty is over.
  func shut(_ name: String, _ cause: GuardCause) async {
    guard let record = records[name], record.shut == nil else { return }
    let now = Clock.monotonic()
    let until = records[name]?.penalty.trip(at: now) ?? now
    let seconds = Quantity.seconds(roundingUp: until - now)
    let why: String
    let event: EventDocument
    switch cause {
    case .bpdu:
      why = "shut by bpdu_guard: a spanning tree BPDU came in"
      event = .bpduGuard(name, seconds: seconds)
    case .macLimit:
      why = "shut by mac_limit: more than \(record.configuration.macLimit ?? 0) addresses"
      event = .macLimit(
        name, limit: record.configuration.macLimit ?? 0, mac: nil, vlan: nil, seconds: seconds)
    case .loop(let sender):
      why = "shut by loop_probe: " + LoopProbe.reason(heardOn: name, sentOn: sender)
      event = .loopDetected(name, otherPort: sender, vlan: nil, seconds: seconds)
    }
    let time = Clock.realTime() + (until - now)
    let text = Quantity.time(seconds: Int64(time / 1_000_000_000), nanoseconds: 0)
    records[name]?.shut = "\(why); it comes back at \(text), or now with: tapswitch port set \(name) up=on"
    records[name]?.shutBy = cause.setting
    try? record.device?.setCarrier(false)
    eventHub.publish(event)
    await adjust(name)
    await updateUp()
    announce(name, since: record.state)
    let id = record.id
    Task { [weak self] in
      try? await Task.sleep(nanoseconds: until - now)
      await self?.release(name, id: id, until: until)
    }
  }

  /// The penalty is over, unless another one has begun since.
  private func release(_ name: String, id: Int, until: UInt64) async {
    await acquire()
    defer { release() }
    guard let record = records[name], record.id == id, record.shut != nil, record.penalty.until == until else { return }
    await reopen(name)
  }

  /// Somebody says the port shall be up.
  func lift(_ name: String) async {
    guard records[name]?.shut != nil else { return }
    records[name]?.penalty.lift(at: Clock.monotonic())
    await reopen(name)
  }

  private func reopen(_ name: String) async {
    guard let record = records[name] else { return }
    records[name]?.shut = nil
    eventHub.publish(.guardReleased(name, reason: record.shutBy))
    if record.configuration.up { try? record.device?.setCarrier(true) }
    await adjust(name)
    await updateUp()
    announce(name, since: record.state)
  }

  // MARK: probes

  /// Probes are sent on the ports that are up and ask for it, and only there.
  func updateProbes() {
    let now = Clock.monotonic()
    for record in records.values {
      if record.isUp, record.configuration.loopProbe {
        probe.start(record.index.rawValue, at: now)
      } else {
        probe.stop(record.index.rawValue)
      }
    }
    // Whoever sleeps until a later probe sleeps too long.
    guard let due = probe.nextDue, due < proberDue else { return }
    prober?.cancel()
    proberDue = due
    proberRound += 1
    let round = proberRound
    prober = Task { [weak self] in
      while let wait = await self?.sendProbes(round) { try? await Task.sleep(nanoseconds: wait) }
    }
  }

  /// - Returns: nanoseconds until the next probe is due; nil when no port is probed any more, or another task does it.
  private func sendProbes(_ round: Int) async -> UInt64? {
    guard round == proberRound else { return nil }
    for outgoing in probe.send(at: Clock.monotonic()) {
      _ = await dataplane.perform(.originate(PortIndex(rawValue: outgoing.port), outgoing.frame))
    }
    guard round == proberRound else { return nil }
    proberDue = probe.nextDue ?? .max
    guard let due = probe.nextDue else { return nil }
    let now = Clock.monotonic()
    return due > now ? due - now : 1
  }

  /// A frame from our own probe address came in.
  func heardProbe(_ frame: [UInt8], on index: PortIndex, serial: UInt32) async {
    guard let name = name(of: index), records[name]?.serial == serial else { return }
    switch probe.heard(frame, on: index.rawValue, at: Clock.monotonic()) {
    case .shut(let sender):
      await shut(name, .loop(sentOn: self.name(of: PortIndex(rawValue: sender)) ?? "a removed port"))
    case .ignored(.notGuarded(let sender)): warnOfLoop(on: name, index, sentOn: sender)
    case .ignored(let reason): logger.debug("probe ignored: \(reason)", metadata: ["port": "\(name)"])
    }
  }

  /// A loop that nobody may cut. Said once a minute for each port.
  private func warnOfLoop(on name: String, _ index: PortIndex, sentOn sender: UInt16) {
    let now = Clock.monotonic()
    guard now >= loopWarnings[index, default: 0] else { return }
    loopWarnings[index] = now + 60_000_000_000
    let sender = self.name(of: PortIndex(rawValue: sender)) ?? "a removed port"
    logger.warning(
      "a loop: a probe sent on \(sender) was heard here; tapswitch port set \(name) loop_probe=on lets it be cut",
      metadata: ["port": "\(name)"])
  }
}
