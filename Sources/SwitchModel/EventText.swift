// Events in words: one line for `events` and for the log, without time and number.

extension EventDocument {
  /// What happened, where, and why; safe to print.
  package var text: String {
    let port = "port \(self.port ?? "?")"
    let station = (mac ?? "?") + (vlan.map { " in VLAN \($0)" } ?? "")
    let because = reason.map { ": \($0)" } ?? ""
    let shut = seconds.map { "; the port is shut for \(EventDocument.duration($0))" } ?? ""
    let said =
      switch type {
      case .learned: "learned \(station) on \(port)"
      case .moved: "\(station) moved from \(otherPort ?? "?") to \(port)"
      case .aged: "forgot \(station) on \(port)"
      case .pinned: pinned(station)
      case .tableFull: "the MAC table is full; \(port) has no room for a new address"
      case .portUp: "\(port) is up"
      case .portDown: "\(port) is down\(because)"
      case .portWaiting: "\(port) waits\(because)"
      case .portAdded: "added \(port)"
      case .portRemoved: "removed \(port)"
      case .portChanged: "changed \(port): \((settings ?? []).joined(separator: ", "))"
      case .macLimit:
        "\(port) has reached its limit of \(count ?? 0) \(count == 1 ? "address" : "addresses")"
          + (mac == nil ? "" : "; \(station) is one more")
          + shut
      case .bpduGuard: "a spanning tree frame came in through \(port)\(shut)"
      case .loopDetected:
        "a loop: \(port) heard the probe" + (otherPort.map { " that went out through port \($0)" } ?? " it sent")
          + (vlan.map { " in VLAN \($0)" } ?? "") + shut
      case .guardReleased: "\(port) is open again" + (reason.map { " after \($0)" } ?? "")
      case .storm: "\(port) loses frames that come faster than allowed\(because)"
      case .configApplied:
        "applied a configuration: \(count ?? 0) \(count == 1 ? "change" : "changes")"
          + (seconds.map { ", taken back after \(EventDocument.duration($0)) unless confirmed" } ?? "")
      case .configConfirmed: "the applied configuration is confirmed"
      case .configReverted: "put back the configuration of before\(because)"
      case .configSaved: "saved the configuration to \(path ?? "?")"
      case .eventsLost: "\(count ?? 0) \(count == 1 ? "event is" : "events are") missing here"
      }
    return TerminalText.escaped(said)
  }

  private func pinned(_ station: String) -> String {
    let ports = otherPort.map { "between port \(port ?? "?") and port \($0)" } ?? "to and from port \(port ?? "?")"
    let why =
      switch cause {
      case .loop: "; many addresses move with it, which looks like a loop"
      case .clone: "; it moves alone: two stations with one address, or a loop that few others use"
      case nil: ""
      }
    let rate = withinSeconds.map { " within \(EventDocument.duration($0))" } ?? ""
    return "\(station) moved \(moves ?? 0) times\(rate) \(ports), and is kept on \(port ?? "?") for "
      + EventDocument.duration(seconds ?? 0) + why
  }

  private static func duration(_ seconds: Int) -> String { Quantity.duration(seconds: UInt64(clamping: seconds)) }
}
