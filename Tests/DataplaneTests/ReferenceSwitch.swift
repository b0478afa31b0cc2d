// What the switch does, written down a second time as plainly as it can be: dictionaries, arrays, sets and bytes. The
// data plane is compared with it frame by frame.

import BridgeCore
import Dataplane
import Wire

struct ReferenceSwitch {
  private struct Station: Hashable {
    let mac: MACAddress
    let vlan: Int
  }

  var ports: [Int: PortSetup] = [:]
  private var table: [Station: (port: Int, isStatic: Bool)] = [:]
  private var moves: [Station: Int] = [:]
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

  // MARK: one frame

  /// - Parameter bytes: with an offload header that asks for nothing.
  mutating func receive(_ bytes: [UInt8], from port: Int) {
    guard let setup = ports[port] else { return }
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

    let tci = vlanTag(of: frame, at: setup)
    let vid = tci.map { $0 & 0xFFF } ?? 0
    let vlan = vid == 0 ? Int(setup.native) : vid
    guard vlan != 4095 else { return drop(.badTag, port) }
    if setup.accept == .untagged && vid != 0 || setup.accept == .tagged && vid == 0 { return drop(.frameType, port) }
    guard vlan != 0, isMember(port, vlan) else { return drop(.vlanNotAllowed, port) }

    let known = table[Station(mac: destination, vlan: vlan)]
    learn(Station(mac: source, vlan: vlan), port)
    let payload = frame.count - 14 - 4 * tags
    let received = Received(frame: frame, tci: tci, vlan: vlan, payload: payload, from: port)
    if !destination.isGroup {
      guard destination != source else { return drop(.samePort, port) }
      if let known, isMember(known.port, vlan) {
        guard known.port != port else { return drop(.samePort, port) }
        guard reaches(port, known.port) else { return drop(.isolated, port) }
        forwarded[port, default: 0] += 1
        return send(received, to: known.port)
      }
    }
    flood(received, destination == .broadcast ? .broadcast : destination.isGroup ? .multicast : .unicast)
  }

  private mutating func learn(_ station: Station, _ port: Int) {
    let before = table[station]
    guard before?.isStatic != true else { return }
    table[station] = (port, false)
    moves[station] = before == nil ? 0 : moves[station, default: 0] + (before?.port == port ? 0 : 1)
  }

  /// An address is about to be pinned for moving too often, which is tested elsewhere.
  var isRestless: Bool { moves.values.contains { $0 >= 5 } }

  mutating func flush() {
    table = table.filter { $0.value.isStatic }
    moves = [:]
  }

  private struct Received {
    let frame: [UInt8]
    /// Of its VLAN tag.
    let tci: Int?
    let vlan: Int
    let payload: Int
    let from: Int
  }

  private mutating func flood(_ received: Received, _ kind: FloodKinds) {
    let members = ports.keys.filter { $0 != received.from && isMember($0, received.vlan) && ports[$0]?.isUp == true }
    let reached = members.filter { reaches(received.from, $0) }
    let takers = reached.filter { ports[$0]?.floodKinds.contains(kind) == true }
    guard !takers.isEmpty else {
      return drop(members.isEmpty ? .noDestination : reached.isEmpty ? .isolated : .floodOff, received.from)
    }
    flooded[received.from, default: 0] += 1
    for port in takers { send(received, to: port) }
  }

  private mutating func send(_ received: Received, to port: Int) {
    guard let egress = ports[port], egress.enabled else { return drop(.portDown, port) }
    guard received.payload <= egress.mtu else { return drop(.egressMTU, port) }
    out[port, default: []].append(leaving(received.frame, received.tci, received.vlan, at: egress))
  }

  // MARK: VLANs

  /// The tag control information of a frame's VLAN tag at a port, if it bears one there.
  func vlanTag(of frame: [UInt8], at setup: PortSetup) -> Int? {
    guard !setup.isQinQ, word(frame, 12) == Int(setup.tpid) else { return nil }
    return word(frame, 14)
  }

  /// A frame as it leaves: with the tag that the port wants, or without.
  func leaving(_ frame: [UInt8], _ tci: Int?, _ vlan: Int, at egress: PortSetup) -> [UInt8] {
    let addresses = Array(frame[..<12])
    let rest = Array(frame[(tci == nil ? 12 : 16)...])
    let hides = !egress.isQinQ && word(rest, 0) == Int(egress.tpid)
    if egress.native == vlan, !hides { return addresses + rest }
    return addresses + big(egress.tpid) + big(UInt16((tci ?? 0) & 0xF000 | vlan)) + rest
  }

  private func isMember(_ port: Int, _ vlan: Int) -> Bool {
    guard let setup = ports[port] else { return false }
    return Int(setup.native) == vlan || setup.tagged.contains(UInt16(vlan))
  }

  private func reaches(_ from: Int, _ to: Int) -> Bool {
    guard let sender = ports[from]?.isolation, let other = ports[to]?.isolation, other.isIsolated else { return true }
    if sender.isIsolated { return false }
    return sender.group == nil || other.group == nil || sender.group == other.group
  }

  private mutating func drop(_ reason: DropReason, _ port: Int) { drops[port, default: [:]][reason, default: 0] += 1 }

  private func word(_ frame: [UInt8], _ offset: Int) -> Int? {
    offset + 2 <= frame.count ? Int(frame[offset]) << 8 | Int(frame[offset + 1]) : nil
  }

  private func address(_ frame: [UInt8], _ offset: Int) -> MACAddress {
    MACAddress(bits: frame[offset..<offset + 6].reduce(0) { $0 << 8 | UInt64($1) })
  }
}
