// Random frames through random changes of ports: the data plane against the reference switch, and the ledger with it.

import BridgeCore
import Testing
import Wire

@testable import Dataplane

@Suite(.timeLimit(.minutes(3))) struct RandomTests {
  private static let slots = 6

  /// Ports as they are mixed in a switch: without settings, access, trunk, of a provider, isolated.
  private static func setup(_ random: inout SeededRandom) -> PortSetup {
    let kinds: [PortSetup] = [
      PortSetup(), PortSetup(), .access(1), .access(2), .access(7), .trunk(), .trunk(native: 1, 1...6),
      .trunk(native: 7, 2...7), .trunk(2...7, tpid: 0x88A8), .trunk(native: 2, 2...7, tpid: 0x88A8), .service(7),
      .service(2, tpid: 0x88A8), PortSetup(accept: .tagged), PortSetup(accept: .untagged),
    ]
    var setup = kinds.randomElement(using: &random) ?? PortSetup()
    setup.mtu = [68, 1500, 1500, 1500, 9000].randomElement(using: &random) ?? 1500
    if Int.random(in: 0..<4, using: &random) == 0 {
      setup.isolation = PortIsolation(
        isIsolated: .random(using: &random), group: [nil, "a", "b"].randomElement(using: &random) ?? nil)
    }
    if Int.random(in: 0..<4, using: &random) == 0 {
      setup.floodKinds = FloodKinds(rawValue: .random(in: 0...7, using: &random))
    }
    return setup
  }

  private static func frame(_ random: inout SeededRandom) -> [UInt8] {
    func some(_ choices: [UInt64]) -> MACAddress {
      let bits = choices.randomElement(using: &random) ?? 0
      return bits == 0x0200_0000_0000 ? station(.random(in: 1...20, using: &random)) : mac(bits)
    }
    let usual: UInt64 = 0x0200_0000_0000
    let destination = some([
      usual, usual, usual, usual, usual, usual, 0xFFFF_FFFF_FFFF, 0x0100_5E00_0001, 0x0180_C200_0000,
      0x0180_C200_0001, 0x0180_C200_000E, 0,
    ])
    let source = some(Array(repeating: usual, count: 20) + [0xFFFF_FFFF_FFFF, 0x0300_0000_0001, 0])
    let tagLists: [[(UInt16, UInt16)]] = [
      [], [], [], [(0x8100, 1)], [(0x8100, 0x6000)], [(0x8100, 2)], [(0x8100, 0x5007)], [(0x8100, 4094)],
      [(0x8100, 4095)], [(0x88A8, 3)], [(0x8100, 0), (0x8100, 2)], [(0x8100, 1), (0x88A8, 1), (0x9100, 1)],
      Array(repeating: (0x8100, 5), count: 6),
    ]
    let lengths = [46, 46, 46, 0, 1, 200, 68, 69, 1499, 1500, 1501, 1600, 9000]
    let length = lengths.randomElement(using: &random) ?? 0
    let payload = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
    let whole =
      offload()
      + ethernet(
        to: destination, from: source, tags: tagLists.randomElement(using: &random) ?? [], payload: payload)
    switch Int.random(in: 0..<20, using: &random) {
    case 0: return Array(whole.prefix(.random(in: 1...whole.count, using: &random)))
    case 1: return Array(whole.prefix(.random(in: 12...32, using: &random)))
    default: return whole
    }
  }

  @Test(
    "As the reference switch does it, frame by frame; both equations of the ledger hold throughout", arguments: seeds)
  func reference(seed: UInt64) async throws {
    var random = SeededRandom(seed: seed)
    let lab = try await Lab.dataplane()
    var reference = ReferenceSwitch()
    for slot in 0..<3 {
      try await lab.add(slot)
      reference.ports[slot] = PortSetup()
    }
    for step in 0..<600 {
      let slot = Int.random(in: 0..<Self.slots, using: &random)
      switch Int.random(in: 0..<12, using: &random) {
      case 0:
        let setup = Self.setup(&random)
        if reference.ports[slot] != nil { try await lab.set(slot, setup) } else { try await lab.add(slot, setup) }
        reference.ports[slot] = setup
      case 1:
        guard var setup = reference.ports[slot] else { continue }
        if Bool.random(using: &random) {
          setup.enabled.toggle()
          setup.isUp = setup.enabled || Bool.random(using: &random)
          try await lab.set(slot, setup)
          reference.ports[slot] = setup
        } else if reference.ports.count > 1 {
          try await lab.remove(slot)
          reference.remove(slot)
        }
      case 2:
        guard reference.ports[slot] != nil else { continue }
        let number = Int.random(in: 15...20, using: &random)
        await lab.engine.perform(.addEntry(station(number), vlan: 1, port(slot), .static))
        reference.setStatic(station(number), 1, slot)
      default:
        guard reference.ports[slot]?.enabled == true, let guest = lab.guest(slot) else { continue }
        for _ in 0..<Int.random(in: 1...6, using: &random) {
          let frame = Self.frame(&random)
          try guest.put(frame)
          reference.receive(frame, from: slot)
        }
      }
      try await lab.settle()
      for (slot, _) in reference.ports {
        guard let guest = lab.guest(slot) else { continue }
        let got = guest.take()
        let expected = reference.takeOut(slot).map { [UInt8](repeating: 0, count: 12) + $0 }
        try #require(got == expected, "seed \(seed), step \(step), port \(slot)")
        let counted = lab.counters(slot)
        try #require(counted.drops == reference.drops[slot] ?? [:], "seed \(seed), step \(step), port \(slot)")
        try #require(
          counted[.forwarded] == reference.forwarded[slot] ?? 0 && counted[.flooded] == reference.flooded[slot] ?? 0,
          "seed \(seed), step \(step), port \(slot)")
      }
      if reference.isRestless {
        await lab.engine.perform(.flush(nil, vlan: nil))
        reference.flush()
      }
      if step % 50 == 0 { try await lab.audit() }
    }
    try await lab.audit()
  }

  @Test("All ports at once, some unread, while ports change: whatever was lost is in the books", arguments: seeds)
  func storm(seed: UInt64) async throws {
    var random = SeededRandom(seed: seed)
    let lab = try await Lab.dataplane(tableSize: 16)
    for slot in 0..<Self.slots { try await lab.add(slot) }
    for _ in 0..<60 {
      for guest in lab.guests {
        for _ in 0..<Int.random(in: 0...40, using: &random) { _ = guest.offer(Self.frame(&random)) }
        // Port 0 is never read, the others now and then.
        if guest.port.slot != 0, Bool.random(using: &random) { _ = guest.take() }
      }
      let slot = Int.random(in: 1..<Self.slots, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0:
        if lab.guest(slot) == nil { try await lab.add(slot) } else { try await lab.remove(slot) }
      case 1: if lab.guest(slot) != nil { try await lab.set(slot, enabled: .random(using: &random)) }
      case 2: await lab.engine.perform(.flush(Bool.random(using: &random) ? port(slot) : nil, vlan: nil))
      default: break
      }
    }
    try await lab.audit()
    #expect((lab.counters(0).drops[.queueFull] ?? 0) > 0, "port 0 was not full: the test shows less than it should")
  }
}
