// Ports that come, go, stall and fail while others carry traffic: nobody else loses a frame.

import BridgeCore
import Glibc
import LinuxIO
import Synchronization
import Testing
import Wire

@testable import Dataplane

@Suite(.timeLimit(.minutes(1))) struct LivePortTests {
  /// Sends numbered frames to station 2 and reads them there, until `isOver`; how many went.
  private static func stream(from sender: Guest, to receiver: Guest, isOver: Box<Bool>) async throws -> Int {
    var next = 0
    var expected = 0
    func read() throws {
      for frame in receiver.take() where frame.count == 72 && frame[26 - 1] == 0xB5 {
        try #require(number(of: frame) == expected, "lost or out of order")
        expected += 1
      }
      // What the ports that come and go flood.
      _ = sender.take()
    }
    while !isOver.value, !Task.isCancelled {
      for _ in 0..<16 {
        try sender.put(offload() + ethernet(to: station(2), from: station(1), payload: numbered(next)))
        next += 1
      }
      // The receiver's queue must never be what loses a frame.
      try await until("frame \(next), have \(expected)") {
        try read()
        return expected + 32 > next
      }
    }
    try await until("all of \(next), have \(expected)") {
      try read()
      return expected == next
    }
    return next
  }

  @Test("L9: ports are added, attached anew and removed 150 times beside a stream: not one frame of it is lost")
  func removal() async throws {
    let lab = try await Lab.dataplane()
    let sender = try await lab.add(0)
    let receiver = try await lab.add(1)
    await lab.engine.perform(.addEntry(station(2), vlan: 1, port(1), .static))
    let isOver = Box(false)
    async let streamed = Self.stream(from: sender, to: receiver, isOver: isOver)
    for round in 0..<150 {
      let slot = 2 + round % 3
      let guest = try await lab.add(slot)
      // Something is under way in both directions when the port goes.
      let frame = offload() + ethernet(to: station(77), from: station(100 + round), type: 0x88B6)
      for _ in 0..<4 { try guest.put(frame) }
      // What they flood must not fill the queues of the two while nobody finds the time to read.
      _ = sender.take()
      try await until("the stream to keep up") {
        lab.counters(1)[.txFrames] < UInt64(receiver.received.load(ordering: .relaxed)) + 64
      }
      if round % 2 == 0 { try await until("read") { lab.counters(slot)[.rxFrames] == 4 } }
      try await lab.remove(slot)
    }
    isOver.change { $0 = true }
    let count = try await streamed
    #expect(count > 150)
    #expect(lab.drops.isEmpty)
    #expect(lab.counters(0)[.forwarded] == UInt64(count))
    try await lab.audit()
  }

  @Test("A port that is gone is not read, not written, and its addresses are forgotten")
  func gone() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<3 { try await lab.add(slot) }
    let guest = try #require(lab.guest(2))
    try guest.put(offload() + ethernet(to: .broadcast, from: station(3)))
    try await lab.settle()
    for slot in 0..<2 { _ = lab.guests[slot].take() }
    await lab.engine.perform(.detach(port(2)))
    // In the flood set still, as between two commands of a removal: refused and counted where it was meant to go.
    try lab.guests[0].put(offload() + ethernet(to: station(3), from: station(1)))
    try await until("flooded") { lab.counters(2).drops == [.portDown: 1] }
    for _ in 0..<3 { #expect(guest.offer(offload() + ethernet(to: .broadcast, from: station(3)))) }
    try lab.guests[0].put(offload() + ethernet(to: .broadcast, from: station(1)))
    try await until("flooded") { lab.counters(2).drops == [.portDown: 2] }
    #expect(lab.guests[1].take().count == 2)
    #expect(guest.take().isEmpty)
    #expect(lab.counters(2)[.rxFrames] == 1)
    try await lab.remove(2)
    try await lab.audit()
  }

  @Test("Detached between frames: the flood set still names the port, the static entry too; both are port_down there")
  func detachedButKnown() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<3 { try await lab.add(slot) }
    await lab.engine.perform(.addEntry(station(3), vlan: 1, port(2), .static))
    await lab.engine.perform(.detach(port(2)))
    for _ in 0..<5 { try lab.guests[0].put(offload() + ethernet(to: station(3), from: station(1))) }
    try await until("five") { lab.counters(2).drops == [.portDown: 5] }
    #expect(lab.drops == [2: [.portDown: 5]])
    #expect(lab.guests[1].take().isEmpty)
    await lab.engine.perform(.forget(port(2)))
    try lab.guests[0].put(offload() + ethernet(to: station(3), from: station(1)))
    try await until("flooded") { lab.counters(2).drops == [.portDown: 6] }
    #expect(lab.guests[1].take().count == 1)
    try await lab.audit()
  }

  @Test("H3: a port that is not read loses only its own frames, as queue_full, and none that its queue took")
  func unread() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<4 { try await lab.add(slot) }
    let total = 1500
    var got = [Int](repeating: 0, count: 4)
    for sequence in 0..<total {
      try lab.guests[0].put(offload() + ethernet(to: .broadcast, from: station(1), payload: numbered(sequence)))
      guard sequence % 32 == 31 || sequence == total - 1 else { continue }
      try await lab.settle()
      for slot in [1, 3] {
        for frame in lab.guests[slot].take() {
          #expect(number(of: frame) == got[slot])
          got[slot] += 1
        }
      }
    }
    #expect(got[1] == total && got[3] == total)
    let lost = lab.counters(2).drops[.queueFull] ?? 0
    #expect(lost > 0)
    #expect(lab.drops == [2: [.queueFull: lost]])
    let kept = lab.guests[2].take()
    #expect(UInt64(kept.count) + lost == UInt64(total))
    #expect(kept.map { number(of: $0) } == Array(0..<kept.count), "what was kept is the oldest, in order")
    #expect(lab.counters(0)[.floodCopies] == UInt64(3 * total))
    try await lab.audit()

    // Read again, it gets frames again.
    try lab.guests[0].put(offload() + ethernet(to: .broadcast, from: station(1), payload: numbered(total)))
    try await lab.settle()
    #expect(lab.guests[2].take().map { number(of: $0) } == [total])
    try await lab.audit()
  }

  @Test("A port switched off is not read: its frames wait and come when it is on; what is for it is port_down")
  func switchedOff() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<3 { try await lab.add(slot) }
    try await lab.set(1, enabled: false)
    for sequence in 0..<10 {
      try lab.guests[1].put(offload() + ethernet(to: .broadcast, from: station(2), payload: numbered(sequence)))
    }
    for _ in 0..<3 { try lab.guests[0].put(offload() + ethernet(to: .broadcast, from: station(1))) }
    try await lab.settle()
    #expect(lab.counters(1)[.rxFrames] == 0)
    #expect(lab.drops == [1: [.portDown: 3]])
    #expect(lab.guests[2].take().count == 3)
    try await lab.set(1, enabled: true)
    try await lab.settle()
    #expect(lab.guests[2].take().map { number(of: $0) } == Array(0..<10))
    try await lab.audit()
  }

  @Test("K1: a descriptor that fails is reported once with its attachment, left alone, and can be attached anew")
  func failure() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<3 { try await lab.add(slot) }
    let broken = try #require(lab.guest(1))
    // What it had sent before is still delivered.
    for sequence in 0..<3 {
      try broken.put(offload() + ethernet(to: .broadcast, from: station(2), payload: numbered(sequence)))
    }
    broken.hangUp()
    try await until("a notice") { !lab.notices.value.isEmpty }
    try lab.guests[0].put(offload() + ethernet(to: .broadcast, from: station(1)))
    try await until("flooded") { lab.counters(1).drops[.portDown] == 1 }
    #expect(lab.notices.value == [.portFailed(port(1), serial: broken.serial, code: 0)])
    #expect(lab.guests[2].take().count == 4)
    try await lab.remove(1)

    let again = try await lab.add(1)
    try lab.guests[0].put(offload() + ethernet(to: .broadcast, from: station(1)))
    try await lab.settle()
    #expect(again.take().count == 1)
    #expect(lab.notices.value.count == 1)
    try await lab.audit()
  }

  @Test("K1: a change of settings does not take a failed descriptor up again")
  func adjustedAfterFailure() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<2 { try await lab.add(slot) }
    try #require(lab.guest(1)).hangUp()
    try await until("a notice") { !lab.notices.value.isEmpty }
    try await lab.set(1, mtu: 1400, enabled: true)
    try? await until("no second notice", seconds: 1) { lab.notices.value.count > 1 }
    #expect(lab.notices.value.count == 1)
  }

  @Test("A descriptor that cannot be watched is refused, and its port is nobody's", arguments: [1, 3])
  func unwatchable(workers: Int) async throws {
    let lab = try await Lab.dataplane(workers: workers)
    try await lab.add(0)
    let number = unsafe open("/proc/self/status", O_RDONLY | O_CLOEXEC)
    defer { close(number) }
    let limits = PortLimits(mtu: 1500, native: 1, enabled: true)
    for (descriptor, code) in [(number, EPERM), (Int32(1_000_000), EBADF)] {
      let reply = await lab.engine.perform(
        .attach(
          PortAttachment(
            port: port(1), serial: 9, io: PortIO(descriptor: descriptor), limits: limits, policy: PortPolicy(),
            handle: 0)))
      guard case .failed(code) = reply else {
        Issue.record("\(reply)")
        continue
      }
    }
    // Nothing is left of it: frames for its slot are port_down, not writes to a foreign descriptor.
    let sets = [(FloodSetIndex(rawValue: 9), FloodSet.allocate(members: [port(0), port(1)]))]
    VLANPlan.free(await lab.engine.perform(.setVLANs(sets: sets, map: [(1...1, sets[0].0)])))
    await lab.engine.perform(.addEntry(station(2), vlan: 1, port(1), .static))
    try lab.guests[0].put(offload() + ethernet(to: station(2), from: station(1)))
    try await lab.settle()
    #expect(lab.counters(1).drops == [.portDown: 1])
    try await lab.audit(others: [1])
  }

  @Test("A slot that is used again has fresh counters")
  func slotReuse() async throws {
    let lab = try await Lab.dataplane()
    try await lab.add(0)
    let first = try await lab.add(1)
    try first.put(offload() + [1])
    try await lab.settle()
    #expect(lab.counters(1).drops == [.runt: 1] && lab.counters(1).lastDrop[.runt] != nil)
    try await lab.remove(1)
    let second = try await lab.add(1)
    #expect(lab.counters(1) == CounterSnapshot())
    try second.put(offload() + ethernet(to: .broadcast, from: station(1)))
    try await lab.settle()
    #expect(lab.counters(1)[.rxFrames] == 1 && lab.counters(1).drops.isEmpty)
    try await lab.audit()
  }
}
