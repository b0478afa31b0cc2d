// The ledger: every frame that came in must be accounted for, and every copy that was meant to go out. Arithmetic on
// counters that someone else summed; it counts nothing itself.

/// Counters of one port or of the whole switch, and the two equations of the contract over them.
///
/// They hold exactly whenever traffic rests. While frames are under way, or where counters were read at different
/// moments, a difference says nothing. Sums wrap around like the counters do.
package struct Ledger: Sendable, Equatable {
  package var rxFrames: UInt64 = 0
  package var forwarded: UInt64 = 0
  package var flooded: UInt64 = 0
  package var consumed: UInt64 = 0
  package var floodCopies: UInt64 = 0
  package var originated: UInt64 = 0
  package var txFrames: UInt64 = 0
  package var merged: UInt64 = 0
  package var split: UInt64 = 0
  /// Drops by the reasons that are counted on the receiving port.
  package private(set) var ingressDrops: UInt64 = 0
  /// Drops by the reasons that are counted on the destination port.
  package private(set) var egressDrops: UInt64 = 0

  package init() {}

  /// Enters drops on the side where the reason is counted.
  package mutating func add(_ count: UInt64, droppedFor reason: DropReason) {
    if reason.isEgress { egressDrops &+= count } else { ingressDrops &+= count }
  }

  /// Adds all of another ledger, for instance that of a further port.
  package mutating func add(_ other: Ledger) {
    rxFrames &+= other.rxFrames
    forwarded &+= other.forwarded
    flooded &+= other.flooded
    consumed &+= other.consumed
    floodCopies &+= other.floodCopies
    originated &+= other.originated
    txFrames &+= other.txFrames
    merged &+= other.merged
    split &+= other.split
    ingressDrops &+= other.ingressDrops
    egressDrops &+= other.egressDrops
  }

  /// One equation that does not hold.
  package struct Difference: Sendable, Equatable, CustomStringConvertible {
    package enum Side: Sendable {
      /// `rx_frames = forwarded + flooded + consumed + ingress drops`; for each port, so for the switch as well.
      case ingress
      /// `forwarded + flood_copies + originated = tx_frames + merged - split + egress drops`; for the switch only.
      case egress
    }
    package let side: Side
    /// Frames that were counted on the left and are missing on the right; negative where the right has too many.
    package let missing: Int64

    package var description: String {
      let equation =
        switch side {
        case .ingress: "rx_frames = forwarded + flooded + consumed + drops by ingress reasons"
        case .egress: "forwarded + flood_copies + originated = tx_frames + merged - split + drops by egress reasons"
        }
      return "\(equation): the right side is \(missing.magnitude) too \(missing < 0 ? "large" : "small")"
    }
  }

  /// What came in against what became of it; nil where it is equal. Holds for each port and for sums of ports.
  package var ingressDifference: Difference? {
    difference(.ingress, rxFrames, forwarded &+ flooded &+ consumed &+ ingressDrops)
  }

  /// What was to go out against what did; nil where it is equal. Holds for the sum over all ports only, since
  /// `forwarded` stands on the receiving port and `tx_frames` on the other.
  package var egressDifference: Difference? {
    difference(.egress, forwarded &+ floodCopies &+ originated, txFrames &+ merged &- split &+ egressDrops)
  }

  /// The equations that do not hold of the whole switch; empty if the books are straight.
  package var differences: [Difference] { [ingressDifference, egressDifference].compactMap { $0 } }

  private func difference(_ side: Difference.Side, _ left: UInt64, _ right: UInt64) -> Difference? {
    left == right ? nil : Difference(side: side, missing: Int64(bitPattern: left &- right))
  }
}
