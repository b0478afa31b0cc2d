// Random flows through coalescing: what a kernel cuts out of the result is, frame for frame and flow for flow, what came.

import Offload
import Testing
import Wire

@Suite struct MergePropertyTests {
  /// The next frame of a flow, mostly as an honest sender would have it.
  private static func step(_ flow: inout FlowFrame, _ random: inout SeededGenerator) -> [UInt8] {
    let size = flow.payload.count
    var frame = flow.next()
    switch Int.random(in: 0..<24, using: &random) {
    case 0: frame = frame.next(Int.random(in: 0...size, using: &random))
    case 1: frame.flags |= flow.isTCP ? 0x08 : 0
    case 2: frame.flags |= flow.isTCP ? 0x80 : 0
    case 3: frame.identification = flow.identification
    case 4: frame.sequence &+= 7
    case 5: frame.acknowledgement &+= 1
    case 6: frame.payload += [1, 2]
    case 7: frame.sum = .wrong
    case 8: frame.padding = 6
    case 9: frame.fragmentation ^= 0x4000
    case 10: frame = frame.with { $0.payload = FlowFrame.data(Int.random(in: 1...max(1, size), using: &random)) }
    default: frame.sum = Bool.random(using: &random) ? .partial : .full
    }
    flow = frame.with { $0.padding = 0 }
    if frame.sum == .partial, frame.padding == 0, frame.payload.count > 96, Int.random(in: 0..<4, using: &random) == 0 {
      frame.gsoSize = Int.random(in: 48..<frame.payload.count, using: &random)
      flow.identification += (frame.payload.count - 1) / frame.gsoSize
    }
    flow.flags &= ~0x89
    // the size that the flow goes on with
    if flow.payload.isEmpty || Int.random(in: 0..<4, using: &random) == 0 {
      let octets = flow.next(size)
      flow = octets.with { $0.sequence = flow.sequence &+ UInt32(flow.payload.count) &- UInt32(size) }
    }
    return frame.octets
  }

  private static func key(_ wire: [UInt8]) -> [UInt8] {
    let layers = Naive.layers(wire)
    return Array(wire[layers.network + 12..<layers.transport + 4])
  }

  @Test(arguments: SeededGenerator.seeds) func interleaved(seed: UInt64) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    var merged = 0
    for _ in 0..<25 {
      var flows = (0..<Int.random(in: 1...12, using: &random)).map { index in
        let version = Bool.random(using: &random) ? 4 : 6
        let size = Int.random(in: 1...400, using: &random)
        return (Bool.random(using: &random) ? FlowFrame.tcp(version, payload: size) : .udp(version, payload: size)).with
        {
          $0.ports[0] = 2000 + index
          $0.tags = [[], [], [5], [5, 6]].randomElement(using: &random) ?? []
          $0.identification = Int.random(in: 0...0xF000, using: &random)
          $0.sequence = UInt32.random(in: 0...UInt32.max, using: &random)
        }
      }
      var frames: [[UInt8]] = []
      for _ in 0..<64 {
        let index = Int.random(in: 0..<flows.count, using: &random)
        // runs, as they come from a sender
        for _ in 0..<Int.random(in: 1...6, using: &random) {
          frames.append(MergePropertyTests.step(&flows[index], &random))
        }
      }
      let batch = MergeBatch.run(frames)
      merged += batch.merged
      for octets in batch.written where octets[1] != 0 { try valid(octets) }
      let before = frames.flatMap(Naive.wire).map(withoutFixedIdentification)
      let after = batch.written.flatMap(Naive.wire).map(withoutFixedIdentification)
      #expect(after.count == before.count)
      let was = Dictionary(grouping: before, by: MergePropertyTests.key)
      let is_ = Dictionary(grouping: after, by: MergePropertyTests.key)
      #expect(was == is_)
    }
    #expect(merged > 400)
  }

  /// Two frames of which a few bits are not what they were: whatever is merged, what comes out is what came in.
  @Test(arguments: SeededGenerator.seeds) func mutated(seed: UInt64) {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    for _ in 0..<1_500 {
      let version = Bool.random(using: &random) ? 4 : 6
      let sum = Bool.random(using: &random) ? FlowFrame.Sum.full : .partial
      let first = Bool.random(using: &random) ? FlowFrame.tcp(version, sum: sum) : .udp(version, sum: sum)
      var pair = [first.octets, first.next().octets]
      let victim = Int.random(in: 0...1, using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0: pair[victim].removeLast(Int.random(in: 1..<pair[victim].count - 12, using: &random))
      case 1: pair[victim] += [UInt8](repeating: 0, count: Int.random(in: 1...40, using: &random))
      default: break
      }
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        let position = Int.random(in: 12..<pair[victim].count, using: &random)
        pair[victim][position] ^= 1 << UInt8.random(in: 0...7, using: &random)
      }
      let batch = MergeBatch.run(pair)
      if batch.merged == 0 {
        #expect(batch.written == pair || batch.written == pair.reversed())
      } else {
        let expected = pair.flatMap(Naive.wire).map(withoutFixedIdentification)
        #expect(batch.written.flatMap(Naive.wire).map(withoutFixedIdentification) == expected)
      }
    }
  }

  /// Noise behind a header that says IP.
  @Test(arguments: SeededGenerator.seeds) func noise(seed: UInt64) {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    for _ in 0..<2_000 {
      var bytes = (0..<Int.random(in: 14...120, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      bytes.replaceSubrange(12..<14, with: Bool.random(using: &random) ? [8, 0] : [0x86, 0xDD])
      if bytes.count > 24 {
        bytes[14] = bytes[12] == 8 ? 0x45 : 0x60
        bytes[bytes[12] == 8 ? 23 : 20] = Bool.random(using: &random) ? 6 : 17
        if Bool.random(using: &random) {
          Naive.put(bytes.count - (bytes[12] == 8 ? 14 : 54), &bytes, bytes[12] == 8 ? 16 : 18)
        }
        if bytes[12] == 8 { Naive.put(0, &bytes, 20) }
      }
      let octets = VirtioNetHeader().octets + bytes
      let batch = MergeBatch.run([octets, octets])
      #expect(batch.merged == 0)
      #expect(batch.written == [octets, octets])
    }
  }
}
