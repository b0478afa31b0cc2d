// Numbers for people: bytes, rates, durations and times. Integer arithmetic, so that no locale and no rounding of
// binary fractions comes in.

package enum Quantity {
  private static let prefixes = ["", "k", "M", "G", "T", "P", "E"]

  /// Three significant digits with a power of 1000: `999`, `1.5 k`, `12.3 M`; truncated, never rounded up.
  package static func scaled(_ value: UInt64, unit: String = "") -> String {
    var divisor: UInt64 = 1
    var power = 0
    while value / divisor >= 1000, power < prefixes.count - 1 {
      divisor *= 1000
      power += 1
    }
    let whole = value / divisor
    let symbol = prefixes[power] + unit
    let space = symbol.isEmpty ? "" : " "
    guard power > 0, whole < 100 else { return "\(whole)\(space)\(symbol)" }
    let tenths = value % divisor / (divisor / 10)
    let hundredths = value % divisor / (divisor / 100) % 10
    return whole < 10 ? "\(whole).\(tenths)\(hundredths)\(space)\(symbol)" : "\(whole).\(tenths)\(space)\(symbol)"
  }

  /// `1.50 kB`.
  package static func bytes(_ value: UInt64) -> String { scaled(value, unit: "B") }

  /// Bytes a second as bits a second: `12.3 Mbit/s`.
  package static func bitRate(bytesPerSecond: UInt64) -> String {
    let (bits, overflow) = bytesPerSecond.multipliedReportingOverflow(by: 8)
    return scaled(overflow ? .max : bits, unit: "bit/s")
  }

  /// The two largest units: `3d 4h`, `2m 5s`, `7s`.
  package static func duration(seconds: UInt64) -> String {
    let units: [(name: String, seconds: UInt64)] = [("d", 86400), ("h", 3600), ("m", 60), ("s", 1)]
    let first = units.firstIndex { seconds >= $0.seconds } ?? 3
    let large = "\(seconds / units[first].seconds)\(units[first].name)"
    guard first < 3 else { return large }
    let rest = seconds % units[first].seconds / units[first + 1].seconds
    return rest == 0 ? large : "\(large) \(rest)\(units[first + 1].name)"
  }

  /// Digits in groups of three: `1,234,567`.
  package static func grouped(_ value: UInt64) -> String {
    var text = ""
    let digits = String(value)
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return text
  }

  /// RFC 3339 in UTC with milliseconds, of a clock's reading: nanoseconds since 1970-01-01 00:00:00 UTC.
  package static func time(nanoseconds: UInt64) -> String {
    time(seconds: Int64(nanoseconds / 1_000_000_000), nanoseconds: Int64(nanoseconds % 1_000_000_000))
  }

  /// Nanoseconds as seconds, rounded up.
  package static func seconds(roundingUp nanoseconds: UInt64) -> Int {
    let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    return Int(clamping: seconds + (rest > 0 ? 1 : 0))
  }

  /// RFC 3339 in UTC with milliseconds: `2026-01-02T03:04:05.678Z`.
  /// - Parameters:
  ///   - seconds: since 1970-01-01 00:00:00 UTC; kept within the years 1970 to 9999.
  ///   - nanoseconds: 0 to 999,999,999.
  package static func time(seconds: Int64, nanoseconds: Int64 = 0) -> String {
    let seconds = min(max(seconds, 0), 253_402_300_799)
    let days = seconds / 86400
    let time = seconds % 86400
    // Days to civil date in the proleptic Gregorian calendar, counted in eras of 400 years from 0000-03-01.
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    let milliseconds = min(max(nanoseconds, 0), 999_999_999) / 1_000_000
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T"
      + "\(padded(time / 3600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2)).\(padded(milliseconds, 3))Z"
  }

  private static func padded(_ value: Int64, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
  }
}
