// A DHCPv4 message (RFC 2131 clause 2, options of RFC 2132), as far as it is at hand: fields that are cut off are nil.

/// What a DHCPv4 message says of its client.
package struct DHCPMessage: Sendable {
  /// From a client (BOOTREQUEST) and not from a server.
  package let isRequest: Bool
  package let transaction: UInt32
  /// Of an Ethernet client; the field of any other is nil.
  package let clientMAC: MACAddress?
  /// What the client has (`ciaddr`), and what it is given (`yiaddr`); 0 for none.
  package let clientAddress: UInt32
  package let yourAddress: UInt32
  /// Option 53: 1 discover, 2 offer, 3 request, 4 decline, 5 ack, 6 nak, 7 release, 8 inform.
  package private(set) var kind: UInt8?
  /// Option 50.
  package private(set) var requestedAddress: UInt32?
  /// Option 12, as it stood.
  package private(set) var hostName: [UInt8] = []

  package static let request: UInt8 = 3
  package static let acknowledge: UInt8 = 5

  /// Octets in front of the options, the magic number included.
  private static let optionsOffset = 240
  /// More options than any message of 1,500 octets in use has.
  private static let mostOptions = 128

  /// - Parameter bytes: the payload of the UDP datagram.
  package init?(parsing bytes: RawSpan) {
    guard let operation = bytes.octet(0), operation == 1 || operation == 2, let transaction = bytes.long(4),
      let clientAddress = bytes.long(12), let yourAddress = bytes.long(16), let mac = bytes.mac(28)
    else { return nil }
    isRequest = operation == 1
    self.transaction = transaction
    self.clientAddress = clientAddress
    self.yourAddress = yourAddress
    // hardware type 1 with addresses of 6 octets
    clientMAC = bytes.word(1) == 0x0106 ? mac : nil
    guard bytes.long(236) == 0x6382_5363 else { return }
    readOptions(bytes)
  }

  private mutating func readOptions(_ bytes: RawSpan) {
    var position = DHCPMessage.optionsOffset
    for _ in 0..<DHCPMessage.mostOptions {
      guard let code = bytes.octet(position), code != 255 else { return }
      if code == 0 {  // padding has no length
        position += 1
        continue
      }
      guard let length = bytes.octet(position + 1) else { return }
      let value = position + 2
      let end = value + Int(length)
      guard end <= bytes.byteCount else { return }
      switch code {
      case 12: hostName = bytes.octets(value..<end)
      case 50 where length == 4: requestedAddress = bytes.long(value)
      case 53 where length == 1: kind = bytes.octet(value)
      default: break
      }
      position = end
    }
  }
}
