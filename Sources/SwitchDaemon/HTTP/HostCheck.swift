// The check of the Host header on TCP: a page in a browser can make a name of its own point here (DNS rebinding) and
// would then read the switch; what it cannot do is make the browser send another Host.

internal import Glibc
internal import SwitchModel

/// Which hosts a request over TCP may name.
struct HostCheck: Sendable {
  private let names: [String]

  init(machine: String? = HostCheck.machineName()) {
    var names = ["localhost"]
    if let machine = machine?.lowercased(), !machine.isEmpty {
      names.append(machine)
      if let short = machine.split(separator: ".").first { names.append(String(short)) }
    }
    self.names = names
  }

  /// Whether `host`, with or without a port, is an IP address, localhost or this machine's name.
  func allows(_ host: String?) -> Bool {
    guard var name = host?.lowercased(), !name.isEmpty else { return false }
    if name.hasPrefix("[") {
      guard let end = name.firstIndex(of: "]"), isPort(name[name.index(after: end)...]) else { return false }
      return IPAddress(String(name[..<end].dropFirst()))?.isIPv6 == true
    }
    if let colon = name.firstIndex(of: ":") {
      guard isPort(name[colon...]) else { return false }
      name = String(name[..<colon])
    }
    if name.hasSuffix(".") { name.removeLast() }
    return names.contains(name) || IPAddress(name)?.isIPv6 == false
  }

  private func isPort(_ text: Substring) -> Bool {
    text.isEmpty || text.first == ":" && text.dropFirst().utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  private static func machineName() -> String? {
    var name = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&name, name.count - 1) == 0 else { return nil }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
