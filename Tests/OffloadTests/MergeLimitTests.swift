// How large a merged frame may become, and frames that stood for several when they came.

import Offload
import Testing
import Wire

@Suite struct MergeLimitTests {
  static func train(_ first: FlowFrame, _ count: Int) -> [FlowFrame] {
    var frames = [first]
    for _ in 1..<count { frames.append(frames[frames.count - 1].next()) }
    return frames
  }

  static func written(_ frames: [FlowFrame]) -> [[UInt8]] { MergeBatch.run(frames.map(\.octets)).written }

  @Test(arguments: [4, 6]) func datagrams(version: Int) {
    let frames = MergeLimitTests.train(FlowFrame.udp(version), 300)
    #expect(MergeLimitTests.written(frames).map { Naive.wire($0).count } == [128, 128, 44])
  }

  /// 65,535 octets of IP, in whole segments; 48 octets make as many as `OffloadCheck` allows.
  @Test(arguments: [4, 6], [48, 1448, 8948, 32_700]) func octets(version: Int, size: Int) throws {
    let first = FlowFrame.tcp(version, payload: size)
    let most = (65_535 - (first.headers - first.network)) / size
    let frames = MergeLimitTests.train(first, most + 2)
    let written = MergeLimitTests.written(frames)
    #expect(written.map { Naive.wire($0).count } == (most > 1 ? [most, 2] : [1, 1, 1]))
    for octets in written { try valid(octets) }
    #expect(written[0].count <= 12 + 14 + 65_535)
  }

  /// With the octets of a frame that fill it to the last, and with one more.
  @Test(arguments: [4, 6]) func toTheLastOctet(version: Int) throws {
    let first = FlowFrame.tcp(version, payload: 32_000)
    let room = 65_535 - (first.headers - first.network) - 64_000
    let frames = MergeLimitTests.train(first, 2)
    // no whole segment fits any more, so nothing is waited for
    #expect(MergeLimitTests.written(frames + [frames[1].next(room)]).map { Naive.wire($0).count } == [2, 1])
    let large = FlowFrame.udp(version, payload: 65_535 - (version == 4 ? 28 : 48))
    #expect(MergeLimitTests.written([large, large.next(1)]).count == 2)
  }

  /// Frames of many segments do not fit where a single one would.
  @Test(arguments: [4, 6]) func segmentedBeyond(version: Int) throws {
    let udp = FlowFrame.udp(version, sum: .partial).with {
      $0.gsoSize = 10
      $0.payload = FlowFrame.data(1000)
    }
    #expect(
      MergeLimitTests.written([udp, udp.next(280), udp.next(280).next(10)]).map { Naive.wire($0).count } == [128, 1])
    #expect(MergeLimitTests.written([udp, udp.next(290)]).map { Naive.wire($0).count } == [100, 29])
    let tcp = FlowFrame.tcp(version, sum: .partial).with {
      $0.gsoSize = 1000
      $0.payload = FlowFrame.data(40_000)
    }
    #expect(MergeLimitTests.written([tcp, tcp.next()]).map { Naive.wire($0).count } == [40, 40])
    #expect(MergeLimitTests.written([tcp, tcp.next(25_000)]).map { Naive.wire($0).count } == [65])
  }

  @Test func capacity() throws {
    let first = FlowFrame.udp(payload: 100)
    let second = first.next()
    let octets = first.octets
    let candidates = [first, second].compactMap { MergeBatch.candidate($0.octets) }
    try #require(candidates.count == 2)
    for (capacity, expected) in [
      (octets.count + 99, MergeOutcome.refused), (octets.count + 100, .mergedAndFull),
      (octets.count + 199, .mergedAndFull),
      (octets.count + 200, .merged),
    ] {
      var memory = octets + [UInt8](repeating: 0xEE, count: 300)
      let frame = Array(second.octets[12...])
      let outcome = unsafe memory.withUnsafeMutableBytes { memory in
        guard let start = memory.baseAddress else { return MergeOutcome.otherFlow }
        var merged = unsafe MergedFrame(
          start: start, capacity: capacity, count: octets.count, candidate: candidates[0])
        return unsafe frame.withUnsafeBytes { unsafe merged.append(candidates[1], frame: $0) }
      }
      #expect(outcome == expected)
      #expect(memory[capacity...].allSatisfy { $0 == 0xEE })
      if expected == .refused { #expect(memory[..<octets.count] == octets[...]) }
    }
  }

  /// Lengths that do not belong to the candidate change nothing.
  @Test func foreignLengths() throws {
    let first = FlowFrame.udp()
    let candidate = try #require(MergeBatch.candidate(first.octets))
    let next = try #require(MergeBatch.candidate(first.next().octets))
    var memory = first.octets + [UInt8](repeating: 0, count: 100)
    let frame = Array(first.next().octets[12...])
    let outcomes = unsafe memory.withUnsafeMutableBytes { memory -> [MergeOutcome] in
      guard let start = memory.baseAddress else { return [] }
      var short = unsafe MergedFrame(start: start, capacity: 150, count: 71, candidate: candidate)
      var good = unsafe MergedFrame(start: start, capacity: 150, count: 72, candidate: candidate)
      return unsafe frame.withUnsafeBytes { bytes in
        unsafe [
          short.append(next, frame: bytes),
          good.append(next, frame: UnsafeRawBufferPointer(rebasing: bytes.dropLast())),
          good.append(next, frame: UnsafeRawBufferPointer(start: nil, count: 0)), good.append(next, frame: bytes),
        ]
      }
    }
    #expect(outcomes == [.refused, .refused, .refused, .merged])
  }

  /// Frames that were cut out of nothing yet: merged with equal ones, before single frames and behind them.
  @Test(arguments: [4, 6], [true, false]) func segmented(version: Int, isTCP: Bool) throws {
    let single = (isTCP ? FlowFrame.tcp(version) : FlowFrame.udp(version)).with {
      $0.payload = FlowFrame.data(100)
      $0.sum = .partial
    }
    let three = single.with {
      $0.gsoSize = 100
      $0.payload = FlowFrame.data(300, from: 5)
    }
    func follow(_ first: FlowFrame, _ second: FlowFrame, _ change: (inout FlowFrame) -> Void = { _ in }) -> [Int] {
      let follower = first.next().with {
        $0.payload = second.payload
        $0.gsoSize = second.gsoSize
        change(&$0)
      }
      let frames = [first.octets, follower.octets]
      let written = MergeBatch.run(frames).written
      #expect(
        written.flatMap(Naive.wire).map(withoutFixedIdentification)
          == frames.flatMap(Naive.wire).map(withoutFixedIdentification))
      return written.map { Naive.wire($0).count }
    }
    #expect(follow(three, three) == [6])
    #expect(follow(three, single) == [4])
    #expect(follow(single, three) == [4])
    #expect(follow(three, single) { $0.payload.removeLast() } == [4])
    #expect(follow(three, three) { $0.payload.removeLast() } == [6])
    #expect(follow(three.with { $0.payload.removeLast() }, single) == [3, 1])
    #expect(follow(three, three) { $0.gsoSize = 99 } == [3, 4])
    #expect(follow(single.with { $0.payload.append(0) }, three) == [1, 3])
    if isTCP {
      #expect(follow(three.with { $0.flags |= 0x80 }, three) == [6])
      #expect(follow(three, three) { $0.flags |= 0x80 } == [3, 3])
      #expect(follow(three, three) { $0.flags |= 0x08 } == [6])
    }
  }
}

/// What `finish` made is what the check at ingress accepts, as it is.
func valid(_ octets: [UInt8]) throws {
  let raw = try VirtioNetHeader(parsing: octets)
  let frame = Array(octets[12...])
  let verdict = OffloadCheck.validate(raw, frame: frame, header: try FrameHeader(parsing: frame))
  #expect(verdict == .accepted(header: raw, segments: Naive.wire(octets).count))
}
