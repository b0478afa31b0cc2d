// Addresses and routes of a device as settings write them. Parsers are total and canonical: equal things print alike.

internal import Glibc

/// An IPv4 or IPv6 address.
package struct IPAddress: Hashable, Sendable, LosslessStringConvertible {
  /// 4 or 16 octets in network order.
  package let octets: [UInt8]

  package var isIPv6: Bool { octets.count == 16 }
  /// The bits of an address: 32 or 128.
  package var width: Int { octets.count * 8 }

  init(octets: [UInt8]) { self.octets = octets }

  /// Dotted quad (four decimal numbers) or RFC 4291 section 2.2 text; no zone, no port.
  package init?(_ text: String) {
    guard text.utf8.count <= 45, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
    let wide = text.contains(":")
    var octets = [UInt8](repeating: 0, count: wide ? 16 : 4)
    guard unsafe inet_pton(wide ? AF_INET6 : AF_INET, text, &octets) == 1 else { return nil }
    self.octets = octets
  }

  /// As RFC 5952 prints it.
  package var description: String {
    var text = [CChar](repeating: 0, count: 64)
    guard
      unsafe octets.withUnsafeBytes({ bytes in
        unsafe inet_ntop(isIPv6 ? AF_INET6 : AF_INET, bytes.baseAddress, &text, 64) != nil
      })
    else { return "" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Whether all bits behind the first `length` are zero.
  func isNetwork(length: Int) -> Bool {
    for (index, octet) in octets.enumerated() {
      let kept = min(8, max(0, length - 8 * index))
      if octet & UInt8(truncatingIfNeeded: 0xFF >> kept) != 0 { return false }
    }
    return true
  }
}

/// An address with the length of its network's prefix: `10.0.0.1/24`, `fd00::1/64`.
package struct InterfaceAddress: Hashable, Sendable, LosslessStringConvertible {
  package let address: IPAddress
  package let prefixLength: Int

  init(address: IPAddress, prefixLength: Int) {
    self.address = address
    self.prefixLength = prefixLength
  }

  /// Nil for anything but address, slash and decimal prefix length.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let address = IPAddress(String(parts[0])) else { return nil }
    guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let length = Int(parts[1]), length <= address.width
    else { return nil }
    self.init(address: address, prefixLength: length)
  }

  package var description: String { "\(address)/\(prefixLength)" }
}

/// A route through a device: `CIDR` on the link, `CIDR@NEXTHOP` by a router.
package struct InterfaceRoute: Hashable, Sendable, LosslessStringConvertible {
  package let destination: InterfaceAddress
  package let nextHop: IPAddress?

  init(destination: InterfaceAddress, nextHop: IPAddress?) {
    self.destination = destination
    self.nextHop = nextHop
  }

  /// Nil also for a destination with bits behind its prefix (`10.0.0.1/24`), which the kernel refuses, and for a
  /// next hop of the other family.
  package init?(_ text: String) {
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let destination = InterfaceAddress(String(first)),
      destination.address.isNetwork(length: destination.prefixLength)
    else { return nil }
    var nextHop: IPAddress?
    if parts.count == 2 {
      guard let hop = IPAddress(String(parts[1])), hop.isIPv6 == destination.address.isIPv6 else { return nil }
      nextHop = hop
    }
    self.init(destination: destination, nextHop: nextHop)
  }

  package var description: String { "\(destination)" + (nextHop.map { "@\($0)" } ?? "") }
}
