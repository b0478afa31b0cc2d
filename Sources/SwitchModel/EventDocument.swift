// One event as a value of the API: `events`, server-sent events and the log. Which members there are depends on its
// type; the functions that make them say so.

package import Wire

/// Something that happened.
package struct EventDocument: Codable, Sendable, Equatable {
  /// Who made an address move too often.
  package enum Cause: String, Codable, Sendable, CaseIterable {
    /// Many addresses moved together: two ports lead to the same place.
    case loop
    /// One address alone: two stations use it.
    case clone
  }

  /// Ascends by one from 1; a reader who misses a number has missed an event. 0 until it is published.
  package var sequence: UInt64
  /// RFC 3339. Empty until it is published.
  package var time: String
  package var type: EventType
  package var port: String?
  /// The other of two ports: where an address was before, where a probe went out.
  package var otherPort: String?
  package var mac: String?
  package var vlan: Int?
  package var cause: Cause?
  /// Why, as `reason` of a port, or the reason of the drops.
  package var reason: String?
  /// How often an address moved, within how many seconds.
  package var moves: Int?
  package var withinSeconds: Int?
  /// How long something takes, goes back or lasts.
  package var seconds: Int?
  /// Events, changes or frames, by type.
  package var count: Int?
  /// Keys of settings.
  package var settings: [String]?
  /// A file.
  package var path: String?

  package init(_ type: EventType, sequence: UInt64 = 0, time: String = "") {
    self.type = type
    self.sequence = sequence
    self.time = time
  }

  enum CodingKeys: String, CodingKey {
    case sequence, time, type, port
    case otherPort = "other_port"
    case mac, vlan, cause, reason, moves
    case withinSeconds = "within_seconds"
    case seconds, count, settings, path
  }

  private init(_ type: EventType, _ mac: MACAddress, _ vlan: UInt16, _ port: String) {
    self.init(type)
    self.mac = mac.description
    self.vlan = Int(vlan)
    self.port = port
  }

  private init(_ type: EventType, port: String, reason: String? = nil, seconds: Int? = nil) {
    self.init(type)
    self.port = port
    self.reason = reason
    self.seconds = seconds
  }
}

extension EventDocument {
  package static func learned(_ mac: MACAddress, vlan: UInt16, port: String) -> EventDocument {
    EventDocument(.learned, mac, vlan, port)
  }

  package static func moved(_ mac: MACAddress, vlan: UInt16, from: String, to port: String) -> EventDocument {
    var event = EventDocument(.moved, mac, vlan, port)
    event.otherPort = from
    return event
  }

  package static func aged(_ mac: MACAddress, vlan: UInt16, port: String) -> EventDocument {
    EventDocument(.aged, mac, vlan, port)
  }

  /// - Parameters:
  ///   - port: where the address stays.
  ///   - otherPort: where it was heard too; nil if that port is gone.
  ///   - moves: how often it moved in `within` seconds.
  ///   - seconds: for how long it stays.
  package static func pinned(
    _ mac: MACAddress, vlan: UInt16, port: String, otherPort: String?, moves: Int, within: Int = 10, seconds: Int,
    cause: Cause
  ) -> EventDocument {
    var event = EventDocument(.pinned, mac, vlan, port)
    event.otherPort = otherPort
    event.moves = moves
    event.withinSeconds = within
    event.seconds = seconds
    event.cause = cause
    return event
  }

  /// - Parameter port: from where the address came that found no room.
  package static func tableFull(port: String) -> EventDocument { EventDocument(.tableFull, port: port) }

  package static func portUp(_ port: String) -> EventDocument { EventDocument(.portUp, port: port) }
  package static func portDown(_ port: String, reason: String?) -> EventDocument {
    EventDocument(.portDown, port: port, reason: reason)
  }
  package static func portWaiting(_ port: String, reason: String?) -> EventDocument {
    EventDocument(.portWaiting, port: port, reason: reason)
  }
  package static func portAdded(_ port: String) -> EventDocument { EventDocument(.portAdded, port: port) }
  package static func portRemoved(_ port: String) -> EventDocument { EventDocument(.portRemoved, port: port) }

  /// - Parameter settings: keys of what is another now.
  package static func portChanged(_ port: String, settings: [String]) -> EventDocument {
    var event = EventDocument(.portChanged, port: port)
    event.settings = settings
    return event
  }

  /// - Parameters:
  ///   - limit: addresses that the port may have.
  ///   - seconds: for how long the port is shut; nil if it is not.
  package static func macLimit(
    _ port: String, limit: Int, mac: MACAddress? = nil, vlan: UInt16? = nil, seconds: Int? = nil
  ) -> EventDocument {
    var event = EventDocument(.macLimit, port: port, seconds: seconds)
    event.mac = mac?.description
    event.vlan = vlan.map { Int($0) }
    event.count = limit
    return event
  }

  /// - Parameter seconds: for how long the port is shut.
  package static func bpduGuard(_ port: String, seconds: Int) -> EventDocument {
    EventDocument(.bpduGuard, port: port, seconds: seconds)
  }

  /// - Parameters:
  ///   - port: the port that is shut, where the probe came in.
  ///   - otherPort: the port it went out through, if that is another.
  ///   - seconds: for how long the port is shut.
  package static func loopDetected(_ port: String, otherPort: String?, vlan: UInt16?, seconds: Int) -> EventDocument {
    var event = EventDocument(.loopDetected, port: port, seconds: seconds)
    event.otherPort = otherPort
    event.vlan = vlan.map { Int($0) }
    return event
  }

  /// - Parameter reason: the guard that had shut it: `bpdu_guard`, `loop_probe` or `mac_limit`.
  package static func guardReleased(_ port: String, reason: String) -> EventDocument {
    EventDocument(.guardReleased, port: port, reason: reason)
  }

  /// - Parameter reason: of the drops, such as `storm_broadcast` or `rate_in`.
  package static func storm(_ port: String, reason: String) -> EventDocument {
    EventDocument(.storm, port: port, reason: reason)
  }

  /// - Parameter seconds: after which it is taken back unless confirmed; nil if it stays.
  package static func configApplied(changes: Int, confirmWithin seconds: Int? = nil) -> EventDocument {
    var event = EventDocument(.configApplied)
    event.count = changes
    event.seconds = seconds
    return event
  }

  package static var configConfirmed: EventDocument { EventDocument(.configConfirmed) }

  /// - Parameter reason: why, such as `not confirmed within 60 s`.
  package static func configReverted(reason: String) -> EventDocument {
    var event = EventDocument(.configReverted)
    event.reason = reason
    return event
  }

  package static func configSaved(path: String) -> EventDocument {
    var event = EventDocument(.configSaved)
    event.path = path
    return event
  }

  /// Stands where `count` events are missing.
  package static func lost(_ count: Int) -> EventDocument {
    var event = EventDocument(.eventsLost)
    event.count = count
    return event
  }
}
