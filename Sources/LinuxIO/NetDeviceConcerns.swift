// What keeps a `netdev` port from working as it could: the host's own stack, or a bridge, that takes the interface's
// frames beside the switch and sends of its own; too little room. It looks and tells; nothing is changed.

internal import CLinux

extension NetDevice {
  /// Why the interface is not the switch's alone, or may lose frames, and the command that ends it: one sentence each.
  /// Looked up anew each time; empty when the interface is gone.
  package var concerns: [String] {
    look { (link, session) -> [String]? in
      [
        NetDevice.addresses(of: link, session), NetDevice.autoconfiguration(of: link),
        NetDevice.membership(of: link, session), shortage(of: link),
      ].compactMap(\.self)
    } ?? []
  }

  /// Link-local IPv6 addresses are left out: they come and go with autoconfiguration.
  private static func addresses(of link: LinkState, _ session: NetlinkSession) -> String? {
    let all = (try? session.addresses(of: link.index)) ?? []
    let found = all.filter { !$0.isLinkLocalIPv6 }.map(\.description).sorted()
    guard let last = found.last else { return nil }
    let others = found.dropLast().joined(separator: ", ")
    let list = others.isEmpty ? "address \(last)" : "addresses \(others) and \(last)"
    return "this host uses \(link.name.shown) too: it has the \(list) there; "
      + "fix: sudo ip address flush dev \(link.name.shellWord)"
  }

  private static func autoconfiguration(of link: LinkState) -> String? {
    // As any thread of the process sees it, in whose namespace the interface is. No such file: no IPv6.
    guard SmallFiles.text("/proc/sys/net/ipv6/conf/\(link.name)/disable_ipv6")?.first == "0" else { return nil }
    // sysctl(8) reads a dot as a step down and a slash as a dot, once the first one it meets is a dot.
    let key = String(link.name.map { $0 == "." ? "/" : $0 })
    return "this host uses \(link.name.shown) too: IPv6 configures itself there; "
      + "fix: sudo sysctl -w net.ipv6.conf.\(key.shellWord).disable_ipv6=1"
  }

  private static func membership(of link: LinkState, _ session: NetlinkSession) -> String? {
    guard let number = link.master else { return nil }
    let master = (try? session.link(index: number)).map { "\($0.kind) \($0.name.shown)" } ?? "another interface"
    return "\(link.name.shown) is part of \(master), which takes its frames too; "
      + "fix: sudo ip link set dev \(link.name.shellWord) nomaster"
  }

  /// Without CAP_NET_ADMIN over the machine the room is what the kernel gives to everybody: by default enough for six
  /// frames of 64 KiB.
  private func shortage(of link: LinkState) -> String? {
    let room = ts_packet_room(io.descriptor)
    // Less than 16 frames of 64 KiB.
    guard room >= 0, room < 1 << 20 else { return nil }
    return "frames that come in on \(link.name.shown) have room for \(room / 1024) KiB only and may be lost in bursts; "
      + "fix: sudo sysctl -w net.core.rmem_max=\(ts_packet_room_wanted) net.core.wmem_max=\(ts_packet_room_wanted), "
      + "then restart"
  }
}

extension InterfaceAddress {
  /// fe80::/10 (RFC 4291 section 2.5.6).
  fileprivate var isLinkLocalIPv6: Bool {
    address.isIPv6 && address.octets[0] == 0xFE && address.octets[1] & 0xC0 == 0x80
  }
}
