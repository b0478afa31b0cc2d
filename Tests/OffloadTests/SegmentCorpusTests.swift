// Segments that are not ours: scapy built them, and the Linux kernel was found to cut the same (make_segments.py).

import Glibc
import Offload
import Testing
import Wire

/// One case of Tests/Corpus/segments.
struct SegmentCase: Sendable, CustomTestStringConvertible {
  let name: String
  /// Offload header and frame.
  var frame: [UInt8] = []
  var segments: [[UInt8]] = []

  var testDescription: String { name }

  static let all: [SegmentCase] = {
    var cases: [SegmentCase] = []
    for line in text.split(separator: "\n") {
      if line.hasPrefix("# ") {
        cases.append(SegmentCase(name: String(line.dropFirst(2))))
      } else if let last = cases.indices.last {
        let octets = octets(line)
        if cases[last].frame.isEmpty { cases[last].frame = octets } else { cases[last].segments.append(octets) }
      }
    }
    return cases.filter { !$0.frame.isEmpty }
  }()

  private static var text: String {
    let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    guard let file = unsafe fopen("/\(tests)/Corpus/segments/segments.hex", "r") else { return "" }
    defer { unsafe fclose(file) }
    var text = [UInt8](repeating: 0, count: 1 << 20)
    let count = unsafe fread(&text, 1, text.count, file)
    return String(decoding: text[..<count], as: UTF8.self)
  }

  private static func octets(_ line: Substring) -> [UInt8] {
    let digits = line.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue.map { UInt8($0) } }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}

@Suite struct SegmentCorpusTests {
  @Test func casesAreThere() {
    #expect(SegmentCase.all.count >= 20)
    #expect(SegmentCase.all.allSatisfy { $0.segments.count > 1 })
  }

  @Test(arguments: SegmentCase.all) func rowB8_asScapyAndTheKernel(sample: SegmentCase) throws {
    let raw = try VirtioNetHeader(parsing: sample.frame)
    let frame = Array(sample.frame[VirtioNetHeader.size...])
    #expect(try check(raw, frame) == .accepted(header: raw, segments: sample.segments.count))
    let segments = try #require(cut(frame, raw))
    #expect(segments.count == sample.segments.count)
    for (segment, expected) in zip(segments, sample.segments) { #expect(segment == expected) }
  }
}
