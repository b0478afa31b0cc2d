import Testing
import Wire

@testable import SwitchModel

@Suite struct ValueTests {
  @Test(
    arguments: [
      ("0", 0), ("010", 10), ("1k", 1000), ("2M", 2_000_000), ("3G", 3_000_000_000), ("1Ki", 1024), ("1Mi", 1 << 20),
      ("1Gi", 1 << 30), ("9223372036854775807", .max), ("9223372036854775808", .max), ("9999999999Gi", .max), ("", nil),
      ("k", nil), ("1K", nil), ("1ki", nil), ("1 k", nil), ("-1", nil), ("+1", nil), ("1.5k", nil), ("١", nil),
      ("1kk", nil),
      ("99999999999999999999x", nil),
    ] as [(String, Int?)])
  func sizes(_ text: String, _ value: Int?) { #expect(Units.parseSize(text) == value) }

  @Test(
    arguments: [
      ("30", 30), ("30s", 30), ("5m", 300), ("1h", 3600), ("0010", 10), ("s", nil), ("1h30m", nil), ("1d", nil),
      ("-5s", nil),
      ("99999999999999999999h", .max), ("9223372036854775807h", .max),
    ] as [(String, Int?)])
  func durations(_ text: String, _ value: Int?) { #expect(Units.parseDuration(text) == value) }

  @Test(
    arguments: [
      ("0.0.0.0", "0.0.0.0"), ("10.0.0.1", "10.0.0.1"), ("255.255.255.255", "255.255.255.255"), ("::", "::"),
      ("::1", "::1"),
      ("1::", "1::"), ("fd00:0:0:0:0:0:0:1", "fd00::1"), ("FD00::00A", "fd00::a"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
      ("1:0:0:2:3:0:0:4", "1::2:3:0:0:4"), ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"), ("::ffff:10.0.0.1", "::ffff:a00:1"),
      ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("0:0:0:0:0:0:0:0", "::"),
      ("", nil), (":", nil), (":::", nil), ("1:", nil), (":1", nil), ("1::2::3", nil), ("1:2:3:4:5:6:7", nil),
      ("1:2:3:4:5:6:7:8:9", nil), ("1:2:3:4:5:6:7:8::", nil), ("12345::", nil), ("g::", nil), ("+1::", nil),
      ("10.0.0", nil),
      ("10.0.0.1.", nil), ("010.0.0.1", nil), ("10.0.0.256", nil), ("10.0.0.-1", nil), ("10.0.0.1::", nil),
      ("1.2.3.4:5", nil),
      ("fe80::1%eth0", nil), ("::1.2.3", nil), ("٣.0.0.1", nil),
    ] as [(String, String?)])
  func addresses(_ text: String, _ canonical: String?) { #expect(IPAddress(text)?.description == canonical) }

  @Test(arguments: seeds) func canonicalAddressesAreStable(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<2000 {
      let octets = (0..<16).map { _ in Bool.random(using: &random) ? 0 : UInt8.random(in: 0...255, using: &random) }
      for address in [IPAddress(octets: octets), IPAddress(octets: Array(octets.prefix(4)))] {
        #expect(IPAddress(address.description) == address)
      }
    }
  }

  @Test func networks() {
    #expect(CIDR("10.11.12.13/20")?.network.description == "10.11.0.0/20")
    #expect(CIDR("10.11.12.13/0")?.network.description == "0.0.0.0/0")
    #expect(CIDR("10.11.12.13/32")?.network.description == "10.11.12.13/32")
    #expect(CIDR("fd00:1:2:ffff::1/49")?.network.description == "fd00:1:2:8000::/49")
    #expect(CIDR("10.0.0.1/024")?.description == "10.0.0.1/24")
    for wrong in ["10.0.0.1", "10.0.0.1/", "/24", "10.0.0.1/24/24", "::1/129", "10.0.0.1/-1", "10.0.0.1/0024"] {
      #expect(CIDR(wrong) == nil, "\(wrong)")
    }
  }

  @Test(
    arguments: [
      ("8080", "127.0.0.1:8080"), (":8080", "127.0.0.1:8080"), ("localhost:80", "127.0.0.1:80"),
      ("0.0.0.0:1", "0.0.0.0:1"), ("[::1]:65535", "[::1]:65535"), ("[::]:80", "[::]:80"), ("", nil), ("0", nil),
      ("65536", nil),
      ("::1:80", nil), ("[::1]", nil), ("[]:80", nil), ("[10.0.0.1]:80", nil), ("host:80", nil), ("10.0.0.1:", nil),
      ("10.0.0.1", nil),
    ] as [(String, String?)])
  func listen(_ text: String, _ canonical: String?) { #expect(ListenAddress(text)?.description == canonical) }

  @Test(
    arguments: [
      ("staff", "staff"), ("0", "0"), ("0100", "100"), ("4294967294", "4294967294"), ("4294967295", nil), ("", nil),
      ("-x", nil),
      ("a:b", nil), ("a b", nil), ("machine$", "machine$"),
    ] as [(String, String?)])
  func groups(_ text: String, _ canonical: String?) {
    #expect((try? SettingType.group.parse(text, .spec))?.textValue == canonical)
  }

  @Test func switchNames() {
    for name in ["switch0", "0", "a", "lab.1_x-y", String(repeating: "a", count: 31)] {
      #expect(SwitchName.isValid(name))
    }
    for name in ["", "-a", ".a", "_a", "A", "aB", "a b", "a/b", "ä", String(repeating: "a", count: 32)] {
      #expect(!SwitchName.isValid(name), "\(name)")
    }
  }

  @Test func freeNames() {
    let long = String(repeating: "x", count: 32)
    #expect(PortName.free(like: "web") { _ in false } == "web-2")
    #expect(PortName.free(like: "web") { $0 == "web-2" } == "web-3")
    #expect(PortName.free(like: long) { _ in false } == String(repeating: "x", count: 30) + "-2")
  }

  @Test(
    arguments: [
      ("colour", nil), ("commet", "comment"), ("adress", "address"), ("mut", "mtu"), ("MTU", "mtu"), ("x", nil),
      ("pu", "up"),
      ("persit", "persist"), (String(repeating: "a", count: 10000), nil), ("", nil),
    ] as [(String, String?)])
  func suggestions(_ word: String, _ meant: String?) {
    #expect(Suggestion.nearest(to: word, among: SettingTable.port.map(\.key)) == meant)
  }

  /// The table holds what the contract says: ranges, defaults, which change live.
  @Test func table() throws {
    #expect(SettingTable.port.filter { !$0.isLive }.map(\.key) == ["name", "mac", "netns", "persist", "napi"])
    #expect(SettingTable.switchWide.filter { !$0.isLive }.map(\.key) == ["name", "table_size", "workers", "spin"])
    for setting in SettingTable.port + SettingTable.switchWide {
      guard let value = setting.defaultValue else { continue }
      #expect(try setting.type.parse(value.text, .spec) == value, "\(setting.key)")
    }
    let later = SettingTable.laterPort.map(\.key)
    #expect(Set(later).intersection(SettingTable.port.map(\.key)).isEmpty)
  }
}
