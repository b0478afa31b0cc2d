// Which capabilities (capabilities(7)) the calling thread has, and what a user can do about one that is missing.

internal import Glibc

/// The effective capabilities that set-up needs.
package struct Privileges: Sendable, Equatable {
  /// CapEff of /proc/self/status, bit per capability.
  package let effective: UInt64

  /// Making and changing devices (CAP_NET_ADMIN).
  package var netAdmin: Bool { effective >> 12 & 1 == 1 }
  /// Packet sockets (CAP_NET_RAW).
  package var netRaw: Bool { effective >> 13 & 1 == 1 }
  /// Working inside another network namespace (CAP_SYS_ADMIN).
  package var sysAdmin: Bool { effective >> 21 & 1 == 1 }

  /// Those of the calling thread; none where /proc cannot be read.
  package static var current: Privileges {
    let status = SmallFiles.text("/proc/thread-self/status") ?? ""
    let mask = SmallFiles.value(of: "CapEff", in: status).flatMap { UInt64($0, radix: 16) }
    return Privileges(effective: mask ?? 0)
  }

  /// Of CAP_NET_ADMIN and, where a namespace is entered, CAP_SYS_ADMIN: those that are missing.
  package func missing(namespace: NamespaceReference) -> [String] {
    var names: [String] = []
    if !netAdmin { names.append("CAP_NET_ADMIN") }
    if namespace != .current, !sysAdmin { names.append("CAP_SYS_ADMIN") }
    return names
  }

  /// The command that gives this program what `namespace` asks for.
  static func grant(namespace: NamespaceReference) -> String {
    grant(namespace == .current ? "cap_net_admin" : "cap_net_admin,cap_sys_admin")
  }

  /// The command that gives this program `capabilities`, as setcap(8) spells them.
  static func grant(_ capabilities: String) -> String {
    let program = SmallFiles.link("/proc/self/exe") ?? "/usr/bin/tapswitch"
    return "sudo setcap \(capabilities)+ep \(program)"
  }

  /// Whether this process's capabilities hold in a user namespace only (user_namespaces(7)), not over the machine.
  static var isInUserNamespace: Bool {
    let map = SmallFiles.text("/proc/self/uid_map") ?? ""
    let first = map.split(separator: "\n").first?.split(separator: " ").map(String.init)
    return first != nil && first != ["0", "0", "4294967295"]
  }

  /// The user's name as `ip tuntap … user` takes it, or the number.
  static var user: String {
    let id = String(getuid())
    for line in (SmallFiles.text("/etc/passwd") ?? "").split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
      if fields.count > 2, fields[2] == id { return String(fields[0]) }
    }
    return id
  }
}
