// Rows B of the hostile-input table that the check at ingress decides.

import Offload
import Testing
import Wire

@Suite struct OffloadCheckTests {
  @Test(arguments: 0...11) func rowB1_shortRead(length: Int) {
    let bytes = [UInt8](repeating: 0xFF, count: length)
    #expect(throws: VirtioNetHeaderFault.short) { _ = try VirtioNetHeader(parsing: bytes) }
  }

  @Test(arguments: [4, 6], [TestFrame.Kind.tcp, .udp]) func rowB2_beyondTheFrame(version: Int, kind: TestFrame.Kind)
    throws
  {
    let frame = TestFrame(version, kind, payload: 0)
    let end = frame.bytes.count
    let honest = frame.checksumHeader
    for start in [end - 1, end, end + 1, 0xFFFE, 0xFFFF] {
      for offset in [0, 6, 16, 0xFFFE, 0xFFFF] as [UInt16] {
        let raw = honest.with {
          $0.checksumStart = UInt16(start); $0.checksumOffset = offset
        }
        #expect(try fault(raw, frame) != nil)
      }
    }
    for offset in [0, 5, 7, 15, 17, 0xFFFE, 0xFFFF] as [UInt16] {
      #expect(try fault(honest.with { $0.checksumOffset = offset }, frame) == .checksumOffset)
      let segmented = frame.segmentHeader(1).with { $0.checksumOffset = offset }
      #expect(try fault(segmented, frame) == .checksumOffset)
    }
  }

  /// Where a protocol without a place of its own leaves it open, the end of the frame is the bound, to the octet.
  @Test func rowB2_lastOctet() throws {
    let sample = try #require(Corpus.frames.first { $0.name == "sctp4" })
    let raw = VirtioNetHeader().with {
      $0.flags = VirtioNetHeader.needsChecksum
      $0.checksumStart = 34
      $0.checksumOffset = UInt16(sample.bytes.count - 34 - 2)
    }
    #expect(try check(raw, sample.bytes) == .accepted(header: raw, segments: 1))
    #expect(try check(raw.with { $0.checksumOffset += 1 }, sample.bytes) == .rejected(.checksumOffset))
  }

  @Test(arguments: [[], [100], [1, 2, 3, 4]] as [[UInt16]], [4, 6])
  func rowB3_insideLayer2Or3(tags: [UInt16], version: Int) throws {
    for kind in [TestFrame.Kind.tcp, .udp] {
      let frame = TestFrame(version, kind, tags: tags, payload: 400)
      for start in 0..<frame.transport {
        for offset in [0, 2, frame.fieldOffset] {
          let change = { (header: inout VirtioNetHeader) in
            header.checksumStart = UInt16(start)
            header.checksumOffset = offset
          }
          #expect(try fault(frame.checksumHeader.with(change), frame) == .checksumStart)
          #expect(try fault(frame.segmentHeader(100).with(change), frame) == .checksumStart)
        }
      }
      // and inside the transport header
      for start in frame.transport + 1..<frame.transport + 8 {
        #expect(try fault(frame.checksumHeader.with { $0.checksumStart = UInt16(start) }, frame) == .checksumStart)
        #expect(try fault(frame.segmentHeader(100).with { $0.checksumStart = UInt16(start) }, frame) == .checksumStart)
      }
    }
  }

  /// Nothing is filled in where no IP was parsed: ARP, MPLS, LLC, a fifth tag, IP that lies.
  @Test(arguments: [
    "arp-request", "mpls-1", "snap-0800", "tags-5", "total-beyond", "total-0", "ihl-4", "extensions-9", "short-59",
  ])
  func rowB3_noHeadersToTrust(name: String) throws {
    let sample = try #require(Corpus.frames.first { $0.name == name })
    for start in stride(from: 0, to: sample.bytes.count, by: 2) {
      let raw = VirtioNetHeader().with {
        $0.flags = VirtioNetHeader.needsChecksum
        $0.checksumStart = UInt16(start)
      }
      #expect(try check(raw, sample.bytes) == .rejected(.headers))
    }
  }

  @Test(arguments: [4, 6]) func rowB3_fragments(version: Int) throws {
    for (name, expected) in [("first\(version)", nil), ("later\(version)", .fragment)] as [(String, OffloadFault?)] {
      let sample = try #require(Corpus.frames.first { $0.name == name })
      let transport = try #require(sample.number("transport"))
      let raw = VirtioNetHeader().with {
        $0.flags = VirtioNetHeader.needsChecksum
        $0.checksumStart = UInt16(transport)
        $0.checksumOffset = 6
      }
      let verdict = try check(raw, sample.bytes)
      #expect(verdict == expected.map { .rejected($0) } ?? .accepted(header: raw, segments: 1))
      let segmented = raw.with {
        $0.gsoType = VirtioNetHeader.gsoUDPL4
        $0.gsoSize = 100
      }
      #expect(try check(segmented, sample.bytes) == .rejected(.fragment))
    }
  }

  @Test(arguments: [4, 6]) func rowB5_segmentSizes(version: Int) throws {
    let frame = TestFrame(version, payload: 4800)
    let one = OffloadVerdict.accepted(header: frame.checksumHeader, segments: 1)
    #expect(try fault(frame.segmentHeader(0), frame) == .segmentSize)
    for size in 1..<OffloadCheck.minimumSegmentSize {
      #expect(try fault(frame.segmentHeader(size), frame) == .segmentSize)
    }
    #expect(try check(frame.segmentHeader(48), frame) == .accepted(header: frame.segmentHeader(48), segments: 100))
    #expect(try check(frame.segmentHeader(49), frame) == .accepted(header: frame.segmentHeader(49), segments: 98))
    #expect(try check(frame.segmentHeader(4799), frame) == .accepted(header: frame.segmentHeader(4799), segments: 2))
    // one segment is an ordinary frame, whatever size is named; its checksum is still to be filled in
    for size in [4800, 4801, 65_534, 65_535] { #expect(try check(frame.segmentHeader(size), frame) == one) }
    let empty = TestFrame(version, payload: 0)
    #expect(try check(empty.segmentHeader(1), empty) == .accepted(header: empty.checksumHeader, segments: 1))
  }

  /// Applications choose the size of datagrams, down to one octet; their number is bounded as the kernel bounds it.
  @Test(arguments: [4, 6]) func rowB5_datagrams(version: Int) throws {
    let most = TestFrame(version, .udp, payload: 128)
    #expect(try check(most.segmentHeader(1), most) == .accepted(header: most.segmentHeader(1), segments: 128))
    let more = TestFrame(version, .udp, payload: 129)
    #expect(try fault(more.segmentHeader(1), more) == .segmentSize)
    let large = TestFrame(version, .udp, payload: 60_000)
    #expect(try fault(large.segmentHeader(468), large) == .segmentSize)
    #expect(try check(large.segmentHeader(469), large) == .accepted(header: large.segmentHeader(469), segments: 128))
  }

  @Test(arguments: [4, 6], [TestFrame.Kind.tcp, .udp]) func rowB6_segmentTypes(version: Int, kind: TestFrame.Kind)
    throws
  {
    let frame = TestFrame(version, kind, payload: 4000)
    let honest = frame.segmentHeader(1000)
    let good: Set<UInt8> = kind == .udp ? [honest.gsoType] : [honest.gsoType, honest.gsoType | VirtioNetHeader.gsoECN]
    for type in 1...255 as ClosedRange<UInt8> {
      let raw = honest.with { $0.gsoType = type }
      if good.contains(type) {
        #expect(try check(raw, frame) == .accepted(header: raw, segments: 4))
      } else {
        #expect(try fault(raw, frame) == .segmentType, "type \(type)")
      }
    }
  }

  @Test(arguments: [4, 6], [TestFrame.Kind.tcp, .udp]) func rowB7_withoutChecksum(version: Int, kind: TestFrame.Kind)
    throws
  {
    let frame = TestFrame(version, kind, payload: 4000)
    for flags in [0, VirtioNetHeader.dataValid, 0xFE] {
      #expect(try fault(frame.segmentHeader(1000).with { $0.flags = flags }, frame) == .segmentChecksum)
    }
  }

  @Test(arguments: [4, 6], [TestFrame.Kind.tcp, .udp]) func rowB7_headerLength(version: Int, kind: TestFrame.Kind)
    throws
  {
    let frame = TestFrame(version, kind, tags: [5], options: kind == .tcp ? 40 : 0, payload: 4000)
    let honest = frame.segmentHeader(1000)
    for length in [0, 1, 14, frame.transport, frame.headerLength - 1, frame.bytes.count, 0xFFFF] {
      let verdict = try check(honest.with { $0.headerLength = UInt16(length) }, frame)
      #expect(verdict == .accepted(header: honest, segments: 4))
      // without segments there is no header length at all
      let plain = try check(frame.checksumHeader.with { $0.headerLength = UInt16(length) }, frame)
      #expect(plain == .accepted(header: frame.checksumHeader, segments: 1))
    }
  }

  @Test(arguments: [4, 6]) func rowB7_headersThatDoNotParse(version: Int) throws {
    let tcp = TestFrame(version, payload: 4000)
    let raw = tcp.segmentHeader(1000)
    var frame = tcp
    for words in [0, 1, 4] as [UInt8] {
      frame.bytes[tcp.transport + 12] = words << 4
      #expect(try fault(raw, frame) == .headers)
    }
    // lengths that are not those of the frame: the rest would be cut into segments as well, or be missing
    let field = tcp.network + (version == 4 ? 2 : 4)
    let honest = tcp.bytes.count - tcp.network - (version == 4 ? 0 : 40)
    for length in [1, honest - 1, honest + 1, 0xFFFF] {
      frame = tcp
      frame.set(length, at: field)
      #expect(try fault(raw, frame) == .headers)
    }
    // every cut
    for length in 14..<tcp.headerLength {
      #expect(try check(raw, Array(tcp.bytes[..<length])) == .rejected(.headers))
    }
    // no length at all passes for a stream that is cut into segments, as it is the kernel's way over 64 KiB, and only then
    frame = tcp
    frame.set(0, at: field)
    #expect(try check(raw, frame) == .accepted(header: raw, segments: 4))
    #expect(try fault(tcp.segmentHeader(4000), frame) != nil)
    #expect(try fault(tcp.checksumHeader, frame) != nil)

    let udp = TestFrame(version, .udp, payload: 4000)
    frame = udp
    frame.set(0, at: field)
    #expect(try fault(udp.segmentHeader(1000), frame) == .headers)
    for length in [0, 7, 8, 4007, 4009, 0xFFFF] {
      frame = udp
      frame.set(length, at: udp.transport + 4)
      #expect(try fault(udp.segmentHeader(1000), frame) == .headers)
    }
  }

  @Test(arguments: [4, 6]) func rowB9_nothingUnknownIsHandedOn(version: Int) throws {
    let frame = TestFrame(version, payload: 4000)
    for flags in 0...255 as ClosedRange<UInt8> {
      let dirt = { (header: inout VirtioNetHeader) in
        header.flags = flags
        header.bufferCount = 0xABCD
      }
      let asks = flags & VirtioNetHeader.needsChecksum != 0
      let plain = asks ? frame.checksumHeader : VirtioNetHeader()
      // without segments a size and a length mean nothing
      let raw = frame.segmentHeader(1000).with {
        dirt(&$0); $0.gsoType = 0
      }
      #expect(try check(raw, frame) == .accepted(header: plain, segments: 1))
      guard asks else { continue }
      let segmented = frame.segmentHeader(1000)
      #expect(try check(segmented.with(dirt), frame) == .accepted(header: segmented, segments: 4))
    }
  }

  /// Every octet towards a receiver is written, and comes from the verdict.
  @Test func rowB10_allOctetsAreWritten() throws {
    #expect(VirtioNetHeader().octets == [UInt8](repeating: 0, count: 12))
    let frame = TestFrame(payload: 4000)
    let octets: [UInt8] = [1, 1, 54, 0, 0xE8, 3, 34, 0, 16, 0, 0, 0]
    #expect(frame.segmentHeader(1000).octets == octets)
    #expect(try VirtioNetHeader(parsing: octets) == frame.segmentHeader(1000))
    var small = [UInt8](repeating: 0xEE, count: 11)
    let stored = unsafe small.withUnsafeMutableBytes { unsafe VirtioNetHeader().store(to: $0) }
    #expect(!stored && small == [UInt8](repeating: 0xEE, count: 11))
  }
}
