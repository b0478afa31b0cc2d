// What a worker tells control and does for it: guards that trip, its own probes, frames of its own, entries restored,
// sets replaced.

import BridgeCore
import Testing
import Wire

@testable import Dataplane

@Suite(.timeLimit(.minutes(1))) struct GuardTests {
  private static let probe = mac(0x02AA_BBCC_DDEE)

  private static func bpdu() -> [UInt8] { offload() + ethernet(to: mac(0x0180_C200_0000), from: station(1)) }

  @Test("E5, bpdu_guard: dropped and told once, until the port is adjusted")
  func bpduGuard() throws {
    let bench = try VirtualSwitch()
    let setup = PortSetup(bpduGuard: true)
    try bench.add(0, setup)
    try bench.add(1)
    for _ in 0..<5 { bench.receive(Self.bpdu(), from: 0) }
    let notice = Notice.guardTripped(port(0), serial: 1, .bpduGuard)
    #expect(bench.notices == [notice])
    #expect(bench.counted(0).drops == [.bpduGuard: 5] && bench.take(1).isEmpty)
    try bench.set(0, setup)
    bench.receive(Self.bpdu(), Self.bpdu(), from: 0)
    #expect(bench.notices == [notice, notice])
    bench.audit()
  }

  @Test("mac_limit: told where the port is to be shut, dropped either way", arguments: MACLimitAction.allCases)
  func macLimit(action: MACLimitAction) throws {
    let bench = try VirtualSwitch()
    try bench.add(0, PortSetup(macLimit: 2, macLimitAction: action))
    try bench.add(1)
    for source in 1...5 { bench.receive(offload() + ethernet(to: .broadcast, from: station(source)), from: 0) }
    #expect(bench.take(1).count == (action == .forward ? 5 : 2))
    #expect(bench.counted(0).drops == (action == .forward ? [:] : [.macLimit: 3]))
    #expect(bench.notices == (action == .shutdown ? [.guardTripped(port(0), serial: 1, .macLimit)] : []))
    bench.audit()
  }

  @Test("A limit that drops frames is told of, by its first reason, once in ten seconds")
  func limits() throws {
    let bench = try VirtualSwitch()
    try bench.add(0, PortSetup(rateIn: 8, burst: 1, stormBroadcast: .frames(1)))
    try bench.add(1)
    let frame = offload() + ethernet(to: .broadcast, from: station(1))
    for _ in 0..<21 {
      bench.receive(frame, frame, frame, from: 0)
      bench.time += 1_000_000_000
    }
    #expect(bench.notices == Array(repeating: .limitReached(port(0), serial: 1, .rateIn), count: 3))
    bench.audit()
  }

  @Test("The switch's own probe is consumed wherever it comes in, and handed to control, at most 20 a second of a port")
  func probes() throws {
    let bench = try VirtualSwitch()
    try bench.add(0, PortSetup(rateIn: 8, burst: 1))
    try bench.add(1, .access(7))
    try bench.perform(.setProbeSource(Self.probe))
    let frame = ethernet(to: .broadcast, from: Self.probe, payload: numbered(7))
    for second in 1...2 {
      for slot in 0...1 { for _ in 0..<50 { bench.receive(offload() + frame, from: slot) } }
      #expect(bench.notices.count == 40 * second)
      bench.time += 1_000_000_000
    }
    #expect(bench.notices.first == .probeHeard(port(0), serial: 1, frame))
    #expect(bench.notices.last == .probeHeard(port(1), serial: 2, frame))
    for slot in 0...1 {
      #expect(bench.counted(slot)[.consumed] == 100 && bench.counted(slot)[.rxSegments] == 100)
      #expect(bench.counted(slot).drops.isEmpty && bench.take(slot).isEmpty)
    }
    guard case .count(0) = try bench.perform(.removeEntry(Self.probe, vlan: nil)) else {
      Issue.record("a probe taught the switch its own address")
      return
    }
    bench.audit()
  }

  @Test("A frame of the switch's own goes out as it is, in the books, and only where frames go")
  func originate() throws {
    let bench = try VirtualSwitch()
    try bench.add(0, .access(7))
    try bench.add(1, PortSetup(mtu: 100, enabled: false))
    let frame = ethernet(to: .broadcast, from: Self.probe, tags: [(0x8100, 3)])
    guard case .done = try bench.perform(.originate(port(0), frame)) else {
      Issue.record("refused")
      return
    }
    #expect(bench.take(0) == [offload() + frame])
    try bench.perform(.originate(port(1), frame))
    #expect(bench.counted(1).drops == [.portDown: 1] && bench.counted(1)[.originated] == 1)
    try bench.set(1, PortSetup(mtu: 100))
    try bench.perform(.originate(port(1), sized(115, to: .broadcast, from: Self.probe)))
    try bench.perform(.originate(port(1), sized(114, to: .broadcast, from: Self.probe)))
    #expect(bench.counted(1).drops == [.portDown: 1, .egressMTU: 1] && bench.take(1).map(\.count) == [126])
    for bad in [[], Array(frame.prefix(13)), Array(frame.prefix(17)), [UInt8](repeating: 1, count: 65_566)] {
      guard case .failed = try bench.perform(.originate(port(0), bad)) else {
        Issue.record("\(bad.count) octets were sent")
        continue
      }
    }
    #expect(bench.counted(0)[.originated] == 1)
    bench.audit()
  }

  @Test("Entries restored are known with the age they had; those that have aged, and nonsense, are left out")
  func restore() async throws {
    let lab = try await Lab.dataplane(tableSize: 8192, workers: 2)
    for slot in 0..<2 { try await lab.add(slot) }
    await lab.engine.perform(.setAgeing(300))
    let entries =
      (1...3000).map { RestoredEntry(mac: station($0), vlan: 1, port: port(1), age: UInt32($0 % 290)) }
      + [
        RestoredEntry(mac: station(9001), vlan: 1, port: port(1), age: 400),
        RestoredEntry(mac: .broadcast, vlan: 1, port: port(1), age: 1),
        RestoredEntry(mac: station(9002), vlan: 4095, port: port(1), age: 1),
        RestoredEntry(mac: station(9003), vlan: 1, port: PortIndex(rawValue: .max), age: 1),
      ]
    guard case .count(3000) = await lab.engine.perform(.restore(entries)) else {
      Issue.record("not all of them, or more")
      return
    }
    try lab.guests[0].put(offload() + ethernet(to: station(2999), from: station(5000)))
    try await lab.settle()
    #expect(lab.counters(0)[.forwarded] == 1)
    try await lab.audit()
  }

  @Test("What is replaced comes back to be freed, from whatever number of workers, once", arguments: [1, 4])
  func replaced(workers: Int) async throws {
    let lab = try await Lab.dataplane(workers: workers)
    let (first, second) = (FloodSetIndex(rawValue: 100), FloodSetIndex(rawValue: 101))
    func set(_ slot: Int) -> FloodSet { FloodSet.allocate(members: [port(slot)]) }
    let (a, b, c) = (set(1), set(2), set(3))
    guard case .replacedSets(let none) = await lab.engine.perform(.setVLANs(sets: [(first, a), (second, b)], map: [])),
      case .replacedSets(let one) = await lab.engine.perform(
        .setVLANs(sets: [(first, c)], map: [(5...6, first), (9...9, second)]))
    else {
      Issue.record("another answer")
      return
    }
    #expect(unsafe none.isEmpty && one.count == 1 && one.first?.base == a.base)
    for set in one { set.deallocate() }
    for command in [{ Command.setMask(.up, $0) }, { .setReach(3, $0) }] as [@Sendable (FloodSet) -> Command] {
      let (old, new) = (set(4), set(5))
      guard case .replaced(nil) = await lab.engine.perform(command(old)),
        case .replaced(let back) = await lab.engine.perform(command(new))
      else {
        Issue.record("another answer")
        continue
      }
      #expect(unsafe back?.base == old.base)
      back?.deallocate()
    }
  }
}
