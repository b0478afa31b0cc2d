// Sets of CPUs as the kernel writes them: lists (`0-3,8`) and masks (`f,00000001`). Total, no input or output.

/// A set of CPUs by number (cpuset(7), "Mask format" and "List format").
struct CPUList: Equatable, Sendable {
  /// Ascending, each once.
  let numbers: [Int]

  /// More CPUs than any kernel is built for.
  static let limit = 8192

  /// No CPU.
  static let none = CPUList(sorted: [])

  private init(sorted numbers: [Int]) { self.numbers = numbers }

  /// Nil if a number is negative or no kernel has it.
  init?(_ numbers: [Int]) {
    guard numbers.allSatisfy({ (0..<CPUList.limit).contains($0) }) else { return nil }
    self.init(sorted: Set(numbers).sorted())
  }

  /// `0-3,8`, white space before and behind it left out; nil for anything else.
  init?(list text: String) {
    var found: Set<Int> = []
    let word = text.split(whereSeparator: \.isWhitespace)
    guard word.count <= 1 else { return nil }
    for part in (word.first ?? "").split(separator: ",") {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { CPUList.number($0, radix: 10) }
      guard ends.count <= 2, let first = ends.first, let first, let last = ends.last, let last, first <= last,
        last < CPUList.limit
      else { return nil }
      found.formUnion(first...last)
    }
    self.init(sorted: found.sorted())
  }

  /// Words of 32 bits in hexadecimal, the highest first, white space before and behind left out; nil for anything else.
  init?(mask text: String) {
    var found: [Int] = []
    let word = text.split(whereSeparator: \.isWhitespace)
    guard word.count == 1 else { return nil }
    let parts = word[0].split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count <= CPUList.limit / 32 else { return nil }
    for (index, part) in parts.reversed().enumerated() {
      guard let bits = CPUList.number(part, radix: 16) else { return nil }
      for bit in 0..<32 where bits >> bit & 1 == 1 { found.append(index * 32 + bit) }
    }
    self.init(sorted: found)
  }

  /// Digits only: no sign, no prefix.
  private static func number(_ text: Substring, radix: Int) -> Int? {
    guard (1...8).contains(text.utf8.count), text.allSatisfy(\.isHexDigit) else { return nil }
    return Int(text, radix: radix)
  }

  /// As the kernel takes it: `3`, or `2,00000000` for CPU 33.
  var mask: String {
    var words = [UInt32](repeating: 0, count: (numbers.last ?? 0) / 32 + 1)
    for number in numbers { words[number / 32] |= 1 << UInt32(number % 32) }
    return words.reversed().enumerated().map { index, word in
      let digits = String(word, radix: 16)
      return index == 0 ? digits : String(repeating: "0", count: 8 - digits.count) + digits
    }.joined(separator: ",")
  }

  /// `0-3,8`
  var list: String {
    var parts: [String] = []
    var start = numbers.startIndex
    while start < numbers.endIndex {
      var end = start
      while end + 1 < numbers.endIndex, numbers[end + 1] == numbers[end] + 1 { end += 1 }
      parts.append(start == end ? "\(numbers[start])" : "\(numbers[start])-\(numbers[end])")
      start = end + 1
    }
    return parts.joined(separator: ",")
  }
}
