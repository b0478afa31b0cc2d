// Frames that no honest guest sends (rows of the hostile-input table): each is counted under its name at the port it
// came from, nobody gets it, and the frames of others pass between them.

import BridgeCore
import LinuxIO
import Testing
import Wire

@testable import Dataplane

/// One kind of frame, offload header included, and what becomes of it.
struct HostileRow: Sendable, CustomTestStringConvertible {
  let row: String
  let what: String
  let reason: DropReason
  let frame: [UInt8]
  var testDescription: String { "\(row) \(what): \(reason.name)" }

  init(_ row: String, _ what: String, _ reason: DropReason, _ frame: [UInt8]) {
    self.row = row
    self.what = what
    self.reason = reason
    self.frame = frame
  }
}

/// A TCP segment to station 2 of `payload` octets behind an offload header that `change` made a lie.
private func lie(
  payload: Int = 3000, gsoType: UInt8 = VirtioNetHeader.gsoTCPv4, gsoSize: UInt16 = 1000,
  _ change: (inout VirtioNetHeader) -> Void
) -> [UInt8] {
  var header = tcpOffload(gsoType: gsoType, gsoSize: gsoSize)
  change(&header)
  return offload(header) + tcp4(to: station(2), from: station(66), payload: payload)
}

private let honest = ethernet(to: station(2), from: station(66))

private let frameRows: [HostileRow] =
  [0, 1, 6, 12, 13].map { length in
    HostileRow("A1", "\(length) octets", .runt, offload() + honest.prefix(length))
  }
  + [65_566, 66_000, 100_000].map { length in
    HostileRow("A4", "\(length) octets", .oversize, offload() + sized(length, to: station(2), from: station(66)))
  }
  + [
    HostileRow("A5", "source broadcast", .badSource, offload() + ethernet(to: station(2), from: .broadcast)),
    HostileRow("A5", "source multicast", .badSource, offload() + ethernet(to: station(2), from: mac(0x0100_5E00_0001))),
    HostileRow("A5", "source zero", .badSource, offload() + ethernet(to: station(2), from: mac(0))),
    HostileRow("A6", "source is destination", .samePort, offload() + ethernet(to: station(66), from: station(66))),
    HostileRow(
      "A13", "PAUSE", .pause, offload() + ethernet(to: mac(0x0180_C200_0001), from: station(66), type: 0x8808)),
    HostileRow("E12", "LACP", .reservedAddress, offload() + ethernet(to: mac(0x0180_C200_0002), from: station(66))),
    HostileRow("E12", "LLDP", .reservedAddress, offload() + ethernet(to: mac(0x0180_C200_000E), from: station(66))),
    HostileRow(
      "V4", "VID 4095", .badTag, offload() + ethernet(to: station(2), from: station(66), tags: [(0x8100, 0x0FFF)])),
  ]
  + (14...17).map { length in
    let tagged = ethernet(to: station(2), from: station(66), tags: [(0x8100, 1)])
    return HostileRow("V1", "tag cut at \(length) octets", .badTag, offload() + tagged.prefix(length))
  }

private let offloadRows: [HostileRow] =
  (1...11).map { HostileRow("B1", "\($0) octets of offload header", .badOffload, Array(offload().prefix($0))) }
  + [
    HostileRow("B2", "sum beyond the end", .badOffload, lie(gsoType: 0, gsoSize: 0) { $0.checksumStart = 4000 }),
    HostileRow(
      "B2", "sum stored beyond the end", .badOffload, lie(gsoType: 0, gsoSize: 0) { $0.checksumOffset = 3040 }),
    HostileRow(
      "B2", "65535 + 65535", .badOffload,
      lie(gsoType: 0, gsoSize: 0) {
        $0.checksumStart = .max
        $0.checksumOffset = .max
      }),
  ]
  + [0, 6, 12, 14, 33].map { start in
    HostileRow(
      "B3", "sum from octet \(start)", .badOffload,
      lie(gsoType: 0, gsoSize: 0) {
        $0.checksumStart = UInt16(start)
        $0.checksumOffset = 0
      })
  }
  + [
    HostileRow("B5", "segments of 0", .badOffload, lie { $0.gsoSize = 0 }),
    HostileRow("B5", "segments of 1", .badOffload, lie { $0.gsoSize = 1 }),
    HostileRow("B6", "ECN alone", .badOffload, lie { $0.gsoType = VirtioNetHeader.gsoECN }),
    HostileRow("B6", "UFO", .badOffload, lie { $0.gsoType = VirtioNetHeader.gsoUDP }),
    HostileRow("B6", "UDP_L4 on TCP", .badOffload, lie { $0.gsoType = VirtioNetHeader.gsoUDPL4 }),
    HostileRow("B6", "TCPv6 on IPv4", .badOffload, lie { $0.gsoType = VirtioNetHeader.gsoTCPv6 }),
    HostileRow("B6", "type 2", .badOffload, lie { $0.gsoType = 2 }),
    HostileRow("B6", "type 127", .badOffload, lie { $0.gsoType = 127 }),
    HostileRow("B7", "segments without sums", .badOffload, lie { $0.flags = 0 }),
    HostileRow(
      "B7", "sum in a frame that is not IP", .badOffload, offload(tcpOffload()) + honest),
  ]

@Suite(.timeLimit(.minutes(1))) struct HostileTests {
  @Test("Dropped by name, at the guilty port only", arguments: frameRows + offloadRows)
  func dropped(row: HostileRow) async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<4 { try await lab.add(slot, mtu: 65_535) }
    await lab.engine.perform(.addEntry(station(2), vlan: 1, port(2), .static))
    let innocent = offload() + ethernet(to: station(2), from: station(1))
    let before = Clock.realTime()
    for _ in 0..<5 {
      try await lab.guests[3].push(row.frame)
      try lab.guests[1].put(innocent)
    }
    try await lab.settle()
    #expect(lab.drops == [3: [row.reason: 5]])
    let time = try #require(lab.counters(3).lastDrop[row.reason])
    // Read once a wake-up: not older than the wake-up, which may have been under way.
    #expect(time >= before &- 1_000_000_000 && time <= Clock.realTime())
    #expect(lab.guests[2].take() == Array(repeating: innocent, count: 5))
    for slot in [0, 1, 3] { #expect(lab.guests[slot].take().isEmpty, "port \(slot)") }
    #expect(lab.counters(3)[.rxSegments] == 5, "nothing that a liar says of segments is counted")
    try await lab.audit()
  }

  @Test("A5, A1, B1: none of it teaches an address", arguments: frameRows + offloadRows)
  func nothingLearned(row: HostileRow) async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<2 { try await lab.add(slot) }
    try lab.guests[1].put(row.frame)
    try await lab.settle()
    // A6 is a good source address; so is that of frames that the switch keeps from others only for where they go.
    let known = (lab.engine as? Dataplane)?.table.occupied
    #expect(known == (row.reason == .samePort ? 1 : 0))
    try await lab.audit()
  }

  @Test("A6: what is for the port it came from is not sent back, and its source is learned")
  func hairpin() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<3 { try await lab.add(slot) }
    try lab.guests[1].put(offload() + ethernet(to: .broadcast, from: station(5)))
    try await lab.settle()
    for guest in lab.guests { _ = guest.take() }
    for _ in 0..<4 { try lab.guests[1].put(offload() + ethernet(to: station(5), from: station(6))) }
    try await lab.settle()
    #expect(lab.drops == [1: [.samePort: 4]])
    for guest in lab.guests { #expect(guest.take().isEmpty) }
    let dataplane = try #require(lab.engine as? Dataplane)
    #expect(dataplane.table.find(station(6), vlan: 1, at: dataplane.now)?.port == port(1))
    try await lab.audit()
  }

  @Test("A2: the shortest frames pass as they are, not an octet longer")
  func short() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<3 { try await lab.add(slot) }
    // The buffer holds a long frame first: what is left of it must not be seen.
    try lab.guests[0].put(offload() + sized(1514, to: .broadcast, from: station(1)))
    try await lab.settle()
    for guest in lab.guests { _ = guest.take() }
    let frames = (14...60).map { offload() + sized($0, to: .broadcast, from: station(1)) }
    for frame in frames { try lab.guests[0].put(frame) }
    try await lab.settle()
    #expect(lab.guests[1].take() == frames && lab.guests[2].take() == frames)
    try await lab.audit()
  }

  @Test("A3: a frame goes to the ports whose MTU holds it; the others count egress_mtu")
  func mtu() async throws {
    let lab = try await Lab.dataplane()
    for (slot, mtu) in [1500, 1500, 9000, 65_535].enumerated() { try await lab.add(slot, mtu: mtu) }
    func send(_ length: Int, tags: [(UInt16, UInt16)] = []) async throws -> [Int] {
      for guest in lab.guests { _ = guest.take() }
      let frame = offload() + sized(length, to: .broadcast, from: station(1), tags: tags)
      try lab.guests[0].put(frame)
      try await lab.settle()
      return (1...3).filter { lab.guests[$0].take() == [frame] }
    }
    #expect(try await send(1514) == [1, 2, 3])
    #expect(try await send(1515) == [2, 3])
    #expect(try await send(1518, tags: [(0x8100, 7)]) == [1, 2, 3])
    #expect(try await send(1519, tags: [(0x8100, 7)]) == [2, 3])
    #expect(try await send(1522, tags: [(0x8100, 7), (0x8100, 8)]) == [1, 2, 3])
    #expect(try await send(1523, tags: [(0x8100, 7), (0x8100, 8)]) == [2, 3])
    #expect(try await send(9014) == [2, 3])
    #expect(try await send(9015) == [3])
    #expect(lab.drops == [1: [.egressMTU: 5], 2: [.egressMTU: 1]])
    try await lab.audit()
  }

  @Test("A4: up to 65,535 octets behind the header pass whole where the MTU is that; one more is egress_mtu, never cut")
  func jumbo() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<2 { try await lab.add(slot, mtu: 65_535) }
    for (length, passes) in [(65_535, true), (65_549, true), (65_550, false), (65_565, false)] {
      let frame = offload() + sized(length, to: .broadcast, from: station(1))
      try lab.guests[0].put(frame)
      try await lab.settle()
      #expect(lab.guests[1].take() == (passes ? [frame] : []), "\(length)")
    }
    #expect(lab.drops == [1: [.egressMTU: 2]])
    try await lab.audit()
  }

  @Test("An MTU changed on a port that carries traffic holds from the next frame on")
  func mtuChange() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<2 { try await lab.add(slot, mtu: 1500) }
    for (mtu, passes) in [(1499, false), (1500, true), (68, false), (9000, true)] {
      try await lab.set(1, mtu: mtu, enabled: true)
      try lab.guests[0].put(offload() + sized(1514, to: .broadcast, from: station(1)))
      try await lab.settle()
      #expect(lab.guests[1].take().count == (passes ? 1 : 0), "\(mtu)")
    }
    try await lab.audit()
  }

  @Test("V3: VID 0 once is the native VLAN; VID 0 before VID 20 selects VLAN 20 neither here nor at the next switch")
  func priorityTags() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<3 { try await lab.add(slot) }
    await lab.engine.perform(.addEntry(station(2), vlan: 20, port(2), .static))
    await lab.engine.perform(.addEntry(station(2), vlan: 1, port(1), .static))
    let once = ethernet(to: station(2), from: station(1), tags: [(0x8100, 0xA000)])
    let stacked = ethernet(to: station(2), from: station(1), tags: [(0x8100, 0xA000), (0x8100, 20)])
    for frame in [once, stacked] { try lab.guests[0].put(offload() + frame) }
    try await lab.settle()
    let named = ethernet(to: station(2), from: station(1), tags: [(0x8100, 0xA001), (0x8100, 20)])
    #expect(lab.guests[1].take() == [offload() + ethernet(to: station(2), from: station(1)), offload() + named])
    #expect(lab.guests[2].take().isEmpty)
    try await lab.audit()
  }

  @Test("V2, V7: other tag protocols and nested tags are payload of the VLAN outside; nothing of them is changed")
  func nested() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<2 { try await lab.add(slot, mtu: 9000) }
    for tags: [(UInt16, UInt16)] in [
      [(0x88A8, 30)], [(0x9100, 30)], [(0x88A8, 30), (0x8100, 1)], Array(repeating: (0x8100, 9), count: 8),
      Array(repeating: (0x88A8, 4095), count: 370),
    ] {
      let frame = offload() + ethernet(to: .broadcast, from: station(1), tags: tags)
      try lab.guests[0].put(frame)
      try await lab.settle()
      #expect(lab.guests[1].take() == [frame])
    }
    #expect(lab.drops.isEmpty)
    try await lab.audit()
  }
}

@Suite(.timeLimit(.minutes(1))) struct OffloadHeaderTests {
  @Test("B9, B10: whatever a sender writes where nothing is asked for, the receiver gets zeros")
  func cleared() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<2 { try await lab.add(slot) }
    let frame = ethernet(to: .broadcast, from: station(1))
    for flags: UInt8 in [VirtioNetHeader.dataValid, VirtioNetHeader.coalescingInfo, 0xF8 | 2] {
      var raw = VirtioNetHeader()
      raw.flags = flags
      raw.headerLength = 0xFFFF
      raw.gsoSize = 0xFFFF
      raw.checksumStart = 0xFFFF
      raw.checksumOffset = 0xFFFF
      raw.bufferCount = 7
      try lab.guests[0].put(offload(raw) + frame)
      try await lab.settle()
      #expect(lab.guests[1].take() == [[UInt8](repeating: 0, count: 12) + frame])
    }
    #expect(lab.drops.isEmpty)
    try await lab.audit()
  }

  @Test("B4: a request for a checksum passes, and moves with the tag that is taken off")
  func checksum() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<2 { try await lab.add(slot) }
    let bare = offload(tcpOffload()) + tcp4(to: .broadcast, from: station(1))
    try lab.guests[0].put(bare)
    try lab.guests[0].put(
      offload(tcpOffload(front: 18)) + tcp4(to: .broadcast, from: station(1), tags: [(0x8100, 1)]))
    let tagged = offload(tcpOffload(front: 18)) + tcp4(to: .broadcast, from: station(1), tags: [(0x8100, 5)])
    try lab.guests[0].put(tagged)
    try await lab.settle()
    #expect(lab.guests[1].take() == [bare, bare, tagged])
    try await lab.audit()
  }

  @Test("B5: a frame that stands for many is one frame, its segments are counted, and each is held against the MTU")
  func segments() async throws {
    let lab = try await Lab.dataplane()
    for (slot, mtu) in [1500, 1500, 1499].enumerated() { try await lab.add(slot, mtu: mtu) }
    let frame = tcp4(to: .broadcast, from: station(1), payload: 14_600)
    try lab.guests[0].put(offload(tcpOffload(gsoType: VirtioNetHeader.gsoTCPv4, gsoSize: 1460)) + frame)
    try await lab.settle()
    var clean = tcpOffload(gsoType: VirtioNetHeader.gsoTCPv4, gsoSize: 1460)
    clean.headerLength = 54
    #expect(lab.guests[1].take() == [offload(clean) + frame])
    #expect(lab.drops == [2: [.egressMTU: 1]])
    let (from, to) = (lab.counters(0), lab.counters(1))
    #expect(from[.rxFrames] == 1 && from[.rxSegments] == 10 && from[.rxBytes] == 14_654)
    #expect(to[.txFrames] == 1 && to[.txSegments] == 10 && to[.txBytes] == 14_654)
    try await lab.audit()

    // One octet more in a segment, and no port takes it.
    try lab.guests[0].put(offload(tcpOffload(gsoType: VirtioNetHeader.gsoTCPv4, gsoSize: 1461)) + frame)
    try await lab.settle()
    #expect(lab.drops == [1: [.egressMTU: 1], 2: [.egressMTU: 2]])
    try await lab.audit()
  }

  @Test("B5: a segment size above the payload makes it one frame, of which nothing about segments is left")
  func oneSegment() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<2 { try await lab.add(slot) }
    let frame = tcp4(to: .broadcast, from: station(1), payload: 800)
    try lab.guests[0].put(offload(tcpOffload(gsoType: VirtioNetHeader.gsoTCPv4, gsoSize: 1460)) + frame)
    try await lab.settle()
    #expect(lab.guests[1].take() == [offload(tcpOffload()) + frame])
    #expect(lab.counters(0)[.rxSegments] == 1 && lab.counters(1)[.txSegments] == 1)
    try await lab.audit()
  }
}
