// The last frame of each port and reason: the right one, whole, whoever writes while it is read.

import BridgeCore
import LinuxIO
import Synchronization
import Testing
import Wire

@testable import Dataplane

@Suite(.timeLimit(.minutes(1))) struct LastFrameTests {
  @Test(
    "Kept for each reason, going in and going out: at most 96 octets, the true length, the time; gone with its port")
  func kept() throws {
    let bench = try VirtualSwitch()
    try bench.add(0, .access(10))
    try bench.add(1, .trunk(10...20).with { $0.mtu = 100 })
    bench.time = 7_000_000_000
    let short = Array(ethernet(to: .broadcast, from: station(1)).prefix(5))
    bench.receive(offload() + short, from: 0)
    let long = sized(700, to: .broadcast, from: station(1))
    bench.receive(offload() + long, from: 0)
    bench.time = 8_000_000_000
    bench.receive(offload() + long, from: 0)
    let frames = bench.counters.lastFrames
    #expect(frames.read(port(0), .runt) == LastFrame(bytes: short, length: 5, time: 7_000_000_000))
    let leaving = sized(704, to: .broadcast, from: station(1), tags: [(0x8100, 10)])
    let egress = try #require(frames.read(port(1), .egressMTU))
    #expect(egress.length == 704 && egress.time == 8_000_000_000 && egress.bytes.count == LastFrames.limit)
    #expect(Array(egress.bytes.prefix(18)) == Array(leaving.prefix(18)), "in the form in which it was to leave")
    #expect(Array(egress.bytes[18...]) == Array(long[14..<92]))
    #expect(frames.read(port(0), .badTag) == nil && frames.read(port(9), .runt) == nil)
    #expect(frames.read(PortIndex(rawValue: .max), .runt) == nil)
    bench.receive([1, 2, 3], from: 0)
    #expect(frames.read(port(0), .badOffload)?.bytes == [])
    bench.counters.reset(port(0))
    #expect(frames.read(port(0), .runt) == nil && frames.read(port(1), .egressMTU) != nil)
  }

  @Test("Every length up to the limit and beyond, octet by octet")
  func lengths() throws {
    let frames = try LastFrames(slots: 1)
    defer { frames.deallocate() }
    let bytes = (0..<200).map { UInt8($0) }
    for length in 0...200 {
      unsafe bytes.withUnsafeBytes {
        unsafe frames.note(UnsafeRawBufferPointer(rebasing: $0[..<length]), .pause, on: port(0), at: UInt64(length))
      }
      let expected = LastFrame(bytes: Array(bytes.prefix(min(length, 96))), length: length, time: UInt64(length))
      #expect(frames.read(port(0), .pause) == expected)
    }
  }

  @Test("Two writers and a reader: what is read was written by one of them, all of it")
  func torn() throws {
    let frames = try LastFrames(slots: 1)
    defer { frames.deallocate() }
    var seen = 0
    let isDone = Atomic<Bool>(false)
    try withThreads(2) { writer, isOver in
      var round = 0
      while !isOver(), !isDone.load(ordering: .relaxed) {
        round += 1
        let value = UInt8(truncatingIfNeeded: round &* 2 &+ writer)
        let bytes = [UInt8](repeating: value, count: 60 + Int(value) % 40)
        unsafe bytes.withUnsafeBytes { unsafe frames.note($0, .runt, on: port(0), at: UInt64(value)) }
        if round % 64 == 0 { rest() }
      }
    } meanwhile: {
      let end = Clock.monotonic() + 20_000_000_000
      while seen < 5000, Clock.monotonic() < end {
        guard let frame = frames.read(port(0), .runt) else {
          rest()
          continue
        }
        seen += 1
        let value = UInt8(truncatingIfNeeded: frame.time)
        try #require(frame.length == 60 + Int(value) % 40 && frame.bytes.count == min(frame.length, 96))
        try #require(frame.bytes.allSatisfy { $0 == value })
        if seen % 64 == 0 { rest() }
      }
      isDone.store(true, ordering: .relaxed)
    }
    #expect(seen == 5000, "a frame can be read while others are written")
  }
}
