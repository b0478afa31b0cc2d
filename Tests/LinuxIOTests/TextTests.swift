// Parsers of LinuxIO: total, canonical, and refusing before any system call.

import Testing
import Wire

@testable import LinuxIO

struct TextTests {
  @Test(arguments: [
    ("web", NamespaceReference.named("web")), ("pid:123", .process(123)), ("/run/netns/x", .path("/run/netns/x")),
    ("a.b-c_1", .named("a.b-c_1")), ("pid", .named("pid")),
  ])
  func namespaceReferences(_ text: String, _ expected: NamespaceReference) {
    let parsed = NamespaceReference(parsing: text)
    #expect(parsed == expected)
    #expect(parsed?.description == text)
  }

  @Test(arguments: [
    "", ".", "..", "a/b", "pid:", "pid:0", "pid:-1", "pid:+1", "pid:1x", "pid:99999999999", "a\nb", "a\0b",
    String(repeating: "n", count: 256),
  ])
  func noNamespaceReferences(_ text: String) { #expect(NamespaceReference(parsing: text) == nil) }

  @Test func processOfAPath() {
    #expect(NamespaceReference.path("/proc/77/ns/net").owner == 77)
    #expect(NamespaceReference.path("/proc/self/ns/net").owner == nil)
    #expect(NamespaceReference.path("/run/netns/77").owner == nil)
  }

  @Test(arguments: [
    ("10.0.0.1/24", "10.0.0.1/24"), ("0.0.0.0/0", "0.0.0.0/0"), ("fd00::1/64", "fd00::1/64"),
    ("FD00:0:0:0:0:0:0:1/128", "fd00::1/128"), ("10.0.0.1/08", "10.0.0.1/8"), ("::/0", "::/0"),
  ])
  func addresses(_ text: String, _ canonical: String) { #expect(InterfaceAddress(text)?.description == canonical) }

  @Test(arguments: [
    "", "/", "10.0.0.1", "10.0.0.1/", "10.0.0.1/33", "10.0.0.1/-1", "10.0.0.1/+1", "10.0.0.1/24/24", "10.0.0/24",
    "10.0.0.256/24", "fd00::1/129", "fd00::1%eth0/64", "fd00:::1/64", "a/24", "10.0.0.1 /24", "1/1",
    String(repeating: ":", count: 1000) + "/1",
  ])
  func noAddresses(_ text: String) { #expect(InterfaceAddress(text) == nil) }

  @Test(arguments: [
    ("10.1.0.0/16", "10.1.0.0/16"), ("10.1.0.0/16@10.0.0.254", "10.1.0.0/16@10.0.0.254"),
    ("0.0.0.0/0@10.0.0.1", "0.0.0.0/0@10.0.0.1"), ("::/0@FE80::1", "::/0@fe80::1"), ("10.0.0.1/32", "10.0.0.1/32"),
  ])
  func routes(_ text: String, _ canonical: String) { #expect(InterfaceRoute(text)?.description == canonical) }

  @Test(arguments: ["", "@", "10.0.0.1/24", "10.1.0.0/16@", "10.1.0.0/16@fe80::1", "10.1.0.0/16@10.0.0.1@10.0.0.2"])
  func noRoutes(_ text: String) { #expect(InterfaceRoute(text) == nil) }

  /// K3: names the kernel would refuse, or accept and change (`tap%d`, the empty one).
  @Test(arguments: [
    "", ".", "..", "../x", "a/b", "a:b", "a b", "a\tb", "a\nb", "a\r\nb", "tap%d", "%s", "1234567890123456", "é", "a\0",
    "all",
    "default", "\u{1F600}",
  ])
  func K3_refusedNames(_ name: String) {
    let error = failure { () throws(PortError) in
      try TapRequest(name: name, mac: MACAddress(bits: 0x02_0000_0001), label: "x").validate()
    }
    guard case .invalid(let message, _)? = error else {
      Issue.record("\(name.debugDescription) was accepted")
      return
    }
    #expect(message.hasPrefix("a device name") || message.hasPrefix("device name '"))
    #expect(message.utf8.allSatisfy { $0 >= 0x20 })
  }

  @Test(arguments: ["a", "tap0", "tap-web", "br_0.100", "123456789012345", "x@y"])
  func goodNames(_ name: String) { #expect(TapRequest.fault(inName: name) == nil) }

  @Test func settingsOutOfRange() {
    let good = TapRequest(name: "tap0", mac: MACAddress(bits: 0x02_0000_0001), label: "x")
    #expect(failure { () throws(PortError) in try good.validate() } == nil)
    let wrong: [(inout TapRequest) -> Void] = [
      { $0.mtu = 67 }, { $0.mtu = 65522 }, { $0.queueLength = 0 }, { $0.queueLength = 65537 },
      { $0.mac = MACAddress(bits: 0) }, { $0.mac = .broadcast },
      {
        $0.mtu = 1000
        $0.addresses = [InterfaceAddress("fd00::1/64")].compactMap(\.self)
      },
    ]
    for change in wrong {
      var request = good
      change(&request)
      guard case .invalid? = failure({ () throws(PortError) in try request.validate() }) else {
        Issue.record("accepted: \(request)")
        continue
      }
    }
  }

  @Test func stableAddresses() {
    let mac = stableMAC(machineID: "m", switchName: "lab", port: "web")
    #expect(mac == stableMAC(machineID: "m", switchName: "lab", port: "web"))
    #expect(mac.isLocal && !mac.isGroup)
    var seen: Set<MACAddress> = [mac]
    for port in 0..<5000 { seen.insert(stableMAC(machineID: "m", switchName: "lab", port: "p\(port)")) }
    #expect(seen.count == 5001)
    #expect(stableMAC(machineID: "m", switchName: "la", port: "bweb") != mac)
    #expect(stableMAC(machineID: "n", switchName: "lab", port: "web") != mac)
    #expect(!machineIdentity().isEmpty)
  }

  @Test(arguments: [
    ("tap0", "tap0"), ("", "''"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#), ("$(x)", "'$(x)'"), ("é", "'é'"),
    ("/run/netns/web", "/run/netns/web"), ("a;b", "'a;b'"), ("'", #"''\'''"#), ("a\nb", #"'a\nb'"#),
  ])
  func shellWords(_ text: String, _ word: String) { #expect(text.shellWord == word) }

  @Test func fileLimit() {
    #expect(raiseFileLimit() >= 64)
  }

  /// Whatever a netlink socket hands over, reading it ends.
  @Test func netlinkBytesAreHarmless() {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    for seed in [1, 2, 3, seed] {
      var state = seed
      func next() -> UInt64 {
        state = state &* 6364136223846793005 &+ 1442695040888963407
        return state >> 33
      }
      for _ in 0..<2000 {
        var bytes = (0..<Int(next() % 200)).map { _ in UInt8(truncatingIfNeeded: next()) }
        // Often a plausible length, so that what stands behind it is read too.
        if bytes.count >= 24, next() % 2 == 0 {
          bytes.replaceSubrange(0..<4, with: NetlinkRequest.octets(UInt32(bytes.count)))
          bytes[16] = 0
          if bytes.count >= 36 { bytes.replaceSubrange(32..<34, with: NetlinkRequest.octets(UInt16(next() % 64))) }
        }
        for message in NetlinkMessage.all(in: bytes[...]) {
          _ = LinkState(message, namespace: NamespaceID(device: 0, inode: 0))
          for (_, value) in message.attributes(from: 16) { _ = value.text }
        }
      }
    }
  }
}
