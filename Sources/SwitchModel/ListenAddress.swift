// Where the read-only TCP side of the API listens.

/// An IP address and a port of TCP.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
  package let address: IPAddress
  /// 1 to 65535.
  package let port: UInt16

  /// `10.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, `:8080` or `8080`; the last three mean 127.0.0.1.
  package init?(_ text: String) {
    let colon = text.utf8.lastIndex(of: UInt8(ascii: ":"))
    let digits = colon.map { text.utf8[text.utf8.index(after: $0)...] } ?? text.utf8[...]
    guard let port = Units.parseDigits(digits), (1...65535).contains(port) else { return nil }
    var host = colon.map { text[..<$0] } ?? ""
    if host.hasPrefix("["), host.hasSuffix("]"), host.utf8.count > 2 {
      host = host.dropFirst().dropLast()
      guard host.utf8.contains(UInt8(ascii: ":")) else { return nil }
    } else if host.utf8.contains(UInt8(ascii: ":")) {
      return nil
    }
    if host.isEmpty || host == "localhost" {
      address = IPAddress(octets: [127, 0, 0, 1])
    } else {
      guard let parsed = IPAddress(String(host)) else { return nil }
      address = parsed
    }
    self.port = UInt16(port)
  }

  package var description: String { address.isIPv6 ? "[\(address)]:\(port)" : "\(address):\(port)" }
}
