// How much may pass: storm limits and rates, by a clock that the test sets. Whatever the stream, what passes is bounded
// by burst and rate, and every frame is in the books.

import BridgeCore
import LinuxIO
import Synchronization
import Testing
import Wire

@testable import Dataplane

@Suite(.timeLimit(.minutes(2))) struct LimitTests {
  private static let second: UInt64 = 1_000_000_000

  private static func frame(_ length: Int, to destination: MACAddress = station(2)) -> [UInt8] {
    offload() + sized(length, to: destination, from: station(1))
  }

  /// Port 0 as given, port 1 as given with station 2 behind it, port 2 plain.
  private static func bench(_ from: PortSetup, _ to: PortSetup = PortSetup(mtu: 65_000)) throws -> VirtualSwitch {
    let bench = try VirtualSwitch()
    for (slot, setup) in [from, to, PortSetup(mtu: 65_000)].enumerated() { try bench.add(slot, setup) }
    try bench.perform(.addEntry(station(2), vlan: 1, port(1), .static))
    return bench
  }

  /// Sends `frame` each `interval` nanoseconds from port 0 for `seconds`, `batch` at a time.
  /// - Returns: octets that port 1 got in each second.
  private static func stream(
    _ bench: VirtualSwitch, _ frame: [UInt8], every interval: UInt64, batch: Int = 1, seconds: Int
  ) -> [Int] {
    var octets: [Int] = []
    for _ in 0..<seconds {
      let begin = bench.time
      var sum = 0
      while bench.time < begin + second {
        bench.time += interval * UInt64(batch)
        bench.receive(Array(repeating: frame, count: batch), from: 0)
        sum += bench.take(1).reduce(0) { $0 + $1.count - 12 }
        _ = bench.take(2)
      }
      octets.append(sum)
    }
    return octets
  }

  @Test(
    "A rate, in and out: a stream of three times as much comes out at the rate, to a frame, after one burst",
    arguments: [true, false], [(1_000_000, 200), (8_000_000, 1514), (40_000_000, 9014)])
  func rate(isInput: Bool, _ stream: (rate: UInt64, length: Int)) throws {
    let limited = PortSetup(
      mtu: 65_000, rateIn: isInput ? stream.rate : 0, rateOut: isInput ? 0 : stream.rate, burst: 20_000,
      coalesces: false)
    let plain = PortSetup(mtu: 65_000, coalesces: false)
    let bench = try Self.bench(isInput ? limited : plain, isInput ? plain : limited)
    let interval = UInt64(stream.length) * 8 * Self.second / stream.rate / 3
    let seconds = Self.stream(bench, Self.frame(stream.length), every: interval, seconds: 3)
    let perSecond = Int(stream.rate / 8)
    // No bucket is smaller than a wake-up's worth.
    let burst = max(20_000, perSecond / 50)
    #expect(seconds[0] <= perSecond + burst + stream.length && seconds[0] >= perSecond + burst - 2 * stream.length)
    for octets in seconds[1...] { #expect(abs(octets - perSecond) <= 2 * stream.length, "\(seconds)") }
    let reason: DropReason = isInput ? .rateIn : .rateOut
    #expect((bench.counted(isInput ? 0 : 1).drops[reason] ?? 0) > 0)
    bench.audit()
  }

  @Test("A frame larger than the burst passes now and then, and is paid for", arguments: [true, false])
  func debt(isInput: Bool) throws {
    let rate: UInt64 = 8_000_000
    let limited = PortSetup(
      mtu: 65_000, rateIn: isInput ? rate : 0, rateOut: isInput ? 0 : rate, burst: 1500, coalesces: false)
    let plain = PortSetup(mtu: 65_000)
    let bench = try Self.bench(isInput ? limited : plain, isInput ? plain : limited)
    // 60,000 octets are 60 ms of the rate; offered each 5 ms.
    let seconds = Self.stream(bench, Self.frame(60_014), every: 5_000_000, seconds: 5)
    for octets in seconds[1...] { #expect(abs(octets - 1_000_000) <= 60_014 + 5000, "\(seconds)") }
    #expect(seconds.reduce(0, +) <= 5_000_000 + 60_014 + 20_000)
    bench.audit()
  }

  @Test("A stream below the rate loses nothing, however unevenly the worker comes to it", arguments: [true, false])
  func below(isInput: Bool) throws {
    let rate: UInt64 = 100_000_000
    let limited = PortSetup(
      mtu: 65_000, rateIn: isInput ? rate : 0, rateOut: isInput ? 0 : rate, burst: 1500, coalesces: false)
    let plain = PortSetup(mtu: 65_000, coalesces: false)
    let bench = try Self.bench(isInput ? limited : plain, isInput ? plain : limited)
    var random = SeededRandom(seed: 5)
    // 95 % of the rate; a wake-up comes up to 15 ms late, and has one time for all that has come since.
    let spacing = UInt64(1514 * 8) * Self.second / rate * 100 / 95
    var owed: UInt64 = 0
    for _ in 0..<250 {
      let pause = UInt64.random(in: 10_000...15_000_000, using: &random)
      bench.time += pause
      owed += pause
      while owed >= spacing {
        bench.receive(Self.frame(1514), from: 0)
        owed -= spacing
        _ = bench.take(1)
      }
    }
    #expect(bench.counted(0).drops.isEmpty && bench.counted(1).drops.isEmpty)
    #expect(bench.counted(0)[.forwarded] > 5000)
    bench.audit()
  }

  @Test("Storms: each kind has its own bucket; what is known passes; dropped frames still teach")
  func storms() throws {
    let from = PortSetup(stormBroadcast: .frames(10), stormMulticast: .frames(20), stormUnknown: .frames(30))
    let bench = try Self.bench(from)
    let group = mac(0x0100_5E00_0001)
    for second in 1...3 {
      for _ in 0..<100 {
        bench.time += 10_000_000
        for destination in [.broadcast, group, station(99), station(2)] {
          bench.receive(Self.frame(60, to: destination), from: 0)
        }
      }
      // The first second passes its burst too, but for the hundredth part of a second.
      let drops = bench.counted(0).drops
      for (reason, limit) in [(DropReason.stormBroadcast, 10), (.stormMulticast, 20), (.stormUnknown, 30)] {
        let passed = 100 * second - Int(drops[reason] ?? 0)
        #expect(abs(passed - limit * (second + 1)) <= 1, "\(reason.name) in second \(second): \(passed)")
      }
      #expect(bench.counted(0)[.forwarded] == UInt64(100 * second))
      for slot in 1...2 { _ = bench.take(slot) }
    }
    bench.receive(offload() + ethernet(to: .broadcast, from: station(50)), from: 0)
    bench.receive(offload() + ethernet(to: .broadcast, from: station(51)), from: 0)
    guard case .count(1) = try bench.perform(.removeEntry(station(51), vlan: 1)) else {
      Issue.record("a source in a storm is not learned")
      return
    }
    bench.audit()
  }

  @Test("A storm limit in bits counts octets; one in frames counts the segments that a frame stands for")
  func stormUnits() throws {
    let bench = try Self.bench(PortSetup(mtu: 65_000, stormBroadcast: .bits(80_000), stormUnknown: .frames(8)))
    for _ in 0..<20 { bench.receive(Self.frame(1000, to: .broadcast), from: 0) }
    #expect(bench.counted(0).drops == [.stormBroadcast: 10], "10,000 octets, then it is empty")
    let segments = offload(tcpOffload(gsoType: VirtioNetHeader.gsoTCPv4, gsoSize: 1000))
    for _ in 0..<5 { bench.receive(segments + tcp4(to: station(99), from: station(1), payload: 4000), from: 0) }
    #expect(bench.counted(0).drops[.stormUnknown] == 3, "two of four segments each, then it is empty")
    bench.audit()
  }

  @Test("E8: two ports cabled together and no limit but the storm's: what goes round is bounded, the rest passes")
  func loop() throws {
    let storm = PortSetup(stormBroadcast: .frames(100))
    let bench = try VirtualSwitch()
    for (slot, setup) in [storm, storm, PortSetup(), PortSetup()].enumerated() { try bench.add(slot, setup) }
    bench.receive(Self.frame(60, to: .broadcast), from: 2)
    var rounds = 0
    for _ in 0..<2000 {
      bench.time += 500_000
      for (from, to) in [(0, 1), (1, 0)] {
        let frames = bench.take(from)
        rounds += frames.count
        bench.receive(frames, from: to)
      }
      _ = bench.take(3)
    }
    #expect(rounds <= 2 * 201 + 2, "in one second: two bursts and two seconds' worth")
    bench.receive(Self.frame(60, to: .broadcast), from: 2)
    #expect(bench.take(3).count == 1)
    bench.audit()
  }

  @Test("An adjustment keeps what is left in a bucket whose limit stays; another limit and another port begin full")
  func adjusted() throws {
    let setup = PortSetup(mtu: 65_000, rateOut: 8000, burst: 2000, stormBroadcast: .frames(5), coalesces: false)
    let bench = try Self.bench(setup, setup)
    func flood(_ expected: Int, sourceLocation: SourceLocation = #_sourceLocation) {
      for _ in 0..<20 { bench.receive(Self.frame(500, to: .broadcast), from: 0) }
      #expect(bench.take(2).count == expected, sourceLocation: sourceLocation)
      _ = bench.take(1)
    }
    flood(5)
    #expect(bench.counted(1)[.txFrames] == 4, "2,000 octets are four frames")
    try bench.set(0, setup.with { $0.mtu = 9000 })
    try bench.set(1, setup.with { $0.mtu = 9000 })
    flood(0)
    try bench.set(0, setup.with { $0.stormMulticast = .frames(1) })
    flood(0)
    try bench.set(0, setup.with { $0.stormBroadcast = .frames(6) })
    flood(6)
    #expect(bench.counted(1)[.txFrames] == 4 && bench.counted(1).drops == [.rateOut: 7])
    try bench.set(1, setup.with { $0.rateOut = 9000 })
    try bench.set(0, PortSetup(mtu: 65_000))
    flood(20)
    #expect(bench.counted(1)[.txFrames] == 8)
    try bench.set(1, PortSetup(mtu: 65_000))
    flood(20)
    #expect(bench.counted(1)[.txFrames] == 28, "no limit any more")
    bench.audit()
  }

  @Test("Joined frames that a rate holds back are counted as those they are made of")
  func joined() throws {
    let bench = try Self.bench(PortSetup(), PortSetup(rateOut: 8000, burst: 1000))
    func train() -> [[UInt8]] { (0..<5).map { MergingTests.datagram($0, to: 2, from: 1, port: 9, id: 1) } }
    bench.receive(train(), from: 0)
    #expect(bench.counted(1)[.merged] == 4)
    bench.receive(offload() + sized(1500, to: station(2), from: station(1)), from: 0)
    bench.receive(train(), from: 0)
    #expect(bench.counted(1).drops == [.rateOut: 5])
    bench.audit()
  }

  @Test("The shared word of an output rate: four workers at once let pass what one may, and not a frame more")
  func shared() throws {
    let clocks = try OutputClocks(slots: 2)
    defer { clocks.deallocate() }
    let now = Atomic<UInt64>(Self.second)
    let passed = Atomic<Int>(0)
    let rate: UInt64 = 800_000_000
    let seconds = 2
    try withThreads(4) { _, isOver in
      var own = OutputRate(rate: rate, burst: 0)
      while !isOver() {
        let time = now.load(ordering: .relaxed)
        if time > (UInt64(seconds) + 1) * Self.second { return }
        if unsafe own.passes(1000, clocks[1], at: time) { passed.add(1000, ordering: .relaxed) } else { rest() }
      }
    } meanwhile: {
      for _ in 0...seconds * 1000 {
        now.add(1_000_000, ordering: .relaxed)
        rest()
      }
    }
    let burst = Int(rate / 80)
    let most = seconds * Int(rate / 8) + burst
    #expect(passed.load(ordering: .relaxed) <= most + 1000)
    // How much less it may be depends on how long all four of them slept at once.
    #expect(passed.load(ordering: .relaxed) > burst)
  }

  @Test("No rate, burst or time makes it trap")
  func extremes() throws {
    let clocks = try OutputClocks(slots: 1)
    defer { clocks.deallocate() }
    for rate: UInt64 in [0, 1, 7, 1_000_000_000_000, .max] {
      for burst: UInt64 in [0, 1, 1 << 40, .max] {
        unsafe clocks[0].pointee.store(0, ordering: .relaxed)
        var output = OutputRate(rate: rate, burst: burst)
        var policer = Policer(
          Policer.Limits(
            PortLimits(
              mtu: 1500, native: 1, enabled: true, rateIn: rate, burst: burst, stormBroadcast: .bits(rate),
              stormUnknown: .frames(UInt32(truncatingIfNeeded: rate)))))
        for time: UInt64 in [0, 1, 1_000_000_000, 1 << 62] {
          _ = unsafe output.passes(65_565, clocks[0], at: time)
          for kind in [nil] + FloodKind.allCases.map({ Optional($0) }) {
            _ = policer.refuses(octets: 65_565, segments: 1366, flooded: kind, at: time)
          }
        }
      }
    }
  }
}
