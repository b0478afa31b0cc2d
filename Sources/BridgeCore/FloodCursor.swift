// Who gets a copy of a flooded frame: the intersection of three sets of ports, walked word by word. It must not judge
// whether the frame is to be flooded.

/// Why a frame goes to more than one port, and so which ports it is kept from by their `flood` setting.
public enum FloodKind: UInt8, Sendable, BitwiseCopyable, CaseIterable {
  /// To one address that is not known.
  case unicast = 1
  /// To a group other than all stations.
  case multicast = 2
  /// To all stations.
  case broadcast = 3
}

/// The sets of ports that hold for all VLANs alike.
public enum FloodMask: UInt8, Sendable, BitwiseCopyable, CaseIterable {
  /// Ports that are up.
  case up = 0
  /// Ports that are up and take frames to unknown addresses …
  case unicast = 1
  /// … to groups …
  case multicast = 2
  /// … and to all stations.
  case broadcast = 3
}

/// A walk in rising order over the ports that are in three sets, without the ingress port. A value with no memory of its
/// own; the sets must stay in force while it is used.
@safe
public struct FloodCursor {
  public let members: FloodSet
  public let mask: FloodSet
  public let reach: FloodSet
  public let ingress: PortIndex
  public var word: Int
  public var bits: UInt64
  public let words: Int

  /// Among `members` of the VLAN those in `mask` that are also in `reach`.
  @inlinable
  public init(_ members: FloodSet, _ mask: FloodSet, _ reach: FloodSet, excluding ingress: PortIndex) {
    self.members = members
    self.mask = mask
    self.reach = reach
    self.ingress = ingress
    word = -1
    bits = 0
    words = min(members.wordCount, min(mask.wordCount, reach.wordCount))
  }

  /// The next port to send to, or nil at the end.
  @inlinable
  public mutating func next() -> PortIndex? {
    while bits == 0 {
      word &+= 1
      guard word < words else { return nil }
      bits = unsafe members.base[2 &+ word] & mask.base[2 &+ word] & reach.base[2 &+ word]
      if ingress.slot &>> 6 == word { bits &= ~(1 &<< UInt64(ingress.slot & 63)) }
    }
    let bit = bits.trailingZeroBitCount
    bits &= bits &- 1
    return PortIndex(rawValue: UInt16(truncatingIfNeeded: word &<< 6 &+ bit))
  }

  /// Nobody is left. To be asked of a cursor that has not moved.
  @inlinable @inline(__always)
  public var isEmpty: Bool {
    let own = ingress.slot &>> 6
    var word = 0
    while word < words {
      var bits = unsafe members.base[2 &+ word] & mask.base[2 &+ word] & reach.base[2 &+ word]
      if word == own { bits &= ~(1 &<< UInt64(ingress.slot & 63)) }
      if bits != 0 { return false }
      word &+= 1
    }
    return true
  }
}
