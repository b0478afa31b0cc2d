// The frame path allocates nothing: counted by a malloc that counts, on the worker's own thread.

import BridgeCore
import CMallocCount
import Capture
import Synchronization
import Testing
import Wire

@testable import Dataplane

@Suite(.serialized, .enabled(if: mc_works() != 0, "another allocator is in force"), .timeLimit(.minutes(5)))
struct AllocationTests {
  #if DEBUG
    static let frameCount = 100_000
  #else
    static let frameCount = 1_000_000
  #endif

  /// Something the compiler cannot do without.
  private final class Thing: Sendable {
    let value: Int
    init(_ value: Int) { self.value = value }
  }

  @Test("The counter counts: allocations of this thread and of the process, and what is freed")
  func counter() {
    let thread = mc_this_thread()
    let (allocations, frees, all) = (mc_allocations(thread), mc_frees(thread), mc_process_allocations())
    var things: [Thing] = []
    for value in 0..<100 { things.append(Thing(value)) }
    #expect(things.reduce(0) { $0 + $1.value } == 4950)
    #expect(mc_allocations(thread) >= allocations + 100)
    #expect(mc_process_allocations() >= all + 100)
    things = []
    #expect(mc_frees(thread) >= frees + 100)
  }

  /// Makes one port fail, which the worker tells from its own thread: that is how its counts are found.
  private static func workerThread(of lab: Lab, _ thread: Box<UInt>) async throws -> UInt {
    let guest = try await lab.add(9)
    guest.hangUp()
    try await until("the worker to be known") { thread.value != 0 }
    try await lab.remove(9)
    return thread.value
  }

  /// Frames of every kind and the port they are sent from: to one port, tagged, untagged, flooded, dropped, with work
  /// for the receiver, from stations that move.
  private static func mix(_ round: Int) -> [(what: String, slot: Int, frame: [UInt8])] {
    let (one, two) = (station(1), station(2))
    let tcp = tcp4(to: two, from: one, payload: 4000)
    let segments = offload(tcpOffload(gsoType: VirtioNetHeader.gsoTCPv4, gsoSize: 1400))
    return [
      ("to one port", 0, offload() + ethernet(to: two, from: one)),
      ("and back", 1, offload() + ethernet(to: one, from: two)),
      ("tag taken off", 0, offload() + ethernet(to: two, from: one, tags: [(0x8100, 1)])),
      ("flooded", 0, offload() + ethernet(to: .broadcast, from: one)),
      ("flooded with its tag", 0, offload() + ethernet(to: .broadcast, from: one, tags: [(0x8100, 12)])),
      ("flooded without its tag", 1, offload() + ethernet(to: station(99), from: two, tags: [(0x8100, 0x2001)])),
      ("segments", 0, segments + tcp), ("checksum", 0, offload(tcpOffload()) + tcp4(to: two, from: one)),
      ("runt", 2, offload() + [1, 2, 3]), ("no whole offload header", 2, [1, 2, 3]),
      ("tag cut off", 2, offload() + ethernet(to: two, from: one, tags: [(0x8100, 1)]).prefix(16)),
      ("bad source", 2, offload() + ethernet(to: two, from: .broadcast)),
      ("VID 4095", 2, offload() + ethernet(to: one, from: two, tags: [(0x8100, 0xFFF)])),
      ("bad segment type", 2, offload(tcpOffload(gsoType: VirtioNetHeader.gsoUDP, gsoSize: 9)) + tcp),
      ("bad checksum start", 2, offload(tcpOffload(front: 0)) + tcp4(to: two, from: one)),
      ("not IP", 2, offload(tcpOffload()) + ethernet(to: two, from: one)),
      ("too long", 2, offload() + sized(3000, to: two, from: station(3))),
      ("moves", round % 2 == 0 ? 0 : 2, offload() + ethernet(to: two, from: station(40))),
      ("new", 2, offload() + ethernet(to: two, from: station(1000 + round % 64 * 40 + round / 64 % 40))),
      ("back where it came from", 1, offload() + ethernet(to: two, from: station(41))),
      ("tag changed", 4, offload() + ethernet(to: .broadcast, from: station(44), tags: [(0x88A8, 0xA001)])),
      ("tag pushed", 0, offload() + ethernet(to: station(44), from: one)),
      ("tag pushed on segments", 0, segments + tcp4(to: station(44), from: one, payload: 4000)),
      ("of a customer", 3, offload() + ethernet(to: .broadcast, from: station(43), tags: [(0x8100, 9), (0x8100, 7)])),
      ("a storm", 5, offload() + ethernet(to: .broadcast, from: station(45))),
      ("too much in", 5, offload() + sized(1514, to: two, from: station(45))),
      ("too much out", 0, offload() + sized(1514, to: station(45), from: one)),
      ("guarded", 5, offload() + ethernet(to: mac(0x0180_C200_0000), from: station(45))),
      ("ARP", 0, offload() + ethernet(to: .broadcast, from: one, type: 0x0806)),
    ]
  }

  private static func run(_ lab: Lab, _ thread: Box<UInt>, frames: Int) async throws {
    // Swift Testing allocates for each error thrown, which the switch by itself does not.
    mc_suspend_throw_hooks()
    defer { mc_restore_throw_hooks() }
    for slot in 0..<3 { try await lab.add(slot) }
    try await lab.add(3, .service(1, tpid: 0x88A8))
    try await lab.add(4, .trunk(1...20, tpid: 0x88A8))
    try await lab.add(
      5,
      PortSetup(
        rateIn: 1_000_000, rateOut: 1_000_000, stormBroadcast: .frames(50), stormMulticast: .frames(50),
        stormUnknown: .bits(100_000), bpduGuard: true))
    for slot in 4...5 { await lab.engine.perform(.addEntry(station(40 + slot), vlan: 1, port(slot), .static)) }
    let worker = try await workerThread(of: lab, thread)
    let mixes = (0..<64).map { mix($0) }
    let size = mixes[0].count
    let guests = lab.guests
    func batch(_ number: Int) async throws {
      for (_, slot, frame) in mixes[number % 64] { try guests[slot].put(frame) }
      try await lab.settleQuietly()
      for guest in guests { _ = guest.take() }
    }
    // First uses of generic types allocate once; the clock's tick passes at least once, too.
    for number in 0..<64 { try await batch(number) }
    try await Task.sleep(nanoseconds: 1_100_000_000)
    for number in 0..<64 { try await batch(number) }

    // A limit that drops frames is told once in ten seconds, and whoever is told here keeps a list.
    func toldNow() -> UInt64 { UInt64(lab.notices.value.count) }

    // Kind by kind, so that a failure has a name.
    for kind in 0..<size {
      let before = mc_allocations(worker)
      let told = toldNow()
      for number in 0..<64 {
        let (_, slot, frame) = mixes[number][kind]
        try guests[slot].put(frame)
        try await lab.settleQuietly()
        for guest in guests { _ = guest.take() }
      }
      #expect(
        mc_allocations(worker) - before <= toldNow() - told, "allocations for 64 frames: \(mixes[0][kind].what)")
    }

    let before = (mc_allocations(worker), mc_frees(worker))
    let told = toldNow()
    let read = lab.framesRead
    for number in 0..<(frames / size + 1) { try await batch(number) }
    let after = (mc_allocations(worker), mc_frees(worker))
    #expect(lab.framesRead - read >= UInt64(frames))
    let notices = toldNow() - told
    #expect(after.0 - before.0 <= notices, "allocations on the worker's thread")
    #expect(after.1 - before.1 <= notices, "frees on the worker's thread")
    #expect(notices < 100, "notices are rare")
    let drops = lab.drops
    #expect(drops[2]?[.runt] != nil && drops[2]?[.badOffload] != nil && drops[1]?[.egressMTU] != nil)
    #expect(lab.counters(1).drops[.queueFull] == nil)
    for reason in [DropReason.stormBroadcast, .rateIn, .rateOut, .bpduGuard] {
      #expect((drops[5]?[reason] ?? 0) > 0, "\(reason.name)")
    }
    // That the right thread was watched: commands do allocate.
    try await lab.audit()
    for _ in 0..<10 { await lab.engine.perform(.movedHistories) }
    #expect(mc_allocations(worker) > after.0, "the counter of the worker's thread stands still")
  }

  @Test("No allocation and no free on the worker's thread for a million frames of all kinds (100,000 in debug)")
  func steady() async throws {
    let thread = Box<UInt>(0)
    let told = Box(0)
    let lab = try await Lab.dataplane(
      notify: { _ in thread.change { $0 = UInt(mc_this_thread()) } },
      observe: { seen in told.change { $0 += seen.events.count + seen.frames.count } })
    try await Self.run(lab, thread, frames: Self.frameCount)
    #expect(told.value > 0)
  }

  @Test("Nor with a capture, while its ring takes frames and when it is full")
  func captured() async throws {
    let thread = Box<UInt>(0)
    let ring = try CaptureRing(capacity: 4 << 20, snapLength: 128, bell: CaptureBell())
    let lab = try await Lab.worker(ring: ring) { _ in thread.change { $0 = UInt(mc_this_thread()) } }
    try await Self.run(lab, thread, frames: Self.frameCount)
    #expect(ring.lost > 0 && ring.used > 1 << 20)
  }
}
