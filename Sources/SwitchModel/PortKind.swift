// The kinds of ports: a row a kind. A new kind is a case here and a file in LinuxIO.

/// What a port is to the system.
package enum PortKind: String, Sendable, CaseIterable, Codable {
  case tap, netdev

  /// Kinds of the contract that this version does not have.
  package static let later = ["tun", "stream", "dgram", "udp", "vde", "fd"]

  package var targetName: String {
    switch self {
    case .tap: "DEVICE"
    case .netdev: "INTERFACE"
    }
  }

  package var help: String {
    switch self {
    case .tap: "a network interface of this host, a namespace or a container"
    case .netdev: "an existing interface: a VM's tap opened by its hypervisor, a veth, a network card"
    }
  }

  /// What a target may be, as a phrase for messages.
  package var allowedTarget: String {
    switch self {
    case .tap, .netdev: "a device name: 1 to 15 printable ASCII characters without space, '/', ':' and '%'"
    }
  }

  /// The target in canonical form.
  package func parseTarget(_ text: String) throws(ValueFault) -> String {
    switch self {
    case .tap, .netdev:
      guard DeviceName.isValid(text) else { throw ValueFault(text, allowed: allowedTarget) }
      guard !DeviceName.isReserved(text) else {
        throw ValueFault(
          text, allowed: "a device name that the kernel has not taken for itself (all, default, . and ..)")
      }
      return text
    }
  }

  /// The name that a port with this target gets when none was given.
  package func defaultName(for target: String) -> String {
    switch self {
    case .tap, .netdev: PortName.made(from: target)
    }
  }

  /// The kind of that name, or why there is none.
  package static func named(_ text: String) throws(ConfigurationError) -> PortKind {
    if let kind = PortKind(rawValue: text) { return kind }
    let known = PortKind.allCases.map(\.rawValue).joined(separator: ", ")
    if later.contains(text) {
      throw ConfigurationError("kind \(text) is not available in this version; known kinds: \(known)")
    }
    let meant = Suggestion.nearest(to: text, among: PortKind.allCases.map(\.rawValue) + later)
    throw ConfigurationError(
      "unknown kind \(TerminalText.quoted(text)); known kinds: \(known)", fix: meant.map { "did you mean \($0)?" })
  }
}

/// Names of network devices as the kernel takes them (`dev_valid_name` in net/core/dev.c), kept to printable ASCII.
package enum DeviceName {
  /// IFNAMSIZ less the terminating zero.
  package static let maximumLength = 15

  static func isValid(_ text: String) -> Bool {
    let refused: [UInt8] = [UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "%")]
    return (1...maximumLength).contains(text.utf8.count)
      && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !refused.contains($0) }
  }

  /// `.` and `..` are no file names in sysfs; `all` and `default` collide with directories in /proc/sys/net.
  static func isReserved(_ text: String) -> Bool { [".", "..", "all", "default"].contains(text) }
}
