// Every rule of coalescing by itself: once where it lets frames merge, once where it keeps them apart.

import Offload
import Testing
import Wire

/// What comes of `second` behind `first`.
private func outcome(_ first: FlowFrame, _ second: FlowFrame) -> [Int] {
  MergeBatch.run([first.octets, second.octets]).written.map { Naive.wire($0).count }
}

@Suite struct MergeRuleTests {
  typealias Change = (name: String, merges: Bool, first: FlowFrame, second: FlowFrame)

  static let tcp = FlowFrame.tcp()
  static let udp = FlowFrame.udp()

  private static func rule(
    _ name: String, _ merges: Bool, _ first: FlowFrame = tcp, _ change: (inout FlowFrame) -> Void
  ) -> Change {
    (name, merges, first, first.next().with(change))
  }

  static let tcpRules: [Change] = [
    rule("next octets", true) { _ in },
    rule("PSH ends", true) { $0.flags |= 0x08 },
    rule("FIN ends", true) { $0.flags |= 0x01 },
    rule("shorter ends", true) { $0.payload.removeLast() },
    rule("longer", false) { $0.payload.append(1) },
    rule("no payload", false) { $0.payload = [] },
    rule("no payload, FIN", false) { ($0.payload, $0.flags) = ([], 0x11) },
    rule("gap", false) { $0.sequence &+= 1 },
    rule("again", false) { $0.sequence = tcp.sequence },
    rule("sequence wraps", true, tcp.with { $0.sequence = 0xFFFF_FFC0 }) { _ in },
    rule("other acknowledgement", false) { $0.acknowledgement += 1 },
    rule("other window", false) { $0.window += 1 },
    rule("other option", false) { $0.options[7] += 1 },
    rule("more options", false) { $0.options += [1, 1, 1, 1] },
    rule("other port", false) { $0.ports[1] += 1 },
    rule("other address", false) { $0.source += 1 },
    rule("other MAC", false) { $0.macs[5] += 1 },
    rule("other traffic class", false) { $0.trafficClass = 4 },
    rule("other ECN", false) { $0.trafficClass = 3 },
    rule("other hop limit", false) { $0.hops -= 1 },
    rule("SYN", false) { $0.flags |= 0x02 },
    rule("RST", false) { $0.flags |= 0x04 },
    rule("URG", false) { $0.flags |= 0x20 },
    rule("all URG", false, tcp.with { $0.flags |= 0x20 }) { _ in },
    rule("no ACK", false) { $0.flags = 0 },
    rule("none has ACK", false, tcp.with { $0.flags = 0 }) { _ in },
    rule("ECE begins", false) { $0.flags |= 0x40 },
    rule("all ECE", true, tcp.with { $0.flags |= 0x40 }) { _ in },
    rule("CWR in the first", true, tcp.with { $0.flags |= 0x80 }) { _ in },
    rule("CWR in the second", false) { $0.flags |= 0x80 },
    rule("CWR in both", false, tcp.with { $0.flags |= 0x80 }) { $0.flags |= 0x80 },
    rule("accurate ECN", false) { $0.reserved = 1 },
    rule("all accurate ECN", true, tcp.with { $0.reserved = 1 }) { _ in },
    rule("urgent pointer without URG", false) { $0.urgent = 3 },
    rule("PSH in the first", false, tcp.with { $0.flags |= 0x08 }) { _ in },
    rule("FIN in the first", false, tcp.with { $0.flags |= 0x01 }) { _ in },
    rule("48 octets", true, FlowFrame.tcp(payload: 48)) { _ in },
    rule("47 octets", false, FlowFrame.tcp(payload: 47)) { _ in },
    rule("48, then 1", true, FlowFrame.tcp(payload: 48)) { $0.payload = [1] },
  ]

  static let udpRules: [Change] = [
    rule("one more", true, udp) { _ in },
    rule("shorter ends", true, udp) { $0.payload.removeLast() },
    rule("longer", false, udp) { $0.payload.append(1) },
    rule("no payload", false, udp) { $0.payload = [] },
    rule("one octet each", true, FlowFrame.udp(payload: 1)) { _ in },
    rule("no checksum", false, udp.with { $0.sum = .none }) { _ in },
    rule("second without checksum", false, udp) { $0.sum = .none },
    rule("other port", false, udp) { $0.ports[0] += 1 },
    rule("TCP", false, udp) { $0.isTCP = true },
  ]

  static let bothRules: [Change] = [tcp, udp].flatMap { first in
    [
      rule("full and partial checksum", true, first) { $0.sum = .partial },
      rule("partial and full", true, first.with { $0.sum = .partial }) { $0.sum = .full },
      rule("both partial", true, first.with { $0.sum = .partial }) { _ in },
      rule("wrong in the first", false, first.with { $0.sum = .wrong }) { $0.sum = .full },
      rule("wrong in the second", false, first) { $0.sum = .wrong },
      rule("padded", false, first) { $0.padding = 3 },
      rule("same tag", true, first.with { $0.tags = [100] }) { _ in },
      rule("two tags", true, first.with { $0.tags = [100, 7] }) { _ in },
      rule("four tags", true, first.with { $0.tags = [1, 2, 3, 4] }) { _ in },
      rule("other VLAN", false, first.with { $0.tags = [100] }) { $0.tags = [101] },
      rule("other priority", false, first.with { $0.tags = [100] }) { $0.tags = [100 | 0x2000] },
      rule("inner tag", false, first.with { $0.tags = [100, 7] }) { $0.tags[1] = 8 },
      rule("one tag more", false, first.with { $0.tags = [100] }) { $0.tags = [100, 7] },
    ]
  }

  static let identificationRules: [Change] = [tcp, udp].flatMap { first in
    let fragile = first.with { $0.fragmentation = 0 }
    return [
      rule("counts", true, fragile) { _ in },
      rule("stands still", false, fragile) { $0.identification = fragile.identification },
      rule("jumps", false, fragile) { $0.identification += 1 },
      rule("stands still, DF", true, first) { $0.identification = first.identification },
      rule("jumps, DF", false, first) { $0.identification += 1 },
      rule("wraps", true, first.with { $0.identification = 0xFFFF }) { _ in },
      rule("DF changes", false, first) { $0.fragmentation = 0 },
      rule("reserved bit", false, first.with { $0.fragmentation = 0xC000 }) { _ in },
      rule("fragment", false, fragile) { $0.fragmentation = 0x2000 },
      rule("later fragment", false, fragile) { $0.fragmentation = 5 },
    ]
  }

  @Test(arguments: [4, 6], [FlowFrame.Sum.full, .partial]) func rules(version: Int, sum: FlowFrame.Sum) {
    let tables = MergeRuleTests.tcpRules + MergeRuleTests.udpRules + MergeRuleTests.bothRules
    for rule in version == 4 ? tables + MergeRuleTests.identificationRules : tables {
      let first = rule.first.with {
        $0.version = version
        if $0.sum == .full { $0.sum = sum }
      }
      let second = rule.second.with {
        $0.version = version
        if $0.sum == .full { $0.sum = sum }
      }
      #expect(outcome(first, second) == (rule.merges ? [2] : [1, 1]), "\(rule.name), IPv\(version)")
      // whatever came of it, the frames are those that came; in their order, but for another flow's
      let frames = [first.octets, second.octets]
      let written = MergeBatch.run(frames).written.flatMap(Naive.wire).map(withoutFixedIdentification)
      let expected = frames.flatMap(Naive.wire).map(withoutFixedIdentification)
      #expect(written == (first.isTCP == second.isTCP ? expected : expected.reversed()), "\(rule.name)")
    }
  }

  @Test func flowLabel() {
    let first = FlowFrame.tcp(6).with { $0.flowLabel = 0xABCDE }
    #expect(outcome(first, first.next()) == [2])
    #expect(outcome(first, first.next().with { $0.flowLabel = 0xABCDF }) == [1, 1])
  }

  /// The second frame decides whether numbers count or stand still; the third must do the same.
  @Test func identificationKeepsItsWay() {
    let first = FlowFrame.udp()
    let still = first.next().with { $0.identification = first.identification }
    let counting = first.next()
    func run(_ frames: [FlowFrame]) -> [Int] {
      MergeBatch.run(frames.map(\.octets)).written.map { Naive.wire($0).count }
    }
    #expect(run([first, still, still.next().with { $0.identification = first.identification }]) == [3])
    #expect(run([first, still, counting.next()]) == [2, 1])
    #expect(run([first, counting, counting.next()]) == [3])
    #expect(run([first, counting, still]) == [2, 1])
  }

  /// Options of IP, extension headers and unknown protocols have no flow that could be told: they go behind all else.
  @Test func noCandidate() throws {
    var options = FlowFrame.udp().octets
    options[12 + 14] = 0x46
    #expect(MergeBatch.candidate(options) == nil)
    var sctp = FlowFrame.udp().octets
    sctp[12 + 14 + 9] = 132
    #expect(MergeBatch.candidate(sctp) == nil)
    for sample in Corpus.frames {
      let octets = VirtioNetHeader().octets + sample.bytes
      #expect(MergeBatch.run([octets]).written == [octets], "\(sample.name)")
    }
  }

  /// A pure acknowledgement is never merged and passes its own flow's data no more than another frame of it; that of
  /// another flow holds nothing up.
  @Test func acknowledgementsKeepTheirPlace() throws {
    let first = FlowFrame.tcp()
    let pure = first.next(0)
    let other = pure.with { $0.ports = [80, 1024] }
    #expect(outcome(first, pure) == [1, 1])
    let written = MergeBatch.run([first.octets, other.octets, first.next().octets]).written
    #expect(written.map { Naive.wire($0).count } == [1, 2])
    let candidates = [first, pure, other].compactMap { MergeBatch.candidate($0.octets) }
    try #require(candidates.count == 3)
    #expect(candidates.map(\.isMergeable) == [true, false, false])
    #expect(candidates[0].flow == candidates[1].flow)
    #expect(candidates[0].flow != candidates[2].flow)
  }

  /// The receiver is told that the first segment has CWR, which the others must not get.
  @Test(arguments: [4, 6]) func congestionBit(version: Int) {
    for (flags, type) in [(UInt8(0x90), UInt8(0x80)), (0x10, 0)] {
      let first = FlowFrame.tcp(version).with { $0.flags = flags }
      let written = MergeBatch.run([first.octets, first.next().octets]).written
      #expect(written.map { $0[1] } == [type | (version == 4 ? 1 : 4)])
    }
  }

  /// Known from the frame alone.
  @Test(arguments: [4, 6]) func notMergeable(version: Int) throws {
    func candidate(_ change: (inout FlowFrame) -> Void) throws -> MergeCandidate {
      try #require(MergeBatch.candidate(FlowFrame.udp(version).with(change).octets))
    }
    #expect(try candidate { _ in }.isMergeable)
    #expect(try !candidate { $0.padding = 1 }.isMergeable)
    #expect(try !candidate { $0.sum = .none }.isMergeable)
    // the checksum of a packet in a UDP tunnel, the outer one having none left to do
    let tunnel = FlowFrame.udp(version, payload: 60, sum: .partial)
    var octets = tunnel.octets
    octets[6] += 28
    #expect(try !#require(MergeBatch.candidate(octets)).isMergeable)
  }

  /// A partial checksum that is not the pseudo header's sum is a wrong one: merging would make it right.
  @Test(arguments: [4, 6], [true, false]) func wrongPartial(version: Int, isTCP: Bool) {
    let first = isTCP ? FlowFrame.tcp(version, sum: .partial) : FlowFrame.udp(version, sum: .partial)
    var second = first.next().octets
    second[12 + first.transport + first.field] ^= 1
    let written = MergeBatch.run([first.octets, second]).written
    #expect(written == [first.octets, second])
  }
}

/// Where nobody may fragment, identification means nothing: set to 0 for comparison.
func withoutFixedIdentification(_ frame: [UInt8]) -> [UInt8] {
  var frame = frame
  var network = 14
  while frame[network - 2] == 0x81 { network += 4 }
  guard frame[network] == 0x45, frame[network + 6] & 0x40 != 0 else { return frame }
  let wasRight = Naive.sum(frame[network..<network + 20]) == 0xFFFF
  Naive.put(0, &frame, network + 4)
  if wasRight { Naive.fillHeaderSum(&frame, network) }
  return frame
}
