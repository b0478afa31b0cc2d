// Deficit round robin: what a port may cause in one round is bounded, by cost and not by frames, so that one with a
// full queue holds up nobody. Ports are attached before the worker starts, their queues already filled, so that the
// order in which frames come out is that of the rounds and nothing else.

import BridgeCore
import LinuxIO
import Testing
import Wire

@testable import Dataplane

@Suite(.timeLimit(.minutes(1))) struct BudgetTests {
  /// A worker with `count` ports, among them port 0 with station 100, whose flood set has all. What `fill` sends
  /// waits before the worker starts.
  private static func worker(
    _ count: Int, fill: ([Guest]) throws -> Void
  ) throws -> (worker: BareWorker, guests: [Guest]) {
    let guests = try (0..<count).map { try Guest(port: port($0), serial: UInt32($0) + 1) }
    try fill(guests)
    var plan = VLANPlan()
    var letters: [Command] = [.addEntry(station(100), vlan: 1, port(0), .static)]
    for guest in guests {
      letters += plan.join(guest.port, PortSetup().vlans, up: true)
      letters.append(
        .attach(
          PortAttachment(
            port: guest.port, serial: guest.serial, io: PortIO(descriptor: guest.near),
            limits: PortLimits(mtu: 1500, native: 1, enabled: true), policy: PortPolicy(), handle: 0)))
    }
    return (try BareWorker(letters: letters), guests)
  }

  /// From which station the frames came, in the order in which port 0 got them; `count` of them.
  private static func sources(_ count: Int, at guest: Guest) async throws -> [Int] {
    var sources: [Int] = []
    try await until("\(count) frames, have \(sources.count)") {
      sources += guest.take().map { Int($0[23]) }
      return sources.count >= count
    }
    return sources
  }

  @Test("A port with 150 frames waiting lets others in after one quantum: 64 small frames to one port")
  func quantum() async throws {
    let (worker, guests) = try Self.worker(4) { guests in
      for _ in 0..<150 { try guests[1].put(offload() + ethernet(to: station(100), from: station(1))) }
      for _ in 0..<20 { try guests[2].put(offload() + ethernet(to: station(100), from: station(2))) }
      for _ in 0..<20 { try guests[3].put(offload() + ethernet(to: station(100), from: station(3))) }
    }
    // The guests must not hang up before.
    defer { withExtendedLifetime(guests) { worker.stop() } }
    let order = try await Self.sources(190, at: guests[0])
    let share = Int(Cost.quantum / (Cost.read(72) + Cost.write(72)))
    #expect(share == 64)
    var runs: [(source: Int, count: Int)] = []
    for source in order {
      if runs.last?.source == source { runs[runs.count - 1].count += 1 } else { runs.append((source, 1)) }
    }
    // One round of each port in some order, then what is left of port 1.
    let longest = runs.dropLast().filter { $0.source == 1 }.map(\.count).max() ?? 0
    #expect(longest <= share, "\(runs)")
    #expect(runs.filter { $0.source != 1 }.map(\.count) == [20, 20], "\(runs)")
    #expect(runs.reduce(0) { $0 + ($1.source == 1 ? $1.count : 0) } == 150)
    // The two small ports were through before port 1 had a second round.
    let last = order.lastIndex { $0 != 1 } ?? 0
    #expect(last < 40 + share, "\(runs)")
  }

  @Test("Cost counts, not frames: a port whose frames go to ten ports has fewer of them in a round")
  func cost() async throws {
    let members = 11
    let (worker, guests) = try Self.worker(13) { guests in
      for _ in 0..<100 { try guests[11].put(offload() + ethernet(to: .broadcast, from: station(1))) }
      for _ in 0..<100 { try guests[12].put(offload() + ethernet(to: station(100), from: station(2))) }
    }
    // The guests must not hang up before.
    defer { withExtendedLifetime(guests) { worker.stop() } }
    let order = try await Self.sources(200, at: guests[0])
    // A frame to twelve others: one read, twelve writes.
    let each = Cost.read(72) + Int32(members + 1) * Cost.write(72)
    let share = Int((Cost.quantum + each - 1) / each)
    #expect(share < 10)
    var run = 0
    var longest = 0
    let end = order.lastIndex(of: 2) ?? 0
    for source in order[...end] {
      run = source == 1 ? run + 1 : 0
      longest = max(longest, run)
    }
    #expect(longest <= share && longest > 0, "\(longest), share \(share)")
  }

  @Test("A flood without end from one port: another's frames all pass, commands are answered at once")
  func endless() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<4 { try await lab.add(slot) }
    // The flood goes elsewhere: in the queue of port 3 it would rightly be in the way.
    await lab.engine.perform(.addEntry(station(99), vlan: 1, port(2), .static))
    await lab.engine.perform(.addEntry(station(100), vlan: 1, port(3), .static))
    let (flooder, quiet, target) = (lab.guests[0], lab.guests[1], lab.guests[3])
    let isOver = Box(false)
    let ready = Box(false)
    async let flooded: Void = {
      let frame = offload() + ethernet(to: station(99), from: station(1))
      while !isOver.value, !Task.isCancelled {
        // Full is what it is meant to be.
        for _ in 0..<300 where !flooder.offer(frame) { break }
        ready.change { $0 = true }
        await Task.yield()
      }
    }()
    try await until("the flood") { ready.value }
    var got = 0
    for sequence in 0..<300 {
      try quiet.put(offload() + ethernet(to: station(100), from: station(2), payload: numbered(sequence)))
      try await until("frame \(sequence)") {
        for frame in target.take() where frame[23] == 2 {
          #expect(number(of: frame) == got)
          got += 1
        }
        return got == sequence + 1
      }
      if sequence % 10 == 0 { await lab.engine.perform(.setAgeing(300)) }
    }
    isOver.change { $0 = true }
    _ = await flooded
    #expect(got == 300)
    #expect(lab.counters(0)[.forwarded] > 300)
    try await lab.audit()
  }

  @Test("300 ports that are all ready at once are all served, beyond what one wait reports")
  func many() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<300 { try await lab.add(slot) }
    await lab.engine.perform(.addEntry(station(100), vlan: 1, port(0), .static))
    for round in 0..<3 {
      for guest in lab.guests.dropFirst() {
        try guest.put(offload() + ethernet(to: station(100), from: station(1000 + guest.port.slot)))
      }
      try await lab.settle()
      let kept = UInt64(lab.guests[0].take().count)
      let lost = lab.counters(0).drops[.queueFull] ?? 0
      #expect(lab.counters(0)[.txFrames] + lost == UInt64(299 * (round + 1)) && kept > 0)
    }
    for guest in lab.guests.dropFirst() { #expect(lab.counters(guest.port.slot)[.forwarded] == 3) }
    try await lab.audit()
  }
}
