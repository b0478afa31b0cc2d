// One frame in one line, in tcpdump's manner, for people. It takes whatever there is, cut off or made up, and neither
// judges nor traps. It allocates, and is not for the frame path.

/// What a frame's first octets say.
package enum FrameSummary {
  /// The line, without a line end and with printable characters only, such as
  /// `52:54:00:aa:00:01 > 52:54:00:aa:00:02, length 79: vlan 10 p 0: IP 10.1.0.1.1024 > 10.1.0.2.80: Flags [S], …`.
  ///
  /// Where a layer is cut off it ends with the layer's name as `[|tcp]`.
  /// - Parameters:
  ///   - bytes: from the destination address on, without offload header; any number of octets.
  ///   - length: octets the frame had when it was whole.
  package static func text(of bytes: RawSpan, length: Int) -> String {
    let length = max(length, bytes.byteCount)
    guard let destination = bytes.mac(0), let source = bytes.mac(6), var type = bytes.word(12) else {
      return "\(addresses(bytes))length \(length): [|ether]"
    }
    var line = "\(source) > \(destination), length \(length): "
    var offset = 14
    for _ in 0..<mostTags where EtherType(rawValue: type).isTag {
      guard let control = bytes.word(offset), let next = bytes.word(offset + 2) else { return line + "[|vlan]" }
      line += tag(VLANTag(tpid: EtherType(rawValue: type), tci: control))
      type = next
      offset += 4
    }
    let payload = bytes.extracting(bytes.part(offset))
    return line + content(EtherType(rawValue: type), payload, length: length - offset, source, destination)
  }

  /// The line of a frame that is held as an array.
  package static func text(of bytes: [UInt8], length: Int) -> String {
    unsafe text(of: bytes.span.bytes, length: length)
  }

  /// Tags that are written out; a frame with more is not worth a longer line.
  private static let mostTags = 8

  /// As much of the addresses as there is.
  private static func addresses(_ bytes: RawSpan) -> String {
    guard let destination = bytes.mac(0) else { return "" }
    guard let source = bytes.mac(6) else { return "> \(destination), " }
    return "\(source) > \(destination), "
  }

  private static func tag(_ tag: VLANTag) -> String {
    let name =
      switch tag.tpid {
      case .customerTag: "vlan"
      case .serviceTag: "802.1ad vlan"
      default: "0x\(hex(tag.tpid.rawValue, 4)) vlan"
      }
    return "\(name) \(tag.vid) p \(tag.priority)\(tag.dropEligible ? " DEI" : ""): "
  }

  /// - Parameters:
  ///   - bytes: what is at hand behind the type.
  ///   - length: octets behind the type when the frame was whole.
  private static func content(
    _ type: EtherType, _ bytes: RawSpan, length: Int, _ source: MACAddress, _ destination: MACAddress
  ) -> String {
    if type.isLength { return logicalLink(bytes, length: Int(type.rawValue)) }
    switch type.rawValue {
    case EtherType.arp.rawValue: return arp(bytes, from: source)
    case EtherType.ipv4.rawValue, EtherType.ipv6.rawValue: return packet(type, bytes, length: length)
    case 0x8808: return macControl(bytes)
    case 0x8809: return slowProtocol(bytes)
    case 0x888E: return eapol(bytes)
    case 0x88CC: return lldp(bytes)
    default:
      let name = names[type.rawValue].map { " (\($0))" } ?? ""
      return "ethertype 0x\(hex(type.rawValue, 4))\(name), \(length) octets"
    }
  }

  /// Types that are named and not decoded (IEEE registration authority).
  private static let names: [UInt16: String] = [
    0x0842: "Wake-on-LAN", 0x22F0: "AVTP", 0x6558: "transparent Ethernet bridging", 0x8035: "RARP", 0x8100: "802.1Q",
    0x8137: "IPX", 0x8847: "MPLS", 0x8848: "MPLS multicast", 0x8863: "PPPoE discovery", 0x8864: "PPPoE",
    0x8892: "PROFINET", 0x88A4: "EtherCAT", 0x88A8: "802.1ad", 0x88B5: "local experimental 1",
    0x88B6: "local experimental 2", 0x88B7: "OUI extended", 0x88E5: "MACsec", 0x88E7: "provider backbone bridging",
    0x88F5: "MVRP", 0x88F6: "MMRP", 0x88F7: "PTP", 0x8902: "CFM", 0x8906: "FCoE", 0x8914: "FCoE initialisation",
    0x8915: "RoCE", 0x9000: "loopback", 0x9100: "802.1Q, old service tag", 0x894F: "NSH",
  ]
}
