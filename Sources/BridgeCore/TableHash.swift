// The seeded hash of table keys. Its seed comes from outside; it must never be the same in two runs, or a guest
// could prepare addresses that collide.

/// A keyed mix of one 64-bit word: a full 64 x 64 multiplication by a secret, folded, and a second multiplication.
///
/// Which keys meet in a bucket depends on all of the three secrets, none of which a guest can see; should it guess
/// some all the same, a search still looks at 16 slots and no more (robustness row D3).
public struct TableHash: Sendable, BitwiseCopyable {
  public let first: UInt64
  public let second: UInt64
  public let third: UInt64

  public init(seed: UInt64) {
    var state = seed
    first = TableHash.step(&state)
    // An even factor would throw away top bits of the key.
    second = TableHash.step(&state) | 1
    third = TableHash.step(&state) | 1
  }

  @inlinable @inline(__always)
  public func callAsFunction(_ key: UInt64) -> UInt64 {
    let product = (key ^ first).multipliedFullWidth(by: second)
    let folded = product.high ^ product.low
    return (folded ^ folded &>> 32) &* third
  }

  /// SplitMix64 (Steele, Lea, Flood 2014): spreads one seed over several.
  private static func step(_ state: inout UInt64) -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
