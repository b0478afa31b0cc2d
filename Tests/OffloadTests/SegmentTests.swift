// Row B8 of the hostile-input table: what a port without segmentation offload gets instead of a GSO frame.

import Offload
import Testing
import Wire

@Suite struct SegmentTests {
  static let samples: [SegmentSample] = samples(4) + samples(6)

  private static func samples(_ version: Int) -> [SegmentSample] {
    var samples: [SegmentSample] = []
    func add(_ isUDP: Bool, _ change: (inout SegmentSample) -> Void) {
      var sample = SegmentSample(version: version, isUDP: isUDP)
      change(&sample)
      samples.append(sample)
    }
    for isUDP in [false, true] {
      for tags in 0...4 { add(isUDP) { $0.tags = tags } }
      for payload in [1001, 1999, 2000, 2001, 2999] { add(isUDP) { $0.payload = payload } }
      for size in [48, 49, 50, 51, 63, 64, 65, 1448, 2999] { add(isUDP) { $0.size = size } }
      if version == 4 {
        for options in [4, 40] { add(isUDP) { $0.ipOptions = options } }
      } else {
        for chain in [[0], [60], [0, 60, 60]] as [[UInt8]] { add(isUDP) { $0.extensions = chain } }
      }
    }
    // one segment, which the check at ingress makes a plain frame of
    for payload in [1, 999, 1000] { add(false) { $0.payload = payload } }
    for options in [12, 40] { add(false) { $0.tcpOptions = options } }
    for size in [1, 2, 3, 23] {
      add(true) {
        $0.size = size
        $0.payload = size * 127 + 1
      }
    }
    return samples
  }

  /// Every octet of every segment is what the plain reference has; what was validated is cut in as many as were announced.
  @Test(arguments: samples, [ChecksumMode.complete, .partial])
  func everyOctet(sample: SegmentSample, mode: ChecksumMode) throws {
    let frame = sample.bytes
    let segments = try #require(cut(frame, sample.offload, mode))
    #expect(segments == sample.segments(of: frame, mode))
    #expect(segments.flatMap { $0[sample.headers...] } == Array(frame[sample.headers...]))
    if sample.count > 1 {
      #expect(try check(sample.offload, frame) == .accepted(header: sample.offload, segments: sample.count))
    }
  }

  /// All 256 flags: FIN and PSH are said at the end, CWR at the beginning, with or without the offload header's ECN bit.
  @Test(arguments: 0...255 as ClosedRange<UInt8>) func flags(flags: UInt8) throws {
    for ecnBit in [false, true] {
      let sample = SegmentSample(flags: flags, ecnBit: ecnBit)
      let segments = try #require(cut(sample.bytes, sample.offload))
      let seen = segments.map { $0[sample.transport + 13] }
      #expect(seen == [flags & ~0x09, flags & ~0x89, flags & ~0x80])
      // the reserved bits and the one that accurate ECN uses are not touched
      #expect(segments.allSatisfy { $0[sample.transport + 12] == 0x51 })
    }
  }

  @Test func oneSegmentKeepsAllFlags() throws {
    let sample = SegmentSample(flags: 0xFF, payload: 1000)
    let segments = try #require(cut(sample.bytes, sample.offload))
    #expect(segments.map { $0[sample.transport + 13] } == [0xFF])
  }

  /// 64 KiB at the floor: the most segments there are, each counted in sequence and identification.
  @Test(arguments: [4, 6]) func floor(version: Int) throws {
    let sample = SegmentSample(version: version, tags: 1, payload: 65_536, size: 48)
    let frame = sample.bytes
    #expect(try check(sample.offload, frame) == .accepted(header: sample.offload, segments: 1366))
    let segments = try #require(cut(frame, sample.offload))
    #expect(segments.count == 1366)
    #expect(segments.last?.count == sample.headers + 16)
    #expect(segments == sample.segments(of: frame, .complete))
  }

  /// A sum of 0 would tell UDP that there is none; to TCP it is a checksum like any other.
  @Test(arguments: [4, 6], [true, false]) func zeroChecksum(version: Int, isUDP: Bool) throws {
    let sample = SegmentSample(version: version, isUDP: isUDP, payload: 200, size: 100)
    var frame = sample.bytes
    let field = sample.transport + Int(sample.offload.checksumOffset)
    let before = try #require(cut(frame, sample.offload)?.last)
    let checksum = Int(before[field]) << 8 | Int(before[field + 1])
    // the checksum added to a word of the payload: then nothing is left for the field
    let last = sample.headers + 100
    let word = Int(frame[last]) << 8 | Int(frame[last + 1])
    let sum = word + checksum
    frame.replaceSubrange(last..<last + 2, with: TestFrame.pair(sum & 0xFFFF + sum >> 16))
    let after = try #require(cut(frame, sample.offload)?.last)
    #expect(Array(after[field..<field + 2]) == (isUDP ? [0xFF, 0xFF] : [0, 0]))
    #expect(after == sample.segments(of: frame, .complete).last)
  }

  /// A partial checksum that is completed is the complete one.
  @Test(arguments: samples) func partialIsCompleted(sample: SegmentSample) throws {
    let frame = sample.bytes
    let complete = try #require(cut(frame, sample.offload))
    let partial = try #require(cut(frame, sample.offload, .partial))
    let header = try #require(partialHeader(frame, sample.offload))
    let expected = sample.offload.with {
      $0.gsoType = 0
      $0.gsoSize = 0
      $0.headerLength = 0
    }
    #expect(header == expected)
    for (expected, segment) in zip(complete, partial) {
      #expect(try check(header, segment) == .accepted(header: header, segments: 1))
      var bytes = segment
      let done = unsafe bytes.withUnsafeMutableBytes { unsafe Checksum.complete($0, header) }
      #expect(done)
      // 0 and 0xFFFF are the same number to TCP
      let field = sample.transport + Int(header.checksumOffset)
      if expected[field] == 0, expected[field + 1] == 0 { continue }
      #expect(bytes == expected)
    }
  }

  /// What the sender left in the field does not matter, as it does not to a receiver of the whole frame ...
  @Test(arguments: [4, 6], [true, false]) func fieldIsNotBelieved(version: Int, isUDP: Bool) throws {
    let sample = SegmentSample(version: version, isUDP: isUDP, extensions: version == 6 ? [0] : [])
    let frame = sample.bytes
    var other = frame
    let field = sample.transport + Int(sample.offload.checksumOffset)
    for value in [0, 0x1234, 0xFFFF] {
      other.replaceSubrange(field..<field + 2, with: TestFrame.pair(value))
      for mode in [ChecksumMode.complete, .partial] {
        #expect(cut(other, sample.offload, mode) == sample.segments(of: frame, mode))
      }
    }
  }

  /// ... but behind a routing header, where only the sender's sum knows the final destination.
  @Test(arguments: [[43], [0, 43], [43, 60]] as [[UInt8]], [true, false])
  func routingHeader(chain: [UInt8], isUDP: Bool) throws {
    let sample = SegmentSample(version: 6, isUDP: isUDP, extensions: chain)
    var frame = sample.bytes
    // the sum is made of the final destination; then another one is put into the IP header
    let expected = try #require(cut(frame, sample.offload))
    #expect(expected == sample.segments(of: frame, .complete))
    let address = sample.network + 24..<sample.network + 40
    frame.replaceSubrange(address, with: [UInt8](repeating: 0xAB, count: 16))
    let segments = try #require(cut(frame, sample.offload))
    #expect(segments.map { Array($0[sample.transport...]) } == expected.map { Array($0[sample.transport...]) })
  }

  /// The frame is cut as it is after its tags were popped, with the offload header that moved along.
  @Test(arguments: [1, 2]) func afterTagEdit(tags: Int) throws {
    let sample = SegmentSample(tags: tags)
    var bare = sample
    bare.tags = 0
    var memory = [UInt8](repeating: 0, count: 8) + sample.offload.octets + sample.bytes
    var start = 8
    for _ in 0..<tags {
      let length = memory.count - start
      let moved = unsafe memory.withUnsafeMutableBytes { unsafe TagEdit.pop($0, start: start, length: length) }
      start = try #require(moved)
    }
    let offload = try VirtioNetHeader(parsing: Array(memory[start...]))
    #expect(cut(Array(memory[(start + VirtioNetHeader.size)...]), offload) == bare.segments(of: bare.bytes, .complete))
  }

  /// Padding belongs to no segment.
  @Test(arguments: [4, 6]) func padding(version: Int) throws {
    let sample = SegmentSample(version: version)
    let frame = sample.bytes
    #expect(cut(frame + [1, 2, 3], sample.offload) == sample.segments(of: frame, .complete))
  }
}
