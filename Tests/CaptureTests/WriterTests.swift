// The two writers as pure formatting, read back by the strict readers here, by tcpdump, tshark and capinfos.

import Capture
import Glibc
import Testing
import Wire

private let lengths = [1, 13, 14, 15, 60, 61, 62, 63, 96, 1514, 4095, 4096, 4097, 9018, 65535, 65549]

/// Formats `frames` on interfaces chosen by number and returns the file.
private func format<Format: CaptureFormat>(
  _ writer: Format, _ frames: [[UInt8]], interfaces: [CaptureInterface], timestamp: (Int) -> UInt64,
  counts: [InterfaceCounts]? = nil, length: (([UInt8]) -> Int)? = nil
) -> [UInt8] {
  var writer = writer
  var batch = CaptureBatch()
  writer.begin(into: &batch)
  for (index, bytes) in frames.enumerated() {
    let number = writer.number(of: interfaces[index % interfaces.count])
    unsafe bytes.withUnsafeBytes { bytes in
      let frame = unsafe CapturedFrame(
        timestamp: timestamp(index), length: UInt32(length?(frames[index]) ?? bytes.count),
        port: UInt16(index % interfaces.count), bytes: bytes)
      writer.frame(frame, on: number, into: &batch)
    }
  }
  if let counts { writer.end(counts: counts, from: timestamp(0), to: timestamp(frames.count), into: &batch) }
  return batch.contents
}

private let base: UInt64 = 1_700_000_000_123_456_789
private let ports = [
  CaptureInterface(name: "tap0"),
  CaptureInterface(
    name: "wörld-1", description: "tap: tap-wörld", speed: 10_000_000_000, mac: MACAddress("02:00:00:00:00:0a")),
  CaptureInterface(name: "p"),
]

@Suite struct WriterTests {
  @Test("M3 pcapng holds every length, timestamp and name")
  func pcapng() throws {
    let frames = lengths.enumerated().map { frame($1, number: $0) }
    let origin = PcapngWriter.Origin(hardware: "x86_64", system: "Linux 6", application: "tapswitch 1", comment: "c")
    let file = try PcapngFile(
      format(
        PcapngWriter(origin: origin), frames, interfaces: ports, timestamp: { base + UInt64($0) },
        counts: [InterfaceCounts(written: 6, lost: 4), InterfaceCounts(written: 5), InterfaceCounts(written: 5)]))
    #expect(file.packets.map(\.bytes) == frames)
    #expect(file.packets.map(\.length) == lengths.map(UInt32.init))
    #expect(file.packets.map(\.timestamp) == lengths.indices.map { base + UInt64($0) })
    #expect(file.packets.allSatisfy { $0.flags == 1 })
    #expect(file.names == lengths.indices.map { ports[$0 % 3].name })
    #expect(file.interfaces.map(\.name) == ports.map(\.name))
    #expect(file.interfaces.map(\.snapLength) == [262_144, 262_144, 262_144])
    #expect(file.interfaces[1].option(3)?.text == "tap: tap-wörld")
    #expect(file.interfaces[1].option(8)?.number == 10_000_000_000)
    #expect(file.interfaces[1].option(6)?.value == [2, 0, 0, 0, 0, 10])
    #expect(file.header.map(\.text) == ["c", "x86_64", "Linux 6", "tapswitch 1"])
    #expect(file.statistics.map(\.interface) == [0, 1, 2])
    #expect(file.statistics.map { $0.value(4) } == [10, 5, 5])
    #expect(file.statistics.map { $0.value(5) } == [4, 0, 0])
    #expect(file.statistics.map { $0.value(8) } == [6, 5, 5])
  }

  @Test("M3 pcap holds every length and timestamp")
  func pcap() throws {
    let frames = lengths.enumerated().map { frame($1, number: $0) }
    let file = try PcapFile(format(PcapWriter(), frames, interfaces: ports, timestamp: { base + UInt64($0) }))
    #expect(file.snapLength == 262_144)
    #expect(file.packets.map(\.bytes) == frames)
    #expect(file.packets.map(\.length) == lengths.map(UInt32.init))
    #expect(file.packets.map(\.seconds) == lengths.map { _ in 1_700_000_000 })
    #expect(file.packets.map(\.nanoseconds) == lengths.indices.map { 123_456_789 + UInt32($0) })
  }

  @Test("M3 tcpdump, tshark and capinfos read both", arguments: CaptureFileType.allCases)
  func tools(type: CaptureFileType) throws {
    let scratch = try Scratch()
    let path = scratch.file("a." + type.rawValue)
    let sizes = [14, 60, 1514, 65549]
    let frames = sizes.map { frame($0) }
    let stamp = { (index: Int) in base + UInt64(index) * 1_000_000_001 }
    let counts = [InterfaceCounts(written: 2, lost: 7), InterfaceCounts(written: 1), InterfaceCounts(written: 1)]
    writeFile(
      path,
      type == .pcap
        ? format(PcapWriter(), frames, interfaces: ports, timestamp: stamp, counts: counts)
        : format(PcapngWriter(), frames, interfaces: ports, timestamp: stamp, counts: counts))
    let dump = shell("tcpdump --nano -tt -e -nr \(path)")
    #expect(dump.status == 0, "\(dump.text)")
    let lines = dump.text.split(separator: "\n").filter { $0.contains("ethertype") }
    #expect(lines.count == 4)
    for (index, (line, size)) in zip(lines, sizes).enumerated() {
      #expect(line.hasPrefix("\(1_700_000_000 + index).\(123_456_789 + index) "), "\(line)")
      #expect(line.contains("length \(size):"), "\(line)")
    }
    let shark = shell(
      "tshark -r \(path) -T fields -e frame.time_epoch -e frame.len -e frame.interface_name 2>/dev/null")
    #expect(shark.status == 0)
    let names = type == .pcap ? ["", "", "", ""] : ["tap0", "wörld-1", "p", "tap0"]
    let expected = sizes.indices.map {
      "\(1_700_000_000 + $0).\(123_456_789 + $0)\t\(sizes[$0])\t\(names[$0])"
    }
    #expect(shark.text.split(separator: "\n").map(String.init) == expected)
    let infos = shell("capinfos -c -I -s \(path)")
    #expect(infos.status == 0)
    #expect(infos.text.contains("Number of packets:   4"), "\(infos.text)")
    if type == .pcapng {
      #expect(infos.text.contains("Name = wörld-1") && infos.text.contains("Description = tap: tap-wörld"))
      #expect(infos.text.contains("Time precision = nanoseconds (9)"))
      #expect(infos.text.contains("Number of stat entries = 1"))
    }
  }

  @Test("M3 timestamps past 2038, 2106 and at the end of 64 bits")
  func lateTimestamps() throws {
    let scratch = try Scratch()
    // 2038-01-19T03:14:08Z, 2106-02-07T06:28:15Z and a second later, 2554-07-21T23:34:33Z
    let seconds: [UInt64] = [2_147_483_648, 4_294_967_295, 4_294_967_296]
    let times = seconds.map { $0 * 1_000_000_000 + 999_999_999 } + [.max]
    let frames = times.map { _ in frame(60) }
    let next = try PcapngFile(format(PcapngWriter(), frames, interfaces: ports, timestamp: { times[$0] }))
    #expect(next.packets.map(\.timestamp) == times)
    let old = try PcapFile(format(PcapWriter(), frames, interfaces: ports, timestamp: { times[$0] }))
    #expect(old.packets.map(\.seconds) == times.map { UInt32(truncatingIfNeeded: $0 / 1_000_000_000) })
    for type in CaptureFileType.allCases {
      let path = scratch.file("late." + type.rawValue)
      writeFile(
        path,
        type == .pcap
          ? format(PcapWriter(), frames, interfaces: ports, timestamp: { times[$0] })
          : format(PcapngWriter(), frames, interfaces: ports, timestamp: { times[$0] }))
      // tcpdump's words for a date beyond 2038 depend on its version; that it reads the file does not.
      let dump = shell("tcpdump -tt -nr \(path) | grep -c ethertype")
      #expect(dump.status == 0 && dump.text.hasSuffix("\n4\n"), "\(dump.text)")
      let shark = shell("tshark -r \(path) -T fields -e frame.time_epoch 2>/dev/null").text.split(separator: "\n")
      #expect(shark.prefix(2) == ["2147483648.999999999", "4294967295.999999999"])
      if type == .pcapng { #expect(shark.dropFirst(2) == ["4294967296.999999999", "18446744073.709551615"]) }
    }
  }

  @Test("M3 snap lengths 0, 1, 2^31", arguments: [(0, 262_144), (1, 1), (96, 96), (1 << 31, 262_144), (-5, 262_144)])
  func snapLengths(asked: Int, kept: Int) throws {
    #expect(CaptureRing.effective(snapLength: asked) == kept)
    let scratch = try Scratch()
    for type in CaptureFileType.allCases {
      let path = scratch.file("s." + type.rawValue)
      let capture = try FileCapture(path: path, snapLength: asked)
      capture.register(port: 0, as: CaptureInterface(name: "tap0"))
      var producer = try producing(capture)
      producer.record(frame(65549))
      producer.record(frame(60))
      producer.publish()
      #expect(capture.stop())
      #expect(shell("tcpdump -nr \(path)").status == 0)
      let infos = shell("tshark -r \(path) -T fields -e frame.len -e frame.cap_len 2>/dev/null").text
      #expect(infos == "65549\t\(min(65549, kept))\n60\t\(min(60, kept))\n")
    }
  }

  @Test("A comment stands beside its frame; a long one is cut at a whole character")
  func comments() throws {
    var writer = PcapngWriter()
    var batch = CaptureBatch()
    writer.begin(into: &batch)
    let number = writer.number(of: ports[0])
    let long = "x" + String(repeating: "ö", count: 40000)
    for text in ["", "VLAN 10 flood", long] {
      unsafe frame(60).withUnsafeBytes {
        unsafe writer.frame(
          CapturedFrame(timestamp: base, length: 60, port: 0, direction: .outbound, bytes: $0), on: number,
          comment: text, into: &batch)
      }
    }
    let file = try PcapngFile(batch.contents)
    let cut = "x" + String(repeating: "ö", count: 32767)
    #expect(file.packets.map { $0.options[0].text } == ["", "VLAN 10 flood", cut])
    #expect(file.packets.allSatisfy { $0.flags == 2 })
  }

  @Test("A frame of unknown direction has no options; an original length below the captured one is mended")
  func oddFrames() throws {
    var writer = PcapngWriter()
    var batch = CaptureBatch()
    writer.begin(into: &batch)
    let number = writer.number(of: ports[0])
    for size in [0, 20] {
      unsafe frame(size).withUnsafeBytes {
        unsafe writer.frame(
          CapturedFrame(timestamp: 0, length: 3, port: 0, direction: .unknown, bytes: $0), on: number, into: &batch)
      }
    }
    let file = try PcapngFile(batch.contents)
    #expect(file.packets.allSatisfy { $0.options.isEmpty })
    #expect(file.packets.map(\.length) == [3, 20])
  }

  @Test("Interfaces are told once, in the order of their numbers, and again when the file lost them")
  func declarations() throws {
    var writer = PcapngWriter()
    var batch = CaptureBatch()
    writer.begin(into: &batch)
    let numbers = ports.map { writer.number(of: $0) }
    #expect(numbers == [0, 1, 2])
    #expect(writer.number(of: CaptureInterface(name: "tap0")) == 0)
    let one = frame(60)
    func put(_ number: UInt32) {
      unsafe one.withUnsafeBytes {
        unsafe writer.frame(CapturedFrame(timestamp: 0, length: 60, port: 0, bytes: $0), on: number, into: &batch)
      }
    }
    put(2)
    #expect(writer.declared == 3)
    writer.declared = 1
    put(0)
    put(1)
    #expect(writer.declared == 3)
    #expect(
      batch.marks.map(\.kind) == [
        .header, .interface, .interface, .interface, .frame, .interface, .interface, .frame, .frame,
      ])
  }

  @Test("A batch grows for many interfaces and keeps its bytes")
  func growth() throws {
    var writer = PcapngWriter()
    var batch = CaptureBatch(capacity: 0)
    writer.begin(into: &batch)
    for number in 0..<4096 { _ = writer.number(of: CaptureInterface(name: "port-\(number)")) }
    unsafe frame(60).withUnsafeBytes {
      unsafe writer.frame(CapturedFrame(timestamp: 0, length: 60, port: 0, bytes: $0), on: 4095, into: &batch)
    }
    let file = try PcapngFile(batch.contents)
    #expect(file.names == ["port-4095"])
    #expect(file.interfaces.map(\.name) == (0..<4096).map { "port-\($0)" })
  }
}
