// The parsers against the corpus: what they find must be what scapy found.

import Testing
import Wire

@Suite struct CorpusTests {
  @Test func corpusIsThere() {
    #expect(Corpus.frames.count >= 80)
  }

  @Test(arguments: Corpus.frames)
  func frameHeader(frame: CorpusFrame) throws {
    let bytes = frame.bytes
    if let fault = frame.expected["fault"] {
      let thrown = #expect(throws: FrameFault.self) { _ = try FrameHeader(parsing: frame.bytes) }
      #expect("\(try #require(thrown))" == fault)
      return
    }
    let header = try FrameHeader(parsing: bytes)
    #expect(header.destination.description == frame.expected["dst"])
    #expect(header.source.description == frame.expected["src"])
    #expect(Int(header.etherType.rawValue) == frame.expected["type"].flatMap { Int($0, radix: 16) })
    #expect(Int(header.tagCount) == frame.number("tags"))
    if header.tagCount > 0 {
      #expect(Int(header.outerTag.tpid.rawValue) == frame.expected["tpid"].flatMap { Int($0, radix: 16) })
      #expect(Int(header.outerTag.tci) == frame.expected["tci"].flatMap { Int($0, radix: 16) })
    }
  }

  @Test(arguments: Corpus.frames.filter { $0.expected["fault"] == nil })
  func layers(frame: CorpusFrame) throws {
    let bytes = frame.bytes
    let header = try FrameHeader(parsing: bytes)
    if let fault = frame.expected["ip"] {
      let thrown = #expect(throws: PacketFault.self) {
        _ = try Layer4(locating: frame.bytes, behind: header)
      }
      #expect("\(try #require(thrown))" == fault)
      return
    }
    let layers = try Layer4(locating: bytes, behind: header)
    #expect(Int(layers.version) == frame.number("version"))
    #expect(layers.networkOffset == frame.number("network"))
    #expect(layers.transportOffset == frame.number("transport"))
    #expect(Int(layers.ipProtocol.rawValue) == frame.number("protocol"))
    #expect(layers.packetEnd == frame.number("end"))
    #expect("\(layers.fragment)" == frame.expected["fragment"])
    if let count = frame.number("extensions") {
      #expect(try Int(IPv6Header(parsing: bytes, at: layers.networkOffset).extensionCount) == count)
    }
    guard let port = frame.number("sport") else { return }
    if layers.ipProtocol == .tcp {
      let tcp = try TCPHeader(parsing: bytes, at: layers.transportOffset, end: layers.packetEnd)
      #expect(Int(tcp.sourcePort) == port)
      #expect(Int(tcp.destinationPort) == frame.number("dport"))
      #expect(tcp.headerLength == frame.number("header"))
    } else {
      let udp = try UDPHeader(parsing: bytes, at: layers.transportOffset, end: layers.packetEnd)
      #expect(Int(udp.sourcePort) == port)
      #expect(Int(udp.destinationPort) == frame.number("dport"))
      #expect(Int(udp.length) == layers.packetEnd - layers.transportOffset)
    }
  }

  @Test(arguments: Corpus.frames.filter { $0.expected["arp"] != nil })
  func arp(frame: CorpusFrame) throws {
    let bytes = frame.bytes
    let offset = try FrameHeader(parsing: bytes).payloadOffset
    guard let operation = frame.number("arp") else {
      let thrown = #expect(throws: PacketFault.self) { _ = try ARP(parsing: frame.bytes, at: offset) }
      #expect("\(try #require(thrown))" == frame.expected["arp"])
      return
    }
    let arp = try ARP(parsing: bytes, at: offset)
    #expect(Int(arp.operation) == operation)
    #expect(arp.senderMAC.description == frame.expected["sha"])
    #expect(arp.targetMAC.description == frame.expected["tha"])
    #expect(Int(arp.senderIP) == frame.expected["spa"].flatMap { Int($0, radix: 16) })
    #expect(Int(arp.targetIP) == frame.expected["tpa"].flatMap { Int($0, radix: 16) })
    #expect(!arp.isProbe && !arp.isGratuitous)
  }

  /// Every frame cut at every length: a value or a reason, and never a read beyond the end (debug builds check that).
  @Test(arguments: Corpus.frames)
  func everyPrefix(frame: CorpusFrame) {
    for length in 0...min(frame.bytes.count, 400) {
      parseEverything(Array(frame.bytes[..<length]))
    }
  }

  @Test(arguments: SeededGenerator.seeds)
  func randomBytes(seed: UInt64) {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    for round in 0..<20_000 {
      var bytes: [UInt8]
      if round % 2 == 0 {
        bytes = (0..<Int.random(in: 0...120, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      } else {
        bytes = Corpus.frames.randomElement(using: &random)?.bytes ?? []
        for _ in 0..<3 where !bytes.isEmpty {
          bytes[Int.random(in: 0..<min(bytes.count, 120), using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
      }
      parseEverything(bytes)
    }
  }

  private func parseEverything(_ bytes: [UInt8]) {
    for offset in [-1, 0, 14, 34, bytes.count, bytes.count + 1] {
      _ = try? ARP(parsing: bytes, at: offset)
      _ = try? IPv4Header(parsing: bytes, at: offset)
      _ = try? IPv6Header(parsing: bytes, at: offset)
      _ = try? TCPHeader(parsing: bytes, at: offset)
      _ = try? UDPHeader(parsing: bytes, at: offset)
    }
    guard let header = try? FrameHeader(parsing: bytes) else { return }
    #expect(header.payloadOffset <= bytes.count)
    for segmented in [false, true] {
      guard let layers = try? Layer4(locating: bytes, behind: header, segmented: segmented) else { continue }
      #expect(layers.networkOffset == header.payloadOffset)
      #expect(layers.transportOffset >= layers.networkOffset + 20)
      #expect(layers.transportOffset <= layers.packetEnd)
      #expect(layers.packetEnd <= bytes.count)
    }
  }
}
