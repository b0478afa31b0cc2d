// The ports that a flooded frame of some VLANs goes to. Built by the control thread, never changed once built; the
// worker only swaps which set stands under an index. Holding unsafe memory, it must not be read after `deallocate`.

/// A handle on an immutable pair of bitsets: the members, and those of them that the frame leaves untagged at.
///
/// One block of words: number of members, words in a bitset, the members' bitset, the untagged members' bitset.
/// The handle may be copied; its memory is freed once, by whoever took the set out of use.
@safe
public struct FloodSet: @unchecked Sendable, BitwiseCopyable {
  public let base: UnsafeMutablePointer<UInt64>

  /// Builds a set. Control thread only: it allocates, 16 + 2 * ceil((highest member + 1) / 64) * 8 bytes.
  /// Ports at or above `PortIndex.limit` and untagged ports that are no members are left out.
  public static func allocate(members: [PortIndex], untagged: [PortIndex]) -> FloodSet {
    var words = 0
    for port in members where port.slot < PortIndex.limit { words = max(words, port.slot / 64 + 1) }
    let base = UnsafeMutablePointer<UInt64>.allocate(capacity: 2 + 2 * words)
    unsafe base.initialize(repeating: 0, count: 2 + 2 * words)
    unsafe base[1] = UInt64(words)
    for port in members where port.slot < PortIndex.limit {
      unsafe base[2 + port.slot / 64] |= 1 << UInt64(port.slot % 64)
    }
    for port in untagged where port.slot / 64 < words {
      let bit = unsafe base[2 + port.slot / 64] & (1 << UInt64(port.slot % 64))
      unsafe base[2 + words + port.slot / 64] |= bit
    }
    var count = 0
    for word in 0..<words { count += unsafe base[2 + word].nonzeroBitCount }
    unsafe base[0] = UInt64(count)
    return unsafe FloodSet(base: base)
  }

  @inlinable
  public init(base: UnsafeMutablePointer<UInt64>) { unsafe self.base = base }

  /// Frees the memory. To be called once, when no worker can see the set any more.
  public func deallocate() { unsafe base.deallocate() }

  @inlinable public var memberCount: Int { Int(truncatingIfNeeded: unsafe base[0]) }
  @inlinable public var wordCount: Int { Int(truncatingIfNeeded: unsafe base[1]) }

  @inlinable
  public func contains(_ port: PortIndex) -> Bool {
    let word = port.slot &>> 6
    return unsafe word < wordCount && base[2 &+ word] &>> UInt64(port.slot & 63) & 1 != 0
  }

  /// The frame leaves `port` without a tag: the VLAN is native there.
  @inlinable
  public func isUntagged(_ port: PortIndex) -> Bool {
    let word = port.slot &>> 6
    return unsafe word < wordCount && base[2 &+ wordCount &+ word] &>> UInt64(port.slot & 63) & 1 != 0
  }

  /// Nobody is left to send to once `ingress` is taken out.
  @inlinable @inline(__always)
  public func isEmpty(without ingress: PortIndex) -> Bool {
    let count = memberCount
    return count == 0 || (count == 1 && contains(ingress))
  }
}

/// Which members a walk visits: a frame is first written in the form it has, then changed once and written in the
/// other.
public enum FloodForm: UInt8, Sendable { case all, untagged, tagged }

/// A walk over the members of a set in rising order, without the ingress port. A value with no memory of its own.
@safe
public struct FloodCursor {
  public let set: FloodSet
  public let form: FloodForm
  public let ingress: PortIndex
  public var word: Int
  public var bits: UInt64

  @inlinable
  public init(_ set: FloodSet, excluding ingress: PortIndex, form: FloodForm = .all) {
    self.set = set
    self.form = form
    self.ingress = ingress
    word = -1
    bits = 0
  }

  /// The next port to send to, or nil at the end.
  @inlinable
  public mutating func next() -> PortIndex? {
    while bits == 0 {
      word &+= 1
      guard word < set.wordCount else { return nil }
      bits = unsafe set.base[2 &+ word]
      if form != .all {
        let untagged = unsafe set.base[2 &+ set.wordCount &+ word]
        bits = form == .untagged ? bits & untagged : bits & ~untagged
      }
      if ingress.slot &>> 6 == word { bits &= ~(1 &<< UInt64(ingress.slot & 63)) }
    }
    let bit = bits.trailingZeroBitCount
    bits &= bits &- 1
    return PortIndex(rawValue: UInt16(truncatingIfNeeded: word &<< 6 &+ bit))
  }
}
