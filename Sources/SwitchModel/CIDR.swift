// Values of the settings `address` and `routes`: CIDR and CIDR@NEXTHOP. Validation only; the kernel's own shape of
// them is made at the system side from the canonical text.

/// An address with the length of its prefix.
package struct CIDR: Sendable, Hashable, CustomStringConvertible {
  package let address: IPAddress
  package let length: Int
  package var description: String { "\(address)/\(length)" }

  init(address: IPAddress, length: Int) {
    self.address = address
    self.length = length
  }

  /// Nil unless it is `ADDRESS/LENGTH` with a length that the family has.
  package init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let address = IPAddress(String(parts[0])), parts[1].utf8.count <= 3,
      let length = Units.parseDigits(parts[1].utf8), length <= address.bitWidth
    else { return nil }
    self.init(address: address, length: length)
  }

  /// The prefix without host bits.
  package var network: CIDR { CIDR(address: address.network(length), length: length) }
}

/// A route of an interface: a prefix, by way of a next hop or on the link.
package struct CIDRRoute: Sendable, Hashable, CustomStringConvertible {
  package let destination: CIDR
  package let nextHop: IPAddress?
  package var description: String { nextHop.map { "\(destination)@\($0)" } ?? "\(destination)" }
}

extension CIDR {
  /// An address that an interface can bear. The text thrown says what is allowed instead.
  static func interfaceAddress(_ text: String) throws(ValueFault) -> CIDR {
    guard let value = CIDR(text) else {
      if let bare = IPAddress(text) {
        let length = bare.isIPv6 ? 64 : 24
        throw ValueFault(text, allowed: "an address with its prefix length", suggestion: "\(bare)/\(length)")
      }
      throw ValueFault(text, allowed: "CIDR such as 10.0.0.1/24 or fd00::1/64")
    }
    if value.address.isUnspecified { throw ValueFault(text, allowed: "an address of a host, not the unspecified one") }
    if value.address.isMulticast { throw ValueFault(text, allowed: "an address of a host, not a multicast group") }
    return value
  }
}

extension CIDRRoute {
  /// A prefix without host bits, with an optional next hop of the same family.
  static func parse(_ text: String) throws(ValueFault) -> CIDRRoute {
    let allowed = "CIDR or CIDR@NEXTHOP, such as 10.1.0.0/16@10.0.0.254"
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first else { throw ValueFault(text, allowed: allowed) }
    guard let destination = CIDR(String(first)) else {
      if first == "default" {
        let hop = parts.count == 2 ? "@\(parts[1])" : ""
        let all = parts.count == 2 && parts[1].utf8.contains(UInt8(ascii: ":")) ? "::/0" : "0.0.0.0/0"
        throw ValueFault(text, allowed: allowed, suggestion: all + hop)
      }
      if let bare = IPAddress(String(first)) {
        throw ValueFault(text, allowed: "a prefix with its length", suggestion: "\(bare)/\(bare.bitWidth)")
      }
      throw ValueFault(text, allowed: allowed)
    }
    let hop = parts.count == 2 ? "@\(parts[1])" : ""
    guard destination.network == destination else {
      throw ValueFault(text, allowed: "a prefix without host bits", suggestion: "\(destination.network)\(hop)")
    }
    guard parts.count == 2 else { return CIDRRoute(destination: destination, nextHop: nil) }
    guard let nextHop = IPAddress(String(parts[1])), !nextHop.isUnspecified, !nextHop.isMulticast else {
      throw ValueFault(text, allowed: "an address of a host behind the @")
    }
    guard nextHop.isIPv6 == destination.address.isIPv6 else {
      throw ValueFault(text, allowed: "a next hop of the same family as the prefix")
    }
    return CIDRRoute(destination: destination, nextHop: nextHop)
  }
}
