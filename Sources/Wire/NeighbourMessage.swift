// The four messages of IPv6 neighbour discovery that stations and routers introduce themselves with (RFC 4861 clause
// 4).

/// A router solicitation or advertisement, or a neighbour solicitation or advertisement.
package struct NeighbourMessage: Sendable, BitwiseCopyable {
  package enum Kind: UInt8, Sendable, BitwiseCopyable {
    case routerSolicitation = 133
    case routerAdvertisement = 134
    case neighbourSolicitation = 135
    case neighbourAdvertisement = 136
  }

  package let kind: Kind
  /// Whom a neighbour message is about; nil in router messages, and where it is cut off.
  package let target: NetworkAddress?
  /// The sender's link-layer address by its own account (option 1; of an advertisement's target, option 2).
  package let linkLayerAddress: MACAddress?

  /// More options than any such message has in use.
  private static let mostOptions = 16

  /// - Parameter bytes: from the ICMPv6 header to the end of the packet.
  package init?(parsing bytes: RawSpan) {
    guard let type = bytes.octet(0), let kind = Kind(rawValue: type), bytes.octet(1) == 0 else { return nil }
    self.kind = kind
    let isNeighbour = kind == .neighbourSolicitation || kind == .neighbourAdvertisement
    target = isNeighbour ? bytes.address6(8) : nil
    let wanted: UInt8 = kind == .neighbourAdvertisement ? 2 : 1
    var position = isNeighbour ? 24 : kind == .routerAdvertisement ? 16 : 8
    var found: MACAddress?
    for _ in 0..<NeighbourMessage.mostOptions {
      // a length of 0 makes the packet invalid (clause 4.6)
      guard let option = bytes.octet(position), let units = bytes.octet(position + 1), units != 0 else { break }
      if option == wanted, units == 1 { found = bytes.mac(position + 2) }
      position += Int(units) * 8
    }
    linkLayerAddress = found
  }
}
