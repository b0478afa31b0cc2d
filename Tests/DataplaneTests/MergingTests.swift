// Coalescing as the worker does it: what comes out stands for just what went in, in its order, whatever else is in the
// batch; and the ledger knows.

import BridgeCore
import LinuxIO
import Testing
import Wire

@testable import Dataplane

@Suite
struct MergingTests {
  /// Ethernet, IPv4 and UDP around eight octets that say which one it is, and zeros up to a size; the checksum partial,
  /// as from a TAP.
  static func datagram(
    _ number: UInt64, to: UInt8, from: UInt8, port: UInt16, id: UInt16, size: Int = 8
  ) -> [UInt8] {
    let payload = (0..<size).map { $0 < 8 ? UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) : 0 }
    let udp = UInt16(8 + payload.count)
    let total = 20 + udp
    var ip: [UInt8] = [
      0x45, 0, UInt8(total >> 8), UInt8(total & 0xFF), UInt8(id >> 8), UInt8(id & 0xFF), 0x40, 0, 64, 17,
    ]
    ip += [0, 0, 10, 0, 0, from, 10, 0, 0, to]
    let check = ~fold(ip)
    ip[10] = UInt8(check >> 8)
    ip[11] = UInt8(check & 0xFF)
    let pseudo = fold(Array(ip[12..<20]) + [0, 17, UInt8(udp >> 8), UInt8(udp & 0xFF)])
    let ports: [UInt8] = [UInt8(port >> 8), UInt8(port & 0xFF), 0, 9, UInt8(udp >> 8), UInt8(udp & 0xFF)]
    let transport = ports + [UInt8(pseudo >> 8), UInt8(pseudo & 0xFF)] + payload
    let ethernet: [UInt8] = [2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from, 8, 0]
    return [1, 0, 0, 0, 0, 0, 34, 0, 6, 0, 0, 0] + ethernet + ip + transport
  }

  static func fold(_ octets: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: octets.count, by: 2) {
      sum += UInt32(octets[index]) << 8 | UInt32(index + 1 < octets.count ? octets[index + 1] : 0)
    }
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    return UInt16(sum)
  }

  /// The numbers in a frame that may stand for several, and the source port of its flow.
  static func numbers(_ octets: [UInt8]) -> (port: UInt16, numbers: [UInt64]) {
    let payload = octets.dropFirst(12 + 14 + 20 + 8)
    let port = UInt16(octets[46]) << 8 | UInt16(octets[47])
    return (
      port,
      stride(from: payload.startIndex, to: payload.endIndex, by: 8).map { start in
        (0..<8).reduce(0) { $0 | UInt64(payload[start + $1]) << (8 * UInt64($1)) }
      }
    )
  }

  /// Two ports that know each other's station.
  private static func pair() async throws -> (Lab, Guest, Guest) {
    let lab = try await Lab.dataplane()
    let one = try await lab.add(0)
    let other = try await lab.add(1)
    for (guest, number) in [(one, UInt8(0)), (other, 1)] {
      try guest.put(
        Array(repeating: 0, count: 12) + Array(repeating: 255, count: 6) + [2, 0, 0, 0, 0, number, 0x88, 0xB5])
    }
    try await lab.settle()
    _ = one.take()
    _ = other.take()
    return (lab, one, other)
  }

  /// Sends `frames` so that they are read in one batch.
  private static func batch(_ frames: [[UInt8]], _ lab: Lab, _ guest: Guest) async throws {
    try await lab.set(guest.port.slot, enabled: false)
    for frame in frames { try guest.put(frame) }
    try await lab.set(guest.port.slot, enabled: true)
    try await lab.settle()
  }

  @Test("Flows with gaps in one batch: each in its order, none lost, none altered", arguments: seeds)
  func order(seed: UInt64) async throws {
    var random = SeededRandom(seed: seed)
    let (lab, one, other) = try await Self.pair()
    var ids: [UInt16: UInt16] = [:]
    var sent: [UInt16: [UInt64]] = [:]
    var received: [UInt16: [UInt64]] = [:]
    for round in 0..<40 as Range<UInt64> {
      let frames = (0..<100).map { index -> [UInt8] in
        let number = round * 100 + UInt64(index)
        let port = 1000 + UInt16(random.next() % 12)
        // A gap in the identification breaks a merge: what was held goes, the next one begins anew.
        let id = ids[port, default: 0] &+ (random.next() % 4 == 0 ? 7 : 1)
        ids[port] = id
        sent[port, default: []].append(number)
        return Self.datagram(number, to: 1, from: 0, port: port, id: id)
      }
      try await Self.batch(frames, lab, one)
      for frame in other.take() {
        let (port, numbers) = Self.numbers(frame)
        received[port, default: []] += numbers
      }
    }
    #expect(received == sent, "seed \(seed)")
    let counters = lab.counters(1)
    #expect(counters[.merged] > 100)
    #expect(counters[.txSegments] == 4_001)
    try await lab.audit()
  }

  @Test("One flow in one batch becomes one frame; a port without coalescing gets each by itself")
  func count() async throws {
    let (lab, one, other) = try await Self.pair()
    let frames = (0..<50).map { Self.datagram(UInt64($0), to: 1, from: 0, port: 7, id: UInt16($0)) }
    try await Self.batch(frames, lab, one)
    let merged = other.take()
    try #require(merged.count == 1)
    #expect(Self.numbers(merged[0]).numbers == Array(0..<50))
    #expect(Array(merged[0][0..<12]) == [1, 5, 42, 0, 8, 0, 34, 0, 6, 0, 0, 0])

    await lab.engine.perform(
      .adjust(port(1), PortLimits(mtu: 1500, native: 1, enabled: true, coalesces: false), PortPolicy()))
    try await Self.batch(frames, lab, one)
    #expect(other.take() == frames)
    try await lab.audit()
  }

  @Test("Frames that cost more to copy than to write are not joined", arguments: [(16_000, 1), (17_000, 3)])
  func large(size: Int, leaving: Int) async throws {
    let (lab, one, other) = try await Self.pair()
    try await lab.set(1, mtu: 65_521, enabled: true)
    let frames = (0..<3).map { Self.datagram(UInt64($0), to: 1, from: 0, port: 7, id: UInt16($0), size: size) }
    try await Self.batch(frames, lab, one)
    let got = other.take()
    #expect(got.count == leaving)
    if leaving == 3 { #expect(got == frames) }
    #expect(lab.counters(1)[.merged] == UInt64(3 - leaving))
    try await lab.audit()
  }

  @Test("What is no part of a flow goes after what was there before it")
  func barrier() async throws {
    let (lab, one, other) = try await Self.pair()
    let plain: [UInt8] = Array(repeating: 0, count: 12) + [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0x88, 0xB5, 1, 2, 3, 4]
    let flood = plain[0..<12] + Array(repeating: 255, count: 6) + plain[18...]
    for special in [plain, Array(flood)] {
      var frames = (0..<20).map { Self.datagram(UInt64($0), to: 1, from: 0, port: 7, id: UInt16($0)) }
      frames.insert(special, at: 10)
      try await Self.batch(frames, lab, one)
      let got = other.take()
      try #require(got.count == 3)
      #expect(Self.numbers(got[0]).numbers == Array(0..<10))
      #expect(got[1] == special)
      #expect(Self.numbers(got[2]).numbers == Array(10..<20))
    }
    try await lab.audit()
  }

  @Test("Joined frames that cannot be written are lost one by one, in the books")
  func lost() async throws {
    let (lab, one, other) = try await Self.pair()
    let frames = (0..<50).map { Self.datagram(UInt64($0), to: 1, from: 0, port: 7, id: UInt16($0)) }
    try await lab.set(1, mtu: 30, enabled: true)
    try await Self.batch(frames, lab, one)
    #expect(lab.drops == [1: [.egressMTU: 50]])
    #expect(lab.counters(1)[.merged] == 0)
    #expect(other.take().isEmpty)
    try await lab.audit()
  }

  @Test("B8 a port that takes no offloads gets finished frames", arguments: [false, true])
  func cut(partial: Bool) async throws {
    let (lab, one, other) = try await Self.pair()
    let numbers = Array(0..<30 as Range<UInt64>)
    // Merged for nobody: it comes as one frame that stands for thirty, as from a guest with USO.
    var big = Self.datagram(0, to: 1, from: 0, port: 7, id: 5)
    for number in numbers.dropFirst() { big += (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) } }
    let udp = UInt16(8 + 8 * numbers.count)
    big[28] = UInt8((20 + udp) >> 8)
    big[29] = UInt8((20 + udp) & 0xFF)
    big[50] = UInt8(udp >> 8)
    big[51] = UInt8(udp & 0xFF)
    big.replaceSubrange(0..<12, with: [1, 5, 42, 0, 8, 0, 34, 0, 6, 0, 0, 0])
    let limits = PortLimits(
      mtu: 1500, native: 1, enabled: true, takesPartialChecksums: partial, takesSegmented: false)
    await lab.engine.perform(.adjust(port(1), limits, PortPolicy()))
    try one.put(big)
    try await lab.settle()
    let got = other.take()
    #expect(got.flatMap { Self.numbers($0).numbers } == numbers)
    for (index, frame) in got.enumerated() {
      #expect(frame[0] == (partial ? 1 : 0) && frame[1] == 0)
      #expect(frame[30] == 0 && frame[31] == UInt8(5 + index), "identification")
      #expect(Self.fold(Array(frame[26..<46])) == 0xFFFF, "IPv4 checksum")
      guard !partial else { continue }
      #expect(Self.fold(Array(frame[38..<46]) + [0, 17, 0, 16] + Array(frame[46...])) == 0xFFFF, "UDP checksum")
    }
    #expect(lab.counters(1)[.split] == 29)

    // A partial checksum of a single frame is completed, too.
    try one.put(Self.datagram(99, to: 1, from: 0, port: 7, id: 1))
    try await lab.settle()
    let single = try #require(other.take().first)
    #expect(single[0] == (partial ? 1 : 0))
    if !partial { #expect(Self.fold(Array(single[38..<46]) + [0, 17, 0, 16] + Array(single[46...])) == 0xFFFF) }
    try await lab.audit()
  }
}
