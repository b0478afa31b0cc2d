// `status` and `drops`: the whole switch as the contract shows it.

/// The running switch.
package struct SwitchStatus: Codable, Sendable, Equatable {
  package struct Ports: Codable, Sendable, Equatable {
    package var total: Int
    package var up: Int

    package init(total: Int, up: Int) {
      self.total = total
      self.up = up
    }
  }

  package struct Table: Codable, Sendable, Equatable {
    package var entries: Int
    package var capacity: Int

    package init(entries: Int, capacity: Int) {
      self.entries = entries
      self.capacity = capacity
    }
  }

  package var name: String
  package var version: String
  package var pid: Int
  package var uptimeSeconds: UInt64
  /// The running configuration is not that of its file.
  package var unsaved: Bool
  /// The file it was started with, which `config save` writes; absent if there is none.
  package var configurationFile: String?
  /// An applied configuration is taken back after so many seconds unless it is confirmed; absent if none waits for that.
  package var unconfirmedSeconds: Int?
  package var ports: Ports
  package var fdb: Table
  /// Sums of the port counters.
  package var counters: PortCounters
  /// All drops, whatever the reason.
  package var drops: UInt64
  /// Between the last two looks at the counters; absent until there were two.
  package var rates: SwitchRates?
  package var captures: [CaptureStatus]

  package init(
    name: String, version: String, pid: Int, uptimeSeconds: UInt64, unsaved: Bool, configurationFile: String? = nil,
    unconfirmedSeconds: Int? = nil, ports: Ports, fdb: Table, counters: PortCounters, rates: SwitchRates? = nil,
    captures: [CaptureStatus] = []
  ) {
    self.name = name
    self.version = version
    self.pid = pid
    self.uptimeSeconds = uptimeSeconds
    self.unsaved = unsaved
    self.configurationFile = configurationFile
    self.unconfirmedSeconds = unconfirmedSeconds
    self.ports = ports
    self.fdb = fdb
    self.counters = counters
    drops = counters.drops.total
    self.rates = rates
    self.captures = captures
  }

  enum CodingKeys: String, CodingKey {
    case name, version, pid
    case uptimeSeconds = "uptime_seconds"
    case unsaved
    case configurationFile = "configuration_file"
    case unconfirmedSeconds = "unconfirmed_seconds"
    case ports, fdb, counters, drops, rates, captures
  }
}

/// Per second, over the time between two looks at the counters.
package struct SwitchRates: Codable, Sendable, Equatable {
  package var rxFrames: UInt64
  package var rxBytes: UInt64
  package var txFrames: UInt64
  package var txBytes: UInt64
  package var drops: UInt64

  /// - Parameter seconds: above 0.
  package init(from old: PortCounters, to new: PortCounters, seconds: Double) {
    let rate = { (a: UInt64, b: UInt64) -> UInt64 in
      let value = Double(b >= a ? b - a : 0) / seconds
      return value.isFinite && value < 1e18 ? UInt64(value.rounded()) : 0
    }
    rxFrames = rate(old.rxFrames, new.rxFrames)
    rxBytes = rate(old.rxBytes, new.rxBytes)
    txFrames = rate(old.txFrames, new.txFrames)
    txBytes = rate(old.txBytes, new.txBytes)
    drops = rate(old.drops.total, new.drops.total)
  }

  enum CodingKeys: String, CodingKey {
    case rxFrames = "rx_frames_per_second"
    case rxBytes = "rx_bytes_per_second"
    case txFrames = "tx_frames_per_second"
    case txBytes = "tx_bytes_per_second"
    case drops = "drops_per_second"
  }
}

/// A capture that runs.
package struct CaptureStatus: Codable, Sendable, Equatable {
  package var file: String
  /// `pcap` or `pcapng`.
  package var format: String
  package var frames: UInt64
  /// Bytes in the file.
  package var bytes: UInt64
  /// Frames that were not captured, because the file or its writer did not keep up.
  package var lost: UInt64
  /// `running`, or what is wrong: `disk full`.
  package var state: String

  package init(file: String, format: String, frames: UInt64, bytes: UInt64, lost: UInt64, state: String) {
    self.file = file
    self.format = format
    self.frames = frames
    self.bytes = bytes
    self.lost = lost
    self.state = state
  }
}

/// A reason that counted on a port: one row of `drops`.
package struct DropRow: Codable, Sendable, Equatable {
  package var reason: String
  package var port: String
  package var count: UInt64
  package var meaning: String
  package var remedy: String
  /// RFC 3339.
  package var lastSeen: String
  package var lastFrame: String?

  package init(
    reason: String, port: String, count: UInt64, meaning: String, remedy: String, lastSeen: String,
    lastFrame: String? = nil
  ) {
    self.reason = reason
    self.port = port
    self.count = count
    self.meaning = meaning
    self.remedy = remedy
    self.lastSeen = lastSeen
    self.lastFrame = lastFrame
  }

  enum CodingKeys: String, CodingKey {
    case reason, port, count, meaning, remedy
    case lastSeen = "last_seen"
    case lastFrame = "last_frame"
  }
}
