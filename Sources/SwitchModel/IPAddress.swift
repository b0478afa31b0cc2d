// IPv4 and IPv6 addresses as text in settings: parsed totally, kept in canonical form (RFC 5952 for IPv6). What
// the kernel is told is made from the canonical text at the system side.

/// An IP address without a zone.
package struct IPAddress: Sendable, Hashable {
  /// 4 or 16 octets in network order.
  package let octets: [UInt8]
  package var isIPv6: Bool { octets.count == 16 }
  package var bitWidth: Int { octets.count * 8 }

  /// All octets zero: `0.0.0.0` or `::`.
  package var isUnspecified: Bool { octets.allSatisfy { $0 == 0 } }
  /// `224.0.0.0/4` or `ff00::/8`.
  package var isMulticast: Bool { isIPv6 ? octets[0] == 0xFF : octets[0] & 0xF0 == 0xE0 }
  /// `127.0.0.0/8` or `::1`.
  package var isLoopback: Bool {
    isIPv6 ? octets.dropLast().allSatisfy { $0 == 0 } && octets[15] == 1 : octets[0] == 127
  }

  init(octets: [UInt8]) { self.octets = octets }

  /// Dotted decimal without leading zeros (`010` would be octal to others), or RFC 4291 text.
  package init?(_ text: String) {
    guard text.utf8.count <= 45 else { return nil }
    if text.utf8.contains(UInt8(ascii: ":")) {
      guard let octets = IPAddress.parseIPv6(text) else { return nil }
      self.octets = octets
    } else {
      guard let octets = IPAddress.parseIPv4(text[...]) else { return nil }
      self.octets = octets
    }
  }

  /// The address with all but the first `length` bits cleared.
  package func network(_ length: Int) -> IPAddress {
    var result = octets
    for index in result.indices {
      let keep = min(max(length - index * 8, 0), 8)
      result[index] &= keep == 0 ? 0 : UInt8(truncatingIfNeeded: 0xFF00 >> keep)
    }
    return IPAddress(octets: result)
  }

  private static func parseIPv4(_ text: Substring) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var octets: [UInt8] = []
    for part in parts {
      guard (1...3).contains(part.utf8.count), let value = Units.parseDigits(part.utf8), value <= 255,
        part.utf8.count == 1 || part.utf8.first != UInt8(ascii: "0")
      else { return nil }
      octets.append(UInt8(truncatingIfNeeded: value))
    }
    return octets
  }

  private static func parseIPv6(_ text: String) -> [UInt8]? {
    var head: [UInt8] = []
    var tail: [UInt8] = []
    var gap = false
    var groups = text.split(separator: ":", omittingEmptySubsequences: false)
    // A leading or trailing "::" gives two empty groups there; one of them is the gap.
    if groups.count >= 2, groups[0].isEmpty {
      guard groups[1].isEmpty else { return nil }
      groups.removeFirst()
    }
    if groups.count >= 2, let last = groups.last, last.isEmpty {
      guard groups[groups.count - 2].isEmpty else { return nil }
      groups.removeLast()
    }
    for (index, group) in groups.enumerated() {
      if group.isEmpty {
        guard !gap else { return nil }
        gap = true
        continue
      }
      var bytes: [UInt8]
      if group.utf8.contains(UInt8(ascii: ".")) {
        guard index == groups.count - 1, let last = parseIPv4(group) else { return nil }
        bytes = last
      } else {
        guard group.utf8.count <= 4, group.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
          let value = UInt16(group, radix: 16)
        else { return nil }
        bytes = [UInt8(value >> 8), UInt8(value & 0xFF)]
      }
      if gap { tail += bytes } else { head += bytes }
    }
    let missing = 16 - head.count - tail.count
    guard gap == text.contains("::"), gap ? missing >= 2 : missing == 0 else { return nil }
    return head + Array(repeating: 0, count: missing) + tail
  }
}

extension IPAddress: CustomStringConvertible {
  package var description: String {
    guard isIPv6 else { return octets.map { String($0) }.joined(separator: ".") }
    let groups = stride(from: 0, to: 16, by: 2).map { UInt16(octets[$0]) << 8 | UInt16(octets[$0 + 1]) }
    // RFC 5952 4.2: the longest run of at least two zero groups, the first of equals.
    var best = 0..<0
    var start = 0
    while start < 8 {
      var end = start
      while end < 8, groups[end] == 0 { end += 1 }
      if end - start >= 2, end - start > best.count { best = start..<end }
      start = max(end, start + 1)
    }
    let text = { (range: Range<Int>) in range.map { String(groups[$0], radix: 16) }.joined(separator: ":") }
    return best.isEmpty ? text(0..<8) : text(0..<best.lowerBound) + "::" + text(best.upperBound..<8)
  }
}
