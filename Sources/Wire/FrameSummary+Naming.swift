// The part of a summary that tells of who gives addresses and names: DHCP, DHCPv6, DNS and its multicast kin.

extension FrameSummary {
  static func dhcp(_ bytes: RawSpan) -> String {
    guard let message = DHCPMessage(parsing: bytes) else { return "DHCP [|dhcp]" }
    var text = "DHCP \(message.kind.map(kindName) ?? (message.isRequest ? "from client" : "to client"))"
    if let client = message.clientMAC { text += " \(client)" }
    if !message.hostName.isEmpty { text += " \(quoted(message.hostName))" }
    if let address = message.requestedAddress { text += ", requested \(NetworkAddress.v4(address))" }
    if message.clientAddress != 0 { text += ", has \(NetworkAddress.v4(message.clientAddress))" }
    if message.yourAddress != 0 { text += ", given \(NetworkAddress.v4(message.yourAddress))" }
    return text
  }

  private static func kindName(_ kind: UInt8) -> String {
    switch kind {
    case 1: "Discover"
    case 2: "Offer"
    case 3: "Request"
    case 4: "Decline"
    case 5: "ACK"
    case 6: "NAK"
    case 7: "Release"
    case 8: "Inform"
    default: "type \(kind)"
    }
  }

  /// RFC 8415 clause 7.3.
  static func dhcpv6(_ bytes: RawSpan) -> String {
    guard let type = bytes.octet(0) else { return "DHCP6 [|dhcp6]" }
    let names = [
      "solicit", "advertise", "request", "confirm", "renew", "rebind", "reply", "release", "decline", "reconfigure",
      "information-request", "relay-forward", "relay-reply",
    ]
    return (1...13).contains(type) ? "DHCP6 \(names[Int(type) - 1])" : "DHCP6 type \(type)"
  }

  /// The first question, or of an answer the first record's name (RFC 1035 clause 4).
  static func dns(_ bytes: RawSpan) -> String {
    guard let identifier = bytes.word(0), let flags = bytes.word(2), let questions = bytes.word(4),
      let answers = bytes.word(6)
    else { return "[|dns]" }
    let isResponse = flags & 0x8000 != 0
    var text = isResponse ? "response" : "query"
    if identifier != 0 { text += " \(identifier)" }
    if isResponse { text += " \(responseName(flags & 15)), \(answers) answer(s)" }
    guard questions > 0 || answers > 0 else { return text }
    guard let (labels, next) = DomainName.parse(bytes, at: 12), let type = bytes.word(next) else {
      return text + ", [|dns]"
    }
    return text + ", \(typeName(type)) \(quoted(DomainName.joined(labels)))"
  }

  private static func responseName(_ code: UInt16) -> String {
    switch code {
    case 0: "ok"
    case 1: "FormErr"
    case 2: "ServFail"
    case 3: "NXDomain"
    case 4: "NotImp"
    case 5: "Refused"
    default: "code \(code)"
    }
  }

  private static func typeName(_ type: UInt16) -> String {
    switch type {
    case 1: "A"
    case 2: "NS"
    case 5: "CNAME"
    case 6: "SOA"
    case 12: "PTR"
    case 15: "MX"
    case 16: "TXT"
    case 28: "AAAA"
    case 33: "SRV"
    case 47: "NSEC"
    case 65: "HTTPS"
    case 255: "ANY"
    default: "type \(type)"
    }
  }
}
