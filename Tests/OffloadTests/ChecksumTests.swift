// Sums against those that scapy put into the frames of the corpus.

import Offload
import Testing
import Wire

@Suite struct ChecksumTests {
  static let summed = Corpus.frames.filter { $0.expected["l4sum"] != nil }

  @Test func samplesAreThere() { #expect(ChecksumTests.summed.count >= 10) }

  /// Over a packet with its checksum the sum is all ones.
  @Test(arguments: summed) func verifies(sample: CorpusFrame) throws {
    let frame = sample.bytes
    let layers = try Layer4(locating: frame, behind: FrameHeader(parsing: frame))
    var sum = try Checksum.pseudoHeader(frame, layers)
    sum.add(frame, layers.transportOffset..<layers.packetEnd)
    #expect(sum.value == 0xFFFF)
    #expect(sum.checksum == 0)
    guard layers.version == 4 else { return }
    var header = InternetSum()
    header.add(frame, layers.networkOffset..<layers.transportOffset)
    #expect(header.value == 0xFFFF)
  }

  /// The checksum taken out, the pseudo header's sum put in, completed: the frame is what it was.
  @Test(arguments: summed) func completes(sample: CorpusFrame) throws {
    let frame = sample.bytes
    let layers = try Layer4(locating: frame, behind: FrameHeader(parsing: frame))
    var header = VirtioNetHeader()
    header.flags = VirtioNetHeader.needsChecksum
    header.checksumStart = UInt16(layers.transportOffset)
    header.checksumOffset = sample.expected["l4sum"] == "tcp" ? 16 : 6
    let partial = try Checksum.pseudoHeader(frame, layers).value
    var bytes = sample.bytes
    unsafe bytes.withUnsafeMutableBytes { buffer in
      let field = Int(header.checksumStart) + Int(header.checksumOffset)
      unsafe buffer.store16(partial, at: field)
      #expect(unsafe Checksum.complete(buffer, header))
    }
    #expect(bytes == sample.bytes)
  }

  /// The kernel's partial sum is the pseudo header's, so ours is checked against the kernel too.
  @Test(arguments: Corpus.offload.filter { $0.bytes[0] == 1 && $0.bytes[1] == 0 })
  func partialSumOfTheKernel(sample: CorpusFrame) throws {
    let raw = try VirtioNetHeader(parsing: sample.bytes)
    let bytes = Array(sample.bytes[VirtioNetHeader.size...])
    let layers = try Layer4(locating: bytes, behind: FrameHeader(parsing: bytes))
    let field = Int(raw.checksumStart) + Int(raw.checksumOffset)
    let stored = UInt16(bytes[field]) << 8 | UInt16(bytes[field + 1])
    #expect(try Checksum.pseudoHeader(bytes, layers).value == stored)
  }

  @Test func outsideTheFrame() {
    var bytes = [UInt8](repeating: 1, count: 40)
    var header = VirtioNetHeader()
    unsafe bytes.withUnsafeMutableBytes { buffer in
      #expect(unsafe Checksum.complete(buffer, header), "nothing asked")
      header.flags = VirtioNetHeader.needsChecksum
      header.checksumStart = 39
      #expect(unsafe !Checksum.complete(buffer, header))
      header.checksumStart = .max
      header.checksumOffset = .max
      #expect(unsafe !Checksum.complete(buffer, header))
    }
    #expect(bytes == [UInt8](repeating: 1, count: 40))
  }

  /// A sum that comes out as 0 is stored as 0xFFFF: 0 would tell UDP that there is none.
  @Test func zeroIsNotStored() {
    var bytes: [UInt8] = [0xFF, 0xFF, 0, 0]
    var header = VirtioNetHeader()
    header.flags = VirtioNetHeader.needsChecksum
    header.checksumOffset = 2
    unsafe bytes.withUnsafeMutableBytes { buffer in _ = unsafe Checksum.complete(buffer, header) }
    #expect(bytes == [0xFF, 0xFF, 0xFF, 0xFF])
  }

  /// Against the definition, word by word (RFC 1071 clause 4.1), over ranges that leave the bytes too.
  @Test(arguments: SeededGenerator.seeds) func naive(seed: UInt64) {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    for _ in 0..<2_000 {
      let bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      let lower = Int.random(in: -3...210, using: &random)
      let range = lower..<Int.random(in: lower...220, using: &random)
      let part = Array(bytes[range.clamped(to: 0..<bytes.count)])
      var expected: UInt32 = 0
      for position in stride(from: 0, to: part.count, by: 2) {
        expected += UInt32(part[position]) << 8 | (position + 1 < part.count ? UInt32(part[position + 1]) : 0)
        expected = expected & 0xFFFF + expected >> 16
      }
      var sum = InternetSum()
      sum.add(bytes, range)
      #expect(UInt32(sum.value) == expected)
    }
  }
}
