// The frames of Tests/Corpus, as test arguments. Their expected values come from scapy (see make_corpus.py) or, under
// offload/, from the kernel.

import Glibc
import Testing

/// One file of the corpus: octets and what is to be found in them.
struct CorpusFrame: Sendable, CustomTestStringConvertible {
  let name: String
  let about: String
  let expected: [String: String]
  let bytes: [UInt8]

  var testDescription: String { name }

  func number(_ key: String) -> Int? { expected[key].flatMap { Int($0) } }
}

enum Corpus {
  static let frames = load("")
  /// With the 12-octet offload header in front.
  static let offload = load("/offload")

  private static func load(_ subdirectory: String) -> [CorpusFrame] {
    let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    let path = "/\(tests)/Corpus\(subdirectory)"
    guard let directory = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(directory) }
    var frames: [CorpusFrame] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { raw in
        unsafe String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(".hex") { frames.append(parse(String(name.dropLast(4)), read("\(path)/\(name)"))) }
    }
    return frames.sorted { $0.name < $1.name }
  }

  private static func read(_ path: String) -> String {
    guard let file = unsafe fopen(path, "r") else { return "" }
    defer { unsafe fclose(file) }
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = unsafe fread(&chunk, 1, 65536, file)
      guard count > 0 else { return String(decoding: text, as: UTF8.self) }
      text += chunk[..<count]
    }
  }

  private static func parse(_ name: String, _ text: String) -> CorpusFrame {
    var about = ""
    var expected: [String: String] = [:]
    var digits: [UInt8] = []
    for line in text.split(separator: "\n") {
      if line.hasPrefix("#:") {
        for pair in line.dropFirst(2).split(separator: " ") {
          let parts = pair.split(separator: "=", maxSplits: 1)
          if parts.count == 2 { expected[String(parts[0])] = String(parts[1]) }
        }
      } else if line.hasPrefix("#") {
        about = String(line.dropFirst(2))
      } else {
        digits += line.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue.map { UInt8($0) } }
      }
    }
    let bytes = stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    return CorpusFrame(name: name, about: about, expected: expected, bytes: bytes)
  }
}

/// A generator with a seed that is printed, so that a failure can be had again (xorshift64*).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed | 1 }

  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 0x2545_F491_4F6C_DD1D
  }

  /// Three seeds that stay and one that is new in each run.
  static let seeds: [UInt64] = [1, 0x7A95_0001, 0xDEAD_BEEF_CAFE_F00D, UInt64.random(in: 2...UInt64.max)]
}
