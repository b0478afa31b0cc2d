// Rows A and V of the hostile-input table, as far as a parser decides them.

import Testing
import Wire

@Suite struct HostileFrameTests {
  private func frame(_ name: String) throws -> [UInt8] {
    try #require(Corpus.frames.first { $0.name == name }, "Tests/Corpus/\(name).hex").bytes
  }
  private func fault(_ bytes: [UInt8]) -> FrameFault? {
    do throws(FrameFault) {
      _ = try FrameHeader(parsing: bytes)
      return nil
    } catch { return error }
  }
  private func packetFault(_ bytes: [UInt8]) throws -> PacketFault? {
    let header = try FrameHeader(parsing: bytes)
    do throws(PacketFault) {
      _ = try Layer4(locating: bytes, behind: header)
      return nil
    } catch { return error }
  }

  @Test(arguments: 0...13) func rowA1_runts(length: Int) {
    #expect(fault([UInt8](repeating: 0x11, count: length)) == .runt)
  }

  @Test(arguments: 14...59) func rowA2_shortFramesAreFrames(length: Int) throws {
    let header = try FrameHeader(parsing: [UInt8](repeating: 0x11, count: length))
    #expect(header.payloadOffset == 14)
    #expect(header.tagCount == 0)
  }

  @Test(arguments: [0, 1, 46, 1500, 1501, 1535]) func rowA8_lengthsThatLie(length: Int) throws {
    let bytes = try frame("length-\(length)")
    let header = try FrameHeader(parsing: bytes)
    #expect(header.etherType.isLength)
    #expect(Int(header.etherType.rawValue) == length)
    #expect(try packetFault(bytes) == .notIP)
  }

  @Test(arguments: ["snap-0800", "snap-86dd", "snap-0806"]) func rowA8_snapIsNotIP(name: String) throws {
    #expect(try packetFault(frame(name)) == .notIP)
  }

  /// Padded and unpadded, the same is found in the packet.
  @Test(arguments: ["padded-1514", "padded6-1514"]) func rowA9_padding(name: String) throws {
    let padded = try frame(name)
    let header = try FrameHeader(parsing: padded)
    let layers = try Layer4(locating: padded, behind: header)
    #expect(layers.packetEnd < padded.count)
    let bare = Array(padded[..<layers.packetEnd])
    #expect(try Layer4(locating: bare, behind: header) == layers)
    let end = layers.packetEnd
    #expect(try UDPHeader(parsing: padded, at: layers.transportOffset, end: end).length == 20)
  }

  @Test(arguments: [
    ("ihl-4", PacketFault.headerLength), ("ihl-0", .headerLength), ("ihl-beyond", .truncated),
    ("total-19", .packetLength), ("total-0", .packetLength), ("total-beyond", .packetLength), ("version-0", .version),
    ("version-6-as-4", .version), ("ip4-truncated", .truncated), ("ip6-truncated", .truncated),
    ("payload6-beyond", .packetLength),
  ]) func rowA10_packetsThatLie(name: String, expected: PacketFault) throws {
    #expect(try packetFault(frame(name)) == expected)
    #expect(fault(try frame(name)) == nil, "a plain bridge forwards it")
  }

  @Test(arguments: [
    ("extensions-9", PacketFault.extensions), ("extensions-100", .extensions), ("hop-255", .truncated),
    ("jumbo-short", .packetLength), ("jumbo-small", .packetLength),
  ]) func rowA11_extensionHeaders(name: String, expected: PacketFault) throws {
    #expect(try packetFault(frame(name)) == expected)
  }

  @Test(arguments: ["proto-0", "proto-255"]) func rowA11_protocolNumbers(name: String) throws {
    #expect(try packetFault(frame(name)) == nil)
  }

  @Test func rowA11_jumbogram() throws {
    let payload = 70_000
    var bytes = [UInt8](repeating: 0, count: 14 + 40 + payload)
    bytes[12] = 0x86
    bytes[13] = 0xDD
    bytes[14] = 0x60
    // hop-by-hop: UDP follows; Pad1 twice would be legal in front, the option needs alignment 4n + 2
    bytes.replaceSubrange(54..<62, with: [17, 0, 0xC2, 4, 0, 1, 0x11, 0x70])
    let header = try FrameHeader(parsing: bytes)
    let layers = try Layer4(locating: bytes, behind: header)
    #expect(layers.packetEnd == bytes.count)
    #expect(layers.transportOffset == 62)
    #expect(layers.ipProtocol == .udp)
    // its length field is 0, as RFC 2675 wants it
    #expect(try UDPHeader(parsing: bytes, at: 62).length == 0)
    bytes.removeLast()
    #expect(try packetFault(bytes) == .packetLength)
  }

  /// All 256 octets of options set to zero are 2046 times Pad1: walked once, then it is no jumbogram.
  @Test func rowA11_hopByHopOfNothingButPadding() throws {
    var bytes = [UInt8](repeating: 0, count: 14 + 40 + 2048)
    bytes[12] = 0x86
    bytes[13] = 0xDD
    bytes[14] = 0x60
    bytes[54] = 17
    bytes[55] = 255
    #expect(try packetFault(bytes) == .truncated)
  }

  @Test(arguments: [1, 200]) func rowA12_labelsAreNotWalked(count: Int) throws {
    let bytes = try frame("mpls-\(count)")
    #expect(try FrameHeader(parsing: bytes).payloadOffset == 14)
    #expect(try packetFault(bytes) == .notIP)
  }

  @Test(arguments: [0x8100, 0x88A8, 0x9100] as [UInt16], 14...17) func rowV1_tagAtTheEnd(tpid: UInt16, length: Int) {
    var bytes = [UInt8](repeating: 0, count: length)
    bytes[12] = UInt8(tpid >> 8)
    bytes[13] = UInt8(tpid & 0xFF)
    #expect(fault(bytes) == .truncatedTag)
  }

  @Test(arguments: [1, 2, 3, 4, 5, 8, 370]) func rowV2_nestedTags(count: Int) throws {
    let tpids: [UInt16] = [0x8100, 0x88A8, 0x9100]
    var bytes = [UInt8](repeating: 0, count: 12)
    for tag in 0..<count {
      let tpid = tpids[tag % 3]
      bytes += [UInt8(tpid >> 8), UInt8(tpid & 0xFF), UInt8((tag + 1) >> 8), UInt8((tag + 1) & 0xFF)]
    }
    bytes += [0x08, 0x00]
    let header = try FrameHeader(parsing: bytes)
    #expect(Int(header.tagCount) == min(count, FrameHeader.maximumTags))
    #expect(header.outerTag == VLANTag(tpid: .customerTag, tci: 1))
    #expect(header.payloadOffset <= bytes.count)
    #expect(header.etherType == (count <= 4 ? .ipv4 : .serviceTag))
    // every cut within the stack is a fault of its own, none a trap
    for length in 14..<min(bytes.count, 14 + 4 * min(count, 4)) {
      #expect(fault(Array(bytes[..<length])) == .truncatedTag)
    }
  }

  @Test func rowV4_reservedVID() throws {
    let header = try FrameHeader(parsing: frame("vid-4095"))
    #expect(header.outerTag.vid == 4095)
    #expect(header.tagCount == 1)
  }

  @Test func tagFields() {
    let tag = VLANTag(tpid: .customerTag, tci: 0xB064)
    #expect(tag.vid == 100)
    #expect(tag.priority == 5)
    #expect(tag.dropEligible)
  }
}
