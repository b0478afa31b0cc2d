// The counters of a port as a value, for the control side.

package import BridgeCore

/// What had been counted for one port, or for several together, at some moment.
package struct CounterSnapshot: Sendable, Equatable {
  var values = [UInt64](repeating: 0, count: Counter.allCases.count)
  /// Only reasons that counted.
  package var drops: [DropReason: UInt64] = [:]
  /// When each of them counted last: nanoseconds since 1970.
  package var lastDrop: [DropReason: UInt64] = [:]

  package init() {}

  package subscript(_ counter: Counter) -> UInt64 { values[counter.rawValue] }

  /// Adds what `other` counted; of two last drops the later one stands.
  package mutating func add(_ other: CounterSnapshot) {
    for index in values.indices { values[index] &+= other.values[index] }
    drops.merge(other.drops) { $0 &+ $1 }
    lastDrop.merge(other.lastDrop) { max($0, $1) }
  }
}
