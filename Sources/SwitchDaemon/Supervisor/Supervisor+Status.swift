// What the switch shows of itself: ports, sums, drops, VLANs, configuration. Reads only; no frame waits for it.

internal import BridgeCore
internal import Capture
internal import Dataplane
internal import Glibc
internal import LinuxIO
package import SwitchModel
internal import Wire

extension Supervisor {
  package func status() async throws(Problem) -> SwitchStatus {
    let records = ordered
    var sums = PortCounters(retired)
    for record in records { sums.add(counters(of: record)) }
    let now = Clock.monotonic()
    var rates: SwitchRates?
    if let lastLook, now > lastLook.time {
      rates = SwitchRates(from: lastLook.counters, to: sums, seconds: Double(now - lastLook.time) / 1e9)
    }
    lastLook = (now, sums)
    return SwitchStatus(
      name: configuration.name, version: TapswitchVersion.text, pid: Int(getpid()),
      uptimeSeconds: (now - started) / 1_000_000_000, unsaved: isUnsaved,
      configurationFile: path, unconfirmedSeconds: pending?.secondsLeft,
      ports: .init(total: records.count, up: records.count { $0.isUp }),
      fdb: .init(entries: dataplane.table.count(at: dataplane.now), capacity: dataplane.table.capacity),
      counters: sums, rates: rates, captures: captures)
  }

  /// The running configuration is not that of its file. A file without a name is for whatever the switch is called.
  private var isUnsaved: Bool { saved?.named(configuration.name) != configuration }

  private var captures: [CaptureStatus] {
    guard let capture else { return [] }
    let statistics = capture.statistics
    return [
      CaptureStatus(
        file: statistics.path, format: statistics.path.hasSuffix(".pcap") ? "pcap" : "pcapng",
        frames: statistics.frames, bytes: statistics.fileSize, lost: statistics.lost, state: statistics.state.text)
    ]
  }

  /// How many ports are up, of how many: for the ready line.
  package var readiness: (up: Int, total: Int) { (records.values.count { $0.isUp }, records.count) }

  func status(of record: PortRecord) -> PortStatus {
    let (state, reason) = record.state
    let offload = record.device?.offload
    return PortStatus(
      name: record.configuration.name, id: record.id, kind: record.configuration.kind.rawValue,
      target: record.configuration.target, state: state, reason: reason, mtu: record.link?.mtu,
      vlan: PortVLANStatus(record.configuration.vlans(default: configuration.defaultVLAN)),
      offload: PortOffload(
        checksum: offload?.checksum ?? false, tso4: offload?.tso4 ?? false, tso6: offload?.tso6 ?? false,
        uso: offload?.uso ?? false),
      counters: counters(of: record))
  }

  func detail(of record: PortRecord) -> PortStatus {
    var status = status(of: record)
    status.settings = record.configuration.settingsObject
    let effective = record.configuration.effectiveSettingsObject
    if effective != record.configuration.settingsObject { status.effectiveSettings = effective }
    return status
  }

  private func counters(of record: PortRecord) -> PortCounters {
    var counters = PortCounters(dataplane.counters.snapshot(of: record.index))
    counters.kernelDrops = record.device?.kernelDrops()
    return counters
  }

  package func drops(port: String?) async throws(Problem) -> [DropRow] {
    if let port, records[port] == nil { throw Problem(configuration.noPort(port)) }
    var rows: [DropRow] = []
    for record in ordered where port == nil || record.configuration.name == port {
      let snapshot = dataplane.counters.snapshot(of: record.index)
      for reason in DropReason.allCases {
        guard let count = snapshot.drops[reason] else { continue }
        let seen = snapshot.lastDrop[reason] ?? 0
        rows.append(
          DropRow(
            reason: reason.name, port: record.configuration.name, count: count, meaning: reason.meaning,
            remedy: reason.remedy,
            lastSeen: Quantity.time(nanoseconds: seen), lastFrame: lastFrame(of: record.index, reason)))
      }
    }
    return rows
  }

  /// The last frame dropped for a reason, in one line.
  private func lastFrame(of port: PortIndex, _ reason: DropReason) -> String? {
    guard let frame = dataplane.lastFrame(of: port, reason) else { return nil }
    return FrameSummary.text(of: frame.bytes, length: frame.length)
  }

  /// Neighbours with equal members in one row; VLANs without members are left out.
  package func vlans() async throws(Problem) -> [SwitchModel.VLANRow] {
    let names = portNames
    let order = Dictionary(records.values.map { ($0.index, $0.id) }) { first, _ in first }
    return vlanPlan.rows.map { row in
      let members = row.members.sorted { order[$0.port, default: 0] < order[$1.port, default: 0] }
      return SwitchModel.VLANRow(
        vlans: VLANRanges.text(row.vlans),
        ports: members.map { .init(port: names[$0.port] ?? "", tagged: $0.isTagged) })
    }
  }

  package func configuration() async throws(Problem) -> SwitchConfiguration { configuration }

  package func saveConfiguration(path wanted: String?) async throws(Problem) -> String {
    try await beginChange()
    defer { release() }
    guard let target = wanted ?? path else {
      throw Problem(
        kind: "unacceptable", title: "No file to save to", status: 422,
        detail: "the switch was started without --config, and no file is named",
        fix: "tapswitch config show > FILE")
    }
    // The daemon writes only what its owner named at start; anything else the client writes with its own rights.
    guard target == path else {
      throw Problem(
        kind: "not_permitted", title: "Not permitted", status: 403,
        detail: "the daemon writes only the file it was started with (\(path ?? "none"))",
        fix: "tapswitch config show > \(Shell.quoted(target))")
    }
    do throws(ConfigurationError) {
      try ConfigurationFile.write(YAMLWriter.text(of: configuration), path: target)
    } catch {
      throw Problem(error)
    }
    saved = configuration
    eventHub.publish(.configSaved(path: target))
    return target
  }
}

extension PortCounters {
  /// The contract's shape of what the data plane counted.
  init(_ snapshot: CounterSnapshot) {
    self.init()
    rxFrames = snapshot[.rxFrames]
    rxBytes = snapshot[.rxBytes]
    rxSegments = snapshot[.rxSegments]
    txFrames = snapshot[.txFrames]
    txBytes = snapshot[.txBytes]
    txSegments = snapshot[.txSegments]
    forwarded = snapshot[.forwarded]
    flooded = snapshot[.flooded]
    floodCopies = snapshot[.floodCopies]
    consumed = snapshot[.consumed]
    originated = snapshot[.originated]
    merged = snapshot[.merged]
    split = snapshot[.split]
    for reason in DropReason.allCases { drops.add(snapshot.drops[reason] ?? 0, for: reason.name) }
  }
}
