// The part of a summary that tells of protocols between neighbours on a link: LLC with spanning tree and SNAP, MAC
// control, LACP, 802.1X, LLDP.

extension FrameSummary {
  /// - Parameter length: the 802.3 length field; what lies behind is padding.
  static func logicalLink(_ bytes: RawSpan, length: Int) -> String {
    let bytes = bytes.extracting(bytes.part(0, length))
    guard let destination = bytes.octet(0), let source = bytes.octet(1), let control = bytes.octet(2) else {
      return "802.3 length \(length), [|llc]"
    }
    switch (destination, source) {
    case (0x42, 0x42): return spanningTree(bytes.extracting(bytes.part(3)))
    case (0xAA, 0xAA): return snap(bytes.extracting(bytes.part(3)), length: length)
    case (0xFF, 0xFF): return "802.3 length \(length), IPX"
    default:
      let ends = "dsap 0x\(hex(destination, 2)) ssap 0x\(hex(source, 2))"
      return "802.3 length \(length), LLC \(ends) ctrl 0x\(hex(control, 2))"
    }
  }

  private static func snap(_ bytes: RawSpan, length: Int) -> String {
    guard let upper = bytes.word(0), let lower = bytes.octet(2), let code = bytes.word(3) else { return "[|snap]" }
    let organisation = UInt32(upper) << 8 | UInt32(lower)
    switch (organisation, code) {
    case (0x00000C, 0x2000): return "CDP, length \(length)"
    case (0x00000C, 0x2003): return "VTP, length \(length)"
    case (0x00000C, 0x2004): return "DTP, length \(length)"
    case (0x00000C, 0x010B): return "PVST+ " + spanningTree(bytes.extracting(bytes.part(5)))
    default: return "SNAP oui 0x\(hex(organisation, 6)) pid 0x\(hex(code, 4)), length \(length)"
    }
  }

  /// A BPDU (802.1D-2004 clause 9.3).
  private static func spanningTree(_ bytes: RawSpan) -> String {
    guard let identifier = bytes.word(0), let version = bytes.octet(2), let type = bytes.octet(3) else {
      return "[|stp]"
    }
    guard identifier == 0 else { return "STP, unknown protocol 0x\(hex(identifier, 4))" }
    let name =
      switch version {
      case 0: "STP 802.1d"
      case 2: "STP 802.1w"
      case 3: "STP 802.1s"
      case 4: "STP 802.1aq"
      default: "STP version \(version)"
      }
    switch type {
    case 0x80: return "\(name), topology change notification"
    case 0x00, 0x02:
      guard let flags = bytes.octet(4), let root = bridgeName(bytes, 5), let cost = bytes.long(13),
        let bridge = bridgeName(bytes, 17), let port = bytes.word(25)
      else { return "\(name), [|stp]" }
      let change = flags & 1 != 0 ? ", topology change" : ""
      return "\(name), \(type == 0 ? "Config" : "Rapid")\(change), bridge-id \(bridge).\(hex(port, 4)), root \(root)"
        + ", cost \(cost)"
    default: return "\(name), type 0x\(hex(type, 2))"
    }
  }

  private static func bridgeName(_ bytes: RawSpan, _ offset: Int) -> String? {
    guard let priority = bytes.word(offset), let address = bytes.mac(offset + 2) else { return nil }
    return "\(hex(priority, 4)).\(address)"
  }

  /// 802.3 annex 31.
  static func macControl(_ bytes: RawSpan) -> String {
    guard let code = bytes.word(0) else { return "MAC control [|mac]" }
    switch code {
    case 0x0001: return "MAC control, pause \(bytes.word(2).map { String($0) } ?? "[|mac]")"
    case 0x0101: return "MAC control, priority flow control"
    default: return "MAC control, opcode 0x\(hex(code, 4))"
    }
  }

  /// 802.3 annex 57A; LACP is 802.1AX clause 6.4.2.
  static func slowProtocol(_ bytes: RawSpan) -> String {
    guard let kind = bytes.octet(0), let version = bytes.octet(1) else { return "[|slow]" }
    switch kind {
    case 1:
      // the actor's information stands first: type 1, 20 octets, priority, system, key
      guard bytes.word(2) == 0x0114, let system = bytes.mac(6), let key = bytes.word(12) else {
        return "LACPv\(version), [|lacp]"
      }
      return "LACPv\(version), actor \(system) key \(key)"
    case 2: return "Marker"
    case 3: return "Ethernet OAM"
    case 10: return "slow protocol of an organisation"
    default: return "slow protocol \(kind)"
    }
  }

  /// 802.1X-2010 clause 11.3.
  static func eapol(_ bytes: RawSpan) -> String {
    guard let version = bytes.octet(0), let type = bytes.octet(1), let length = bytes.word(2) else { return "[|eapol]" }
    let name =
      switch type {
      case 0: "EAP packet"
      case 1: "start"
      case 2: "logoff"
      case 3: "key"
      case 5: "MKA"
      default: "type \(type)"
      }
    return "EAPOL v\(version), \(name), length \(length)"
  }

  /// Chassis, port and name of the sender (802.1AB-2016 clause 8.5), the first of each.
  static func lldp(_ bytes: RawSpan) -> String {
    var found = ["", "", ""]
    var end = ", [|lldp]"
    var position = 0
    // names stand among the first few; a frame of nothing but empty TLVs is not read to its end
    for _ in 0..<32 {
      guard let head = bytes.word(position) else { break }
      let value = position + 2
      position = value + Int(head & 0x1FF)
      if head >> 9 == 0 {
        end = ""
        break
      }
      guard position <= bytes.byteCount else { break }
      switch head >> 9 {
      case 1 where found[0].isEmpty: found[0] = ", chassis \(identity(bytes, value, position, macKind: 4))"
      case 2 where found[1].isEmpty: found[1] = ", port \(identity(bytes, value, position, macKind: 3))"
      case 5 where found[2].isEmpty: found[2] = ", name \(quoted(bytes.octets(value..<position)))"
      default: break
      }
    }
    return "LLDP" + found.joined() + end
  }

  private static func identity(_ bytes: RawSpan, _ start: Int, _ end: Int, macKind: UInt8) -> String {
    if bytes.octet(start) == macKind, end - start == 7, let mac = bytes.mac(start + 1) { return mac.description }
    return quoted(bytes.octets(min(start + 1, end)..<end))
  }
}
