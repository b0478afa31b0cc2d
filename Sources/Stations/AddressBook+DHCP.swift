// What DHCP clients say of themselves. A server is believed only where it grants what the client itself asked for, so
// that who plays the server can give nobody an address.

internal import Wire

extension AddressBook {
  /// A server answers within this time.
  private static let patience: UInt64 = 30_000_000_000

  mutating func hearDHCPClient(_ bytes: RawSpan, _ key: Key, _ now: UInt64) {
    guard let message = DHCPMessage(parsing: bytes), message.isRequest, message.clientMAC == key.mac else { return }
    if !message.hostName.isEmpty { note(key, name: message.hostName, at: now) }
    guard message.kind == DHCPMessage.request else { return }
    // who renews has the address already, and says so (RFC 2131 clause 4.3.2)
    if message.clientAddress != 0 { note(key, address: .v4(message.clientAddress), at: now) }
    if let address = message.requestedAddress {
      note(key, lease: Lease(transaction: message.transaction, address: address, time: now))
    }
  }

  mutating func hearDHCPServer(_ bytes: RawSpan, vlan: UInt16, _ now: UInt64) {
    guard let message = DHCPMessage(parsing: bytes), !message.isRequest, message.kind == DHCPMessage.acknowledge,
      let client = message.clientMAC,
      let (key, lease) = lease(of: client, vlan: vlan, transaction: message.transaction),
      lease.address == message.yourAddress, now >= lease.time, now - lease.time <= AddressBook.patience
    else { return }
    note(key, address: .v4(lease.address), at: now)
  }

  /// The client's name (RFC 4704, option 39: flags, then labels) in what clients send themselves: solicit, request,
  /// confirm, renew, rebind, information-request (RFC 8415 clause 7.3). What a relay forwards is not the client's
  /// frame.
  mutating func hearDHCPv6Client(_ bytes: RawSpan, _ key: Key, _ now: UInt64) {
    guard let type = bytes.octet(0), [1, 3, 4, 5, 6, 11].contains(type) else { return }
    var position = 4
    for _ in 0..<64 {
      guard let code = bytes.word(position), let length = bytes.word(position + 2) else { return }
      let value = position + 4
      let end = value + Int(length)
      guard end <= bytes.byteCount else { return }
      if code == 39 {
        // a name that is not fully qualified has no end
        let octets = bytes.octets(min(value + 1, end)..<end) + [0]
        if let (labels, _) = unsafe DomainName.parse(octets.span.bytes, at: 0), let host = labels.first {
          note(key, name: host, at: now)
        }
        return
      }
      position = end
    }
  }
}
