// The MAC table as the API shows and changes it. Dumps are read from the reader side; changes go to the worker.

internal import BridgeCore
internal import Dataplane
internal import LinuxIO
internal import Stations
package import SwitchModel
package import Wire

/// One address in one VLAN.
struct MoveKey: Hashable, Sendable {
  let mac: MACAddress
  let vlan: UInt16
}

extension Supervisor {
  /// Entries of one answer to a client; bounded, so that a dump of a million holds little memory.
  private static let chunk = 2048

  package func entries(
    _ query: FDBQuery, from cursor: Int
  ) async throws(Problem) -> (entries: [FDBEntry], next: Int?) {
    if let port = query.port, records[port] == nil { throw Problem(configuration.noPort(port)) }
    let now = dataplane.now
    let moves = await moves(at: now)
    let names = portNames
    let (found, next) = dataplane.table.entries(from: max(0, cursor), limit: Supervisor.chunk, at: now)
    let wanted = found.compactMap { entry -> FDBEntry? in
      guard let port = names[entry.port], query.port == nil || query.port == port,
        query.vlan == nil || query.vlan == Int(entry.vlan)
      else { return nil }
      return FDBEntry(
        entry, port: port, moves: moves[MoveKey(mac: entry.mac, vlan: entry.vlan)] ?? 0,
        addresses: station(of: entry)?.addresses.map(\.description) ?? [])
    }
    return (wanted, next)
  }

  package func entry(_ mac: MACAddress) async throws(Problem) -> [FDBDetail] {
    let now = dataplane.now
    let names = portNames
    var details: [FDBDetail] = []
    for entry in dataplane.table.find(mac, at: now) {
      guard let port = names[entry.port] else { continue }
      guard case .history(let history) = await dataplane.perform(.history(mac, vlan: entry.vlan)) else { continue }
      let since = history?.since ?? Tick(rawValue: now.rawValue &- (entry.age ?? 0))
      let moves = (history?.recent ?? []).map { move in
        FDBDetail.Move(
          time: text(move.tick), from: names[move.from] ?? "a removed port", to: names[move.to] ?? "a removed port")
      }
      details.append(
        FDBDetail(
          FDBEntry(
            entry, port: port, moves: history?.moves ?? 0,
            addresses: station(of: entry)?.addresses.map(\.description) ?? []), since: text(since),
          hostName: station(of: entry)?.hostName, history: moves))
    }
    guard !details.isEmpty else { throw noEntry(mac, vlan: nil) }
    return details
  }

  package func addEntry(_ request: JSONValue) async throws(Problem) -> FDBEntry {
    try await beginChange()
    defer { release() }
    var next = configuration
    let entry: StaticEntry
    do throws(ConfigurationErrors) {
      let wanted = try StaticEntryRequest(request: request)
      do throws(ConfigurationError) {
        entry = try next.resolve(wanted)
        try next.add(entry)
      } catch {
        throw ConfigurationErrors(error)
      }
    } catch {
      throw Problem(error)
    }
    guard await put(entry) else { throw Supervisor.full(entry) }
    configuration = next
    return FDBEntry(
      mac: entry.mac.description, vlan: Int(entry.vlan), port: entry.port, kind: entry.isSticky ? .sticky : .static,
      ageSeconds: entry.isSticky ? 0 : nil)
  }

  static func full(_ entry: StaticEntry) -> Problem {
    Problem(
      kind: "conflict", title: "The table is full", status: 409,
      detail: "there is no room for \(entry.mac) in VLAN \(entry.vlan) beside other static entries",
      fix: "raise table_size in the configuration and start again")
  }

  /// Puts a static entry into the table; false if there is no room.
  func put(_ entry: StaticEntry) async -> Bool {
    guard let record = records[entry.port] else { return false }
    let reply = await dataplane.perform(
      .addEntry(entry.mac, vlan: entry.vlan, record.index, entry.isSticky ? .sticky : .static))
    if case .done = reply { return true }
    return false
  }

  package func removeEntry(_ mac: MACAddress, vlan: UInt16?) async throws(Problem) -> Int {
    try await beginChange()
    defer { release() }
    let configured = configuration.removeEntries(of: mac, vlan: vlan)
    guard case .count(let count) = await dataplane.perform(.removeEntry(mac, vlan: vlan)), max(count, configured) > 0
    else { throw noEntry(mac, vlan: vlan) }
    return max(count, configured)
  }

  package func flush(_ request: FlushRequest) async throws(Problem) -> Int {
    await acquire()
    defer { release() }
    if let port = request.port, records[port] == nil { throw Problem(configuration.noPort(port)) }
    let index = request.port.flatMap { records[$0]?.index }
    let vlan = request.vlan.map { UInt16(truncatingIfNeeded: $0) }
    guard case .count(let count) = await dataplane.perform(.flush(index, vlan: vlan)) else { return 0 }
    return count
  }

  /// What is known of the station behind an entry.
  private func station(of entry: ForwardingEntry) -> AddressBook.Station? {
    addressBook.station(entry.mac, vlan: entry.vlan, port: entry.port.rawValue, at: Clock.monotonic())
  }

  private func noEntry(_ mac: MACAddress, vlan: UInt16?) -> Problem {
    Problem(
      kind: "not_found", title: "Not found", status: 404,
      detail: "no entry for \(mac)\(vlan.map { " in VLAN \($0)" } ?? "")", fix: "see the entries: tapswitch fdb list")
  }

  /// How often addresses moved, asked of the worker at most once a second.
  private func moves(at now: Tick) async -> [MoveKey: Int] {
    if let movedCache, movedCache.tick == now { return movedCache.moves }
    guard case .histories(let histories) = await dataplane.perform(.movedHistories) else { return [:] }
    var moves: [MoveKey: Int] = [:]
    for history in histories { moves[MoveKey(mac: history.mac, vlan: history.vlan)] = history.moves }
    movedCache = (now, moves)
    return moves
  }

  var portNames: [PortIndex: String] {
    Dictionary(records.values.map { ($0.index, $0.configuration.name) }) { first, _ in first }
  }

  func text(_ tick: Tick) -> String {
    let time = dataplane.realTime(of: tick)
    return Quantity.time(nanoseconds: time)
  }
}

extension FDBEntry {
  fileprivate init(_ entry: ForwardingEntry, port: String, moves: Int, addresses: [String]) {
    self.init(
      mac: entry.mac.description, vlan: Int(entry.vlan), port: port, kind: Kind(entry.kind),
      ageSeconds: entry.age.map { Int($0) }, moves: UInt64(clamping: moves), addresses: addresses)
  }
}

extension FDBEntry.Kind {
  fileprivate init(_ kind: EntryKind) {
    self =
      switch kind {
      case .dynamic: .dynamic
      case .static: .static
      case .sticky: .sticky
      }
  }
}
