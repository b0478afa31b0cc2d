// One line a frame: what it says of the corpus, and what it must never do whatever the octets are.

import Testing

@testable import Wire

@Suite struct FrameSummaryTests {
  /// Frames of the corpus, without the addresses that all of them begin with.
  private static let lines: [(String, String)] = [
    ("arp-request", "length 42: ARP, Request who-has 10.1.0.2 tell 10.1.0.1"),
    ("arp-reply", "length 60: ARP, Reply 10.1.0.2 is-at 52:54:00:aa:00:02"),
    ("arp-short", "length 41: ARP, [|arp]"),
    ("arp-hwtype-6", "length 42: ARP, not for IPv4 over Ethernet"),
    ("said-arp-announcement", "length 42: ARP, Announcement 10.1.0.1"),
    ("said-arp-probe", "length 42: ARP, Probe 10.1.0.1"),
    ("said-arp-request", "length 46: vlan 10 p 0: ARP, Request who-has 10.1.0.2 tell 10.1.0.1"),
    ("tcp4", "length 79: IP 10.1.0.1.1024 > 10.1.0.2.80: Flags [P.], seq 1:14, ack 0, win 8192, length 13"),
    ("tcp6", "length 87: IP6 fd00::1.1024 > fd00::2.80: Flags [S], seq 1:14, win 8192, length 13"),
    ("chain6", "length 138: IP6 fd00::1.20 > fd00::2.80: Flags [S], seq 0, win 8192, length 0"),
    (
      "vlan-tcp4",
      "length 83: vlan 100 p 5: IP 10.1.0.1.1024 > 10.1.0.2.80: Flags [P.], seq 1:14, ack 0, win 8192, length 13"
    ),
    ("options4", "length 83: IP 10.1.0.1.5 > 10.1.0.2.6: UDP, length 1"),
    ("padded-60", "length 60: IP 10.1.0.1.1 > 10.1.0.2.2: UDP, length 1"),
    ("first4", "length 1506: IP first fragment, 10.1.0.1.5 > 10.1.0.2.6: UDP, length 3992"),
    ("later4", "length 1514: IP 10.1.0.1 > 10.1.0.2: UDP fragment at 1480, length 1480"),
    ("later6", "length 162: IP6 fd00::1 > fd00::2: protocol 60 fragment at 1448, length 100"),
    ("icmp4", "length 46: IP 10.1.0.1 > 10.1.0.2: ICMP echo request, id 0, seq 0, length 12"),
    ("icmp6", "length 66: IP6 fd00::1 > fd00::2: ICMP6, echo request, id 0, seq 0, length 12"),
    ("unreachable4", "length 70: IP 10.1.0.1 > 10.1.0.2: ICMP port unreachable for 10.1.0.2 > 10.1.0.1, length 36"),
    ("igmp", "length 42: IP 10.1.0.1 > 239.1.2.3: IGMP v2 report 239.1.2.3"),
    ("vxlan", "length 129: IP 10.1.0.1.9 > 10.1.0.2.4789: VXLAN, vni 5, length 87"),
    ("gre", "length 103: IP 10.1.0.1 > 10.1.0.2: GRE, length 69"),
    ("sctp4", "length 50: IP 10.1.0.1 > 10.1.0.2: SCTP, length 16"),
    ("dns4", "length 75: IP 10.1.0.1.1024 > 10.1.0.2.53: DNS query 7, AAAA \"www.example.org\", length 33"),
    (
      "said-mdns",
      "length 163: IP 10.1.0.1.5353 > 224.0.0.251.5353: mDNS response ok, 3 answer(s), PTR "
        + "\"1.0.1.10.in-addr.arpa\", length 121"
    ),
    (
      "said-mdns-loop",
      "length 75: IP 10.1.0.1.5353 > 224.0.0.251.5353: mDNS response ok, 2 answer(s), [|dns], length 33"
    ),
    (
      "said-dhcp-request",
      "length 299: IP 0.0.0.0.68 > 255.255.255.255.67: DHCP Request 52:54:00:aa:00:01 \"web-1\", "
        + "requested 10.1.0.5, length 257"
    ),
    (
      "said-dhcp-ack",
      "length 286: IP 10.1.0.254.67 > 255.255.255.255.68: DHCP ACK 52:54:00:aa:00:01, given 10.1.0.5, length 244"
    ),
    (
      "said-dhcp-name",
      "length 305: IP 0.0.0.0.68 > 255.255.255.255.67: DHCP Discover 52:54:00:aa:00:01 \"Bob's "
        + ".[31mPC...x\", length 263"
    ),
    ("said-dhcp6", "length 94: IP6 fe80::5054:ff:feaa:1.546 > ff02::1:2.547: DHCP6 solicit, length 32"),
    (
      "said-ns",
      "length 86: IP6 fe80::5054:ff:feaa:1 > ff02::1:ff00:2: ICMP6, neighbor solicitation, who has fe80::2, "
        + "link-address 52:54:00:aa:00:01, length 32"
    ),
    (
      "said-na-bare",
      "length 78: IP6 fe80::5054:ff:feaa:1 > ff02::1: ICMP6, neighbor advertisement, tgt is "
        + "fe80::5054:ff:feaa:1, length 24"
    ),
    ("ihl-4", "length 54: IP, bad header"),
    ("ip6-truncated", "length 53: IP6 [|ip]"),
    ("payload6-beyond", "length 74: IP6 truncated-ip, 1 octets missing, fd00::1.0 > fd00::2.0: UDP, length 13"),
    ("hop-255", "length 74: IP6 fd00::1 > fd00::2: bad length"),
    ("vid-0", "length 58: vlan 0 p 6: IP 10.1.0.1.1024 > 10.1.0.2.53: DNS query 30052, [|dns], length 12"),
    ("vlan-udp6", "length 78: vlan 4094 p 0 DEI: IP6 fd00::1.1024 > fd00::2.53: DNS query 30052, [|dns], length 12"),
    (
      "qinq-udp4",
      "length 62: 802.1ad vlan 10 p 0: vlan 20 p 0: IP 10.1.0.1.1024 > 10.1.0.2.53: DNS query 30052, [|dns], length 12"
    ),
    ("tag-cut-inner", "length 19: vlan 100 p 0: [|vlan]"),
    (
      "stp-config",
      "length 52: STP 802.1d, Config, bridge-id 8000.52:54:00:aa:00:02.8001, root 8000.52:54:00:aa:00:01, cost 4"
    ),
    (
      "stp-rapid",
      "length 53: STP 802.1w, Rapid, topology change, bridge-id 8000.52:54:00:aa:00:02.8001, "
        + "root 8000.52:54:00:aa:00:01, cost 4"
    ),
    ("stp-tcn", "length 21: STP 802.1d, topology change notification"),
    ("stp-short", "length 20: [|stp]"),
    ("cdp", "length 44: CDP, length 30"),
    ("snap-0800", "length 62: SNAP oui 0x000000 pid 0x0800, length 48"),
    ("length-1", "length 54: 802.3 length 1, [|llc]"),
    ("pause", "length 60: MAC control, pause 65535"),
    ("lacp", "length 124: LACPv1, actor 52:54:00:aa:00:01 key 13"),
    ("eapol-start", "length 18: EAPOL v2, start, length 0"),
    ("lldp", "length 60: LLDP, chassis 52:54:00:aa:00:01, port \"eth0\", name \"leaf-1\""),
    ("lldp-lies", "length 17: LLDP, [|lldp]"),
    ("lldp-empty", "length 1414: LLDP, name \"\", [|lldp]"),
    ("cfm", "length 54: ethertype 0x8902 (CFM), 40 octets"),
    ("mpls-1", "length 58: ethertype 0x8847 (MPLS), 44 octets"),
    ("runt-13", "length 13: [|ether]"),
  ]

  @Test(arguments: lines) func corpus(name: String, line: String) throws {
    let frame = try #require(Corpus.frames.first { $0.name == name }, "Tests/Corpus/\(name).hex")
    let text = FrameSummary.text(of: frame.bytes, length: frame.bytes.count)
    let source = MACAddress(bits: frame.bytes[6..<12].reduce(0) { $0 << 8 | UInt64($1) })
    let destination = MACAddress(bits: frame.bytes[..<6].reduce(0) { $0 << 8 | UInt64($1) })
    #expect(text == "\(source) > \(destination), \(line)")
  }

  @Test(
    arguments: [
      ([], "length 0: [|ether]"), ([1, 2, 3], "length 3: [|ether]"),
      ([1, 2, 3, 4, 5, 6, 7], "> 01:02:03:04:05:06, length 7: [|ether]"),
    ] as [([UInt8], String)]) func runts(bytes: [UInt8], line: String)
  {
    #expect(FrameSummary.text(of: bytes, length: bytes.count) == line)
  }

  /// `drops` keeps the first 96 octets of a frame and its length.
  @Test func aLongFrameOfWhichTheBeginningIsKept() throws {
    let frame = try #require(Corpus.frames.first { $0.name == "said-dhcp-request" })
    #expect(
      FrameSummary.text(of: Array(frame.bytes.prefix(96)), length: frame.bytes.count)
        == "52:54:00:aa:00:01 > ff:ff:ff:ff:ff:ff, length 299: IP 0.0.0.0.68 > 255.255.255.255.67: "
        + "DHCP from client 52:54:00:aa:00:01, length 257")
  }

  @Test(arguments: Corpus.frames) func everyPrefix(frame: CorpusFrame) {
    for length in 0...min(frame.bytes.count, 400) {
      check(Array(frame.bytes[..<length]), length: frame.bytes.count)
    }
  }

  @Test(arguments: SeededGenerator.seeds) func randomOctets(seed: UInt64) {
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    for round in 0..<10_000 {
      var bytes: [UInt8]
      if round % 4 == 0 {
        bytes = (0..<Int.random(in: 0...120, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      } else {
        bytes = Corpus.frames.randomElement(using: &random)?.bytes ?? []
        for _ in 0..<4 where !bytes.isEmpty {
          bytes[Int.random(in: 0..<min(bytes.count, 300), using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
      }
      check(bytes, length: Int.random(in: 0...70_000, using: &random))
    }
  }

  /// One line that no terminal takes for a command, and not a long one.
  private func check(_ bytes: [UInt8], length: Int) {
    let line = FrameSummary.text(of: bytes, length: length)
    #expect(line.unicodeScalars.allSatisfy { (0x20...0x7E).contains($0.value) || $0 == "…" })
    #expect(line.utf8.count < 900, "\(line)")
  }

  @Test(
    arguments: [
      (UInt128(0), "::"), (1, "::1"), (0xFD00 << 112 | 1, "fd00::1"),
      (0xFE80 << 112 | 0x1_0000_0000_0000_0000, "fe80:0:0:1::"),
      (0x2001_0DB8 << 96 | 0x1_0000 << 64 | 1, "2001:db8:1::1"),
      (0x2001_0DB8 << 96 | 0x1 << 48 | 1, "2001:db8::1:0:0:1"),
      (0x1_0002_0003_0004_0005_0006_0007_0008, "1:2:3:4:5:6:7:8"),
      (0x1_0000_0003_0004_0005_0006_0007_0008, "1:0:3:4:5:6:7:8"),
    ] as [(UInt128, String)]) func sixText(bits: UInt128, text: String)
  {
    #expect(NetworkAddress.v6(bits).description == text)
  }

  @Test func addressesInOrder() {
    let sorted = [NetworkAddress.v6(1), .v4(0x0A00_0002), .v6(0), .v4(0x0A00_0001)].sorted()
    #expect(sorted.map(\.description) == ["10.0.0.1", "10.0.0.2", "::", "::1"])
  }
}
