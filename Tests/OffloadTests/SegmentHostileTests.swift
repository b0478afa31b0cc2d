// The segmenter on what it should never be given, and on whatever the check at ingress lets through.

import Offload
import Testing
import Wire

@Suite struct SegmentHostileTests {
  /// Too little room: nothing is written, and the same segment is next again.
  @Test(arguments: [4, 6], [ChecksumMode.complete, .partial]) func rowB8_room(version: Int, mode: ChecksumMode) throws {
    let sample = SegmentSample(version: version, tags: 2, payload: 2500)
    let frame = sample.bytes
    let expected = sample.segments(of: frame, mode)
    try unsafe frame.withUnsafeBytes { bytes in
      guard var segmenter = unsafe Segmenter(frame: bytes, offload: sample.offload) else {
        Issue.record("not cut")
        return
      }
      var memory = [UInt8](repeating: 0xEE, count: segmenter.largestSegment)
      try unsafe memory.withUnsafeMutableBytes { memory in
        for segment in expected {
          for size in [0, 1, sample.headers, segment.count - 1] {
            let room = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<size])
            #expect(unsafe segmenter.next(into: room, checksum: mode) == 0)
            #expect(unsafe memory.allSatisfy { $0 == 0xEE })
          }
          let nowhere = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
          #expect(unsafe segmenter.next(into: nowhere, checksum: mode) == 0)
          let room = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<segment.count])
          try #require(unsafe segmenter.next(into: room, checksum: mode) == segment.count)
          #expect(unsafe Array(room) == segment)
          unsafe memory.initializeMemory(as: UInt8.self, repeating: 0xEE)
        }
      }
    }
  }

  @Test(arguments: [4, 6], [true, false]) func contradictions(version: Int, isUDP: Bool) {
    let sample = SegmentSample(version: version, isUDP: isUDP)
    let frame = sample.bytes
    let changes: [(inout VirtioNetHeader) -> Void] = [
      { $0 = VirtioNetHeader() }, { $0.flags = 0 }, { $0.gsoSize = 0 }, { $0.gsoType = 0 }, { $0.gsoType = 2 },
      { $0.gsoType = VirtioNetHeader.gsoUDP }, { $0.gsoType = VirtioNetHeader.gsoECN }, { $0.gsoSize = 1 },
      { $0.gsoType = version == 4 ? VirtioNetHeader.gsoTCPv6 : VirtioNetHeader.gsoTCPv4 },
      { $0.gsoType = isUDP ? VirtioNetHeader.gsoTCPv4 : VirtioNetHeader.gsoUDPL4 },
      { $0.checksumStart += 1 }, { $0.checksumStart = 0 }, { $0.checksumOffset += 2 }, { $0.checksumOffset = .max },
    ]
    for (number, change) in changes.enumerated() {
      #expect(cut(frame, sample.offload.with(change)) == nil, "change \(number)")
    }
    for length in 0..<sample.headers { #expect(cut(Array(frame[..<length]), sample.offload) == nil) }
    #expect(cut(frame, sample.offload) != nil)
    // the header of another frame
    let other = SegmentSample(version: version, isUDP: isUDP, tags: 1)
    #expect(cut(other.bytes, sample.offload) == nil)
  }

  @Test func fragments() {
    for fragmentation in [0x2000, 0x2001, 1] as [UInt16] {
      let sample = SegmentSample(fragmentation: fragmentation)
      #expect(cut(sample.bytes, sample.offload) == nil)
    }
  }

  /// A stream without a length of its own may name segments that no IP header can describe.
  @Test(arguments: [(4, 65_495), (6, 65_515)]) func longerThanIPHasIt(version: Int, most: Int) throws {
    let fits = SegmentSample(version: version, payload: most + 1, size: most)
    #expect(try check(fits.offload, fits.bytes) == .accepted(header: fits.offload, segments: 2))
    #expect(cut(fits.bytes, fits.offload) == fits.segments(of: fits.bytes, .complete))
    let over = SegmentSample(version: version, payload: most + 2, size: most + 1)
    #expect(cut(over.bytes, over.offload) == nil)
  }

  /// Random samples of every shape against the reference.
  @Test(arguments: SeededGenerator.seeds) func random(seed: UInt64) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    for _ in 0..<120 {
      let sample = SegmentHostileTests.sample(&random)
      let frame = sample.bytes
      let mode = Bool.random(using: &random) ? ChecksumMode.complete : .partial
      let segments = cut(frame, sample.offload, mode)
      if segments != sample.segments(of: frame, mode) { Issue.record("seed \(seed): \(sample.testDescription)") }
    }
  }

  /// Frames with octets changed here and there: whatever passes the check is cut without a trap, into segments that are
  /// frames themselves and hold the payload.
  @Test(arguments: SeededGenerator.seeds) func mutations(seed: UInt64) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    var passed = 0
    for _ in 0..<60 {
      let sample = SegmentHostileTests.sample(&random)
      let original = sample.bytes
      for _ in 0..<30 {
        var frame = original
        var octets = sample.offload.octets
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          let value = UInt8.random(in: 0...255, using: &random)
          if Int.random(in: 0..<4, using: &random) == 0 {
            octets[Int.random(in: 0..<octets.count, using: &random)] = value
          } else {
            frame[Int.random(in: 12..<min(frame.count, sample.headers + 40), using: &random)] = value
          }
        }
        if Int.random(in: 0..<8, using: &random) == 0 {
          frame.removeLast(Int.random(in: 0..<frame.count - 12, using: &random))
        }
        let raw = try VirtioNetHeader(parsing: octets)
        // unchecked: only without a trap
        _ = cut(frame, raw)
        guard let header = try? FrameHeader(parsing: frame),
          case .accepted(let clean, let count) = OffloadCheck.validate(raw, frame: frame, header: header),
          clean.isSegmented
        else { continue }
        let segments = try #require(cut(frame, clean), "seed \(seed)")
        passed += 1
        try SegmentHostileTests.examine(segments, clean, count, frame)
      }
    }
    #expect(passed > 100)
  }

  private static func examine(
    _ segments: [[UInt8]], _ clean: VirtioNetHeader, _ count: Int, _ frame: [UInt8]
  ) throws {
    #expect(segments.count == count)
    let headers = Int(clean.headerLength)
    for segment in segments {
      let layers = try Layer4(locating: segment, behind: FrameHeader(parsing: segment))
      #expect(layers.packetEnd == segment.count)
      #expect(layers.fragment == .whole)
      #expect(layers.transportOffset == Int(clean.checksumStart))
      #expect(segment.count <= headers + Int(clean.gsoSize))
    }
    #expect(segments.flatMap { $0[headers...] } == Array(frame[headers...]))
  }

  private static func sample(_ random: inout SeededGenerator) -> SegmentSample {
    var sample = SegmentSample()
    sample.version = Bool.random(using: &random) ? 4 : 6
    sample.isUDP = Bool.random(using: &random)
    sample.tags = Int.random(in: 0...4, using: &random)
    if sample.version == 4 {
      sample.ipOptions = 4 * Int.random(in: 0...10, using: &random)
    } else {
      let kinds: [UInt8] = [0, 60, 43]
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        sample.extensions.append(kinds[Int.random(in: 0..<3, using: &random)])
      }
    }
    sample.tcpOptions = 4 * Int.random(in: 0...10, using: &random)
    sample.flags = UInt8.random(in: 0...255, using: &random)
    sample.identification = UInt16.random(in: 0...UInt16.max, using: &random)
    sample.fragmentation = Bool.random(using: &random) ? 0x4000 : 0
    sample.sequence = UInt32.random(in: 0...UInt32.max, using: &random)
    sample.size = Int.random(in: 48...1500, using: &random)
    sample.payload = sample.size + Int.random(in: 1...min(5000, 100 * sample.size), using: &random)
    sample.ecnBit = !sample.isUDP && Bool.random(using: &random)
    sample.seed = UInt64.random(in: 0...UInt64.max, using: &random)
    return sample
  }
}
