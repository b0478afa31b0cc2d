// An IP packet of which only the first octets may be at hand. The strict parsers refuse what is cut short; this one
// says what can still be seen. It is for people and for the address book, never for forwarding.

/// What the first octets of an IP packet tell.
package struct PacketPrefix: Sendable, BitwiseCopyable {
  package let source: NetworkAddress
  package let destination: NetworkAddress
  /// Time to live or hop limit.
  package let hopLimit: UInt8
  /// What stands at `transportOffset`.
  package let ipProtocol: IPProtocol
  package let fragment: FragmentState
  /// Octets into the datagram: not 0 in a later fragment.
  package let fragmentOffset: Int
  /// From the first octet of the IP header; maybe beyond what is at hand.
  package let transportOffset: Int
  /// Where the packet ends by its own account, at least `transportOffset` in IPv4.
  package let packetEnd: Int

  /// - Parameters:
  ///   - bytes: from the IP header on.
  ///   - type: `ipv4` or `ipv6`; for any other there is no packet.
  ///   - length: octets that the packet had where it was whole; it stands in for a length field of 0.
  package init?(parsing bytes: RawSpan, _ type: EtherType, length: Int) {
    switch type {
    case .ipv4: self.init(four: bytes, length: length)
    case .ipv6: self.init(six: bytes, length: length)
    default: return nil
    }
  }

  private init?(four bytes: RawSpan, length: Int) {
    guard bytes.byteCount >= IPv4Header.minimumLength, bytes.byte(at: 0) >> 4 == 4 else { return nil }
    transportOffset = Int(bytes.byte(at: 0) & 15) * 4
    let total = Int(bytes.uint16(at: 2))
    packetEnd = total == 0 ? length : total
    guard transportOffset >= IPv4Header.minimumLength, packetEnd >= transportOffset else { return nil }
    let fragmentation = bytes.uint16(at: 6)
    fragmentOffset = Int(fragmentation & 0x1FFF) * 8
    fragment = fragmentOffset != 0 ? .later : fragmentation & 0x2000 != 0 ? .first : .whole
    hopLimit = bytes.byte(at: 8)
    ipProtocol = IPProtocol(rawValue: bytes.byte(at: 9))
    source = .v4(bytes.uint32(at: 12))
    destination = .v4(bytes.uint32(at: 16))
  }

  private init?(six bytes: RawSpan, length: Int) {
    guard bytes.byteCount >= IPv6Header.minimumLength, bytes.byte(at: 0) >> 4 == 6,
      let source = bytes.address6(8), let destination = bytes.address6(24)
    else { return nil }
    self.source = source
    self.destination = destination
    let payload = Int(bytes.uint16(at: 4))
    packetEnd = payload == 0 ? length : IPv6Header.minimumLength + payload
    hopLimit = bytes.byte(at: 7)
    var next = IPProtocol(rawValue: bytes.byte(at: 6))
    var position = IPv6Header.minimumLength
    var fragment = FragmentState.whole
    var offset = 0
    // each step goes on by at least 8 octets; more than eight headers nobody sends
    for _ in 0..<IPv6Header.maximumExtensions where fragment != .later {
      guard PacketPrefix.isExtension(next), let following = bytes.octet(position), let field = bytes.octet(position + 1)
      else { break }
      var size = (Int(field) + 1) * 8
      if next == .fragment {
        size = 8
        let fragmentation = bytes.word(position + 2) ?? 0
        offset = Int(fragmentation & 0xFFF8)
        fragment = offset != 0 ? .later : fragmentation & 1 != 0 ? .first : .whole
      } else if next == .authentication {
        size = max(8, (Int(field) + 2) * 4)
      }
      next = IPProtocol(rawValue: following)
      position += size
    }
    ipProtocol = next
    self.fragment = fragment
    fragmentOffset = offset
    transportOffset = position
  }

  private static func isExtension(_ next: IPProtocol) -> Bool {
    switch next {
    case .hopByHop, .routing, .fragment, .destinationOptions, .authentication: true
    default: false
    }
  }
}
