// What the tests of the configuration file share: parsing, golden files, random values.

import Glibc
import SwitchDaemon
import SwitchModel
import Testing

enum ConfigurationSupport {
  static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

  static func parse(_ text: String) throws(ConfigurationErrors) -> SwitchConfiguration {
    try ConfigurationFile.parse(bytes: Array(text.utf8), source: "lab.yaml")
  }

  static let words = ["web", "on", "no", "null", "0x1", "1e3", "-x", "a.b", "_", "12"]

  static func text(_ type: SettingType, _ random: inout Generator) -> String {
    switch type {
    case .text:
      let characters = Array("abc ,:#{}[]&*!|>'\"%@`-?~=+éß漢\\/012")
      return String(
        (0..<Int.random(in: 0...30, using: &random)).map { _ in
          characters[Int.random(in: 0..<characters.count, using: &random)]
        })
    case .portName, .switchName, .group:
      return ["web", "no", "null", "12", "0x1", "1e3"][Int.random(in: 0..<6, using: &random)]
    case .boolean: return Bool.random(using: &random) ? "on" : "off"
    case .integer(let range, _), .duration(let range): return String(Int.random(in: range, using: &random))
    case .unicastMAC: return Bool.random(using: &random) ? "52:54:00:12:34:56" : "52:54:00:ab:cd:ef"
    case .namespace: return ["web", "pid:17", "/run/netns/web", "no", "a, b: c"][Int.random(in: 0..<5, using: &random)]
    case .addresses: return "10.0.0.1/24+fd00::1/64"
    case .routes: return "10.9.0.0/16@10.0.0.254+fd01::/48"
    case .listenAddress: return "[::1]:\(Int.random(in: 1...65535, using: &random))"
    case .choice(let words): return words[Int.random(in: 0..<words.count, using: &random)]
    case .vlan(let words): return (["1", "10", "4094"] + words)[Int.random(in: 0..<(3 + words.count), using: &random)]
    case .vlans: return ["all", "10+20-29", "2", "2-4094"][Int.random(in: 0..<4, using: &random)]
    case .flood: return ["none", "broadcast", "unicast+multicast"][Int.random(in: 0..<3, using: &random)]
    case .stations: return "52:54:00:12:34:56+52:54:00:ab:cd:ef"
    case .stormLimit: return Bool.random(using: &random) ? "\(Int.random(in: 1...9999, using: &random))" : "10Mbit"
    case .bitRate: return "\(Int.random(in: 1...999, using: &random))Mbit"
    case .processors: return "0-3+5"
    }
  }

  struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var word = state
      word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
      return word ^ (word >> 31)
    }
  }

  /// Compares with a golden file; with UPDATE_GOLDEN in the environment the file is written anew instead.
  static func expectGolden(_ text: String, _ path: String) throws {
    if unsafe getenv("UPDATE_GOLDEN") != nil { try ConfigurationFile.write(text, path: "\(root)/\(path)") }
    let golden = String(decoding: try ConfigurationFile.read(path: "\(root)/\(path)"), as: UTF8.self)
    let expected = golden.split(separator: "\n", omittingEmptySubsequences: false)
    let found = text.split(separator: "\n", omittingEmptySubsequences: false)
    for (index, line) in found.enumerated() {
      #expect(index < expected.count && line == expected[index], "\(path) line \(index + 1)")
    }
    #expect(found.count == expected.count, "\(path)")
  }
}
