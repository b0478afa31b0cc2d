// The closed list of reasons for which a frame, or one copy of it, is not delivered. Counters, `drops`,
// metrics and captures all use this list. Names are part of the contract: new ones may be added, none renamed.

/// Why a frame (ingress) or one copy of it (egress) went nowhere.
public enum DropReason: UInt8, CaseIterable, Sendable, BitwiseCopyable {
  // ingress: counted on the receiving port
  case runt, oversize, badSource, badTag, vlanNotAllowed, frameType, reservedAddress, pause, badOffload
  case macLimit, locked, sourceNotAllowed, bpduGuard, stormBroadcast, stormMulticast, stormUnknown, rateIn
  case samePort, isolated, floodOff, noDestination, noNeighbour
  // egress: counted on the destination port
  case egressMTU, queueFull, portDown, writeError, rateOut, tooManySegments

  /// How many there are.
  @inlinable public static var count: Int { Int(DropReason.tooManySegments.rawValue) &+ 1 }

  /// Counted on the port the frame was meant for rather than on the one it came from.
  @inlinable public var isEgress: Bool { rawValue >= DropReason.egressMTU.rawValue }
}
