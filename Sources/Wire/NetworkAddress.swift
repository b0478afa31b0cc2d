// An address of the network layer as a value, and as text. Whether anybody may use it is policy, and not judged here.

/// An IPv4 or IPv6 address as it stood in a packet; IPv4 sorts first.
package enum NetworkAddress: Hashable, Sendable, BitwiseCopyable {
  /// First octet most significant.
  case v4(UInt32)
  case v6(UInt128)

  /// One station's own address: not unspecified, not loopback, no group, no broadcast of the whole network.
  package var isOneStation: Bool {
    switch self {
    case .v4(let bits): bits >> 24 != 0 && bits >> 24 != 127 && bits >> 28 < 0xE
    case .v6(let bits): bits > 1 && bits >> 120 != 0xFF
    }
  }
}

extension NetworkAddress: Comparable {
  package static func < (a: NetworkAddress, b: NetworkAddress) -> Bool {
    switch (a, b) {
    case (.v4(let a), .v4(let b)): a < b
    case (.v6(let a), .v6(let b)): a < b
    case (.v4, .v6): true
    case (.v6, .v4): false
    }
  }
}

extension NetworkAddress: CustomStringConvertible {
  /// Dotted decimal; RFC 5952 for IPv6.
  package var description: String {
    switch self {
    case .v4(let bits):
      return [24, 16, 8, 0].map { String(bits >> UInt32($0) & 0xFF) }.joined(separator: ".")
    case .v6(let bits):
      let groups = (0..<8).map { UInt16(truncatingIfNeeded: bits >> UInt128(112 - 16 * $0)) }
      let gap = NetworkAddress.longestZeros(groups)
      let text = { (range: Range<Int>) in range.map { String(groups[$0], radix: 16) }.joined(separator: ":") }
      return gap.isEmpty ? text(0..<8) : text(0..<gap.lowerBound) + "::" + text(gap.upperBound..<8)
    }
  }

  /// What `::` stands for (RFC 5952 clause 4.2): the longest run of at least two zero groups, the first of equals.
  private static func longestZeros(_ groups: [UInt16]) -> Range<Int> {
    var best = 0..<0
    var start = 0
    while start < groups.count {
      var end = start
      while end < groups.count, groups[end] == 0 { end += 1 }
      if end - start >= 2, end - start > best.count { best = start..<end }
      start = max(end, start + 1)
    }
    return best
  }
}
