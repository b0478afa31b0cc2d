// Limits per second as users write them: frames, or bits with a unit. What is measured and how much may come at once
// is for the data plane to say.

/// The value of a `storm_…` setting.
package enum RateLimit: Sendable, Hashable {
  /// Frames a second, 1 to 1,000,000,000; a GSO frame counts what it stands for.
  case frames(Int)
  /// Bits a second, 1 to 10^12.
  case bits(Int)
}

/// `N[kMG]bit`: bits a second.
package enum BitRate {
  package static let range = 1...1_000_000_000_000
  private static let units: [(prefix: String, factor: Int)] = [("G", 1_000_000_000), ("M", 1_000_000), ("k", 1000)]

  /// Nil unless it is digits, an optional k, M or G (powers of 1000), and `bit`; `Int.max` where that does not fit.
  package static func parse(_ text: String) -> Int? {
    guard text.hasSuffix("bit") else { return nil }
    let number = text.dropLast(3)
    // Powers of 1024 are for sizes only.
    return number.hasSuffix("i") ? nil : Units.parseSize(String(number))
  }

  /// The shortest text that is exact: `10Mbit`, `1500kbit`.
  package static func text(_ bits: Int) -> String {
    for (prefix, factor) in units where bits != 0 && bits % factor == 0 { return "\(bits / factor)\(prefix)bit" }
    return "\(bits)bit"
  }

  /// The rate that was probably meant by `10mbit`, `10M`, `10Mbit/s`, `1.5Gbit` or a bare number.
  static func meant(by text: String) -> String? {
    guard text.utf8.count <= 24 else { return nil }
    var word = text.lowercased()
    for ending in ["/s", "ps", "s"] where word.hasSuffix(ending) {
      word.removeLast(ending.count)
      break
    }
    for ending in ["bit", "b"] where word.hasSuffix(ending) {
      word.removeLast(ending.count)
      break
    }
    var factor = 1
    if let unit = units.first(where: { word.hasSuffix($0.prefix.lowercased()) }) {
      factor = unit.factor
      word.removeLast()
    }
    let parts = word.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = parts.first.flatMap({ Units.parseDigits($0.utf8) }) else { return nil }
    var (bits, overflow) = whole.multipliedReportingOverflow(by: factor)
    if parts.count == 2 {
      guard parts[1].utf8.count <= 3, var fraction = Units.parseDigits(parts[1].utf8) else { return nil }
      for _ in 0..<parts[1].utf8.count {
        factor /= 10
      }
      fraction *= factor
      bits = bits.addingReportingOverflow(fraction).partialValue
    }
    overflow = overflow || !range.contains(bits)
    return overflow ? nil : BitRate.text(bits)
  }
}

extension SettingValue {
  /// What a `storm_…` setting holds.
  var rateLimit: RateLimit? {
    switch self {
    case .integer(let frames): .frames(frames)
    case .text(let text): BitRate.parse(text).map { .bits($0) }
    default: nil
    }
  }
}
