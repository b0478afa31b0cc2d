// How values that are about forwarding are read: VLANs, choices, rates, lists of stations and processors. Each comes
// out in one canonical form, however it was written.

import BridgeCore
import Wire

extension SettingType {
  /// A VLAN ID, or one of the words.
  func parseVLAN(_ text: String, _ words: [String]) throws(ValueFault) -> SettingValue {
    if words.contains(text) { return .text(text) }
    guard let vlan = Units.parseDigits(text.utf8[...]) else {
      throw ValueFault(text, allowed: allowed, suggestion: words.first { $0 == text.lowercased() })
    }
    if vlan == 0 { throw ValueFault(text, allowed: "\(allowed); 0 is no VLAN: it marks frames with a priority only") }
    if vlan == 4095 { throw ValueFault(text, allowed: "\(allowed); 4095 is no VLAN: 802.1Q reserves it") }
    guard (1...4094).contains(vlan) else { throw ValueFault(text, allowed: allowed) }
    return .integer(vlan)
  }

  /// One of the words; those written in hexadecimal may have digits of either case.
  func parseChoice(_ text: String, _ words: [String], _ dialect: SettingDialect) throws(ValueFault) -> SettingValue {
    if words.contains(text) { return .text(text) }
    // YAML and JSON have booleans; a choice between on, off and more takes them for these.
    let boolean = ["true": "on", "false": "off"][text]
    if dialect == .document, let boolean, words.contains(boolean) { return .text(boolean) }
    let lowered = text.lowercased()
    let same = words.first { $0 == lowered }
    if let same, same.hasPrefix("0x") { return .text(same) }
    let meant =
      same ?? boolean.flatMap { words.contains($0) ? $0 : nil } ?? words.first { $0 == "0x" + lowered }
      ?? Suggestion.nearest(to: text, among: words)
    throw ValueFault(text, allowed: allowed, suggestion: meant)
  }

  /// `all`, or VLANs and ranges of them; ranges come out ascending and joined, all 4,094 as `all`.
  func parseVLANs(_ items: [String]) throws(ValueFault) -> SettingValue {
    if items == ["all"] { return .text("all") }
    guard !items.isEmpty else { throw ValueFault("", allowed: "\(allowed); for one VLAN alone write vlan=VID") }
    var set = VLANSet()
    for range in try NumberRanges.parse(items, in: 1...4094, what: "all alone, or a VLAN ID from 1 to 4094") {
      for vlan in range { set.insert(UInt16(truncatingIfNeeded: vlan)) }
    }
    return set == .all ? .text("all") : .list(set.items)
  }

  /// `none`, or kinds of flooded frames; they come out in the order of the table.
  func parseFlood(_ items: [String]) throws(ValueFault) -> SettingValue {
    if items == ["none"] { return .text("none") }
    guard !items.isEmpty else { throw ValueFault("", allowed: allowed) }
    for (index, item) in items.enumerated() {
      guard FloodKinds.names.contains(item) else {
        let isAll = items.count == 1 && ["all", "on"].contains(item)
        let meant =
          isAll ? FloodKinds.names.joined(separator: "+") : Suggestion.nearest(to: item, among: FloodKinds.names)
        throw ValueFault(item, allowed: allowed, suggestion: items == ["off"] ? "none" : meant)
      }
      if items[..<index].contains(item) { throw ValueFault(item, allowed: "each item once") }
    }
    return .list(FloodKinds.names.filter { items.contains($0) })
  }

  /// Processors and ranges of them; they come out ascending and joined.
  func parseProcessors(_ items: [String]) throws(ValueFault) -> SettingValue {
    let ranges = try NumberRanges.parse(items, in: 0...8191, what: "the number of a processor from 0 to 8191")
    var joined: [ClosedRange<Int>] = []
    for range in ranges {
      if let last = joined.last, last.upperBound + 1 == range.lowerBound {
        joined[joined.count - 1] = last.lowerBound...range.upperBound
      } else {
        joined.append(range)
      }
    }
    return .list(joined.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" })
  }

  /// Frames a second, or a rate in bits.
  func parseStormLimit(_ text: String) throws(ValueFault) -> SettingValue {
    if text.hasSuffix("bit") { return try parseBitRate(text) }
    if let frames = Units.parseSize(text), (1...1_000_000_000).contains(frames) { return .integer(frames) }
    // A number with `b` in it was meant to be a rate.
    let isRate = text.lowercased().utf8.contains(UInt8(ascii: "b"))
    throw ValueFault(text, allowed: allowed, suggestion: isRate ? BitRate.meant(by: text) : nil)
  }

  func parseBitRate(_ text: String) throws(ValueFault) -> SettingValue {
    guard let bits = BitRate.parse(text), BitRate.range.contains(bits) else {
      throw ValueFault(text, allowed: allowed, suggestion: BitRate.meant(by: text))
    }
    return .text(BitRate.text(bits))
  }
}

extension FloodKinds {
  /// As the setting names them, in the order of their bits.
  static let names = ["unicast", "multicast", "broadcast"]

  init(names: [String]) {
    self.init(
      rawValue: FloodKinds.names.enumerated().reduce(0) { names.contains($1.element) ? $0 | 1 << $1.offset : $0 })
  }
}

/// How the kernel takes frames that the switch writes to a TAP.
package enum TapNAPI: String, Sendable, CaseIterable {
  /// In the writer's own context.
  case off
  /// By the poll of NAPI (IFF_NAPI, include/uapi/linux/if_tun.h).
  case on
  /// By that poll in a kernel thread of the device.
  case threaded
}
