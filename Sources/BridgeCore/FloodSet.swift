// A set of ports: the members of VLANs, who takes which kind of flooded frame, who may be reached. Built by the control
// thread, never changed once built; the worker only swaps which set stands where. Holding unsafe memory, it must not be
// read after `deallocate`.

/// A handle on an immutable bitset of ports.
///
/// One block of words: number of members, words in the bitset, the bitset, whose last word is not empty. The handle may
/// be copied; its memory is freed once, by whoever took the set out of use.
@safe
public struct FloodSet: @unchecked Sendable, BitwiseCopyable {
  public let base: UnsafeMutablePointer<UInt64>

  /// Builds a set. Control thread only: it allocates, 16 + ceil((highest member + 1) / 64) * 8 octets. Ports at or
  /// above `PortIndex.limit` are left out.
  public static func allocate(members: some Sequence<PortIndex>) -> FloodSet {
    var bits: [UInt64] = []
    for port in members where port.slot < PortIndex.limit {
      while bits.count <= port.slot / 64 { bits.append(0) }
      bits[port.slot / 64] |= 1 << UInt64(port.slot % 64)
    }
    let base = UnsafeMutablePointer<UInt64>.allocate(capacity: 2 + bits.count)
    unsafe base.initialize(to: UInt64(bits.reduce(0) { $0 + $1.nonzeroBitCount }))
    unsafe (base + 1).initialize(to: UInt64(bits.count))
    for (word, value) in bits.enumerated() { unsafe (base + 2 + word).initialize(to: value) }
    return unsafe FloodSet(base: base)
  }

  @inlinable
  public init(base: UnsafeMutablePointer<UInt64>) { unsafe self.base = base }

  /// Frees the memory. To be called once, when no worker can see the set any more.
  public func deallocate() { unsafe base.deallocate() }

  @inlinable public var memberCount: Int { Int(truncatingIfNeeded: unsafe base[0]) }
  @inlinable public var wordCount: Int { Int(truncatingIfNeeded: unsafe base[1]) }

  /// Ports 64 * `word` to 64 * `word` + 63, the first in the lowest bit; 0 beyond the end.
  @inlinable @inline(__always)
  public func bits(_ word: Int) -> UInt64 { word < wordCount ? unsafe base[2 &+ word] : 0 }

  @inlinable @inline(__always)
  public func contains(_ port: PortIndex) -> Bool { bits(port.slot &>> 6) &>> UInt64(port.slot & 63) & 1 != 0 }

  /// The members in rising order. Allocates: for control and tests.
  public var members: [PortIndex] {
    (0..<wordCount * 64).map { PortIndex(rawValue: UInt16($0)) }.filter { contains($0) }
  }
}
