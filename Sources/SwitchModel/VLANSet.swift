// A set of VLANs: 4096 bits, with ranges as users write them. Values for configuration and control; frames see what is
// computed from them, never this.

/// VLANs 1 to 4094; other numbers are never in it.
package struct VLANSet: Sendable, Hashable {
  /// What a VLAN may be: 0 means none and 4095 is reserved (802.1Q-2018 table 9-2).
  package static let range: ClosedRange<UInt16> = 1...4094

  /// Bit `vlan % 64` of word `vlan / 64`; 64 words.
  package private(set) var words = [UInt64](repeating: 0, count: 64)

  /// The empty set.
  package init() {}

  /// - Parameter vlans: those outside 1 to 4094 are left out.
  package init(_ vlans: some Sequence<UInt16>) { for vlan in vlans { insert(vlan) } }

  package init(_ range: ClosedRange<UInt16>) {
    for vlan in range.clamped(to: VLANSet.range) where range.contains(vlan) { insert(vlan) }
  }

  /// 1 to 4094.
  package static let all = VLANSet(range)

  package var isEmpty: Bool { words.allSatisfy { $0 == 0 } }
  package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  package func contains(_ vlan: UInt16) -> Bool {
    VLANSet.range.contains(vlan) && words[Int(vlan >> 6)] & 1 << UInt64(vlan & 63) != 0
  }

  /// Does nothing for a number that is no VLAN.
  package mutating func insert(_ vlan: UInt16) {
    if VLANSet.range.contains(vlan) { words[Int(vlan >> 6)] |= 1 << UInt64(vlan & 63) }
  }

  package mutating func remove(_ vlan: UInt16) {
    if VLANSet.range.contains(vlan) { words[Int(vlan >> 6)] &= ~(1 << UInt64(vlan & 63)) }
  }

  package func removing(_ vlan: UInt16) -> VLANSet {
    var set = self
    set.remove(vlan)
    return set
  }

  package func union(_ other: VLANSet) -> VLANSet { combined(other, |) }
  package func intersection(_ other: VLANSet) -> VLANSet { combined(other, &) }
  package func subtracting(_ other: VLANSet) -> VLANSet { combined(other) { $0 & ~$1 } }

  private func combined(_ other: VLANSet, _ operation: (UInt64, UInt64) -> UInt64) -> VLANSet {
    var set = self
    for index in words.indices { set.words[index] = operation(words[index], other.words[index]) }
    return set
  }

  /// Neighbours joined, ascending.
  package var ranges: [ClosedRange<UInt16>] {
    var ranges: [ClosedRange<UInt16>] = []
    for vlan in self {
      if let last = ranges.last, last.upperBound &+ 1 == vlan {
        ranges[ranges.count - 1] = last.lowerBound...vlan
      } else {
        ranges.append(vlan...vlan)
      }
    }
    return ranges
  }

  /// One text a range: `2-9`, `11`.
  package var items: [String] {
    ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
  }

  /// `2-9,11`; empty for none.
  package var text: String { items.joined(separator: ",") }
}

extension VLANSet: Sequence {
  /// The VLANs, ascending.
  package struct Iterator: IteratorProtocol {
    private let words: [UInt64]
    private var index = 0
    private var rest: UInt64

    fileprivate init(_ words: [UInt64]) {
      self.words = words
      rest = words[0]
    }

    package mutating func next() -> UInt16? {
      while rest == 0 {
        index += 1
        guard index < words.count else {
          index = words.count - 1
          return nil
        }
        rest = words[index]
      }
      let bit = rest.trailingZeroBitCount
      rest &= rest &- 1
      return UInt16(truncatingIfNeeded: index * 64 + bit)
    }
  }

  package func makeIterator() -> Iterator { Iterator(words) }
  package var underestimatedCount: Int { count }
}

/// Numbers and ranges of them, as lists in settings hold them.
enum NumberRanges {
  /// Reads `7` and `3-9`: ascending inside, and no number twice.
  /// - Parameters:
  ///   - range: which numbers there are.
  ///   - what: what a number is, such as `a VLAN ID from 1 to 4094`.
  static func parse(_ items: [String], in range: ClosedRange<Int>, what: String) throws(ValueFault)
    -> [ClosedRange<Int>]
  {
    let allowed = "\(what), or a range of them such as \(range.lowerBound)-\(range.lowerBound + 9)"
    var read: [(range: ClosedRange<Int>, text: String)] = []
    for item in items {
      let parts = item.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
      var bounds: [Int] = []
      for part in parts {
        guard let number = Units.parseDigits(part.utf8), range.contains(number) else {
          throw ValueFault(item, allowed: allowed)
        }
        bounds.append(number)
      }
      guard let first = bounds.first, let last = bounds.last else { throw ValueFault(item, allowed: allowed) }
      guard first <= last else {
        throw ValueFault(item, allowed: "ranges that ascend", suggestion: "\(last)-\(first)")
      }
      read.append((first...last, item))
    }
    let ordered = read.sorted { $0.range.lowerBound < $1.range.lowerBound }
    for (a, b) in zip(ordered, ordered.dropFirst()) where a.range.upperBound >= b.range.lowerBound {
      throw ValueFault(
        "\(a.text)+\(b.text)", allowed: "each number once, but \(b.range.lowerBound) is in both")
    }
    return ordered.map(\.range)
  }
}
