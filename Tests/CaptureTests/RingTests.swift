// The ring between frame path and capture thread: nothing torn, nothing re-ordered, nothing unaccounted for.

@testable import Capture
import Glibc
import LinuxIO
import Synchronization
import Testing

@Suite struct RingTests {
  private static func ring(_ capacity: Int, snapLength: Int = 2048) throws -> CaptureRing {
    try CaptureRing(capacity: capacity, snapLength: snapLength, bell: CaptureBell())
  }

  @Test("What goes in comes out, in order, with every field")
  func fields() throws {
    let ring = try Self.ring(65536)
    var producer = try producing(ring)
    var consumer = try #require(ring.makeConsumer())
    let bytes = frame(60)
    let fitted = unsafe bytes.withUnsafeBytes {
      unsafe producer.record(
        port: 4095, interface: 77, timestamp: .max, length: 70000, bytes: $0, direction: .outbound,
        verdict: 0x0123_4567_89AB_CDEF)
    }
    #expect(fitted)
    consumer.look()
    #expect(count(&consumer) == 0, "not published")
    #expect(!consumer.hasMore)
    producer.publish()
    #expect(consumer.hasMore)
    consumer.look()
    let entry = try next(&consumer)
    #expect(entry.port == 4095 && entry.interface == 77 && entry.timestamp == .max && entry.length == 70000)
    #expect(entry.direction == .outbound && entry.verdict == 0x0123_4567_89AB_CDEF)
    #expect(unsafe Array(entry.bytes) == bytes)
    #expect(count(&consumer) == 0)
    #expect(ring.used > 0)
    consumer.release()
    #expect(ring.used == 0)
  }

  @Test("Odd arguments: empty frames, lengths below zero and beyond 32 bits")
  func oddArguments() throws {
    let ring = try Self.ring(65536)
    var producer = try producing(ring)
    var consumer = try #require(ring.makeConsumer())
    for length in [0, -1, Int.min, Int.max] {
      unsafe producer.record(
        port: 0, interface: nil, timestamp: 0, length: length, bytes: UnsafeRawBufferPointer(start: nil, count: 0))
    }
    producer.publish()
    consumer.look()
    for expected in [0, 0, 0, UInt32.max] {
      let entry = try next(&consumer)
      #expect(unsafe entry.length == expected && entry.bytes.isEmpty && entry.interface == 0)
    }
  }

  @Test("One producer and one consumer; a producer can be made anew and goes on")
  func sides() throws {
    let ring = try Self.ring(65536)
    var consumer = try #require(ring.makeConsumer())
    #expect(ring.makeConsumer() == nil)
    for round in 1...3 {
      var producer = try producing(ring)
      #expect(throws: NoProducer.self) { _ = try producing(ring) }
      producer.record(frame(60, number: round))
      producer.publish()
    }
    consumer.look()
    for round in 1...3 {
      let entry = try next(&consumer)
      #expect(unsafe Array(entry.bytes) == frame(60, number: round))
    }
  }

  @Test("Sizes are made sound", arguments: [(0, 0), (-1, 5), (1, 262_144), (70000, 1), (1 << 20, 65536)])
  func capacities(asked: Int, snapLength: Int) throws {
    let ring = try Self.ring(asked, snapLength: snapLength)
    #expect(ring.capacity.nonzeroBitCount == 1)
    #expect(ring.capacity >= max(65536, asked, 4 * ring.snapLength))
    var producer = try producing(ring)
    var consumer = try #require(ring.makeConsumer())
    // The largest entry fits wherever in the ring it comes to lie.
    for round in 0..<50 {
      let fitted = producer.record(frame(ring.snapLength + 8, number: round))
      #expect(fitted)
      producer.record(frame(round * 11 % 500))
      producer.publish()
      consumer.look()
      let entry = try next(&consumer)
      #expect(unsafe entry.bytes.count == ring.snapLength)
      while consumer.next() != nil {}
      consumer.release()
    }
    #expect(ring.lost == 0)
  }

  @Test("A full ring loses and counts, by port too, and goes on when there is room")
  func full() throws {
    let ring = try Self.ring(65536)
    var producer = try producing(ring)
    var consumer = try #require(ring.makeConsumer())
    var (fitted, lost) = (0, [0, 0])
    for number in 0..<2000 {
      let hasFitted = producer.record(frame(100), port: number % 2 == 0 ? 3 : UInt16.max)
      if hasFitted { fitted += 1 } else { lost[number % 2] += 1 }
    }
    producer.publish()
    #expect(fitted == 65536 / RingEntry.size(captured: 100))
    #expect(ring.lost == UInt64(2000 - fitted))
    #expect(ring.lost(port: 3) == UInt64(lost[0]) && ring.lost(port: .max) == UInt64(lost[1]))
    consumer.look()
    var read = 0
    while consumer.next() != nil { read += 1 }
    #expect(read == fitted)
    let tooEarly = producer.record(frame(100))
    consumer.release()
    let after = producer.record(frame(100))
    #expect(!tooEarly && after, "room only after the release")
  }

  @Test(
    "Random sizes, rates and rings: captured + lost = offered", arguments: [1, 2, 3, UInt64.random(in: 4 ... .max)])
  func property(seed: UInt64) throws {
    print("RingTests.property seed \(seed)")
    var random = SeededGenerator(seed: seed)
    // A frame is a piece of this, from an offset that depends on its number.
    let pattern = (0..<8192).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    for _ in 0..<8 {
      let ring = try Self.ring(
        1 << Int.random(in: 10...18, using: &random), snapLength: Int.random(in: 1...3000, using: &random))
      var producer = try producing(ring)
      var consumer = try #require(ring.makeConsumer())
      var expected: [(number: Int, size: Int)] = []
      var (offered, captured) = (0, 0)
      for _ in 0..<6000 {
        switch Int.random(in: 0..<20, using: &random) {
        case 0: producer.publish()
        case 1:
          consumer.look()
          for _ in 0..<Int.random(in: 0..<200, using: &random) {
            guard let entry = consumer.next() else { break }
            let next = expected[captured]
            captured += 1
            try #require(entry.timestamp == UInt64(next.number))
            try #require(entry.length == next.size)
            let isSame = unsafe pattern.withUnsafeBytes {
              guard let piece = $0.baseAddress, let start = unsafe entry.bytes.baseAddress
              else { return false }
              return unsafe memcmp(piece + next.number % 4096, start, entry.bytes.count) == 0
            }
            try #require(isSame)
            try #require(unsafe entry.bytes.count == min(next.size, ring.snapLength))
          }
          if Bool.random(using: &random) { consumer.release() }
        default:
          let size = Int.random(in: 0...4000, using: &random)
          let fitted = unsafe pattern.withUnsafeBytes {
            unsafe producer.record(
              port: 0, interface: nil, timestamp: UInt64(offered), length: size,
              bytes: UnsafeRawBufferPointer(rebasing: $0[(offered % 4096)...].prefix(size)))
          }
          if fitted { expected.append((offered, size)) }
          offered += 1
        }
      }
      producer.publish()
      consumer.look()
      while consumer.next() != nil { captured += 1 }
      #expect(captured == expected.count)
      #expect(captured + Int(ring.lost) == offered)
    }
  }

  @Test("Two threads: every frame arrives whole and in order, no wake-up is lost", arguments: [64, 1])
  func threads(batch: Int) throws {
    let bell = try CaptureBell()
    let ring = try CaptureRing(capacity: 65536, snapLength: 512, bell: bell)
    let total = batch == 1 ? 60_000 : 400_000
    let offered = Atomic<Int>(0)
    let finished = Atomic<Bool>(false)
    let thread = try CaptureThread(name: "offer") {
      guard var producer = ring.makeProducer() else { return }
      var random = SeededGenerator(seed: 7)
      for number in 0..<total {
        let size = Int.random(in: 1...400, using: &random)
        let octet = UInt8(truncatingIfNeeded: number)
        unsafe withUnsafeTemporaryAllocation(byteCount: size, alignment: 1) { bytes in
          for index in bytes.indices { unsafe bytes[index] = octet }
          unsafe producer.record(
            port: 0, interface: nil, timestamp: UInt64(number), length: size, bytes: UnsafeRawBufferPointer(bytes))
        }
        if number % batch == batch - 1 { producer.publish() }
        // Now and then let the consumer fall asleep, so that the handshake is exercised in every state.
        if number % 997 == 0 { usleep(number % 3 == 0 ? 200 : 0) }
      }
      producer.publish()
      offered.store(total, ordering: .sequentiallyConsistent)
      finished.store(true, ordering: .sequentiallyConsistent)
      bell.ring()
    }
    var consumer = try #require(ring.makeConsumer())
    var (captured, last, wrong) = (0, -1, 0)
    while true {
      let ending = finished.load(ordering: .sequentiallyConsistent)
      consumer.look()
      while let entry = consumer.next() {
        captured += 1
        if Int(entry.timestamp) <= last { wrong += 1 }
        last = Int(entry.timestamp)
        if unsafe !entry.bytes.allSatisfy({ $0 == UInt8(truncatingIfNeeded: last) }) { wrong += 1 }
      }
      consumer.release()
      if ending { break }
      // A lost wake-up would show as a hang; the time limit of the runner is far beyond it.
      bell.wait(.deep, milliseconds: -1) { consumer.hasMore || finished.load(ordering: .sequentiallyConsistent) }
    }
    #expect(thread.join(within: 10))
    #expect(wrong == 0)
    #expect(captured + Int(ring.lost) == total)
    #expect(captured > 0)
  }

  @Test("A napping consumer is woken by a quarter full ring only")
  func nap() throws {
    let bell = try CaptureBell()
    let ring = try CaptureRing(capacity: 65536, snapLength: 512, bell: bell)
    var producer = try producing(ring)
    var consumer = try #require(ring.makeConsumer())
    func wakes() -> Bool {
      // As in `wait`, but looks instead of sleeping.
      unsafe bell.state.pointee.load(ordering: .sequentiallyConsistent) == CaptureBell.Sleep.none.rawValue
    }
    unsafe bell.state.pointee.store(CaptureBell.Sleep.nap.rawValue, ordering: .sequentiallyConsistent)
    producer.publish()
    #expect(!wakes(), "nothing new")
    var octets = 0
    while octets + RingEntry.size(captured: 500) < 16384 {
      producer.record(frame(500))
      producer.publish()
      octets += RingEntry.size(captured: 500)
      #expect(!wakes() && !consumer.isFilling)
    }
    producer.record(frame(500))
    producer.publish()
    #expect(wakes() && consumer.isFilling)
    consumer.look()
    while consumer.next() != nil {}
    consumer.release()
    unsafe bell.state.pointee.store(CaptureBell.Sleep.nap.rawValue, ordering: .sequentiallyConsistent)
    producer.record(frame(500))
    producer.publish()
    #expect(!wakes())
    unsafe bell.state.pointee.store(CaptureBell.Sleep.deep.rawValue, ordering: .sequentiallyConsistent)
    producer.record(frame(500))
    producer.publish()
    #expect(wakes())
  }
}
