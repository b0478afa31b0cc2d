// What of a frame is believed: only what its sender says of itself, and only where the MAC in it is the one that it was
// sent from. Any guest can lie about its own addresses; none can about another's.

internal import Wire

extension AddressBook {
  /// Learns from one frame.
  /// - Parameters:
  ///   - frame: from its destination address on, without offload header; its end may be cut off.
  ///   - vlan: the VLAN it was admitted to.
  ///   - port: where it came in.
  package mutating func hear(_ frame: RawSpan, vlan: UInt16, port: UInt16, at now: UInt64) {
    guard let header = try? FrameHeader(parsing: frame), !header.source.isGroup, !header.source.isZero else { return }
    let key = Key(mac: header.source, vlan: vlan, port: port)
    let payload = frame.extracting(frame.part(header.payloadOffset))
    if header.etherType == .arp { return hearARP(payload, key, now) }
    guard let packet = PacketPrefix(parsing: payload, header.etherType, length: payload.byteCount),
      packet.fragment == .whole
    else { return }
    let transport = payload.extracting(payload.part(packet.transportOffset, packet.packetEnd))
    switch packet.ipProtocol {
    case .icmpv6: hearNeighbour(packet, transport, key, now)
    case .udp: hearDatagram(packet, transport, key, now)
    default: break
    }
  }

  /// Learns from a frame that is held as an array.
  package mutating func hear(_ frame: [UInt8], vlan: UInt16, port: UInt16, at now: UInt64) {
    unsafe hear(frame.span.bytes, vlan: vlan, port: port, at: now)
  }

  /// Requests, replies and announcements say whose they are; a probe's sender has no address yet (RFC 5227).
  private mutating func hearARP(_ bytes: RawSpan, _ key: Key, _ now: UInt64) {
    guard let packet = try? ARP(parsing: bytes), packet.senderMAC == key.mac else { return }
    note(key, address: .v4(packet.senderIP), at: now)
  }

  /// Neighbour discovery never passes a router: its hop limit is 255 (RFC 4861 clause 6.1, 7.1).
  private mutating func hearNeighbour(_ packet: PacketPrefix, _ bytes: RawSpan, _ key: Key, _ now: UInt64) {
    guard packet.hopLimit == 255, let message = NeighbourMessage(parsing: bytes),
      message.linkLayerAddress ?? key.mac == key.mac
    else { return }
    switch message.kind {
    case .neighbourAdvertisement:
      // without its own MAC in it, it may speak for another as a proxy does
      guard let target = message.target, message.linkLayerAddress != nil || target == packet.source else { return }
      note(key, address: target, at: now)
    case .neighbourSolicitation where packet.source == .v6(0):
      // duplicate address detection: the sender is about to use the target (RFC 4862 clause 5.4.2)
      guard let target = message.target, message.linkLayerAddress == nil else { return }
      note(key, address: target, at: now)
    case .neighbourSolicitation, .routerSolicitation, .routerAdvertisement:
      note(key, address: packet.source, at: now)
    }
  }

  private mutating func hearDatagram(_ packet: PacketPrefix, _ bytes: RawSpan, _ key: Key, _ now: UInt64) {
    guard let source = bytes.word(0), let destination = bytes.word(2) else { return }
    let payload = bytes.extracting(bytes.part(UDPHeader.size))
    switch (source, destination) {
    case (68, 67): hearDHCPClient(payload, key, now)
    case (67, 68): hearDHCPServer(payload, vlan: key.vlan, now)
    case (546, 547): hearDHCPv6Client(payload, key, now)
    case (5353, 5353): hearMulticastDNS(payload, packet.source, key, now)
    default: break
    }
  }
}
