// Beside the frame's way: what a worker shows the observer. Frames are chosen by their type alone; what they say is
// judged elsewhere, off the path. Bounded in number, and nothing waits.

internal import BridgeCore
internal import Wire

extension Worker {
  /// At the end of a wake-up: events go to the observer, or nowhere if there is none.
  mutating func report() {
    let events = bridge.events
    if events.count != 0 || events.lost != 0 {
      if let rings {
        rings.take(events)
        hasShown = true
      } else {
        events.clear()
      }
    }
    guard hasShown else { return }
    hasShown = false
    observer?.ring()
  }

  /// After the frames of a wake-up, before commands are applied: control gets the probes that came back.
  mutating func tellProbes() {
    guard heard.count != 0 else { return }
    for index in 0..<heard.count {
      let (port, bytes) = heard[index]
      unsafe notify(.probeHeard(port, serial: ports[port].pointee.serial, bytes))
    }
    heard.clear()
  }

  /// Shows a flooded frame to the observer if it may say who has which address, so many a second of each port and of
  /// all.
  @inline(never)
  mutating func look(at frame: Frame, _ header: FrameHeader, _ verdict: Verdict, from port: PortIndex) {
    guard let rings, unsafe Worker.namesStations(frame.ethernet.bytes, header) else { return }
    guard unsafe ports.aside(port).pointee.seen.takes(atMost: ObservationRings.framesPerPort, at: now),
      shown.takes(atMost: shownPerSecond, at: now)
    else { return }
    if unsafe rings.show(frame.ethernet, port: port, vlan: verdict.vlan, at: realTime) { hasShown = true }
  }

  /// ARP (RFC 826), neighbour discovery (RFC 4861: ICMPv6 133 to 137), DHCP for both, mDNS. Looks no further than the
  /// ports.
  static func namesStations(_ bytes: RawSpan, _ header: FrameHeader) -> Bool {
    let network = header.payloadOffset
    switch header.etherType.rawValue {
    case EtherType.arp.rawValue: return true
    case EtherType.ipv4.rawValue:
      guard bytes.byteCount >= network &+ 28, bytes.byte(at: network &+ 9) == IPProtocol.udp.rawValue,
        bytes.uint16(at: network &+ 6) & 0x1FFF == 0
      else { return false }
      return namesStations(bytes, udp: network &+ Int(bytes.byte(at: network) & 15) &* 4)
    case EtherType.ipv6.rawValue:
      guard bytes.byteCount >= network &+ 48 else { return false }
      switch bytes.byte(at: network &+ 6) {
      case IPProtocol.icmpv6.rawValue: return 133...137 ~= bytes.byte(at: network &+ 40)
      case IPProtocol.udp.rawValue: return namesStations(bytes, udp: network &+ 40)
      default: return false
      }
    default: return false
    }
  }

  private static func namesStations(_ bytes: RawSpan, udp: Int) -> Bool {
    guard udp &+ 4 <= bytes.byteCount else { return false }
    return isDiscovery(bytes.uint16(at: udp)) || isDiscovery(bytes.uint16(at: udp &+ 2))
  }

  private static func isDiscovery(_ port: UInt16) -> Bool {
    switch port {
    case 67, 68, 546, 547, 5353: true
    default: false
    }
  }
}
