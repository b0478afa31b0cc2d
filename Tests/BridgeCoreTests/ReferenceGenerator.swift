// Random configurations and random frames for them. Few ports, VLANs and stations a sequence, so that they meet.

import BridgeCore
import Wire

struct ReferenceGenerator {
  static let slots = [0, 1, 2, 3, 62, 63, 64, 127, 1000, 4095]
  private static let allVLANs: [UInt16] = [1, 2, 10, 2047, 4094]
  private static let groups: [UInt64] = [
    0xFFFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF, 0x0100_5E00_0001, 0x3333_0000_0001, 0x0100_0CCC_CCCD, 0x0180_C200_0010,
    0x0180_C200_0000, 0x0180_C200_0000, 0x0180_C200_0001, 0x0180_C200_0002, 0x0180_C200_000E, 0x0180_C200_000F,
  ]
  static let probe = mac(0x0200_0000_FFFF)

  private var random: SeededRandom
  private let slots: [Int]
  private let vlans: [UInt16]
  private let stations: Int
  /// How likely a port has any one of the rarer settings, in percent.
  private let spice: Int
  private var ageing = 300

  init(seed: UInt64) {
    random = SeededRandom(seed: seed)
    slots = Array(Self.slots.shuffled(using: &random).prefix(.random(in: 2...6, using: &random)))
    vlans = Array(Self.allVLANs.shuffled(using: &random).prefix(.random(in: 1...3, using: &random)))
    stations = .random(in: 2...10, using: &random)
    spice = [0, 5, 12, 30].randomElement(using: &random) ?? 12
  }

  mutating func steps(_ count: Int) -> [ReferenceStep] {
    var steps: [ReferenceStep] = [.probe(Self.probe)]
    for (index, vlan) in vlans.enumerated() { steps.append(.vlan(vlan, set: index + 1, members(all: 80))) }
    for slot in slots { steps.append(.port(slot, anyPort())) }
    while steps.count < count { steps += any() }
    return steps
  }

  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
  private mutating func slot() -> Int { slots.randomElement(using: &random) ?? 0 }
  private mutating func vlan() -> UInt16 { vlans.randomElement(using: &random) ?? 1 }
  private mutating func anyStation() -> MACAddress { station(.random(in: 1...stations, using: &random)) }
  private mutating func anyGroup() -> MACAddress { mac(Self.groups.randomElement(using: &random) ?? 0) }

  private mutating func members(all percent: Int) -> Set<Int> {
    if chance(percent) { return Set(slots) }
    return Set(slots.filter { _ in chance(60) })
  }

  private mutating func any() -> [ReferenceStep] {
    switch Int.random(in: 0..<100, using: &random) {
    case 0..<9: [.wait(time())]
    case 9..<12: [.port(slot(), anyPort())]
    case 12: [.noPort(slot())]
    case 13: [.map(vlan(), set: .random(in: 1...4, using: &random))]
    case 14: [.vlan(vlan(), set: .random(in: 1...4, using: &random), members(all: 30))]
    case 15: [.flush(chance(50) ? slot() : nil, vlan: chance(50) ? vlan() : nil)]
    case 16: [.remove(anyStation(), vlan: chance(70) ? vlan() : nil)]
    case 17, 18: [.entry(anyStation(), vlan: vlan(), on: slot(), chance(50) ? .static : .sticky)]
    case 19: [.restore(anyStation(), vlan: vlan(), on: slot(), age: .random(in: 0...320, using: &random))]
    case 20: [.lesson(anyStation(), vlan: vlan(), on: slot())]
    case 21: chance(30) ? [.forwardReserved(chance(50))] : chance(30) ? [newAgeing()] : []
    case 22, 23: flapping()
    case 24, 25: crowd()
    default: [frame()]
    }
  }

  private mutating func newAgeing() -> ReferenceStep {
    ageing = [10, 30, 300, 1_000_000].randomElement(using: &random) ?? 300
    return .ageing(ageing)
  }

  private mutating func time() -> Int {
    switch Int.random(in: 0..<60, using: &random) {
    case 0: .random(in: 1 << 20...1 << 23, using: &random)
    case 1: (1 << 24) + .random(in: 0...3, using: &random)
    case 2..<6: min(ageing, 1000) + .random(in: 0...1, using: &random)
    case 6..<14: min(ageing, 1000) / 2
    case 14..<20: .random(in: 28...32, using: &random)
    default: .random(in: 1...5, using: &random)
    }
  }

  private mutating func anyPort() -> ReferencePort {
    var port = ReferencePort()
    port.isUp = !chance(5)
    port.native = chance(8) ? 0 : vlan()
    port.learning = !chance(spice)
    if chance(spice) { port.tpid = 0x88A8 }
    if chance(spice) {
      port.accept = chance(50) ? .tagged : .untagged
    } else if chance(spice) {
      port.isQinQ = true
    }
    port.isLocked = chance(spice)
    if chance(spice) {
      port.limit = .random(in: 1...4, using: &random)
      port.limitAction = [.drop, .forward, .shutdown].randomElement(using: &random) ?? .drop
    }
    port.bpduGuard = chance(spice)
    port.refusesReserved = chance(spice)
    if chance(spice) { port.allowed = Set((1...stations).filter { _ in chance(60) }.map { station($0) }) }
    for kind in [FloodKind.unicast, .multicast, .broadcast] where chance(spice) { port.flood.remove(kind) }
    port.isIsolated = chance(spice)
    if chance(spice) { port.group = .random(in: 1...2, using: &random) }
    return port
  }

  private mutating func tags() -> [ReferenceFrame.Tag] {
    guard chance(45) else { return [] }
    let some: [UInt16] = [0, 4095, 3000, vlan(), vlan(), vlan(), vlan(), vlan()]
    let vid = some.randomElement(using: &random) ?? 0
    let priority = UInt16.random(in: 0...15, using: &random) << 12
    var tags = [ReferenceFrame.Tag(tpid: chance(20) ? 0x88A8 : 0x8100, tci: priority | vid)]
    if chance(15) { tags.append(.init(tpid: chance(20) ? 0x88A8 : 0x8100, tci: vlan())) }
    return tags
  }

  private mutating func frame() -> ReferenceStep {
    let dice = Int.random(in: 0..<60, using: &random)
    let source = dice == 0 ? mac(0) : dice == 1 ? anyGroup() : dice == 2 ? Self.probe : anyStation()
    let destination = dice == 3 ? source : dice < 20 ? anyGroup() : dice == 20 ? mac(0) : anyStation()
    return .frame(
      ReferenceFrame(destination: destination, source: source, tags: tags()), from: slot(), isTaught: !chance(3))
  }

  /// One address that is heard now here, now there.
  private mutating func flapping() -> [ReferenceStep] {
    let (source, first, second, tags) = (anyStation(), slot(), slot(), self.tags())
    var steps: [ReferenceStep] = []
    for turn in 0..<Int.random(in: 4...12, using: &random) {
      if chance(40) { steps.append(.wait(.random(in: 1...2, using: &random))) }
      let frame = ReferenceFrame(destination: anyStation(), source: source, tags: tags)
      steps.append(.frame(frame, from: turn % 2 == 0 ? first : second, isTaught: true))
    }
    if chance(50) { steps.append(.wait(.random(in: 25...32, using: &random))) }
    steps.append(
      .frame(ReferenceFrame(destination: anyStation(), source: source, tags: tags), from: first, isTaught: true))
    return steps
  }

  /// Many addresses from one port.
  private mutating func crowd() -> [ReferenceStep] {
    let (slot, tags) = (slot(), tags())
    return (1...stations).map {
      .frame(ReferenceFrame(destination: .broadcast, source: station($0), tags: tags), from: slot, isTaught: true)
    }
  }
}
