// What honest kernels send has to pass, and as it is.

import Offload
import Testing
import Wire

@Suite struct HonestSenderTests {
  /// Frames that Linux sent, with what it said of them: accepted, and handed on as they are.
  @Test(arguments: Corpus.offload) func linux(sample: CorpusFrame) throws {
    let raw = try VirtioNetHeader(parsing: sample.bytes)
    let verdict = try check(raw, Array(sample.bytes[VirtioNetHeader.size...]))
    let segments = try #require(sample.number("segments"))
    #expect(verdict == .accepted(header: raw, segments: segments))
    // hdr_len is computed anew, and the kernel's was right
    #expect(Int(raw.headerLength) == sample.number("header"))
  }

  @Test func linuxSamplesAreThere() {
    let types = Set(Corpus.offload.map { $0.bytes[1] })
    #expect(types == [0, 1, 4, 5])
  }

  /// Nothing is asked, so nothing is looked at: not even a frame of garbage is judged.
  @Test func nothingAsked() throws {
    let header = try FrameHeader(parsing: TestFrame().bytes)
    let empty: [UInt8] = []
    let verdict = OffloadCheck.validate(VirtioNetHeader(), frame: empty, header: header)
    #expect(verdict == .accepted(header: VirtioNetHeader(), segments: 1))
  }

  @Test(arguments: [4, 6], [TestFrame.Kind.tcp, .udp]) func checksumAsked(version: Int, kind: TestFrame.Kind) throws {
    for tags in [[], [100], [0xE001, 2], [1, 2, 3, 4]] as [[UInt16]] {
      let frame = TestFrame(version, kind, tags: tags)
      #expect(try check(frame.checksumHeader, frame) == .accepted(header: frame.checksumHeader, segments: 1))
    }
  }

  @Test(arguments: [4, 6], [TestFrame.Kind.tcp, .udp]) func segmentsAsked(version: Int, kind: TestFrame.Kind) throws {
    for tags in [[], [100], [1, 2, 3, 4]] as [[UInt16]] {
      let frame = TestFrame(version, kind, tags: tags, payload: 2897)
      let header = frame.segmentHeader(1448)
      #expect(try check(header, frame) == .accepted(header: header, segments: 3))
    }
  }

  @Test func congestionBit() throws {
    let frame = TestFrame(options: 12, payload: 3000)
    let header = frame.segmentHeader(1448).with { $0.gsoType |= VirtioNetHeader.gsoECN }
    #expect(try check(header, frame) == .accepted(header: header, segments: 3))
  }

  /// SCTP, GRE, and headers inside a tunnel: checksums that are nowhere near those of TCP and UDP.
  @Test(arguments: [
    ("sctp4", 34, 8), ("gre", 34, 4), ("ipip", 54, 6), ("sit", 74, 6), ("vxlan", 84, 16), ("icmp6", 54, 2),
  ])
  func otherPlaces(name: String, start: Int, offset: Int) throws {
    let sample = try #require(Corpus.frames.first { $0.name == name })
    let raw = VirtioNetHeader().with {
      $0.flags = VirtioNetHeader.needsChecksum
      $0.checksumStart = UInt16(start)
      $0.checksumOffset = UInt16(offset)
    }
    #expect(try check(raw, sample.bytes) == .accepted(header: raw, segments: 1))
    // in the outer IP header it is refused
    for start in [0, 14, 33] {
      let hostile = raw.with { $0.checksumStart = UInt16(start) }
      #expect(try check(hostile, sample.bytes) == .rejected(.checksumStart))
    }
  }

  @Test(arguments: [("ipip", 53), ("sit", 73), ("vxlan", 41)]) func notInAnInnerHeaderAtHand(name: String, start: Int)
    throws
  {
    let sample = try #require(Corpus.frames.first { $0.name == name })
    let raw = VirtioNetHeader().with {
      $0.flags = VirtioNetHeader.needsChecksum
      $0.checksumStart = UInt16(start)
      $0.checksumOffset = 6
    }
    #expect(try check(raw, sample.bytes) == .rejected(.checksumStart))
  }

  /// A packet of more than 65535 octets has no length in its header (Linux BIG TCP); an ordinary one has.
  @Test(arguments: [4, 6]) func sixtyFourKilobytes(version: Int) throws {
    let largest = TestFrame(version, options: 12, payload: 65_535 - (version == 4 ? 52 : 32))
    #expect(largest.bytes.count == (version == 4 ? 65_549 : 65_589))
    let header = largest.segmentHeader(1448)
    #expect(try check(header, largest) == .accepted(header: header, segments: 46))

    let more = TestFrame(version, tags: [1, 2], payload: 65_536)
    #expect(more.bytes[more.network + 2 + (version == 4 ? 0 : 2)] == 0)
    let big = more.segmentHeader(48)
    #expect(try check(big, more) == .accepted(header: big, segments: OffloadCheck.maximumSegments))
    let beyond = TestFrame(version, payload: 65_537)
    #expect(try fault(beyond.segmentHeader(48), beyond) == .segmentSize)
    // without segments a length of 0 is a lie
    #expect(try fault(more.checksumHeader, more) == (version == 4 ? .headers : .checksumOffset))
  }
}
