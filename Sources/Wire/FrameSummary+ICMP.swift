// The part of a summary that tells of ICMP, ICMPv6 with neighbour discovery, and group membership.

extension FrameSummary {
  static func icmp(_ bytes: RawSpan, length: Int) -> String {
    guard let type = bytes.octet(0), let code = bytes.octet(1) else { return "[|icmp]" }
    let what =
      switch type {
      case 0: "echo reply" + echo(bytes)
      case 3: "\(unreachable(code))" + inner(bytes, .ipv4)
      case 5: "redirect" + inner(bytes, .ipv4)
      case 8: "echo request" + echo(bytes)
      case 9: "router advertisement"
      case 10: "router solicitation"
      case 11: "time exceeded" + inner(bytes, .ipv4)
      case 12: "parameter problem" + inner(bytes, .ipv4)
      default: "type \(type) code \(code)"
      }
    return "ICMP \(what), length \(length)"
  }

  private static func echo(_ bytes: RawSpan) -> String {
    guard let identifier = bytes.word(4), let sequence = bytes.word(6) else { return "" }
    return ", id \(identifier), seq \(sequence)"
  }

  private static func unreachable(_ code: UInt8) -> String {
    switch code {
    case 0: "net unreachable"
    case 1: "host unreachable"
    case 2: "protocol unreachable"
    case 3: "port unreachable"
    case 4: "unreachable, need to fragment"
    case 9, 10, 13: "unreachable, prohibited"
    default: "unreachable, code \(code)"
    }
  }

  /// Whom the packet was for that an error is about.
  private static func inner(_ bytes: RawSpan, _ type: EtherType) -> String {
    let cause = bytes.extracting(bytes.part(8))
    guard let packet = PacketPrefix(parsing: cause, type, length: cause.byteCount) else { return "" }
    return " for \(packet.source) > \(packet.destination)"
  }

  static func icmpv6(_ bytes: RawSpan, length: Int) -> String {
    guard let type = bytes.octet(0), let code = bytes.octet(1) else { return "[|icmp6]" }
    let what =
      switch type {
      case 1: "destination unreachable, code \(code)" + inner(bytes, .ipv6)
      case 2: "packet too big, mtu \(bytes.long(4) ?? 0)" + inner(bytes, .ipv6)
      case 3: "time exceeded" + inner(bytes, .ipv6)
      case 4: "parameter problem" + inner(bytes, .ipv6)
      case 128: "echo request" + echo(bytes)
      case 129: "echo reply" + echo(bytes)
      case 130: "multicast listener query" + group(bytes)
      case 131: "multicast listener report" + group(bytes)
      case 132: "multicast listener done" + group(bytes)
      case 133...136: neighbour(bytes)
      case 137: "redirect"
      case 143: "multicast listener report v2, \(bytes.word(6) ?? 0) group record(s)"
      default: "type \(type) code \(code)"
      }
    return "ICMP6, \(what), length \(length)"
  }

  private static func group(_ bytes: RawSpan) -> String { bytes.address6(8).map { " \($0)" } ?? "" }

  private static func neighbour(_ bytes: RawSpan) -> String {
    guard let message = NeighbourMessage(parsing: bytes) else { return "neighbour discovery, bad code" }
    let target = message.target.map { " \($0)" } ?? " [|icmp6]"
    let address = message.linkLayerAddress.map { ", link-address \($0)" } ?? ""
    return switch message.kind {
    case .routerSolicitation: "router solicitation\(address)"
    case .routerAdvertisement: "router advertisement\(address)"
    case .neighbourSolicitation: "neighbor solicitation, who has\(target)\(address)"
    case .neighbourAdvertisement: "neighbor advertisement, tgt is\(target)\(address)"
    }
  }

  static func igmp(_ bytes: RawSpan) -> String {
    guard let type = bytes.octet(0), let group = bytes.long(4) else { return "[|igmp]" }
    let address = NetworkAddress.v4(group)
    return switch type {
    case 0x11: group == 0 ? "IGMP query" : "IGMP query \(address)"
    case 0x12: "IGMP v1 report \(address)"
    case 0x16: "IGMP v2 report \(address)"
    case 0x17: "IGMP leave \(address)"
    case 0x22: "IGMP v3 report, \(group & 0xFFFF) group record(s)"
    default: "IGMP type \(type)"
    }
  }
}
