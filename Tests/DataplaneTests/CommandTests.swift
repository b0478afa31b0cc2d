// The data plane as control uses it: answers, its clocks, its end.

import BridgeCore
import LinuxIO
import Testing
import Wire

@testable import Dataplane

@Suite(.timeLimit(.minutes(1))) struct CommandTests {
  private static func dataplane(_ forwardReserved: Bool = false) throws -> Dataplane {
    try Dataplane(
      DataplaneConfiguration(tableSize: 16, ageing: 300, forwardReserved: forwardReserved, seed: 3), capture: nil
    ) { _ in }
  }

  @Test("Commands are applied in the order posted, by whomever; each is answered once")
  func answers() async throws {
    let lab = try await Lab.dataplane()
    for round in 1...20 {
      let replies = await withTaskGroup(of: Bool.self) { group in
        for number in 0..<50 {
          group.addTask {
            if case .done = await lab.engine.perform(.addEntry(station(1 + number), vlan: 1, port(1), .static)) {
              return true
            }
            return false
          }
        }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(replies == 50)
      guard case .count(1) = await lab.engine.perform(.removeEntry(station(50), vlan: nil)) else {
        Issue.record("round \(round): removed otherwise")
        continue
      }
      guard case .count(0) = await lab.engine.perform(.removeEntry(station(50), vlan: nil)) else {
        Issue.record("round \(round): removed twice")
        continue
      }
    }
  }

  @Test("A table full of static entries says so")
  func full() async throws {
    let dataplane = try Self.dataplane()
    defer { dataplane.stop() }
    var refused = 0
    for number in 0..<200 {
      switch await dataplane.perform(.addEntry(station(number + 1), vlan: 1, port(1), .static)) {
      case .done: #expect(refused == 0 || number < 200)
      case .full: refused += 1
      case let other: Issue.record("\(other)")
      }
    }
    #expect(refused > 0 && refused < 200)
  }

  @Test("forward_reserved lets LLDP and LACP pass, never PAUSE; it holds from the next frame on")
  func reserved() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<2 { try await lab.add(slot) }
    for (on, passes) in [(false, 0), (true, 2), (false, 0)] {
      await lab.engine.perform(.setForwardReserved(on))
      for last: UInt64 in [1, 2, 14] {
        try lab.guests[0].put(offload() + ethernet(to: mac(0x0180_C200_0000 | last), from: station(1)))
      }
      try await lab.settle()
      #expect(lab.guests[1].take().count == passes)
    }
    #expect(lab.drops == [0: [.pause: 3, .reservedAddress: 4]])
    try await lab.audit()
  }

  @Test("Ticks are seconds since the start, and real time follows them")
  func clocks() async throws {
    let dataplane = try Self.dataplane()
    defer { dataplane.stop() }
    #expect(dataplane.now.rawValue <= 1)
    let start = dataplane.realTime(of: Tick(rawValue: 0))
    let later = dataplane.realTime(of: Tick(rawValue: 10))
    let distance = Int64(later) - Int64(start) - 10_000_000_000
    #expect(abs(distance) < 1_000_000_000)
    #expect(abs(Int64(Clock.realTime()) - Int64(start)) < 5_000_000_000)
  }

  @Test("Stopped twice, or not at all: its threads and descriptors are gone")
  func stop() async throws {
    for round in 0..<50 {
      let dataplane = try Self.dataplane()
      await dataplane.perform(.setAgeing(10))
      if round % 2 == 0 {
        dataplane.stop()
        dataplane.stop()
      }
    }
  }

  @Test("A command for a data plane that has ended is answered, not kept for ever")
  func afterStop() async throws {
    let dataplane = try Self.dataplane()
    dataplane.stop()
    let answered = Box(false)
    Task {
      await dataplane.perform(.setAgeing(10))
      answered.change { $0 = true }
    }
    try? await until("an answer", seconds: 1) { answered.value }
    #expect(answered.value)
  }

  @Test("Commands that wait behind the one that ends the worker are answered")
  func behindStop() async throws {
    let worker = try BareWorker(letters: [.setAgeing(10), .stop, .setAgeing(11), .setAgeing(12)])
    try await until("the end") { worker.answered.value >= 4 }
    worker.stop()
    #expect(worker.answered.value == 4)
  }
}
