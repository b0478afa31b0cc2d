// What was learned, across a restart: read at start when all ports are there, written at a graceful stop before they go.

internal import BridgeCore
internal import Dataplane
internal import LinuxIO
internal import Logging
internal import SwitchModel

extension Supervisor {
  /// Enters what was known when the switch was stopped, as old as it is now. What belongs to ports that are gone, or to
  /// VLANs they are not in any more, is left out.
  func restoreTable() async {
    let now = Int64(Clock.realTime() / 1_000_000_000)
    guard let stateFile, let saved = stateFile.load(at: now, logger) else { return }
    let living = saved.living(at: now, ageing: configuration.ageing)
    let entries = living.compactMap { entry -> RestoredEntry? in
      guard let record = records[entry.port],
        record.configuration.vlans(default: configuration.defaultVLAN).contains(entry.vlan)
      else { return nil }
      return RestoredEntry(mac: entry.mac, vlan: entry.vlan, port: record.index, age: entry.age)
    }
    var count = 0
    var start = 0
    // In pieces: frames pass between them.
    while start < entries.count {
      let end = min(start + 2048, entries.count)
      let reply = await dataplane.perform(.restore(Array(entries[start..<end])))
      if case .count(let restored) = reply { count += restored }
      start = end
    }
    logger.info("\(count) of \(saved.entries.count) addresses known from before")
    // What a crash finds must not be older than what it destroys.
    stateFile.remove()
  }

  /// Writes what is known now.
  func saveTable() {
    guard let stateFile else { return }
    let names = portNames
    let now = dataplane.now
    var entries: [SavedTable.Entry] = []
    var cursor: Int? = 0
    while let from = cursor {
      let (found, next) = dataplane.table.entries(from: from, limit: 4096, at: now)
      for entry in found where entry.kind == .dynamic {
        guard let port = names[entry.port] else { continue }
        entries.append(SavedTable.Entry(mac: entry.mac, vlan: entry.vlan, port: port, age: entry.age ?? 0))
      }
      cursor = next
    }
    _ = stateFile.save(SavedTable(written: Int64(Clock.realTime() / 1_000_000_000), entries: entries), logger)
  }
}
