// The counters of a port, and of the switch as their sums. Names are the contract's; both ledger equations are
// written over them.

/// Counters since the port was added. `rx` is from the port into the switch.
package struct PortCounters: Codable, Sendable, Equatable {
  package var rxFrames: UInt64 = 0
  /// Without FCS and offload header.
  package var rxBytes: UInt64 = 0
  /// What the frames stand for: a GSO frame is one frame and many segments.
  package var rxSegments: UInt64 = 0
  package var txFrames: UInt64 = 0
  package var txBytes: UInt64 = 0
  package var txSegments: UInt64 = 0
  package var forwarded: UInt64 = 0
  package var flooded: UInt64 = 0
  package var floodCopies: UInt64 = 0
  package var consumed: UInt64 = 0
  package var originated: UInt64 = 0
  package var merged: UInt64 = 0
  package var split: UInt64 = 0
  package var drops = DropCounts()
  /// The device's own loss before the switch could read; null if unknown; outside the ledger.
  @ExplicitNull package var kernelDrops: UInt64? = nil

  package init() {}

  enum CodingKeys: String, CodingKey {
    case rxFrames = "rx_frames"
    case rxBytes = "rx_bytes"
    case rxSegments = "rx_segments"
    case txFrames = "tx_frames"
    case txBytes = "tx_bytes"
    case txSegments = "tx_segments"
    case forwarded, flooded
    case floodCopies = "flood_copies"
    case consumed, originated, merged, split, drops
    case kernelDrops = "kernel_drops"
  }

  /// Adds another port's; wraps like the counters themselves. What is known of kernel drops is summed.
  package mutating func add(_ other: PortCounters) {
    rxFrames &+= other.rxFrames
    rxBytes &+= other.rxBytes
    rxSegments &+= other.rxSegments
    txFrames &+= other.txFrames
    txBytes &+= other.txBytes
    txSegments &+= other.txSegments
    forwarded &+= other.forwarded
    flooded &+= other.flooded
    floodCopies &+= other.floodCopies
    consumed &+= other.consumed
    originated &+= other.originated
    merged &+= other.merged
    split &+= other.split
    for (reason, count) in other.drops.counts { drops.add(count, for: reason) }
    if let known = other.kernelDrops { kernelDrops = (kernelDrops ?? 0) &+ known }
  }
}

/// Drops by reason, in the order of the closed list; a reason that never counted is absent.
package struct DropCounts: Codable, Sendable, Equatable {
  package private(set) var counts: [(reason: String, count: UInt64)] = []

  package init() {}

  /// - Parameter counts: names of reasons with counts; zeros are left out.
  package init(_ counts: [(reason: String, count: UInt64)]) {
    for (reason, count) in counts { add(count, for: reason) }
  }

  package var total: UInt64 { counts.reduce(0) { $0 &+ $1.count } }

  package subscript(reason: String) -> UInt64 { counts.first { $0.reason == reason }?.count ?? 0 }

  package mutating func add(_ count: UInt64, for reason: String) {
    guard count > 0 else { return }
    if let index = counts.firstIndex(where: { $0.reason == reason }) {
      counts[index].count &+= count
    } else {
      counts.append((reason, count))
    }
  }

  /// Equal whatever the order.
  package static func == (a: DropCounts, b: DropCounts) -> Bool {
    a.counts.count == b.counts.count && a.counts.allSatisfy { b[$0.reason] == $0.count }
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: AnyKey.self)
    for key in container.allKeys { add(try container.decode(UInt64.self, forKey: key), for: key.stringValue) }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: AnyKey.self)
    for (reason, count) in counts { try container.encode(count, forKey: AnyKey(reason)) }
  }
}
