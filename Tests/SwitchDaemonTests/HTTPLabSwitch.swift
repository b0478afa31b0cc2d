// The switch `lab` behind the golden output of the command line (Tests/Golden/cli): its answers, written down.

import SwitchModel
import Wire

@testable import SwitchDaemon

/// A switch whose answers never change.
struct LabSwitch: SwitchControl {
  private static let moment = "2026-01-01T00:00:00.000Z"
  private static let first = FDBEntry(
    mac: "52:54:00:00:00:01", vlan: 1, port: "web", kind: .dynamic, ageSeconds: 3, moves: 2)
  private static let second = FDBEntry(
    mac: "52:54:00:00:00:02", vlan: 4094, port: "db", kind: .static, ageSeconds: nil, addresses: ["10.0.0.1"])

  private static let counters: PortCounters = {
    var counters = PortCounters()
    counters.rxFrames = 1_234_567
    counters.rxBytes = 1_850_000_000
    counters.rxSegments = 2_345_678
    counters.txFrames = 10
    counters.txBytes = 999
    counters.txSegments = 10
    counters.forwarded = 1_234_000
    counters.flooded = 565
    counters.floodCopies = 1130
    counters.drops = DropCounts([("runt", 2), ("same_port", 3)])
    counters.kernelDrops = 7
    return counters
  }()

  private static func port(_ id: Int, _ name: String, _ state: PortState, _ reason: String?, mtu: Int?) -> PortStatus {
    PortStatus(
      name: name, id: id, kind: "tap", target: "tap-\(name)", state: state, reason: reason, mtu: mtu,
      offload: PortOffload(checksum: true, tso4: true, tso6: true), counters: counters)
  }

  /// Row L10: what a name in the system may hold must not act on a terminal.
  private static let list = [
    port(0, "web", .up, nil, mtu: 1500), port(1, "db", .down, "up=off", mtu: 1500),
    port(2, "c", .waiting, "no network namespace \u{1B}[31mc\u{7}", mtu: nil),
  ]

  func status() async throws(Problem) -> SwitchStatus {
    var before = Self.counters
    before.rxFrames -= 10
    before.rxBytes -= 1250
    return SwitchStatus(
      name: "lab", version: "0.1.0", pid: 1, uptimeSeconds: 90_000, unsaved: true,
      configurationFile: "/etc/tapswitch/lab.yaml", unconfirmedSeconds: 42, ports: .init(total: 3, up: 1),
      fdb: .init(entries: 2, capacity: 65536), counters: Self.counters,
      rates: SwitchRates(from: before, to: Self.counters, seconds: 1),
      captures: [
        CaptureStatus(file: "/tmp/all.pcap", format: "pcap", frames: 12, bytes: 2000, lost: 3, state: "disk full")
      ])
  }

  func ports() async throws(Problem) -> [PortStatus] { Self.list }

  func port(_ name: String) async throws(Problem) -> PortStatus {
    guard var found = Self.list.first(where: { $0.name == name }) else {
      throw Problem(
        ConfigurationError(.notFound, "no port \(TerminalText.quoted(name))", fix: "see the ports: tapswitch port list")
      )
    }
    found.settings = [
      "tap": .string(found.target), "mtu": 1400, "up": false, "address": ["10.0.0.1/24", "fd00::1/64"],
      "comment": "a\u{1B}[31m", "vlan": 10, "secure": true,
    ]
    found.effectiveSettings = found.settings
    found.effectiveSettings?["accept"] = "untagged"
    found.effectiveSettings?["mac_limit"] = 4
    found.effectiveSettings?["flood"] = ["multicast", "broadcast"]
    return found
  }

  func addPort(_ request: JSONValue) async throws(Problem) -> PortStatus {
    PortStatus(
      name: request["name"]?.string ?? "", id: 3, kind: "tap", target: request["tap"]?.string ?? "", state: .up,
      mtu: request["mtu"]?.integer)
  }
  func patchPort(_ name: String, _ patch: JSONValue) async throws(Problem) -> PortStatus { try await port(name) }
  func removePort(_ name: String) async throws(Problem) { _ = try await port(name) }

  func entries(_ query: FDBQuery, from cursor: Int) async throws(Problem) -> (entries: [FDBEntry], next: Int?) {
    ([Self.first, Self.second], nil)
  }
  func entry(_ mac: MACAddress) async throws(Problem) -> [FDBDetail] {
    let moves = [FDBDetail.Move(time: "2026-01-01T00:00:01.000Z", from: "db", to: "web")]
    var entry = Self.first
    entry.addresses = ["10.0.0.9", "fe80::1"]
    return [FDBDetail(entry, since: Self.moment, hostName: "printer\u{1B}[31m", history: moves)]
  }
  func addEntry(_ request: JSONValue) async throws(Problem) -> FDBEntry {
    FDBEntry(
      mac: request["mac"]?.string ?? "", vlan: request["vlan"]?.integer ?? 1, port: request["port"]?.string ?? "",
      kind: .static, ageSeconds: nil)
  }
  func removeEntry(_ mac: MACAddress, vlan: UInt16?) async throws(Problem) -> Int { 1 }
  func flush(_ request: FlushRequest) async throws(Problem) -> Int { 1 }

  func vlans() async throws(Problem) -> [VLANRow] {
    [
      VLANRow(vlans: "1", ports: [.init(port: "web", tagged: false), .init(port: "db", tagged: false)]),
      VLANRow(vlans: "2-4094", ports: [.init(port: "web", tagged: true), .init(port: "db", tagged: true)]),
    ]
  }
  func drops(port: String?) async throws(Problem) -> [DropRow] {
    let source = ("bad_source", "The sender's address is a group address or zero.", "Find the sender with a capture.")
    let queue = (
      "queue_full", "The queue of the port was full.", "Raise txqueuelen of the port or slow the sender down."
    )
    let row = { (reason: (String, String, String), port: String, count: UInt64, frame: String?) in
      DropRow(
        reason: reason.0, port: port, count: count, meaning: reason.1, remedy: reason.2, lastSeen: Self.moment,
        lastFrame: frame)
    }
    return [
      row(source, "web", 3, "01:00:5e:00:00:01 > ff:ff:ff:ff:ff:ff, ARP, 60 bytes"),
      row(source, "db", 1234, "00:00:00:00:00:00 > 52:54:00:00:00:01, name \u{1B}[31m, 90 bytes"),
      row(queue, "db", 1, nil),
    ]
  }

  func configuration() async throws(Problem) -> SwitchConfiguration {
    var configuration = SwitchConfiguration()
    configuration.set(.switchName, to: .text("lab"))
    return configuration
  }
  func saveConfiguration(path: String?) async throws(Problem) -> String { path ?? "/etc/tapswitch/lab.yaml" }

  func planConfiguration(_ wanted: SwitchConfiguration) async throws(Problem) -> PlanDocument {
    guard !wanted.ports.isEmpty else { return PlanDocument(changes: []) }
    return PlanDocument(
      changes: [
        .init(path: "ageing", old: 300, new: 600), .init(path: "ports.web.mtu", old: 1500, new: 9000),
        .init(path: "ports.web.comment", old: "a\u{1B}[31m", new: .null),
        .init(path: "ports.new", old: .null, new: ["tap": "tap-new", "vlan": 10]),
        .init(path: "ports.db", old: ["tap": "tap-db"], new: .null),
      ], remade: ["web"], warnings: ["port c has no VLAN settings"])
  }
  func applyConfiguration(
    _ wanted: SwitchConfiguration, confirmWithin seconds: Int?
  ) async throws(Problem) -> PlanDocument {
    // The device of this name says that a change waits to be confirmed.
    if wanted.ports.first?.target == "pending" { throw ChangeProblem.pending(secondsLeft: 42) }
    return try await planConfiguration(wanted)
  }
  func confirmConfiguration() async throws(Problem) {}

  let eventHub: EventHub = {
    let hub = TestEvents.hub()
    let mac = MACAddress(bits: 0x5254_0000_0001)
    var events: [EventDocument] = [
      .portUp("web"), .learned(mac, vlan: 1, port: "web"), .moved(mac, vlan: 1, from: "web", to: "db"),
      .pinned(mac, vlan: 1, port: "web", otherPort: "db", moves: 6, seconds: 30, cause: .clone),
      .portWaiting("c", reason: "no network namespace \u{1B}[31mc\u{7}"), .configApplied(changes: 2, confirmWithin: 60),
    ]
    for index in events.indices {
      events[index].time = moment
      hub.publish(events[index])
    }
    return hub
  }()
}
