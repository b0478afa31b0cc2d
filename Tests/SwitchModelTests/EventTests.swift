import Testing
import Wire

@testable import SwitchModel

/// Events: exact JSON and words, and the closed list of types.
@Suite struct EventTests {
  private static let mac = MACAddress(bits: 0x5254_0000_0001)

  private static let all: [EventDocument] = [
    .learned(mac, vlan: 10, port: "web"), .moved(mac, vlan: 10, from: "web", to: "db"),
    .aged(mac, vlan: 10, port: "db"),
    .pinned(mac, vlan: 10, port: "web", otherPort: "db", moves: 6, seconds: 30, cause: .clone),
    .pinned(mac, vlan: 1, port: "web", otherPort: nil, moves: 9, seconds: 30, cause: .loop), .tableFull(port: "web"),
    .portUp("web"), .portDown("web", reason: "switched off: up=off"), .portDown("web", reason: nil),
    .portWaiting("web", reason: "no network namespace web"), .portAdded("web"), .portRemoved("web"),
    .portChanged("web", settings: ["mtu", "vlan"]), .macLimit("web", limit: 4),
    .macLimit("web", limit: 4, mac: mac, vlan: 10, seconds: 60), .bpduGuard("web", seconds: 120),
    .loopDetected("web", otherPort: nil, vlan: nil, seconds: 60),
    .loopDetected("web", otherPort: "db", vlan: 10, seconds: 3600), .guardReleased("web", reason: "bpdu_guard"),
    .storm("web", reason: "storm_broadcast"), .configApplied(changes: 1), .configApplied(changes: 3, confirmWithin: 60),
    .configConfirmed, .configReverted(reason: "not confirmed within 60 s"), .configSaved(path: "/etc/a\u{1B}.yaml"),
    .lost(1), .lost(7),
  ]

  @Test func golden() throws {
    var components: JSONValue = [:]
    for (name, schema) in APISchema.components { components[name] = schema }
    let validator = SchemaValidator(root: ["components": ["schemas": components]])
    var text = ""
    for (index, event) in Self.all.enumerated() {
      var event = event
      event.sequence = UInt64(index + 1)
      event.time = Quantity.time(seconds: 1_700_000_000 + Int64(index))
      let json = try JSONValue(encoding: event)
      text += json.text + "\n  " + event.text + "\n"
      #expect(try JSONValue(parsing: json.bytes).decoded(as: EventDocument.self) == event)
      #expect(validator.faults(json, try #require(components["Event"])) == [])
    }
    try Repository.expectGolden(text, "Tests/Golden/SwitchModel/events.txt")
    #expect(Set(Self.all.map(\.type)) == Set(EventType.allCases))
  }

  @Test func types() {
    #expect(
      EventType.allCases.map(\.rawValue) == [
        "learned", "moved", "aged", "pinned", "table_full", "port_up", "port_down", "port_waiting", "port_added",
        "port_removed", "port_changed", "mac_limit", "bpdu_guard", "loop_detected", "guard_released", "storm",
        "config_applied", "config_confirmed", "config_reverted", "config_saved", "events_lost",
      ])
    for type in EventType.allCases {
      #expect(!type.meaning.isEmpty && !type.meaning.hasSuffix(".") && "\(type)" == type.rawValue)
    }
  }
}
