// The loop probe: its frame, when it is sent, what is believed when it is heard.

import Testing
import Wire

@testable import Stations

@Suite struct LoopProbeTests {
  private func probe(_ secret: UInt128 = 42, ports: [UInt16] = [1, 2], at now: UInt64 = second) -> LoopProbe {
    var probe = LoopProbe(secret: secret)
    // they came up long ago
    for port in ports { probe.start(port, at: now - second) }
    return probe
  }

  @Test func theFrame() throws {
    var probe = probe()
    let sent = probe.send(at: second)
    #expect(sent.map(\.port) == [1, 2])
    let frame = sent[0].frame
    #expect(frame.count == 60)
    let header = try unsafe FrameHeader(parsing: frame.span.bytes)
    #expect(header.destination.isGroup && header.destination.isLocal && !header.destination.isReservedGroup)
    #expect(header.source == probe.source && !header.source.isGroup && header.source.isLocal)
    #expect(header.etherType.rawValue == 0x88B5)
    let fields = try #require(unsafe ProbeFrame(parsing: frame.span.bytes))
    #expect(fields.port == 1 && fields.sequence == 0 && fields.sent == second)
    #expect(fields.bytes == frame, "P10: read and written again")
    #expect(frame[42...].allSatisfy { $0 == 0 })
  }

  @Test func whenItIsSent() {
    var probe = LoopProbe(secret: 1)
    #expect(probe.nextDue == nil)
    probe.start(3, at: 10 * second)
    #expect(probe.nextDue == 10 * second, "at once when the port comes up")
    #expect(probe.send(at: 10 * second).count == 1)
    probe.start(3, at: 11 * second)
    #expect(probe.send(at: 11 * second).isEmpty, "a port that is up already is not probed anew")
    #expect(probe.nextDue == 12 * second)
    #expect(probe.send(at: 12 * second - 1).isEmpty)
    #expect(probe.send(at: 12 * second).count == 1)
    // the machine slept: one is sent, not all that were missed
    #expect(probe.send(at: 100 * second).count == 1)
    #expect(probe.send(at: 102 * second - 1).isEmpty)
    probe.stop(3)
    #expect(probe.send(at: 300 * second).isEmpty)
    #expect(probe.nextDue == nil)
  }

  @Test func aNewcomerListensFirst() {
    var probe = probe(ports: [1, 2])
    #expect(probe.send(at: 10 * second).map(\.port) == [1, 2])
    probe.start(3, at: 11 * second)
    #expect(probe.send(at: 11 * second).map(\.port) == [1, 2], "the others at once")
    probe.start(4, at: 11 * second)
    #expect(probe.send(at: 11 * second + LoopProbe.spacing - 1).isEmpty, "but not again at once")
    #expect(probe.send(at: 11 * second + LoopProbe.spacing).map(\.port) == [1, 2])
    #expect(probe.send(at: 11 * second + LoopProbe.listening - 1).isEmpty)
    #expect(probe.send(at: 11 * second + LoopProbe.listening).map(\.port) == [3, 4])
    #expect(probe.nextDue == 11 * second + LoopProbe.spacing + LoopProbe.interval)
  }

  /// A thousand ports that come up one after the other: none sends more than five a second.
  @Test func manyNewcomers() {
    var probe = LoopProbe(secret: 1)
    var sent: [UInt16: Int] = [:]
    for port in UInt16(0)..<500 {
      let now = second + UInt64(port) * second / 250
      probe.start(port, at: now)
      for outgoing in probe.send(at: now) { sent[outgoing.port, default: 0] += 1 }
    }
    #expect((sent.values.max() ?? 0) <= 11, "in two seconds")
  }

  @Test func aLoopBetweenTwoPortsShutsOne() {
    var probe = probe()
    let sent = probe.send(at: second)
    #expect(probe.heard(sent[0].frame, on: 2, at: second + 5) == .shut(sentOn: 1))
    #expect(!probe.isProbing(2))
    // what the shut port sent before is still on its way
    #expect(probe.heard(sent[1].frame, on: 1, at: second + 6) == .ignored(.senderStopped(2)))
    #expect(probe.isProbing(1))
    #expect(
      LoopProbe.reason(heardOn: "web", sentOn: "db") == "loop: the switch's own probe, sent on db, was heard on web")
  }

  @Test func aLoopBehindOnePort() {
    var probe = probe()
    let sent = probe.send(at: second)
    #expect(probe.heard(sent[0].frame, on: 1, at: second) == .shut(sentOn: 1))
    #expect(LoopProbe.reason(heardOn: "web", sentOn: "web").hasSuffix("came back on the same port"))
  }

  @Test func replays() {
    var probe = probe()
    let old = probe.send(at: second)[0].frame
    #expect(probe.heard(old, on: 2, at: 11 * second + 1) == .ignored(.old))
    #expect(probe.heard(old, on: 2, at: 0) == .ignored(.old), "sent in the future")
    #expect(probe.isProbing(2))
    #expect(probe.heard(old, on: 2, at: 11 * second) == .shut(sentOn: 1))
  }

  /// Port 1 was removed and another port got its number: what the old one sent says nothing of the new one.
  @Test func aPortThatIsNotTheSameAnyMore() {
    var probe = probe()
    let old = probe.send(at: second)[0].frame
    probe.stop(1)
    #expect(probe.heard(old, on: 2, at: 2 * second) == .ignored(.senderStopped(1)))
    probe.start(1, at: 2 * second)
    #expect(probe.heard(old, on: 2, at: 2 * second) == .ignored(.old))
  }

  @Test func aPortWithoutLoopProbeIsNotShut() {
    var probe = probe()
    let frame = probe.send(at: second)[0].frame
    #expect(probe.heard(frame, on: 9, at: second) == .ignored(.notGuarded(sentOn: 1)))
  }

  @Test func anotherSwitch() {
    var ours = probe(1)
    var theirs = probe(2)
    #expect(ours.source != theirs.source)
    #expect(theirs.heard(ours.send(at: second)[0].frame, on: 2, at: second) == .ignored(.notOurs))
  }

  @Test func aNeighbourPutsATagInFront() {
    var probe = probe()
    var frame = probe.send(at: second)[0].frame
    frame.insert(contentsOf: [0x81, 0, 0x20, 10], at: 12)
    #expect(probe.heard(frame, on: 2, at: second) == .shut(sentOn: 1))
  }

  /// Whatever a guest changes in a probe that it heard: it is not believed.
  @Test func everyBitCounts() {
    var probe = probe()
    let frame = probe.send(at: second)[0].frame
    for bit in 0..<42 * 8 {
      var forged = frame
      forged[bit / 8] ^= 1 << UInt8(bit % 8)
      var judge = probe
      let verdict = judge.heard(forged, on: 2, at: second)
      #expect(verdict == .ignored(.notAProbe) || verdict == .ignored(.notOurs), "bit \(bit): \(verdict)")
    }
  }

  @Test func everyPrefixAndManyRandomFrames() {
    var probe = probe()
    let frame = probe.send(at: second)[0].frame
    for length in 0..<42 { #expect(probe.heard(Array(frame[..<length]), on: 2, at: second) == .ignored(.notAProbe)) }
    var random = SeededGenerator(seed: SeededGenerator.seeds[3])
    print("seed \(SeededGenerator.seeds[3])")
    for _ in 0..<20_000 {
      var forged = Array(frame.prefix(Int.random(in: 12...60, using: &random)))
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        forged[Int.random(in: 12..<min(42, forged.count + 1), using: &random) % forged.count] ^=
          UInt8.random(in: 1...255, using: &random)
      }
      if Array(forged.prefix(42)) == Array(frame.prefix(42)) { continue }
      if case .shut = probe.heard(forged, on: 2, at: second) { Issue.record("believed: \(forged)") }
    }
  }
}
