// A bridge with 64 ports and a table of random stations, and the headers of frames that one port sends to them.

internal import BridgeCore
internal import Wire

/// What is configured on the port that sends.
enum Features: String {
  /// A port as it is when nothing was said of it.
  case plain
  /// All that `decide` can be asked to heed: a trunk that takes tagged frames only, locked, with a limit and a list of
  /// addresses, BPDU guard, isolation, reserved groups forwarded elsewhere, the loop probe, and a set of members for
  /// each of 4,094 VLANs.
  case everything
}

struct Scenario: ~Copyable {
  static let ports = (0..<64).map { PortIndex(rawValue: $0) }
  static let sender = PortIndex(rawValue: 63)
  static let source = MACAddress(bits: 0x0200_0A00_0001)
  static let now = Tick(rawValue: 5)

  var bridge = Bridge(capacity: 1 << 20, ageing: 300, seed: 0x7461_7073_7769_7463)
  var random: UInt64 = 0x9E37_79B9_7F4A_7C15
  let stations: Int
  let vlan: UInt16
  /// A frame of 60 octets to nobody yet.
  var frame: [UInt8]

  init(_ features: Features, stations: Int) {
    self.stations = stations
    vlan = features == .plain ? 1 : 10
    frame = Scenario.octets(Scenario.source) + (features == .plain ? [] : [0x81, 0, 0, UInt8(vlan)]) + [8, 0]
    frame += [UInt8](repeating: 0, count: 60 - frame.count)
    replace(bridge.setFloodSet(FloodSetIndex(rawValue: 0), .allocate(members: Scenario.ports)))
    for mask in FloodMask.allCases { replace(bridge.setMask(mask, .allocate(members: Scenario.ports))) }
    for port in Scenario.ports { bridge.setPolicy(PortPolicy(), of: port) }
    if features == .everything { configure() }
    bridge.teach(Scenario.source, vlan: vlan, on: Scenario.sender, at: Scenario.now)
    for number in 0..<stations {
      bridge.teach(station(number), vlan: vlan, on: Scenario.ports[number % 63], at: Scenario.now)
    }
    if features == .everything { bridge.setPolicy(guarded(), of: Scenario.sender) }
  }

  private func replace(_ set: FloodSet?) { set?.deallocate() }

  private mutating func configure() {
    for vlan in UInt16(1)..<4095 {
      let index = FloodSetIndex(rawValue: vlan)
      replace(bridge.setFloodSet(index, .allocate(members: Scenario.ports)))
      bridge.mapVLAN(vlan, to: index)
    }
    replace(bridge.setReach(1, .allocate(members: Scenario.ports)))
    bridge.setProbeSource(MACAddress(bits: 0x0E00_0000_0001))
    bridge.setForwardReserved(true)
  }

  private func guarded() -> PortPolicy {
    PortPolicy(
      nativeVID: 0, accept: .tagged, isLocked: true, macLimit: 4, bpduGuard: true, refusesReserved: true, reach: 1,
      allowed: .allocate((0..<8).map { MACAddress(bits: Scenario.source.bits &+ $0) }))
  }

  private func station(_ number: Int) -> MACAddress { MACAddress(bits: 0x0200_0000_0000 &+ UInt64(number)) }

  private static func octets(_ address: MACAddress) -> [UInt8] {
    [0, 0, 0, 0, 0, 0] + stride(from: 40, through: 0, by: -8).map { UInt8(truncatingIfNeeded: address.bits >> $0) }
  }

  /// The header of a frame to any of the stations.
  mutating func next() throws(FrameFault) -> FrameHeader {
    random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    let to = station(Int((random >> 33) % UInt64(stations))).bits
    for octet in 0..<6 { frame[octet] = UInt8(truncatingIfNeeded: to >> UInt64(40 - 8 * octet)) }
    return try unsafe FrameHeader(parsing: frame.span.bytes)
  }
}
