import Testing
import Wire

@testable import SwitchModel

@Suite struct SpecTests {
  @Test func everySetting() throws {
    let port = try PortConfiguration(
      spec: "tap:tap0,name=web,comment=a,,b=c,up=off,mac=52-54-0-12-34-56,mtu=9000,txqueuelen=4Ki,netns=web,"
        + "address=10.0.0.1/24+FD00:0::1/64,routes=0.0.0.0/0@10.0.0.254+10.1.0.0/16,persist=on")
    #expect(port.name == "web")
    #expect(port.kind == .tap)
    #expect(port.target == "tap0")
    #expect(port.comment == "a,b=c")
    #expect(!port.up)
    #expect(port.mac == MACAddress(bits: 0x5254_0012_3456))
    #expect(port.mtu == 9000)
    #expect(port.txqueuelen == 4096)
    #expect(port.netns == "web")
    #expect(port.addresses == ["10.0.0.1/24", "fd00::1/64"])
    #expect(port.routes == ["0.0.0.0/0@10.0.0.254", "10.1.0.0/16"])
    #expect(port.persist)
    // 4Ki is the default, and a default is not told.
    #expect(
      port.spec == "tap:tap0,name=web,comment=a,,b=c,up=off,mac=52:54:00:12:34:56,mtu=9000,netns=web,"
        + "address=10.0.0.1/24+fd00::1/64,routes=0.0.0.0/0@10.0.0.254+10.1.0.0/16,persist=on")
    #expect(
      port.settingsObject.text
        == #"{"tap":"tap0","comment":"a,b=c","up":false,"mac":"52:54:00:12:34:56","mtu":9000,"netns":"web","#
        + #""address":["10.0.0.1/24","fd00::1/64"],"routes":["0.0.0.0/0@10.0.0.254","10.1.0.0/16"],"persist":true}"#)
  }

  @Test func defaults() throws {
    let port = try PortConfiguration(spec: "tap:tap0")
    #expect(port.name == "tap0" && port.up && port.mac == nil && port.mtu == nil && port.txqueuelen == 4096)
    #expect(port.netns == nil && port.addresses.isEmpty && port.routes.isEmpty && !port.persist && port.comment == "")
    #expect(port.values.isEmpty && port.spec == "tap:tap0" && port.settingsObject.text == #"{"tap":"tap0"}"#)
    #expect(try PortConfiguration(spec: "tap:tap0,up=on,comment=,address=,persist=off,name=tap0") == port)
  }

  @Test(arguments: [
    ("tap:tap0", "tap0"), ("tap:a b", nil), ("tap:vm+1", "vm-1"), ("tap:vm@if#2", "vm-if-2"),
    ("tap:a.b_c-d", "a.b_c-d"),
    ("tap:a,,b", "a-b"), ("tap:tap0,,up=off", "tap0-up-off"),
  ])
  func defaultName(_ spec: String, _ name: String?) {
    #expect((try? PortConfiguration(spec: spec))?.name == name)
  }

  /// A doubled comma is a comma, read from left to right; all else is literal.
  @Test(arguments: [
    ("tap:x", ["tap:x"]), ("a,b", ["a", "b"]), ("a,,b", ["a,b"]), ("a,,,b", ["a,", "b"]), ("a,,,,b", ["a,,b"]),
    ("a,", ["a", ""]), (",", ["", ""]), (",,", [","]), ("", [""]), ("a=b=c,\\,d", ["a=b=c", "\\", "d"]),
  ])
  func fields(_ text: String, _ fields: [String]) { #expect(PortSpec.fields(of: text) == fields) }

  static let wrong = [
    "", "tap0", ":tap0", "my port", "tap0,netns=a:b", "tap:", "tap:tap/0", "tap:tap 0", "tap:0123456789abcdef",
    "tap:tap%d",
    "tap:all", "tap:..", "tap:\u{1B}[2J", "tap:täp", "tpa:tap0", "tun:tun0", "stream:unix:/run/x.sock", "bridge:br0",
    "TAP:tap0", "tap:tap0,", "tap:tap0,up", "tap:tap0,=on", "tap:tap0,up=on,up=off",
    "tap:tap0,colour=red", "tap:tap0,commment=x", "tap:tap0,adress=10.0.0.1/24", "tap:tap0,MTU=1500",
    "tap:tap0,\u{1B}[2J=1", "tap:tap0,clients=4", "tap:tap0,peer=1.2.3.4:5",
    "tap:tap0,name=", "tap:tap0,name=a b", "tap:tap0,name=0123456789012345678901234567890123",
    "tap:tap0,up=", "tap:tap0,up=true", "tap:tap0,up=no", "tap:tap0,up=perhaps", "tap:tap0,up=ON",
    "tap:tap0,mtu=", "tap:tap0,mtu=67", "tap:tap0,mtu=65522", "tap:tap0,mtu=-1", "tap:tap0,mtu=1e3",
    "tap:tap0,mtu=0x5dc", "tap:tap0,mtu=1500.0", "tap:tap0,mtu=9223372036854775808",
    "tap:tap0,mtu=99999999999999999999G",
    "tap:tap0,mtu= 1500", "tap:tap0,mtu=1500K", "tap:tap0,txqueuelen=0", "tap:tap0,txqueuelen=65537",
    "tap:tap0,txqueuelen=1M", "tap:tap0,mac=", "tap:tap0,mac=52:54:00:12:34", "tap:tap0,mac=52:54:00:12:34:5g",
    "tap:tap0,mac=01:00:5e:00:00:01", "tap:tap0,mac=00:00:00:00:00:00", "tap:tap0,mac=ff:ff:ff:ff:ff:ff",
    "tap:tap0,netns=", "tap:tap0,netns=pid:", "tap:tap0,netns=pid:0", "tap:tap0,netns=pid:x",
    "tap:tap0,netns=run/netns/x",
    "tap:tap0,netns=..", "tap:tap0,address=10.0.0.1", "tap:tap0,address=fd00::1", "tap:tap0,address=10.0.0.1/33",
    "tap:tap0,address=10.0.0.256/24", "tap:tap0,address=10.0.0.01/24", "tap:tap0,address=0.0.0.0/0",
    "tap:tap0,address=224.0.0.1/24", "tap:tap0,address=ff02::1/64", "tap:tap0,address=10.0.0.1/24+",
    "tap:tap0,address=10.0.0.1/24+10.0.0.1/24", "tap:tap0,address=fe80::1%eth0/64", "tap:tap0,routes=default",
    "tap:tap0,routes=default@10.0.0.254", "tap:tap0,routes=default@fe80::1", "tap:tap0,routes=10.1.0.1/16",
    "tap:tap0,routes=10.1.0.0", "tap:tap0,routes=10.1.0.0/16@", "tap:tap0,routes=10.1.0.0/16@fd00::1",
    "tap:tap0,routes=10.1.0.0/16@224.0.0.1", "tap:tap0,persist=1", "tap:tap0,comment=a\nb",
  ]

  /// Exact words of every mistake, with its exit status.
  @Test func mistakes() throws {
    var text = ""
    for spec in SpecTests.wrong {
      do throws(ConfigurationError) {
        _ = try PortConfiguration(spec: spec)
        text += "accepted \(TerminalText.quoted(spec))\n"
      } catch {
        text += "\(error.exitStatus.rawValue) \(error)\n"
      }
    }
    try Repository.expectGolden(text, "Tests/Golden/SwitchModel/spec-errors.txt")
    #expect(!text.contains("accepted"))
  }

  /// A SPEC that a configuration gives makes that configuration, through JSON too.
  @Test(arguments: seeds) func roundTrip(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      let port = try RandomConfiguration.port(&random)
      #expect(try PortConfiguration(spec: port.spec) == port)
      #expect(try PortConfiguration(request: port.request) == port)
      let bytes = port.request.bytes
      #expect(try PortConfiguration(request: JSONValue(parsing: bytes)) == port)
    }
  }

  /// Whatever a SPEC holds, reading it ends with a value or a reason.
  @Test(arguments: seeds) func anyText(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let parts = [
      "tap", ":", ",", "=", "+", "/", "@", "mtu", "address", "netns", "pid:", "10.0.0.1", "24", "::", "é", "\0", "k",
      "Gi", ",vlan=", ",tagged=", ",rps_cpus=", ",flood=", ",storm_unknown=", ",rate_in=", ",allow_mac=", "-", "4094",
      "4095", "all", "unicast", "bit", "1.5", "secure=on",
    ]
    for _ in 0..<3000 {
      let count = Int.random(in: 0...12, using: &random)
      let spec = (0..<count).map { _ in parts.randomElement(using: &random) ?? "" }.joined()
      if let port = try? PortConfiguration(spec: spec) { #expect(PortName.isValid(port.name)) }
    }
  }
}
