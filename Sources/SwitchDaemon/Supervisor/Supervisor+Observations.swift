// What the data plane saw beside forwarding: addresses that come, move and go become events, and frames that say who has
// which address go into the address book.

internal import BridgeCore
internal import Dataplane
internal import LinuxIO
internal import Stations
internal import SwitchModel

extension Supervisor {
  /// Between two looks at what was observed, in nanoseconds: whoever makes addresses by the thousand is not to keep
  /// control busy.
  private static let pause: UInt64 = 100_000_000

  /// Something waits in the box: looks at it now, or when the pause since the last look is over.
  func observed() {
    let now = Clock.monotonic()
    guard now < lastObserved + Supervisor.pause else { return handle(observations.take()) }
    let wait = lastObserved + Supervisor.pause - now
    Task { [weak self] in
      try? await Task.sleep(nanoseconds: wait)
      await self?.look()
    }
  }

  private func look() { handle(observations.take()) }

  private func handle(_ observed: Observations) {
    let now = Clock.monotonic()
    lastObserved = now
    let names = portNames
    // All moves first: the first address of a storm to be pinned is otherwise alone.
    for event in observed.events where event.kind == .moved || event.kind == .pinned {
      moveWatch.note(
        event.mac, vlan: event.vlan, from: event.from.rawValue, to: event.port.rawValue, at: now)
    }
    for event in observed.events { publish(event, names, at: now) }
    if observed.lost > 0 { eventHub.publish(.lost(observed.lost)) }
    for frame in observed.frames where names[frame.port] != nil {
      addressBook.hear(frame.bytes, vlan: frame.vlan, port: frame.port.rawValue, at: now)
    }
    addressBook.sweep(at: now)
  }

  private func publish(_ event: BridgeEvent, _ names: [PortIndex: String], at now: UInt64) {
    guard let port = names[event.port] else { return }
    switch event.kind {
    case .learned: eventHub.publish(.learned(event.mac, vlan: event.vlan, port: port))
    case .moved:
      eventHub.publish(.moved(event.mac, vlan: event.vlan, from: names[event.from] ?? "a removed port", to: port))
    case .aged:
      addressBook.forget(event.mac, vlan: event.vlan)
      eventHub.publish(.aged(event.mac, vlan: event.vlan, port: port))
    case .pinned:
      let finding = moveWatch.judge(event.mac, vlan: event.vlan, at: now)
      eventHub.publish(
        .pinned(
          event.mac, vlan: event.vlan, port: port, otherPort: names[event.from], moves: Int(event.count),
          seconds: Int(Bridge.pinSeconds), cause: finding?.cause == .loop ? .loop : .clone))
    case .full: eventHub.publish(.tableFull(port: port))
    }
  }
}
