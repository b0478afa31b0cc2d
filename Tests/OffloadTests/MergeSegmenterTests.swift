// Coalescing and segmentation are inverse to each other.

import Offload
import Testing
import Wire

@Suite struct MergeSegmenterTests {
  /// What the segmenter cuts out of `octets`, checksums complete.
  private static func cut(_ octets: [UInt8]) throws -> [[UInt8]] {
    let frame = Array(octets[12...])
    let raw = try VirtioNetHeader(parsing: octets)
    return unsafe frame.withUnsafeBytes { bytes -> [[UInt8]] in
      guard var segmenter = unsafe Segmenter(frame: bytes, offload: raw) else { return [] }
      var result: [[UInt8]] = []
      while true {
        var room = [UInt8](repeating: 0, count: segmenter.largestSegment)
        let count = unsafe room.withUnsafeMutableBytes { unsafe segmenter.next(into: $0, checksum: .complete) }
        guard count > 0 else { return result }
        result.append(Array(room[..<count]))
      }
    }
  }

  @Test(arguments: SeededGenerator.seeds) func backAndForth(seed: UInt64) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    for _ in 0..<40 {
      let version = Bool.random(using: &random) ? 4 : 6
      let size = Int.random(in: 48...1460, using: &random)
      var flow = Bool.random(using: &random) ? FlowFrame.tcp(version, payload: size) : .udp(version, payload: size)
      flow.tags = [[], [5], [5, 6]].randomElement(using: &random) ?? []
      flow.identification = Int.random(in: 0...0xFFFF, using: &random)
      flow.sequence = UInt32.random(in: 0...UInt32.max, using: &random)
      flow.fragmentation = Bool.random(using: &random) ? 0x4000 : 0
      if flow.isTCP, Bool.random(using: &random) { flow.flags |= 0x80 }
      var frames = [flow]
      for _ in 0..<Int.random(in: 1...40, using: &random) { frames.append(frames[frames.count - 1].next()) }
      let last = frames[frames.count - 1].next(Int.random(in: 1...size, using: &random))
      frames.append(last.with { $0.flags |= $0.isTCP ? 0x09 : 0 })
      for index in frames.indices { frames[index].sum = Bool.random(using: &random) ? .full : .partial }

      let written = MergeBatch.run(frames.map(\.octets)).written
      #expect(written.count < frames.count)
      let pieces = try written.flatMap { $0[1] == 0 ? Naive.wire($0) : try MergeSegmenterTests.cut($0) }
      #expect(pieces == frames.flatMap { Naive.wire($0.octets) })
    }
  }
}
