import Testing

@testable import SwitchModel

/// Values of the API: exact JSON, both ways, and against their schemas.
@Suite struct APIValueTests {
  private static var counters: PortCounters {
    var counters = PortCounters()
    counters.rxFrames = 10
    counters.rxBytes = .max
    counters.drops = DropCounts([("runt", 2), ("oversize", 0), ("same_port", 3)])
    counters.floodCopies = 4
    return counters
  }

  private static var known: PortCounters {
    var counters = counters
    counters.kernelDrops = 7
    return counters
  }

  private static let entry = FDBEntry(
    mac: "52:54:00:00:00:01", vlan: 1, port: "web", kind: .dynamic, ageSeconds: 3, moves: 2)

  private static func check<Value: Codable & Equatable>(_ value: Value, _ component: String, _ text: inout String)
    throws
  {
    let json = try JSONValue(encoding: value)
    text += "\(component) \(json.text)\n"
    #expect(try json.decoded(as: Value.self) == value)
    #expect(try JSONValue(parsing: json.bytes).decoded(as: Value.self) == value)
    let schema = try #require(APISchema.components.first { $0.name == component }?.schema)
    var components: JSONValue = [:]
    for (name, schema) in APISchema.components { components[name] = schema }
    let validator = SchemaValidator(root: ["components": ["schemas": components]])
    #expect(validator.faults(json, schema) == [])
  }

  @Test func golden() throws {
    var text = ""
    let waiting = PortStatus(
      name: "a", id: 2, kind: "tap", target: "tap-a", state: .waiting, reason: "no network namespace a", template: true,
      mtu: nil,
      vlan: PortVLANStatus(mode: .access, native: 10, tagged: ""), counters: Self.counters)
    let web = PortStatus(
      name: "web", id: 0, kind: "tap", target: "tap-web", state: .up, mtu: 1500,
      offload: PortOffload(checksum: true, tso4: true, tso6: true, uso: false), counters: Self.known,
      settings: try PortConfiguration(spec: "tap:tap-web,up=off").settingsObject)
    try Self.check(web, "Port", &text)
    let guest = try PortConfiguration(spec: "tap:guest,vlan=10,secure=on")
    try Self.check(
      PortStatus(
        name: "guest", id: 3, kind: "tap", target: "guest", state: .up, mtu: 1500,
        vlan: PortVLANStatus(guest.vlans(default: .all)), settings: guest.settingsObject,
        effectiveSettings: guest.effectiveSettingsObject), "Port", &text)
    try Self.check(waiting, "Port", &text)
    try Self.check(Self.entry, "FDBEntry", &text)
    try Self.check(
      FDBEntry(
        mac: "52:54:00:00:00:02", vlan: 4094, port: "b", kind: .static, ageSeconds: nil, addresses: ["10.0.0.1"]),
      "FDBEntry", &text)
    try Self.check(
      FDBDetail(
        Self.entry, since: Quantity.time(seconds: 0), hostName: "web.lab",
        history: [.init(time: Quantity.time(seconds: 1_700_000_000, nanoseconds: 5_000_000), from: "a", to: "web")]),
      "FDBDetail", &text)
    try Self.check(VLANRow(vlans: "2-4094", ports: [.init(port: "a", tagged: true)]), "VLANRow", &text)
    try Self.check(
      DropRow(reason: "runt", port: "a", count: 2, meaning: "m", remedy: "r", lastSeen: Quantity.time(seconds: 0)),
      "DropRow", &text)
    var after = Self.known
    after.rxFrames = 30
    let rates = SwitchRates(from: Self.known, to: after, seconds: 2)
    #expect(rates.rxFrames == 10 && rates.drops == 0)
    try Self.check(
      SwitchStatus(
        name: "lab", version: "0.1.0", pid: 1, uptimeSeconds: 5, unsaved: false, ports: .init(total: 2, up: 1),
        fdb: .init(entries: 1, capacity: 65536), counters: Self.known, rates: rates,
        captures: [CaptureStatus(file: "/a.pcap", format: "pcap", frames: 1, bytes: 2, lost: 3, state: "running")]),
      "Status", &text)
    try Self.check(Problem(ConfigurationError(.conflict, path: "name", "taken", fix: "use another")), "Problem", &text)
    let two = try #require(
      ConfigurationErrors([
        ConfigurationError(source: "a.yaml", line: 4, path: "x", "bad"), ConfigurationError(path: "y", "worse"),
      ]))
    try Self.check(Problem(two), "Problem", &text)
    try Repository.expectGolden(text, "Tests/Golden/SwitchModel/api-values.txt")
  }

  /// `|null` members are written, `?` members are not; counters add up.
  @Test func nullsAndSums() throws {
    let json = try JSONValue(encoding: PortStatus(name: "a", id: 0, kind: "tap", target: "a", state: .up, mtu: nil))
    #expect(json["mtu"] == .null && json["counters"]?["kernel_drops"] == .null)
    #expect(json["reason"] == nil && json["template"] == nil && json["settings"] == nil)
    var sum = PortCounters()
    sum.add(Self.counters)
    #expect(sum.kernelDrops == nil)
    sum.add(Self.known)
    #expect(sum.rxFrames == 20 && sum.rxBytes == .max - 1 && sum.kernelDrops == 7 && sum.drops["same_port"] == 6)
    #expect(sum.drops.total == 10 && sum.drops["oversize"] == 0)
  }

  @Test func wrongShapes() {
    for text in ["5", "[]", "{}", #"{"mac":5}"#, #"{"mac":"a","vlan":1e9,"port":"a"}"#] {
      #expect(throws: DecodingError.self) { try JSONValue(parsing: text).decoded(as: FDBEntry.self) }
    }
    #expect(throws: EncodingError.self) { try JSONValue(encoding: [Double.nan]) }
  }

  @Test func statuses() {
    let kinds = ConfigurationError.Kind.allCases.map { Problem(ConfigurationError($0, "x")).exitStatus.rawValue }
    #expect(kinds == [64, 65, 65, 65, 65, 66, 77, 1])
    #expect(kinds == ConfigurationError.Kind.allCases.map { ConfigurationError($0, "x").exitStatus.rawValue })
    #expect([423, 429, 503].map { ExitStatus(httpStatus: $0) } == [.tryAgain, .tryAgain, .tryAgain])
    #expect([201, 500, 404].map { ExitStatus(httpStatus: $0) } == [.done, .failure, .notFound])
  }

  @Test func ranges() {
    #expect(
      VLANRanges.text([]) == "" && VLANRanges.text([7]) == "7" && VLANRanges.text([1, 2, 3, 5, 7, 8]) == "1-3,5,7-8")
    #expect(VLANRanges.text(2...4094) == "2-4094")
  }
}
