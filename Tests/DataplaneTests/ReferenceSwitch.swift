// What a switch without settings does, written down a second time as plainly as it can be: dictionaries, arrays and
// bytes. The data plane is compared with it frame by frame.

import BridgeCore
import Wire

struct ReferenceSwitch {
  struct Port {
    var mtu = 1500
    var isOn = true
  }
  private struct Station: Hashable {
    let mac: MACAddress
    let vlan: Int
  }

  var ports: [Int: Port] = [:]
  private var table: [Station: (port: Int, isStatic: Bool)] = [:]
  /// What each port has to get next, without offload header.
  private(set) var out: [Int: [[UInt8]]] = [:]
  private(set) var drops: [Int: [DropReason: UInt64]] = [:]
  private(set) var forwarded: [Int: UInt64] = [:]
  private(set) var flooded: [Int: UInt64] = [:]

  mutating func takeOut(_ port: Int) -> [[UInt8]] { out.removeValue(forKey: port) ?? [] }

  mutating func setStatic(_ mac: MACAddress, _ vlan: Int, _ port: Int) {
    table[Station(mac: mac, vlan: vlan)] = (port, true)
  }

  mutating func remove(_ port: Int) {
    ports[port] = nil
    table = table.filter { $0.value.port != port }
    drops[port] = nil
    forwarded[port] = nil
    flooded[port] = nil
    out[port] = nil
  }

  /// - Parameter bytes: with an offload header that asks for nothing.
  mutating func receive(_ bytes: [UInt8], from port: Int) {
    guard bytes.count >= 12 else { return drop(.badOffload, port) }
    let frame = Array(bytes.dropFirst(12))
    guard frame.count <= 65_565 else { return drop(.oversize, port) }
    guard frame.count >= 14 else { return drop(.runt, port) }
    var tags = 0
    while tags < 4, [0x8100, 0x88A8, 0x9100].contains(word(frame, 12 + 4 * tags)) {
      tags += 1
      guard frame.count >= 14 + 4 * tags else { return drop(.badTag, port) }
    }
    let (destination, source) = (address(frame, 0), address(frame, 6))
    guard !source.isGroup, !source.isZero else { return drop(.badSource, port) }
    if destination.bits >> 4 == 0x0180_C200_000, destination.bits & 15 != 0 {
      return drop(destination.bits & 15 == 1 ? .pause : .reservedAddress, port)
    }
    let tci = tags > 0 && word(frame, 12) == 0x8100 ? word(frame, 14) : nil
    let vlan = tci.map { $0 & 0xFFF == 0 ? 1 : $0 & 0xFFF } ?? 1
    guard vlan != 4095 else { return drop(.badTag, port) }

    let known = table[Station(mac: destination, vlan: vlan)]
    if table[Station(mac: source, vlan: vlan)]?.isStatic != true {
      table[Station(mac: source, vlan: vlan)] = (port, false)
    }
    let payload = frame.count - 14 - 4 * tags
    let leaving = tci != nil && vlan == 1 ? Array(frame[..<12] + frame[16...]) : frame
    if !destination.isGroup {
      guard destination != source else { return drop(.samePort, port) }
      if let known {
        guard known.port != port else { return drop(.samePort, port) }
        forwarded[port, default: 0] += 1
        return send(leaving, payload, to: known.port)
      }
    }
    let others = ports.keys.filter { $0 != port }
    guard !others.isEmpty else { return drop(.noDestination, port) }
    flooded[port, default: 0] += 1
    for other in others { send(leaving, payload, to: other) }
  }

  private mutating func send(_ frame: [UInt8], _ payload: Int, to port: Int) {
    guard let egress = ports[port], egress.isOn else { return drop(.portDown, port) }
    guard payload <= egress.mtu else { return drop(.egressMTU, port) }
    out[port, default: []].append(frame)
  }

  private mutating func drop(_ reason: DropReason, _ port: Int) { drops[port, default: [:]][reason, default: 0] += 1 }

  private func word(_ frame: [UInt8], _ offset: Int) -> Int? {
    offset + 2 <= frame.count ? Int(frame[offset]) << 8 | Int(frame[offset + 1]) : nil
  }

  private func address(_ frame: [UInt8], _ offset: Int) -> MACAddress {
    MACAddress(bits: frame[offset..<offset + 6].reduce(0) { $0 << 8 | UInt64($1) })
  }
}
