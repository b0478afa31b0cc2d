// The closed list of what happens in a switch. `events`, the stream of the API and the log share it; names are part of
// the contract: new ones may be added, none renamed.

/// What an event is about.
package enum EventType: String, Codable, Sendable, CaseIterable {
  // The MAC table.
  case learned, moved, aged, pinned
  case tableFull = "table_full"
  // Ports.
  case portUp = "port_up"
  case portDown = "port_down"
  case portWaiting = "port_waiting"
  case portAdded = "port_added"
  case portRemoved = "port_removed"
  case portChanged = "port_changed"
  // Limits and guards.
  case macLimit = "mac_limit"
  case bpduGuard = "bpdu_guard"
  case loopDetected = "loop_detected"
  case guardReleased = "guard_released"
  case storm
  // The configuration.
  case configApplied = "config_applied"
  case configConfirmed = "config_confirmed"
  case configReverted = "config_reverted"
  case configSaved = "config_saved"
  // The stream itself.
  case eventsLost = "events_lost"

  /// What it means, in one sentence without a full stop.
  package var meaning: String {
    switch self {
    case .learned: "an address was heard for the first time"
    case .moved: "an address was heard on another port than before"
    case .aged: "an address was forgotten because it was not heard any more"
    case .pinned: "an address moved so often that it is kept where it is for a while"
    case .tableFull: "the MAC table is full: a new address replaces an old one of the port that holds most"
    case .portUp: "frames can pass through the port"
    case .portDown: "the port is there, but off"
    case .portWaiting: "what the port needs is absent; it attaches by itself"
    case .portAdded: "a port was added"
    case .portRemoved: "a port was removed"
    case .portChanged: "settings of a port were changed"
    case .macLimit: "an address more than mac_limit allows was heard on the port"
    case .bpduGuard: "a spanning tree frame came in through a port that must have none, which is shut"
    case .loopDetected: "the switch heard its own probe, so the port leads back to it and is shut"
    case .guardReleased: "a port that a guard had shut is open again"
    case .storm: "the port began to lose frames because they came faster than its limits allow"
    case .configApplied: "a configuration was applied"
    case .configConfirmed: "the configuration that was applied stays"
    case .configReverted: "what was there before the last apply was put back"
    case .configSaved: "the running configuration was written to a file"
    case .eventsLost: "events were lost before they could be read"
    }
  }
}

extension EventType: CustomStringConvertible {
  /// The name of the contract.
  package var description: String { rawValue }
}
