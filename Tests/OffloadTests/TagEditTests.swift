// Tags pushed and popped in place: against a naive edit of an array, and each as the other's inverse.

import Offload
import Testing
import Wire

/// A buffer as the worker has it, with canaries on both sides.
private final class Buffer {
  static let canary: UInt8 = 0xC5
  var bytes: [UInt8]
  var start: Int
  var length: Int

  init(headroom: Int, _ header: VirtioNetHeader, _ frame: [UInt8], tail: Int = 16) {
    bytes = [UInt8](repeating: Buffer.canary, count: headroom) + header.octets + frame
    start = headroom
    length = bytes.count - headroom
    bytes += [UInt8](repeating: Buffer.canary, count: tail)
  }

  func pop() -> Bool {
    let (from, count) = (start, length)
    let new = unsafe bytes.withUnsafeMutableBytes { unsafe TagEdit.pop($0, start: from, length: count) }
    guard let new else { return false }
    start = new
    length -= TagEdit.size
    return true
  }

  func push(_ tag: VLANTag) -> Bool {
    let (from, count) = (start, length)
    let new = unsafe bytes.withUnsafeMutableBytes { unsafe TagEdit.push(tag, $0, start: from, length: count) }
    guard let new else { return false }
    start = new
    length += TagEdit.size
    return true
  }

  func rewrite(_ tag: VLANTag) -> Bool {
    let (from, count) = (start, length)
    return unsafe bytes.withUnsafeMutableBytes { unsafe TagEdit.rewrite(tag, $0, start: from, length: count) }
  }

  var frame: [UInt8] { Array(bytes[(start + VirtioNetHeader.size)..<(start + length)]) }
  var header: VirtioNetHeader? { try? VirtioNetHeader(parsing: Array(bytes[start..<start + length])) }
  var tailIsWhole: Bool { bytes[(start + length)...].allSatisfy { $0 == Buffer.canary } }
}

@Suite struct TagEditTests {
  private let tag = VLANTag(tpid: .serviceTag, tci: 0xA123)

  /// Row B4: what is asked for stays true of the frame, and the checksum comes out right on the other side.
  @Test(arguments: [4, 6], [TestFrame.Kind.tcp, .udp]) func rowB4_offsetsFollow(version: Int, kind: TestFrame.Kind)
    throws
  {
    let tagged = TestFrame(version, kind, tags: [7], payload: 3000)
    let bare = TestFrame(version, kind, payload: 3000)
    for (before, after) in [
      (tagged.checksumHeader, bare.checksumHeader), (tagged.segmentHeader(1000), bare.segmentHeader(1000)),
    ] {
      let buffer = Buffer(headroom: 16, before, tagged.bytes)
      #expect(buffer.pop())
      #expect(buffer.frame == bare.bytes)
      #expect(buffer.header == after)
      let header = try FrameHeader(parsing: buffer.frame)
      let verdict = OffloadCheck.validate(after, frame: buffer.frame, header: header)
      #expect(verdict == .accepted(header: after, segments: after.isSegmented ? 3 : 1))
      #expect(buffer.push(VLANTag(tpid: .customerTag, tci: 7)))
      #expect(buffer.frame == tagged.bytes)
      #expect(buffer.header == before)
      #expect(buffer.start == 16 && buffer.tailIsWhole)
    }
  }

  @Test(arguments: ChecksumTests.summed) func rowB4_checksumIsValidAfterwards(sample: CorpusFrame) throws {
    let frame = sample.bytes
    let layers = try Layer4(locating: frame, behind: FrameHeader(parsing: frame))
    var header = VirtioNetHeader()
    header.flags = VirtioNetHeader.needsChecksum
    header.checksumStart = UInt16(layers.transportOffset)
    header.checksumOffset = sample.expected["l4sum"] == "tcp" ? 16 : 6
    var bytes = sample.bytes
    let partial = try Checksum.pseudoHeader(frame, layers).value
    unsafe bytes.withUnsafeMutableBytes {
      unsafe $0.store16(partial, at: layers.transportOffset + Int(header.checksumOffset))
    }
    let buffer = Buffer(headroom: 16, header, bytes)
    #expect(buffer.push(tag))
    var sent = buffer.frame
    let moved = try #require(buffer.header)
    unsafe sent.withUnsafeMutableBytes { _ = unsafe Checksum.complete($0, moved) }
    var expected = sample.bytes
    expected.insert(contentsOf: [0x88, 0xA8, 0xA1, 0x23], at: 12)
    #expect(sent == expected)
  }

  /// Push, then pop, on random frames with random offload headers: what comes out went in, and the naive edit agrees.
  @Test(arguments: SeededGenerator.seeds) func inverse(seed: UInt64) throws {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    for _ in 0..<5_000 {
      let frame = (0..<Int.random(in: 14...300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      let header = VirtioNetHeader().with {
        $0.flags = UInt8.random(in: 0...7, using: &random)
        $0.gsoType = UInt8.random(in: 0...5, using: &random)
        $0.headerLength = Bool.random(using: &random) ? 0 : UInt16.random(in: 14...0xFFF0, using: &random)
        $0.gsoSize = UInt16.random(in: 0...0xFFFF, using: &random)
        $0.checksumStart = UInt16.random(in: 14...0xFFF0, using: &random)
        $0.checksumOffset = UInt16.random(in: 0...0xFFFF, using: &random)
        $0.bufferCount = UInt16.random(in: 0...0xFFFF, using: &random)
      }
      let tags = (0..<Int.random(in: 1...3, using: &random)).map { _ in
        VLANTag(
          tpid: [.customerTag, .serviceTag, .oldServiceTag].randomElement(using: &random) ?? .customerTag,
          tci: UInt16.random(in: 0...0xFFFF, using: &random))
      }
      let buffer = Buffer(headroom: Int.random(in: 12...20, using: &random), header, frame)
      let start = buffer.start
      var model = frame
      for tag in tags {
        #expect(buffer.push(tag))
        model.insert(contentsOf: TestFrame.pair(Int(tag.tpid.rawValue)) + TestFrame.pair(Int(tag.tci)), at: 12)
        #expect(buffer.frame == model)
        #expect(try FrameHeader(parsing: buffer.frame).outerTag == tag)
      }
      let distance = UInt16(4 * tags.count)
      let expected = header.with {
        if $0.isChecksumPartial { $0.checksumStart += distance }
        if $0.headerLength != 0 { $0.headerLength += distance }
      }
      #expect(buffer.header == expected)
      for tag in tags {
        #expect(buffer.rewrite(tag))
        model.replaceSubrange(12..<16, with: TestFrame.pair(Int(tag.tpid.rawValue)) + TestFrame.pair(Int(tag.tci)))
        #expect(buffer.frame == model, "only the tag is another")
        #expect(buffer.header == expected)
      }
      for _ in tags { #expect(buffer.pop()) }
      #expect(buffer.start == start)
      #expect(buffer.frame == frame)
      #expect(buffer.header == header)
      #expect(buffer.tailIsWhole)
    }
  }

  /// What cannot be done is refused, and nothing is touched.
  @Test func refusals() {
    let untagged = TestFrame()
    let tagged = TestFrame(tags: [1])
    var buffer = Buffer(headroom: 3, untagged.checksumHeader, untagged.bytes)
    var before = buffer.bytes
    #expect(!buffer.push(tag), "no headroom")
    #expect(!buffer.pop(), "no tag")
    #expect(!buffer.rewrite(tag), "no tag to change")
    #expect(buffer.bytes == before)

    // row V1: a tag with nothing behind it is not popped
    for length in 0..<18 {
      buffer = Buffer(headroom: 16, VirtioNetHeader(), Array(tagged.bytes[..<length]))
      before = buffer.bytes
      #expect(!buffer.pop())
      #expect(!buffer.rewrite(tag))
      #expect(length >= 14 || !buffer.push(tag))
      if length < 14 { #expect(buffer.bytes == before) }
    }

    // offsets that would leave the frame or 16 bits
    let low = tagged.checksumHeader.with { $0.checksumStart = 17 }
    let high = tagged.checksumHeader.with { $0.checksumStart = 0xFFFC }
    let shortHeaders = tagged.segmentHeader(50).with { $0.headerLength = 3 }
    let longHeaders = tagged.segmentHeader(50).with { $0.headerLength = 0xFFFC }
    for (header, pops) in [(low, true), (shortHeaders, true), (high, false), (longHeaders, false)] {
      buffer = Buffer(headroom: 16, header, tagged.bytes)
      before = buffer.bytes
      #expect(!(pops ? buffer.pop() : buffer.push(tag)))
      #expect(buffer.bytes == before)
    }
  }

  @Test(arguments: [(-1, 40), (0, -1), (0, 65), (64, 1), (65, 0), (Int.max, 1), (1, Int.max), (Int.min, Int.max)])
  func placesOutsideTheBuffer(start: Int, length: Int) {
    var bytes = [UInt8](repeating: 0x81, count: 64)
    unsafe bytes.withUnsafeMutableBytes {
      #expect(unsafe TagEdit.pop($0, start: start, length: length) == nil)
      #expect(unsafe TagEdit.push(tag, $0, start: start, length: length) == nil)
      #expect(unsafe !TagEdit.rewrite(tag, $0, start: start, length: length))
    }
    #expect(bytes == [UInt8](repeating: 0x81, count: 64))
  }

  /// A header that was accepted can always take the tags that a switch may push.
  @Test func validatedHeadersHaveRoom() throws {
    let frame = TestFrame(6, .udp, payload: 65_527)
    let raw = frame.checksumHeader
    for start in stride(from: 54, through: 65_535, by: 13) {
      let header = try FrameHeader(parsing: frame.bytes)
      guard
        case .accepted(let clean, _) = OffloadCheck.validate(
          raw.with { $0.checksumStart = UInt16(start) }, frame: frame.bytes, header: header)
      else { continue }
      #expect(clean.checksumStart <= 0xFFFF - 16)
    }
  }
}
