// A set of small numbers as words of bits: VLAN identifiers and port slots on the control side. Nothing of it is on the
// frame's way.

/// Numbers from 0 to 4095.
package struct NumberSet: Sendable, Hashable, Sequence {
  /// Numbers 64 * n to 64 * n + 63 in word n, the first in the lowest bit; the last word is not 0.
  private(set) var words: [UInt64] = []

  /// As many numbers there are.
  package static var limit: Int { 4096 }

  package init() {}

  /// - Parameter words: numbers 64 * n to 64 * n + 63 in word n, the first in the lowest bit; what is behind 64 words
  ///   is left out.
  package init(words: some Sequence<UInt64>) {
    self.words = Array(words.prefix(NumberSet.limit / 64))
    trim()
  }

  /// Those of `numbers` that can be in a set.
  package init(_ numbers: some Sequence<UInt16>) {
    for number in numbers { insert(number) }
  }

  /// All there are.
  static var all: NumberSet { NumberSet(words: repeatElement(.max, count: NumberSet.limit / 64)) }

  package var isEmpty: Bool { words.isEmpty }
  package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  package func contains(_ number: UInt16) -> Bool {
    let word = Int(number) / 64
    return word < words.count && words[word] >> UInt64(number % 64) & 1 != 0
  }

  /// Does nothing for a number that can be in no set.
  package mutating func insert(_ number: UInt16) {
    let word = Int(number) / 64
    guard word < NumberSet.limit / 64 else { return }
    if word >= words.count { words += repeatElement(0, count: word + 1 - words.count) }
    words[word] |= 1 << UInt64(number % 64)
  }

  package mutating func remove(_ number: UInt16) {
    guard contains(number) else { return }
    words[Int(number) / 64] &= ~(1 << UInt64(number % 64))
    trim()
  }

  mutating func toggle(_ number: UInt16) {
    if contains(number) { remove(number) } else { insert(number) }
  }

  package func union(_ other: NumberSet) -> NumberSet { combined(other, |) }
  package func intersection(_ other: NumberSet) -> NumberSet { combined(other, &) }
  package func subtracting(_ other: NumberSet) -> NumberSet { combined(other) { $0 & ~$1 } }
  package func symmetricDifference(_ other: NumberSet) -> NumberSet { combined(other, ^) }

  private func combined(_ other: NumberSet, _ operation: (UInt64, UInt64) -> UInt64) -> NumberSet {
    var result = NumberSet()
    let count = Swift.max(words.count, other.words.count)
    result.words.reserveCapacity(count)
    for word in 0..<count {
      let (mine, theirs) = (
        word < words.count ? words[word] : 0, word < other.words.count ? other.words[word] : 0
      )
      result.words.append(operation(mine, theirs))
    }
    result.trim()
    return result
  }

  private mutating func trim() {
    while words.last == 0 { words.removeLast() }
  }

  /// The lowest; nil in an empty set.
  package var first: UInt16? {
    for (index, word) in words.enumerated() where word != 0 { return UInt16(index * 64 + word.trailingZeroBitCount) }
    return nil
  }

  /// In rising order.
  package struct Iterator: IteratorProtocol {
    fileprivate let words: [UInt64]
    fileprivate var index = -1
    fileprivate var bits: UInt64 = 0

    package mutating func next() -> UInt16? {
      while bits == 0 {
        index += 1
        guard index < words.count else { return nil }
        bits = words[index]
      }
      defer { bits &= bits - 1 }
      return UInt16(index * 64 + bits.trailingZeroBitCount)
    }
  }

  package func makeIterator() -> Iterator { Iterator(words: words) }

  /// Numbers that follow each other, in rising order.
  package var ranges: [ClosedRange<UInt16>] {
    var ranges: [ClosedRange<UInt16>] = []
    for number in self {
      if let last = ranges.last, last.upperBound + 1 == number {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    return ranges
  }
}
