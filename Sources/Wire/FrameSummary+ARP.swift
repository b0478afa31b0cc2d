// The part of a summary that tells of ARP (RFC 826, RFC 5227).

extension FrameSummary {
  /// - Parameter source: the Ethernet source: where it differs from the packet's sender, somebody speaks for another.
  static func arp(_ bytes: RawSpan, from source: MACAddress) -> String {
    let packet: ARP
    do throws(PacketFault) {
      packet = try ARP(parsing: bytes)
    } catch {
      return error == .truncated ? "ARP, [|arp]" : "ARP, not for IPv4 over Ethernet"
    }
    let sender = NetworkAddress.v4(packet.senderIP)
    let target = NetworkAddress.v4(packet.targetIP)
    let what =
      switch packet.operation {
      case ARP.request where packet.isProbe: "Probe \(target)"
      case ARP.request where packet.isGratuitous: "Announcement \(sender)"
      case ARP.request: "Request who-has \(target) tell \(sender)"
      case ARP.reply: "Reply \(sender) is-at \(packet.senderMAC)"
      default: "operation \(packet.operation), \(sender) to \(target)"
      }
    let isHonest = packet.senderMAC == source || packet.operation == ARP.reply
    return "ARP, \(what)\(isHonest ? "" : ", sender \(packet.senderMAC)")"
  }
}
