// Why addresses move between ports: a loop moves many together, back and forth; a clone is one address in two places.
// It is told of moves and asked about a pinned one; it must not act.

package import Wire

/// The moves of the last ten seconds, at most the last 4,096. Times are nanoseconds of one monotonic clock.
///
/// Told of all moves of a batch first, then asked about the pinned ones: the first address of a storm to be pinned is
/// otherwise alone.
package struct MoveWatch: Sendable {
  package static let window: UInt64 = 10_000_000_000
  package static let capacity = 4096
  /// So many different addresses between the same two ports are a loop.
  package static let loopThreshold = 3

  /// Why an address keeps moving.
  package enum Cause: Sendable, Equatable {
    /// `loopThreshold` or more addresses went to and fro between the same two ports.
    case loop
    /// This address, alone or with one other (a station may have two), is heard on both ports.
    case clone
  }

  package struct Finding: Sendable, Equatable {
    package let cause: Cause
    /// The two ports, lower first.
    package let ports: [UInt16]
    /// Different addresses that moved between them.
    package let addresses: Int
    /// Of the address that was asked for, between these ports.
    package let moves: Int
    /// Of all addresses between these ports.
    package let allMoves: Int
    /// Nanoseconds from the first of those moves to now, at least a second.
    package let span: UInt64

    /// Moves a second of the address, and of all, in tenths, rounded.
    package var rateInTenths: Int { Finding.tenths(moves, span) }
    package var allRateInTenths: Int { Finding.tenths(allMoves, span) }

    private static func tenths(_ moves: Int, _ span: UInt64) -> Int {
      // at most 4,096 records of 2^32 moves: no overflow
      let milliseconds = Int(span / 1_000_000)
      return (moves * 10_000 + milliseconds / 2) / milliseconds
    }
  }

  private struct Pair: Hashable {
    let low: UInt16
    let high: UInt16
  }
  private struct Record {
    let mac: MACAddress
    let vlan: UInt16
    let pair: Pair
    let isRising: Bool
    let count: UInt32
    let time: UInt64
  }

  private var ring: [Record] = []
  private var oldest = 0

  package init() {}

  /// An address moved, `count` times since it was last told. From a port to itself is no move.
  package mutating func note(
    _ mac: MACAddress, vlan: UInt16, from: UInt16, to: UInt16, count: UInt32 = 1, at now: UInt64
  ) {
    guard from != to, count > 0 else { return }
    let pair = Pair(low: min(from, to), high: max(from, to))
    let record = Record(mac: mac, vlan: vlan, pair: pair, isRising: from < to, count: count, time: now)
    if ring.count < MoveWatch.capacity {
      ring.append(record)
    } else {
      ring[oldest] = record
      oldest = (oldest + 1) % MoveWatch.capacity
    }
  }

  /// A port's slot is free: what is remembered of it is no longer about the port that will have it.
  package mutating func forget(_ port: UInt16) {
    ring = (ring[oldest...] + ring[..<oldest]).filter { $0.pair.low != port && $0.pair.high != port }
    oldest = 0
  }

  /// Why an address keeps moving, as far as the last ten seconds tell; nil if it did not move in them.
  package func judge(_ mac: MACAddress, vlan: UInt16, at now: UInt64) -> Finding? {
    let recent = ring.filter { $0.time <= now && now - $0.time <= MoveWatch.window }
    var own: [Pair: Int] = [:]
    for record in recent where record.mac == mac && record.vlan == vlan {
      own[record.pair, default: 0] += Int(record.count)
    }
    let findings = own.map { MoveWatch.finding($0.key, moves: $0.value, recent, at: now) }
    // the pair where most addresses move, then where this one moves most, then the lowest ports
    return findings.max {
      ($0.addresses, $0.moves, $1.ports[0], $1.ports[1]) < ($1.addresses, $1.moves, $0.ports[0], $0.ports[1])
    }
  }

  private static func finding(_ pair: Pair, moves: Int, _ recent: [Record], at now: UInt64) -> Finding {
    var addresses: Set<MACAddress> = []
    var directions: Set<Bool> = []
    var first = now
    var total = 0
    for record in recent where record.pair == pair {
      addresses.insert(record.mac)
      directions.insert(record.isRising)
      first = min(first, record.time)
      total += Int(record.count)
    }
    // a guest with many addresses that is moved to another port moves one way, once
    let isLoop = addresses.count >= loopThreshold && directions.count == 2
    return Finding(
      cause: isLoop ? .loop : .clone, ports: [pair.low, pair.high], addresses: addresses.count, moves: moves,
      allMoves: total, span: max(now - first, 1_000_000_000))
  }
}
