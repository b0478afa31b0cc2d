// What the tests of the control server share: a switch in memory, a server on a socket of its own.

import Glibc
import Logging
import SwitchModel
import Wire

@testable import SwitchDaemon

/// A switch that is only its answers.
actor FakeSwitch: SwitchControl {
  private var portList: [PortStatus] = []
  private var table: [FDBEntry] = []
  /// Entries of one piece of the table.
  var piece = 100
  /// How long `status` takes.
  var delay: Duration?
  /// Pieces of the table that were asked for.
  private(set) var pieces = 0
  /// The piece from which on the table fails.
  var failsFrom: Int?
  /// What was asked to be applied, and for how long it may wait to be confirmed.
  private(set) var applied: [(ports: [String], seconds: Int?)] = []
  /// Why nothing can be changed.
  var obstacle: Problem?
  nonisolated let eventHub: EventHub

  init(ports: [String] = ["web", "db"], entries: Int = 0, hub: EventHub = TestEvents.hub()) {
    eventHub = hub
    for (index, name) in ports.enumerated() {
      portList.append(PortStatus(name: name, id: index, kind: "tap", target: "tap-\(name)", state: .up, mtu: 1500))
    }
    table = (0..<entries).map { number in
      FDBEntry(
        mac: MACAddress(bits: 0x5254_0000_0000 | UInt64(number)).description, vlan: 1 + number % 3,
        port: ports[number % ports.count], kind: .dynamic, ageSeconds: number % 300, addresses: ["10.0.0.1"])
    }
  }

  func set(delay: Duration?) { self.delay = delay }
  func set(failsFrom: Int?) { self.failsFrom = failsFrom }
  func set(obstacle: Problem?) { self.obstacle = obstacle }
  func removeEntries(_ doomed: (FDBEntry) -> Bool) { table.removeAll(where: doomed) }

  func status() async throws(Problem) -> SwitchStatus {
    if let delay { try? await Task.sleep(for: delay) }
    return SwitchStatus(
      name: "lab", version: "1", pid: 7, uptimeSeconds: 3, unsaved: false, ports: .init(total: 2, up: 2),
      fdb: .init(entries: table.count, capacity: 65536), counters: PortCounters())
  }
  func ports() throws(Problem) -> [PortStatus] { portList }
  func port(_ name: String) throws(Problem) -> PortStatus {
    guard var found = portList.first(where: { $0.name == name }) else { throw missing(name) }
    found.settings = ["tap": .string(found.target)]
    return found
  }
  func addPort(_ request: JSONValue) throws(Problem) -> PortStatus {
    guard let name = request["name"]?.string, let target = request["tap"]?.string else {
      throw Problem(ConfigurationError("found \(request.shape), allowed: an object with name and tap"))
    }
    guard !portList.contains(where: { $0.name == name }) else {
      throw Problem(ConfigurationError(.conflict, "a port \(name) is there already"))
    }
    portList.append(PortStatus(name: name, id: portList.count, kind: "tap", target: target, state: .up, mtu: 1500))
    return try port(name)
  }
  func patchPort(_ name: String, _ patch: JSONValue) throws(Problem) -> PortStatus {
    guard let index = portList.firstIndex(where: { $0.name == name }) else { throw missing(name) }
    portList[index].mtu = patch["mtu"]?.integer
    return try port(name)
  }
  func removePort(_ name: String) throws(Problem) {
    guard let index = portList.firstIndex(where: { $0.name == name }) else { throw missing(name) }
    portList.remove(at: index)
  }

  func entries(_ query: FDBQuery, from cursor: Int) throws(Problem) -> (entries: [FDBEntry], next: Int?) {
    pieces += 1
    if let failsFrom, cursor >= failsFrom { throw Problem(ConfigurationError(.failure, "the table is gone")) }
    if let port = query.port, !portList.contains(where: { $0.name == port }) { throw missing(port) }
    let end = cursor > table.count ? table.count : min(table.count, cursor + piece)
    let rows = cursor < end ? table[cursor..<end] : []
    let found = rows.filter { (query.port ?? $0.port) == $0.port && (query.vlan ?? $0.vlan) == $0.vlan }
    return (Array(found), end < table.count ? end : nil)
  }
  func entry(_ mac: MACAddress) throws(Problem) -> [FDBDetail] {
    let found = table.filter { $0.mac == mac.description }
    guard !found.isEmpty else { throw missing(mac.description) }
    return found.map { FDBDetail($0, since: "2026-01-31T10:20:30Z") }
  }
  func addEntry(_ request: JSONValue) throws(Problem) -> FDBEntry {
    let parsed: StaticEntryRequest
    do throws(ConfigurationErrors) { parsed = try StaticEntryRequest(request: request) } catch { throw Problem(error) }
    let entry = FDBEntry(
      mac: parsed.mac.description, vlan: Int(parsed.vlan ?? 1), port: parsed.port, kind: .static, ageSeconds: nil)
    table.append(entry)
    return entry
  }
  func removeEntry(_ mac: MACAddress, vlan: UInt16?) throws(Problem) -> Int {
    let before = table.count
    table.removeAll { $0.mac == mac.description && (vlan.map { Int($0) } ?? $0.vlan) == $0.vlan }
    guard table.count < before else { throw missing(mac.description) }
    return before - table.count
  }
  func flush(_ request: FlushRequest) throws(Problem) -> Int {
    let before = table.count
    table.removeAll { $0.kind == .dynamic && (request.port ?? $0.port) == $0.port }
    return before - table.count
  }
  func vlans() throws(Problem) -> [VLANRow] { [VLANRow(vlans: "2-9", ports: [.init(port: "web", tagged: true)])] }
  func drops(port: String?) throws(Problem) -> [DropRow] {
    [
      DropRow(
        reason: "runt", port: port ?? "web", count: 3, meaning: "m", remedy: "r", lastSeen: "2026-01-31T10:20:30Z")
    ]
  }
  func configuration() throws(Problem) -> SwitchConfiguration { SwitchConfiguration() }
  func saveConfiguration(path: String?) throws(Problem) -> String { path ?? "/etc/tapswitch/lab.yaml" }
  func planConfiguration(_ wanted: SwitchConfiguration) throws(Problem) -> PlanDocument {
    PlanDocument(changes: wanted.ports.map { .init(path: "ports.\($0.name)", old: .null, new: $0.settingsObject) })
  }
  func applyConfiguration(_ wanted: SwitchConfiguration, confirmWithin seconds: Int?) throws(Problem) -> PlanDocument {
    if let obstacle { throw obstacle }
    applied.append((wanted.ports.map(\.name), seconds))
    return try planConfiguration(wanted)
  }
  func confirmConfiguration() throws(Problem) {
    guard applied.last?.seconds != nil else { throw ChangeProblem.nothingPending }
    applied = []
  }

  private func missing(_ what: String) -> Problem { Problem(ConfigurationError(.notFound, "nothing called \(what)")) }
}

/// A server on a socket of its own, gone when `body` is.
func withServer(
  _ control: any SwitchControl = FakeSwitch(), clients: Int = 64, patience: Duration = .seconds(10),
  listen: ListenAddress? = nil, keepAlive: Duration = .seconds(15), _ body: (String) async throws -> Void
) async throws {
  let place = try TestPlace()
  defer { place.remove() }
  let socket = try ControlSocket.claim(path: place.socket, group: nil, makesDirectory: false)
  var logger = Logger(label: "test") { _ in SwitchLogHandler(level: .critical, format: .text) }
  logger.logLevel = .critical
  let server = try await ControlServer.start(
    socket: socket, listen: listen, control: control, logger: logger, clients: clients, patience: patience,
    keepAlive: keepAlive)
  do {
    try await body(place.socket)
    await server.stop()
  } catch {
    await server.stop()
    throw error
  }
}

/// A directory for one test.
struct TestPlace {
  let directory: String
  var socket: String { directory + "/s.sock" }

  init() throws {
    var template = Array("/tmp/tapswitch-test-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw TestError("mkdtemp: \(errno)") }
    directory = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  func remove() {
    _ = unsafe unlink(socket)
    _ = unsafe rmdir(directory)
  }
}

struct TestError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
