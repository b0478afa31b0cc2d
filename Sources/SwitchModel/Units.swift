// Sizes and durations as users write them. Total: text becomes a number or nil, never a trap.

package enum Units {
  /// Digits with an optional suffix: k, M, G (powers of 1000) or Ki, Mi, Gi (powers of 1024). `010` is ten.
  /// Nil if it is anything else; `Int.max` where the number does not fit, so that a range check says "too large".
  package static func parseSize(_ text: String) -> Int? {
    let suffixes: [(String, Int)] = [
      ("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30), ("k", 1000), ("M", 1_000_000), ("G", 1_000_000_000),
    ]
    for (suffix, factor) in suffixes where text.hasSuffix(suffix) {
      return scaled(text.utf8.dropLast(suffix.utf8.count), by: factor)
    }
    return scaled(text.utf8[...], by: 1)
  }

  /// Seconds, or digits with `s`, `m` or `h`. In seconds; nil and `Int.max` as for sizes.
  package static func parseDuration(_ text: String) -> Int? {
    let factor: Int
    switch text.utf8.last {
    case UInt8(ascii: "s"): factor = 1
    case UInt8(ascii: "m"): factor = 60
    case UInt8(ascii: "h"): factor = 3600
    default: return scaled(text.utf8[...], by: 1)
    }
    return scaled(text.utf8.dropLast(), by: factor)
  }

  /// Decimal digits only, at least one; saturates at `Int.max`.
  static func parseDigits(_ digits: Substring.UTF8View) -> Int? {
    guard !digits.isEmpty, digits.allSatisfy(isDigit) else { return nil }
    var value = 0
    for digit in digits {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(Int(digit &- UInt8(ascii: "0")))
      if overflow || carry { return .max }
      value = sum
    }
    return value
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private static func scaled(_ digits: Substring.UTF8View, by factor: Int) -> Int? {
    guard let value = parseDigits(digits) else { return nil }
    let (product, overflow) = value.multipliedReportingOverflow(by: factor)
    return overflow ? .max : product
  }
}
