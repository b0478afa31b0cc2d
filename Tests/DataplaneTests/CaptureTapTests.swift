// What the frame path gives to a capture: each received frame as it came, and never a frame less for the ports.

import BridgeCore
import Capture
import Glibc
import LinuxIO
import Testing
import Wire

@testable import Dataplane

@Suite(.timeLimit(.minutes(1))) struct CaptureTapTests {
  private static func ring(_ capacity: Int = 65_536, snapLength: Int = 2048) throws -> CaptureRing {
    try CaptureRing(capacity: capacity, snapLength: snapLength, bell: CaptureBell())
  }

  /// What of a captured frame can be kept.
  private struct Record: Equatable {
    var port: UInt16
    var interface: UInt32
    var timestamp: UInt64
    var length: UInt32
    var direction: CaptureDirection
    var verdict: UInt64
    var bytes: [UInt8]
  }

  private static func read(_ consumer: inout RingConsumer) -> [Record] {
    var records: [Record] = []
    consumer.look()
    while let frame = consumer.next() {
      records.append(
        Record(
          port: frame.port, interface: frame.interface, timestamp: frame.timestamp, length: frame.length,
          direction: frame.direction, verdict: frame.verdict, bytes: unsafe Array(frame.bytes)))
    }
    consumer.release()
    return records
  }

  @Test("Recorded: port, handle, time, length and that it came in; shown by publish and not before")
  func record() throws {
    let ring = try Self.ring(snapLength: 100)
    var tap = CaptureTap(ring.makeProducer())
    var consumer = try #require(ring.makeConsumer())
    let short = ethernet(to: station(2), from: station(1))
    let long = sized(1514, to: station(2), from: station(1))
    let cases: [(Verdict, UInt64)] = [
      (.deliver(to: port(0x123), vlan: 0x456, teach: true), 0x0456_0123_0000),
      (.flood(FloodSetIndex(rawValue: 0xABC), .unicast, vlan: 4094, teach: false), 0x0FFE_0ABC_0001),
      (.drop(.badTag), 0x0000_0000_0302), (.drop(.noDestination, vlan: 7), 0x0007_0000_1402),
    ]
    for (number, (verdict, _)) in cases.enumerated() {
      let frame = number % 2 == 0 ? short : long
      unsafe frame.withUnsafeBytes {
        unsafe tap.record($0, from: port(9), handle: 77, verdict, at: 1_000 + UInt64(number))
      }
    }
    #expect(Self.read(&consumer).isEmpty, "not published")
    tap.publish()
    let expected = cases.enumerated().map { number, item in
      let frame = number % 2 == 0 ? short : long
      return Record(
        port: 9, interface: 77, timestamp: 1_000 + UInt64(number), length: UInt32(frame.count), direction: .inbound,
        verdict: item.1, bytes: Array(frame.prefix(100)))
    }
    #expect(Self.read(&consumer) == expected)
    tap.publish()
    #expect(Self.read(&consumer).isEmpty)
  }

  @Test("Without a capture a frame is only passed by")
  func none() {
    var tap = CaptureTap(nil)
    let frame = ethernet(to: station(2), from: station(1))
    unsafe frame.withUnsafeBytes { unsafe tap.record($0, from: port(1), handle: 0, .drop(.runt), at: 0) }
    tap.publish()
  }

  @Test("Every received frame is captured as it came, once, with tag and without offload header; dropped ones too")
  func everyFrame() async throws {
    let ring = try Self.ring(1 << 20, snapLength: 0)
    var consumer = try #require(ring.makeConsumer())
    let lab = try await Lab.worker(ring: ring)
    for slot in 0..<3 { try await lab.add(slot, handle: UInt32(slot) + 10) }
    let frames: [(Int, [UInt8])] = [
      (0, ethernet(to: .broadcast, from: station(1))), (1, ethernet(to: station(1), from: station(2))),
      (0, ethernet(to: station(2), from: station(1), tags: [(0x8100, 0xE001)])),
      (2, sized(1514, to: station(2), from: station(3))), (2, [1, 2, 3]), (2, []),
      (0, ethernet(to: station(2), from: .broadcast)), (1, sized(9000, to: station(1), from: station(2))),
      (1, sized(65_566, to: station(1), from: station(2))),
    ]
    let before = Clock.realTime()
    for (slot, frame) in frames {
      try lab.guests[slot].put(offload() + frame)
      try await lab.settle()
    }
    // An offload header that was cut off is a frame of no octets.
    try lab.guests[0].put([1, 2, 3])
    try await lab.settle()
    let records = Self.read(&consumer)
    let wanted = frames + [(0, [])]
    #expect(records.count == wanted.count)
    for (record, (slot, frame)) in zip(records, wanted) {
      #expect(record.port == UInt16(slot) && record.interface == UInt32(slot) + 10)
      #expect(record.bytes == frame && record.length == UInt32(frame.count))
      #expect(record.direction == .inbound)
      #expect(record.timestamp >= before &- 1_000_000_000 && record.timestamp <= Clock.realTime())
    }
    let actions = records.map { $0.verdict & 0xFF }
    #expect(actions == [1, 0, 0, 0, 2, 2, 2, 0, 2, 2])
    let reasons = records.filter { $0.verdict & 0xFF == 2 }.map { DropReason(rawValue: UInt8($0.verdict >> 8 & 0xFF)) }
    #expect(reasons == [.runt, .runt, .badSource, .oversize, .badOffload])
    #expect(ring.lost == 0)
    try await lab.audit()
  }

  @Test("M1: nobody empties the ring: what does not fit is lost to the capture, and counted; no port loses a frame")
  func full() async throws {
    let ring = try Self.ring()
    var consumer = try #require(ring.makeConsumer())
    let lab = try await Lab.worker(ring: ring)
    for slot in 0..<3 { try await lab.add(slot) }
    let total = 2000
    var got = 0
    for sequence in 0..<total {
      let sender = sequence % 4 == 3 ? 2 : 0
      try lab.guests[sender].put(
        offload() + ethernet(to: .broadcast, from: station(1 + sender), payload: numbered(sequence)))
      guard sequence % 50 == 49 else { continue }
      try await lab.settle()
      got += lab.guests[1].take().count
      for slot in [0, 2] { _ = lab.guests[slot].take() }
    }
    #expect(got == total)
    #expect(lab.drops.isEmpty)
    let kept = Self.read(&consumer)
    #expect(kept.count > 100 && ring.lost > 0)
    #expect(UInt64(kept.count) + ring.lost == UInt64(total))
    #expect(ring.lost(port: 0) + ring.lost(port: 2) == ring.lost && ring.lost(port: 2) > 0)
    #expect(ring.lost(port: 1) == 0)
    // Emptied, it takes frames again.
    let lost = ring.lost
    try lab.guests[0].put(offload() + ethernet(to: .broadcast, from: station(1), payload: numbered(total)))
    try await lab.settle()
    #expect(Self.read(&consumer).map(\.length) == [60] && ring.lost == lost)
    try await lab.audit()
  }

  @Test("The data plane feeds a capture file: as many frames and octets as were received")
  func file() async throws {
    let path = "/tmp/tapswitch-dataplane-\(getpid())-\(UInt32.random(in: 0 ... .max)).pcap"
    defer { _ = unsafe unlink(path) }
    let capture = try FileCapture(path: path)
    let lab = try await Lab.dataplane(capture: capture)
    for slot in 0..<2 {
      let handle = capture.register(port: UInt16(slot), as: CaptureInterface(name: "p\(slot)"))
      try await lab.add(slot, handle: handle)
    }
    for length in 14..<114 { try lab.guests[0].put(offload() + sized(length, to: .broadcast, from: station(1))) }
    try lab.guests[1].put(offload() + [9])
    try await lab.settle()
    try await lab.audit()
    lab.engine.stop()
    #expect(capture.stop())
    let statistics = capture.statistics
    #expect(statistics.frames == 101 && statistics.lost == 0)
    #expect(statistics.bytes == UInt64((14..<114).reduce(0, +) + 1))
  }
}
