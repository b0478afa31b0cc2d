// How the values of settings are read: one total function per type, from text or a list of texts. Nothing is
// guessed from how a scalar looks; the table says which type is meant.

import Wire

/// The type of a setting, with its range.
package enum SettingType: Sendable, Hashable {
  /// One line of printable text of at most so many bytes.
  case text(maximum: Int)
  /// 1 to 32 of `[A-Za-z0-9_.-]`.
  case portName
  /// `[a-z0-9][a-z0-9_.-]{0,30}`.
  case switchName
  case boolean
  /// A number, optionally with k, M, G, Ki, Mi or Gi.
  case integer(ClosedRange<Int>, unit: String)
  /// Seconds, optionally with s, m or h.
  case duration(ClosedRange<Int>)
  /// The address of one station.
  case unicastMAC
  /// `NAME`, `pid:N` or an absolute path.
  case namespace
  /// CIDRs.
  case addresses
  /// `CIDR` or `CIDR@NEXTHOP`.
  case routes
  /// `ADDRESS:PORT`; loopback where the address is missing.
  case listenAddress
  /// Name or number of a group of users.
  case group
  /// One of these words.
  case choice([String])
  /// A VLAN ID from 1 to 4094, or one of these words.
  case vlan([String])
  /// `all`, or VLAN IDs and ranges of them.
  case vlans
  /// Kinds of flooded frames, or `none`.
  case flood
  /// Addresses of stations.
  case stations
  /// Frames a second, or `N[kMG]bit`.
  case stormLimit
  /// `N[kMG]bit`: bits a second.
  case bitRate
  /// Numbers of processors and ranges of them.
  case processors
}

/// Where a text comes from; only booleans are read differently.
package enum SettingDialect: Sendable {
  /// `on` and `off` alone.
  case spec
  /// `true` and `false` too, since YAML and JSON have them.
  case document
}

extension SettingType {
  package var isList: Bool {
    switch self {
    case .addresses, .routes, .vlans, .flood, .stations, .processors: true
    default: false
    }
  }

  /// What is allowed, as a phrase for messages, `--help` and documentation.
  package var allowed: String {
    switch self {
    case .text(let maximum): "one line of text, at most \(maximum) bytes"
    case .portName: "1 to 32 of A-Z a-z 0-9 _ . -"
    case .switchName: "1 to 31 of a-z 0-9 _ . -, beginning with a letter or digit"
    case .boolean: "on or off"
    case .integer(let range, let unit): "\(range.lowerBound) to \(range.upperBound)" + (unit.isEmpty ? "" : " \(unit)")
    case .duration(let range): "\(range.lowerBound) to \(range.upperBound) seconds (also 30s, 5m, 1h)"
    case .unicastMAC: "the MAC address of one station, such as 52:54:00:12:34:56"
    case .namespace: "NAME, pid:N or an absolute path"
    case .addresses: "a list of CIDR, such as 10.0.0.1/24+fd00::1/64"
    case .routes: "a list of CIDR or CIDR@NEXTHOP, such as 10.1.0.0/16@10.0.0.254"
    case .listenAddress: "ADDRESS:PORT, or PORT for loopback"
    case .group: "the name or number of a group"
    case .choice(let words): SettingType.either(words)
    case .vlan(let words): SettingType.either(["a VLAN ID from 1 to 4094"] + words)
    case .vlans: "all, or a list of VLAN IDs and ranges, such as 10+20-29"
    case .flood: "none, or a list of unicast, multicast, broadcast"
    case .stations: "a list of MAC addresses, such as 52:54:00:12:34:56+52:54:00:12:34:57"
    case .stormLimit: "1 to 1000000000 frames a second, or a rate from 1bit to 1000Gbit such as 10Mbit"
    case .bitRate: "a rate from 1bit to 1000Gbit a second, such as 10Mbit"
    case .processors: "a list of processors and ranges, such as 0-3+5"
    }
  }

  /// `a`, `a or b`, `a, b or c`.
  private static func either(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " or " + last
  }

  /// Reads one value; for lists the items are separated by `+`.
  package func parse(_ text: String, _ dialect: SettingDialect) throws(ValueFault) -> SettingValue {
    if isList {
      let items = text.isEmpty ? [] : text.split(separator: "+", omittingEmptySubsequences: false)
      return try parse(list: items.map { String($0) })
    }
    switch self {
    case .text(let maximum):
      guard text.utf8.count <= maximum, TerminalText.isPlain(text) else { throw ValueFault(text, allowed: allowed) }
      return .text(text)
    case .portName: return .text(try parsePortName(text))
    case .switchName: return .text(try parseSwitchName(text))
    case .boolean: return .boolean(try parseBoolean(text, dialect))
    case .integer(let range, _): return .integer(try parseNumber(text, Units.parseSize(text), in: range))
    case .duration(let range): return .integer(try parseNumber(text, Units.parseDuration(text), in: range))
    case .unicastMAC: return .mac(try parseStation(text))
    case .namespace: return .text(try parseNamespace(text))
    case .listenAddress:
      guard let address = ListenAddress(text) else { throw ValueFault(text, allowed: allowed) }
      return .text(address.description)
    case .group: return .text(try parseGroup(text))
    case .choice(let words): return try parseChoice(text, words, dialect)
    case .vlan(let words): return try parseVLAN(text, words)
    case .stormLimit: return try parseStormLimit(text)
    case .bitRate: return try parseBitRate(text)
    case .addresses, .routes, .vlans, .flood, .stations, .processors: return try parse(list: [text])
    }
  }

  /// Reads a list of items; for a type that is no list exactly one item would be a mistake of the caller, and is
  /// answered as such.
  package func parse(list items: [String]) throws(ValueFault) -> SettingValue {
    switch self {
    case .vlans: return try parseVLANs(items)
    case .flood: return try parseFlood(items)
    case .processors: return try parseProcessors(items)
    default: break
    }
    var texts: [String] = []
    // A set beside it: lists of thousands of stations are compared with no loop.
    var known: Set<String> = []
    for item in items {
      let text: String
      switch self {
      case .addresses: text = try CIDR.interfaceAddress(item).description
      case .routes: text = try CIDRRoute.parse(item).description
      case .stations: text = try parseStation(item).description
      default: throw ValueFault(shape: "a list", allowed: allowed)
      }
      if !known.insert(text).inserted { throw ValueFault(item, allowed: "each item once") }
      texts.append(text)
    }
    return .list(texts)
  }

  private func parseBoolean(_ text: String, _ dialect: SettingDialect) throws(ValueFault) -> Bool {
    switch text {
    case "on": return true
    case "off": return false
    case "true" where dialect == .document: return true
    case "false" where dialect == .document: return false
    default: break
    }
    switch text.lowercased() {
    case "on", "true", "yes", "y", "1", "up", "enable", "enabled":
      throw ValueFault(text, allowed: allowed, suggestion: "on")
    case "off", "false", "no", "n", "0", "down", "disable", "disabled":
      throw ValueFault(text, allowed: allowed, suggestion: "off")
    default: throw ValueFault(text, allowed: allowed)
    }
  }

  private func parseNumber(_ text: String, _ value: Int?, in range: ClosedRange<Int>) throws(ValueFault) -> Int {
    guard let value, range.contains(value) else { throw ValueFault(text, allowed: allowed) }
    return value
  }

  private func parsePortName(_ text: String) throws(ValueFault) -> String {
    guard PortName.isValid(text) else {
      let made = PortName.made(from: text)
      throw ValueFault(text, allowed: allowed, suggestion: text.isEmpty ? nil : made)
    }
    return text
  }

  private func parseSwitchName(_ text: String) throws(ValueFault) -> String {
    guard SwitchName.isValid(text) else { throw ValueFault(text, allowed: allowed) }
    return text
  }

  private func parseStation(_ text: String) throws(ValueFault) -> MACAddress {
    guard let address = MACAddress(text) else {
      throw ValueFault(text, allowed: SettingType.unicastMAC.allowed)
    }
    if address.isGroup { throw ValueFault(text, allowed: "the MAC address of one station, not of a group") }
    if address.isZero { throw ValueFault(text, allowed: "the MAC address of one station, not the zero address") }
    return address
  }

  private func parseNamespace(_ text: String) throws(ValueFault) -> String {
    guard TerminalText.isPlain(text), text.utf8.count <= 4095 else { throw ValueFault(text, allowed: allowed) }
    if text.hasPrefix("/") { return text }
    if text.hasPrefix("pid:") {
      guard let pid = Units.parseDigits(text.utf8.dropFirst(4)), (1...4_194_304).contains(pid) else {
        throw ValueFault(text, allowed: "pid:N with the number of a process, 1 to 4194304")
      }
      return "pid:\(pid)"
    }
    guard !text.isEmpty, text.utf8.count <= 255, !text.utf8.contains(UInt8(ascii: "/")), text != ".", text != ".."
    else {
      throw ValueFault(text, allowed: allowed)
    }
    return text
  }

  private func parseGroup(_ text: String) throws(ValueFault) -> String {
    let isNumber = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    if isNumber, let number = Units.parseDigits(text.utf8[...]), number < Int(UInt32.max) { return String(number) }
    let isName = text.utf8.allSatisfy { PortName.isAllowed($0) || $0 == UInt8(ascii: "$") }
    guard !isNumber, isName, text.utf8.count <= 32, text.utf8.first != UInt8(ascii: "-") else {
      throw ValueFault(text, allowed: allowed)
    }
    return text
  }
}
