// The ledger: every frame that came in must be accounted for, and every copy that was meant to go out. Arithmetic on
// counters that someone else summed; it counts nothing itself.

/// Counters of one port or of the whole switch, and the two equations of the contract over them.
///
/// They hold exactly whenever traffic rests. While frames are under way, or where counters were read at different
/// moments, a difference says nothing. Sums wrap around like the counters do.
public struct Ledger: Sendable, Equatable {
  public var rxFrames: UInt64 = 0
  public var forwarded: UInt64 = 0
  public var flooded: UInt64 = 0
  public var consumed: UInt64 = 0
  public var floodCopies: UInt64 = 0
  public var originated: UInt64 = 0
  public var txFrames: UInt64 = 0
  public var merged: UInt64 = 0
  public var split: UInt64 = 0
  /// Drops by the reasons that are counted on the receiving port.
  public private(set) var ingressDrops: UInt64 = 0
  /// Drops by the reasons that are counted on the destination port.
  public private(set) var egressDrops: UInt64 = 0

  public init() {}

  /// Enters drops on the side where the reason is counted.
  public mutating func add(_ count: UInt64, droppedFor reason: DropReason) {
    if reason.isEgress { egressDrops &+= count } else { ingressDrops &+= count }
  }

  /// Adds all of another ledger, for instance that of a further port.
  public mutating func add(_ other: Ledger) {
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
  public struct Difference: Sendable, Equatable, CustomStringConvertible {
    public enum Side: Sendable {
      /// `rx_frames = forwarded + flooded + consumed + ingress drops`; for each port, so for the switch as well.
      case ingress
      /// `forwarded + flood_copies + originated = tx_frames + merged - split + egress drops`; for the switch only.
      case egress
    }
    public let side: Side
    /// Frames that were counted on the left and are missing on the right; negative where the right has too many.
    public let missing: Int64

    public var description: String {
      let equation =
        switch side {
        case .ingress: "rx_frames = forwarded + flooded + consumed + drops by ingress reasons"
        case .egress: "forwarded + flood_copies + originated = tx_frames + merged - split + drops by egress reasons"
        }
      return "\(equation): the right side is \(missing.magnitude) too \(missing < 0 ? "large" : "small")"
    }
  }

  /// What came in against what became of it; nil where it is equal. Holds for each port and for sums of ports.
  public var ingressDifference: Difference? {
    difference(.ingress, rxFrames, forwarded &+ flooded &+ consumed &+ ingressDrops)
  }

  /// What was to go out against what did; nil where it is equal. Holds for the sum over all ports only, since
  /// `forwarded` stands on the receiving port and `tx_frames` on the other.
  public var egressDifference: Difference? {
    difference(.egress, forwarded &+ floodCopies &+ originated, txFrames &+ merged &- split &+ egressDrops)
  }

  /// The equations that do not hold of the whole switch; empty if the books are straight.
  public var differences: [Difference] { [ingressDifference, egressDifference].compactMap { $0 } }

  private func difference(_ side: Difference.Side, _ left: UInt64, _ right: UInt64) -> Difference? {
    left == right ? nil : Difference(side: side, missing: Int64(bitPattern: left &- right))
  }
}
