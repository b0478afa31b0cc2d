// What the tests of this module share: golden files, seeds and random values.

import Glibc
import Testing

/// Files that stand in the repository beside the tests.
enum Repository {
  static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

  struct Missing: Error { let path: String }

  private static func open(_ path: String, _ mode: String) throws -> UnsafeMutablePointer<FILE> {
    guard let file = unsafe fopen("\(root)/\(path)", mode) else { throw Missing(path: path) }
    return unsafe file
  }

  static func read(_ path: String) throws -> String {
    let file = unsafe try open(path, "r")
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = unsafe fread(&chunk, 1, chunk.count, file)
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func write(_ text: String, _ path: String) throws {
    let file = unsafe try open(path, "w")
    unsafe fputs(text, file)
    unsafe fclose(file)
  }

  /// Compares with a golden file; with UPDATE_GOLDEN in the environment the file is written anew instead.
  static func expectGolden(_ text: String, _ path: String, _ location: SourceLocation = #_sourceLocation) throws {
    if unsafe getenv("UPDATE_GOLDEN") != nil { try write(text, path) }
    let golden = try read(path).split(separator: "\n", omittingEmptySubsequences: false)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      #expect(index < golden.count && line == golden[index], "\(path) line \(index + 1)", sourceLocation: location)
    }
    #expect(lines.count == golden.count, "\(path)", sourceLocation: location)
  }
}

/// SplitMix64: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}

/// Fixed seeds, and one that is new in every run; it is part of the test's name in the log.
let seeds: [UInt64] = [1, 2, 3, .random(in: 4 ... .max)]
