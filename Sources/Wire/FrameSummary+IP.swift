// The part of a summary that tells of IP, TCP and UDP.

extension FrameSummary {
  /// - Parameter length: octets from the IP header to the end of the frame when it was whole.
  static func packet(_ type: EtherType, _ bytes: RawSpan, length: Int) -> String {
    let name = type == .ipv4 ? "IP" : "IP6"
    guard let packet = PacketPrefix(parsing: bytes, type, length: length) else {
      let needed = type == .ipv4 ? IPv4Header.minimumLength : IPv6Header.minimumLength
      return bytes.byteCount < needed ? "\(name) [|ip]" : "\(name), bad header"
    }
    let transport = bytes.extracting(bytes.part(packet.transportOffset, packet.packetEnd))
    var line = "\(name) "
    if packet.packetEnd > length { line += "truncated-ip, \(packet.packetEnd - length) octets missing, " }
    let payload = packet.packetEnd - packet.transportOffset
    if payload < 0 { return line + ends(packet) + "bad length" }
    if packet.fragment == .later {
      return line + ends(packet)
        + "\(protocolName(packet.ipProtocol)) fragment at \(packet.fragmentOffset), length \(payload)"
    }
    if packet.fragment == .first { line += "first fragment, " }
    switch packet.ipProtocol {
    case .tcp: return line + tcp(packet, transport, length: payload)
    case .udp: return line + udp(packet, transport, length: payload)
    case .icmp: return line + ends(packet) + icmp(transport, length: payload)
    case .icmpv6: return line + ends(packet) + icmpv6(transport, length: payload)
    case IPProtocol(rawValue: 2): return line + ends(packet) + igmp(transport)
    default: return line + ends(packet) + "\(protocolName(packet.ipProtocol)), length \(payload)"
    }
  }

  private static func ends(_ packet: PacketPrefix, _ ports: (UInt16, UInt16)? = nil) -> String {
    guard let ports else { return "\(packet.source) > \(packet.destination): " }
    return "\(packet.source).\(ports.0) > \(packet.destination).\(ports.1): "
  }

  private static func tcp(_ packet: PacketPrefix, _ bytes: RawSpan, length: Int) -> String {
    guard let source = bytes.word(0), let destination = bytes.word(2) else { return ends(packet) + "[|tcp]" }
    let front = ends(packet, (source, destination))
    guard let sequence = bytes.long(4), let acknowledgement = bytes.long(8), let offset = bytes.octet(12),
      let flags = bytes.octet(13), let window = bytes.word(14)
    else { return front + "[|tcp]" }
    let header = Int(offset >> 4) * 4
    let payload = length - header
    guard header >= TCPHeader.minimumLength, payload >= 0 else { return front + "TCP, bad header length \(header)" }
    let range = payload > 0 ? ":\(sequence &+ UInt32(truncatingIfNeeded: payload))" : ""
    let answer = flags & 0x10 != 0 ? ", ack \(acknowledgement)" : ""
    return front + "Flags [\(flagLetters(flags))], seq \(sequence)\(range)\(answer), win \(window), length \(payload)"
  }

  /// As tcpdump writes them: a dot is ACK.
  private static func flagLetters(_ flags: UInt8) -> String {
    let letters: [(UInt8, String)] = [
      (0x01, "F"), (0x02, "S"), (0x04, "R"), (0x08, "P"), (0x10, "."), (0x20, "U"), (0x40, "E"), (0x80, "W"),
    ]
    let set = letters.filter { flags & $0.0 != 0 }.map(\.1).joined()
    return set.isEmpty ? "none" : set
  }

  private static func udp(_ packet: PacketPrefix, _ bytes: RawSpan, length: Int) -> String {
    guard let source = bytes.word(0), let destination = bytes.word(2) else { return ends(packet) + "[|udp]" }
    let front = ends(packet, (source, destination))
    guard let field = bytes.word(4) else { return front + "[|udp]" }
    guard field == 0 || field >= UInt16(UDPHeader.size) else { return front + "UDP, bad length \(field)" }
    let size = field == 0 ? length - UDPHeader.size : Int(field) - UDPHeader.size
    let payload = bytes.extracting(bytes.part(UDPHeader.size, UDPHeader.size + max(size, 0)))
    return front + (application(source, destination, payload) ?? "UDP") + ", length \(size)"
  }

  /// What is decoded behind UDP, told by the ports.
  private static func application(_ source: UInt16, _ destination: UInt16, _ bytes: RawSpan) -> String? {
    switch (source, destination) {
    case (5353, _), (_, 5353): "mDNS " + dns(bytes)
    case (53, _), (_, 53): "DNS " + dns(bytes)
    case (5355, _), (_, 5355): "LLMNR " + dns(bytes)
    case (67, _), (_, 67), (68, _), (_, 68): dhcp(bytes)
    case (546, _), (_, 546), (547, _), (_, 547): dhcpv6(bytes)
    case (_, 4789): bytes.long(4).map { "VXLAN, vni \($0 >> 8)" } ?? "[|vxlan]"
    default: nil
    }
  }

  static func protocolName(_ number: IPProtocol) -> String {
    switch number.rawValue {
    case 2: "IGMP"
    case 4: "IPv4 inside"
    case 6: "TCP"
    case 17: "UDP"
    case 41: "IPv6 inside"
    case 47: "GRE"
    case 50: "ESP"
    case 51: "AH"
    case 58: "ICMP6"
    case 59: "no next header"
    case 89: "OSPF"
    case 103: "PIM"
    case 112: "VRRP"
    case 132: "SCTP"
    default: "protocol \(number.rawValue)"
    }
  }
}
