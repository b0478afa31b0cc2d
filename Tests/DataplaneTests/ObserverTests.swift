// What the data plane tells beside its counters: all events in their order while there is room, frames that name
// stations, never too many, and nothing at all while nothing happens.

import BridgeCore
import Glibc
import LinuxIO
import Synchronization
import Testing
import Wire

@testable import Dataplane

@Suite(.timeLimit(.minutes(1))) struct ObserverTests {
  private static func arp(_ source: Int) -> [UInt8] {
    ethernet(to: .broadcast, from: station(source), type: 0x0806, payload: [UInt8](repeating: 7, count: 46))
  }

  /// An IP packet of `next` with `front` behind its header.
  private static func packet(_ isIPv6: Bool, _ next: UInt8, _ front: [UInt8], fragment: UInt8 = 0) -> [UInt8] {
    let rest = front + [UInt8](repeating: 0, count: 40)
    let ip: [UInt8] =
      isIPv6
      ? [0x60, 0, 0, 0] + big(UInt16(rest.count)) + [next, 255] + [UInt8](repeating: 0, count: 32)
      : [0x45, 0] + big(UInt16(20 + rest.count)) + [0, 0, 0, fragment, 64, next, 0, 0] + [UInt8](repeating: 0, count: 8)
    return ip + rest
  }

  private static func udp(_ from: UInt16, _ to: UInt16) -> [UInt8] { big(from) + big(to) }

  private static let wanted: [(String, UInt16, [UInt8])] =
    [("ARP", 0x0806, [UInt8](repeating: 1, count: 28))]
    + (133...137).map { ("ICMPv6 \($0)", 0x86DD, packet(true, 58, [UInt8($0)])) }
    + [
      ("DHCP request", 0x0800, packet(false, 17, udp(68, 67))), ("DHCP answer", 0x0800, packet(false, 17, udp(67, 68))),
      ("DHCPv6", 0x86DD, packet(true, 17, udp(546, 547))), ("DHCPv6 answer", 0x86DD, packet(true, 17, udp(547, 546))),
      ("mDNS", 0x0800, packet(false, 17, udp(5353, 5353))),
      ("mDNS over IPv6", 0x86DD, packet(true, 17, udp(5353, 5353))),
      ("mDNS asked from elsewhere", 0x0800, packet(false, 17, udp(9999, 5353))),
    ]

  private static let others: [(String, UInt16, [UInt8])] = [
    ("another type", 0x88B5, [UInt8](repeating: 0, count: 46)), ("TCP", 0x0800, packet(false, 6, udp(67, 68))),
    ("other ports", 0x0800, packet(false, 17, udp(1000, 2000))), ("ICMPv6 echo", 0x86DD, packet(true, 58, [128])),
    ("MLD", 0x86DD, packet(true, 58, [132])), ("redirect and more", 0x86DD, packet(true, 58, [138])),
    ("later fragment", 0x0800, packet(false, 17, udp(67, 68), fragment: 9)),
    ("IPv4 cut off", 0x0800, Array(packet(false, 17, udp(67, 68)).prefix(27))),
    ("IPv6 cut off", 0x86DD, Array(packet(true, 58, [135]).prefix(47))),
    ("header length beyond the end", 0x0800, [0x4F] + packet(false, 17, udp(67, 68)).dropFirst().prefix(30)),
  ]

  @Test("Which frames name stations, whatever tags they bear; no length of them is read beyond its end")
  func chosen() throws {
    for tags: [(UInt16, UInt16)] in [[], [(0x8100, 5)], [(0x88A8, 5), (0x8100, 6)]] {
      for (rows, names) in [(Self.wanted, true), (Self.others, false)] {
        for (what, type, payload) in rows {
          let frame = ethernet(to: .broadcast, from: station(1), tags: tags, type: type, payload: payload)
          let header = try unsafe FrameHeader(parsing: frame.span.bytes)
          #expect(unsafe Worker.namesStations(frame.span.bytes, header) == names, "\(what)")
          for length in header.payloadOffset...frame.count {
            let cut = Array(frame.prefix(length))
            _ = unsafe Worker.namesStations(cut.span.bytes, header)
          }
        }
      }
    }
  }

  @Test("Events come in their order, with frames as they were received; unicast is not looked at")
  func told() async throws {
    let seen = Box(Observations())
    let lab = try await Lab.dataplane(observe: { observations in
      seen.change { all in
        all.events += observations.events
        all.frames += observations.frames
        all.lost += observations.lost
      }
    })
    try await lab.add(0)
    try await lab.add(1, .trunk(native: 0, 1...9))
    let before = Clock.realTime()
    let long = Self.arp(1) + [UInt8](repeating: 9, count: 1000)
    try lab.guests[0].put(offload() + long)
    try lab.guests[0].put(offload() + ethernet(to: .broadcast, from: station(2)))
    let tagged = ethernet(to: .broadcast, from: station(3), tags: [(0x8100, 0xA005)], type: 0x0806)
    try lab.guests[1].put(offload() + tagged)
    try await lab.settle()
    // To an address that is known: not flooded.
    try lab.guests[0].put(offload() + ethernet(to: station(3), from: station(1), tags: [(0x8100, 5)], type: 0x0806))
    try lab.guests[1].put(offload() + ethernet(to: .broadcast, from: station(9), tags: [(0x8100, 5)]))
    try await lab.settle()
    try await until("five events") { seen.value.events.count >= 5 }
    let got = seen.value
    #expect(got.events.map(\.kind) == Array(repeating: .learned, count: 5))
    #expect(Set(got.events.map(\.mac)) == [station(1), station(2), station(3), station(9)])
    #expect(got.lost == 0)
    let frames = got.frames.sorted { $0.port.slot < $1.port.slot }
    #expect(frames.map(\.port) == [port(0), port(1)] && frames.map(\.vlan) == [1, 5])
    #expect(frames.map(\.bytes) == [Array(long.prefix(512)), tagged])
    for frame in frames { #expect(frame.time >= before &- 1_000_000_000 && frame.time <= Clock.realTime()) }
    try await lab.audit()
  }

  @Test("What workers told last is told before the end, and nothing afterwards")
  func end() async throws {
    for workers in [1, 3] {
      let events = Box(0)
      let lab = try await Lab.dataplane(
        workers: workers, observe: { seen in events.change { $0 += seen.events.count } })
      try await lab.add(0)
      for source in 1...40 { try lab.guests[0].put(offload() + ethernet(to: .broadcast, from: station(source))) }
      try await until("read") { lab.counters(0)[.rxFrames] == 40 }
      // A command to the teacher: what others told it has been heard.
      await lab.engine.perform(.movedHistories)
      lab.engine.stop()
      #expect(events.value <= 40 && events.value >= (workers == 1 ? 40 : 0))
    }
  }

  @Test("At most 100 frames a second of a port and 2,000 of all; a full ring takes no more and harms nothing")
  func bounded() throws {
    let observer = try Observer(workers: 1) { _ in }
    let bench = try VirtualSwitch(rings: observer)
    for slot in 0..<30 { try bench.add(slot) }
    var lost = 0
    func drain() -> Observations {
      var observations = Observations()
      lost = observer.rings[0].drain(into: &observations, known: lost)
      return observations
    }
    for second in 1...2 {
      for _ in 0..<150 { bench.receive(offload() + Self.arp(1), from: 0) }
      #expect(drain().frames.count == 100, "second \(second)")
      var sum = 100
      for slot in 1..<30 {
        for _ in 0..<100 { bench.receive(offload() + Self.arp(1 + slot), from: slot) }
        sum += drain().frames.count
      }
      #expect(sum == 2000, "second \(second)")
      for slot in 0..<30 { _ = bench.take(slot) }
      bench.time += 1_000_000_000
    }
    for slot in 0..<5 { for _ in 0..<100 { bench.receive(offload() + Self.arp(1 + slot), from: slot) } }
    #expect(drain().frames.count == 256)
    bench.audit()
  }

  @Test("Events that nobody takes are counted, and those that are told are the oldest")
  func overflow() throws {
    let observer = try Observer(workers: 1) { _ in }
    let bench = try VirtualSwitch(rings: observer)
    try bench.add(0)
    try bench.add(1)
    let total = 10_000
    for source in 0..<total { bench.receive(offload() + ethernet(to: station(0), from: station(1 + source)), from: 0) }
    _ = bench.take(1)
    var observations = Observations()
    let lost = observer.rings[0].drain(into: &observations, known: 0)
    #expect(observations.events.count == 8192 && observations.events.first?.mac == station(1))
    // A few found no room in the table, of which one event tells.
    #expect(lost == observations.lost && (total - 100...total).contains(8192 + lost))
    _ = observer.rings[0].drain(into: &observations, known: lost)
    #expect(observations.lost == lost)
  }

  @Test("An idle observer is not woken: not by the clock, and not by frames that it has nothing to do with")
  func idle() async throws {
    let calls = Box(0)
    let thread = Box(0)
    let lab = try await Lab.dataplane(observe: { _ in
      calls.change { $0 += 1 }
      thread.change { $0 = ObserverTests.thread() }
    })
    for slot in 0..<2 { try await lab.add(slot) }
    try lab.guests[0].put(offload() + ethernet(to: .broadcast, from: station(1)))
    try await until("the first event") { calls.value == 1 }
    try await Task.sleep(nanoseconds: 100_000_000)
    let before = try Self.switches(thread.value)
    for _ in 0..<20 {
      try lab.guests[0].put(offload() + ethernet(to: .broadcast, from: station(1)))
      try await lab.settle()
      try await Task.sleep(nanoseconds: 10_000_000)
      _ = lab.guests[1].take()
    }
    #expect(try Self.switches(thread.value) == before && calls.value == 1)
  }

  /// The kernel's number of the thread that asks.
  private static func thread() -> Int {
    var link = [CChar](repeating: 0, count: 64)
    let count = unsafe readlink("/proc/thread-self", &link, link.count)
    let text = String(decoding: link.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return text.split(separator: "/").last.flatMap { Int($0) } ?? 0
  }

  /// How often a thread of this process gave the processor away by itself.
  private static func switches(_ thread: Int) throws -> Int {
    let file = unsafe fopen("/proc/self/task/\(thread)/status", "r")
    guard let open = unsafe file else { return -1 }
    defer { _ = unsafe fclose(open) }
    var line = [CChar](repeating: 0, count: 256)
    while unsafe fgets(&line, 256, open) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      if text.hasPrefix("voluntary_ctxt_switches:") { return Int(text.filter(\.isNumber)) ?? -1 }
    }
    return -1
  }
}
