// Acceptable configurations at random, for round trips through SPEC, JSON, schemas and plans.

import Wire

@testable import SwitchModel

enum RandomConfiguration {
  /// A port whose settings do not contradict one another.
  static func port(_ random: inout SeededGenerator, named name: String? = nil, device: String? = nil) throws
    -> PortConfiguration
  {
    var values: [Setting: SettingValue] = [:]
    for setting in SettingTable.settings(of: .tap) where setting != .portName && Bool.random(using: &random) {
      values[setting] = try setting.type.parse(text(setting.type, &random), .spec)
    }
    while let contradiction = PortConsistency.contradictions(values).first {
      values = values.filter { $0.key.key != contradiction.path }
    }
    let device = device ?? word(&random, 15, "abcxyz0123._-,+=@#'\"")
    return try PortConfiguration(
      kind: .tap, target: device, name: name ?? (Bool.random(using: &random) ? nil : word(&random, 32, "abAB09_.-")),
      values: values)
  }

  /// Up to 8 ports of 12 names, with switch-wide settings and static entries.
  static func whole(_ random: inout SeededGenerator) throws -> SwitchConfiguration {
    var configuration = SwitchConfiguration()
    for setting in SettingTable.switchWide where Int.random(in: 0..<4, using: &random) == 0 {
      configuration.set(setting, to: try setting.type.parse(text(setting.type, &random), .spec))
    }
    for _ in 0..<Int.random(in: 0...8, using: &random) {
      let number = Int.random(in: 0..<12, using: &random)
      let port = try port(&random, named: "p\(number)", device: "t\(Int.random(in: 0..<12, using: &random))")
      // The name may be taken, and default_vlan may be at odds with accept.
      guard (try? configuration.add(port)) != nil else { continue }
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let vlans = Array(port.vlans(default: configuration.defaultVLAN).vlans)
        guard let vlan = vlans.randomElement(using: &random) else { continue }
        let mac = MACAddress(bits: .random(in: 1...20, using: &random))
        try? configuration.add(
          StaticEntry(
            mac: mac, vlan: min(vlan, vlans.count > 9 ? vlans[9] : vlan), port: port.name,
            isSticky: .random(using: &random)))
      }
    }
    return configuration
  }

  private static func word(_ random: inout SeededGenerator, _ maximum: Int, _ letters: String) -> String {
    let letters = Array(letters)
    return "d"
      + String(
        (0..<Int.random(in: 0..<maximum, using: &random)).map { _ in letters.randomElement(using: &random) ?? "a" })
  }

  private static func text(_ type: SettingType, _ random: inout SeededGenerator) -> String {
    let pick = { (texts: [String], random: inout SeededGenerator) in texts.randomElement(using: &random) ?? "" }
    switch type {
    case .text: return word(&random, 40, "abc ,:#{}[]&*!|>'\"%@`-?~=+éß漢\\/0123")
    case .portName: return word(&random, 32, "abAB09_.-")
    case .switchName: return word(&random, 31, "ab09_.-")
    case .boolean: return Bool.random(using: &random) ? "on" : "off"
    case .integer(let range, _), .duration(let range): return String(Int.random(in: range, using: &random))
    case .unicastMAC:
      let digitsOnly = Bool.random(using: &random)
      return MACAddress(bits: digitsOnly ? 0x0010_2030_4050 : .random(in: 1..<1 << 40, using: &random)).description
    case .namespace: return pick(["web", "pid:17", "/run/netns/web", "no", "12"], &random)
    case .addresses:
      return (0..<Int.random(in: 1...4, using: &random)).map { index in
        Bool.random(using: &random)
          ? "10.0.\(index).\(Int.random(in: 1...254, using: &random))/24"
          : "fd00:\(index)::\(String(index + 1, radix: 16))/64"
      }.joined(separator: "+")
    case .routes: return "10.9.0.0/16@10.0.0.254+fd01::/48"
    case .listenAddress: return "127.0.0.1:\(Int.random(in: 1...65535, using: &random))"
    case .group: return "staff"
    case .choice(let words): return pick(words, &random)
    case .vlan(let words): return pick(words + ["\(Int.random(in: 1...4094, using: &random))"], &random)
    case .vlans: return ranges(1...4094, word: "all", &random)
    case .processors: return ranges(0...8191, word: nil, &random)
    case .flood:
      let some = ["broadcast", "unicast", "multicast"].filter { _ in Bool.random(using: &random) }
      return some.isEmpty ? "none" : some.joined(separator: "+")
    case .stations:
      return (0..<Int.random(in: 1...4, using: &random)).map { MACAddress(bits: UInt64($0 + 1)).description }
        .joined(separator: "+")
    case .stormLimit:
      return "\(Int.random(in: 1...1_000_000, using: &random))" + pick(["", "k", "bit", "kbit", "Mbit"], &random)
    case .bitRate:
      return "\(Int.random(in: 1...1000, using: &random))" + pick(["bit", "kbit", "Mbit", "Gbit"], &random)
    }
  }

  /// Numbers and ranges that do not overlap, in any order.
  private static func ranges(_ all: ClosedRange<Int>, word: String?, _ random: inout SeededGenerator) -> String {
    if let word, Bool.random(using: &random) { return word }
    var items: [String] = []
    var next = all.lowerBound
    for _ in 0..<Int.random(in: 1...5, using: &random) where next < all.upperBound {
      let first = Int.random(in: next...min(next + 500, all.upperBound), using: &random)
      let last = Int.random(in: first...min(first + 50, all.upperBound), using: &random)
      items.append(first == last && Bool.random(using: &random) ? "\(first)" : "\(first)-\(last)")
      next = last + 1
    }
    return items.shuffled(using: &random).joined(separator: "+")
  }
}
