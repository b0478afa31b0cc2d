import BridgeCore
import Testing
import Wire

@testable import SwitchModel

/// Settings about forwarding: every one read, written, typed and refused.
@Suite struct ForwardingSettingTests {
  @Test func everySetting() throws {
    let port = try PortConfiguration(
      spec:
        "tap:x,vlan=trunk,native=none,tagged=20-29+30+10,accept=tagged,tpid=0x88A8,learning=off,flood=broadcast+unicast,"
        + "mac_limit=1k,mac_limit_action=shutdown,allow_mac=52-54-0-0-0-2+52:54:00:00:00:01,locked=on,isolated=on,"
        + "group=tenant.1,storm_broadcast=1k,storm_multicast=10000kbit,storm_unknown=1Ki,rate_in=1500000bit,"
        + "rate_out=2Gbit,burst=64Ki,bpdu_guard=on,loop_probe=on,napi=threaded,rps_cpus=5+0-2+3")
    #expect(!port.learning && port.floodKinds == [.unicast, .broadcast] && port.macLimit == 1000)
    #expect(port.macLimitAction == .shutdown && port.isLocked && port.isIsolated && port.group == "tenant.1")
    #expect(port.allowedMACs.map(\.bits) == [0x5254_0000_0002, 0x5254_0000_0001])
    #expect(port.stormBroadcast == .frames(1000) && port.stormMulticast == .bits(10_000_000))
    #expect(port.stormUnknown == .frames(1024) && port.rateIn == 1_500_000 && port.rateOut == 2_000_000_000)
    #expect(port.burst == 65536 && port.bpduGuard && port.loopProbe && !port.secure && port.tpid == 0x88A8)
    #expect(port.napi == .threaded && port.rpsCPUs == [0, 1, 2, 3, 5])
    #expect(
      port.settingsObject.text
        == #"{"tap":"x","napi":"threaded","rps_cpus":["0-3",5],"vlan":"trunk","native":"none","tagged":[10,"20-30"],"#
        + #""accept":"tagged","tpid":"0x88a8","learning":false,"flood":["unicast","broadcast"],"mac_limit":1000,"#
        + #""mac_limit_action":"shutdown","allow_mac":["52:54:00:00:00:02","52:54:00:00:00:01"],"locked":true,"#
        + #""isolated":true,"group":"tenant.1","storm_broadcast":1000,"storm_multicast":"10Mbit","storm_unknown":1024,"#
        + #""rate_in":"1500kbit","rate_out":"2Gbit","burst":65536,"bpdu_guard":true,"loop_probe":true}"#)
    #expect(port.effectiveSettingsObject == port.settingsObject)
    #expect(try PortConfiguration(spec: port.spec) == port && PortConfiguration(request: port.request) == port)
  }

  @Test func defaults() throws {
    let port = try PortConfiguration(spec: "tap:x")
    #expect(port.learning && port.floodKinds == .all && port.macLimit == nil && port.macLimitAction == .drop)
    #expect(port.allowedMACs == [] && !port.isLocked && !port.isIsolated && port.group == nil && port.burst == nil)
    #expect(port.stormBroadcast == nil && port.stormMulticast == nil && port.stormUnknown == nil)
    #expect(port.rateIn == nil && port.rateOut == nil && !port.bpduGuard && !port.loopProbe && !port.secure)
    #expect(port.tpid == 0x8100 && port.napi == .off && port.rpsCPUs == [] && !port.refusesReserved)
    let written = try PortConfiguration(
      spec: "tap:x,native=1,tagged=1-4094,tpid=0x8100,flood=broadcast+multicast+unicast,learning=on,"
        + "mac_limit_action=drop,allow_mac=,locked=off,isolated=off,bpdu_guard=off,loop_probe=off,secure=off,napi=off")
    #expect(written == port && written.spec == "tap:x")
    #expect(try PortConfiguration(spec: "tap:x,flood=none").floodKinds == [])
  }

  /// Values in one canonical form, and exact words for what is none.
  @Test func values() throws {
    let attempts: [(Setting, [String])] = [
      (
        .vlan,
        ["1", "010", "4094", "trunk", "", "0", "4095", "4096", "99999999999999999999", "-1", "Trunk", "x", "1-2"]
      ),
      (.native, ["1", "none", "None", "0", "off"]), (.qinq, ["300", "0", "4095", "none", "trunk"]),
      (.defaultVLAN, ["all", "10", "0", "4095", "trunk"]),
      (
        .tagged,
        [
          "all", "1-4094", "1", "20-29+10", "10+11+12", "5-5", "", "all+10", "0", "1-4095", "9-2", "10-20+15",
          "15+10-20",
          "10+10", "10-20+20-30", "1-2-3", "-", "1-", "-5", "1+", "a", "1,2", "99999999999999999999-1",
        ]
      ), (.accept, ["all", "tagged", "untagged", "tag", "Tagged", "", "none"]),
      (.tpid, ["0x8100", "0x88a8", "0x88A8", "88a8", "8100", "0x9100", "33024"]),
      (
        .flood, ["none", "unicast", "broadcast+unicast", "", "all", "off", "unicast+unicast", "none+unicast", "unicst"]
      ),
      (.macLimit, ["1", "1048576", "1Mi", "0", "1048577", "none", "-1"]),
      (.macLimitAction, ["drop", "forward", "shutdown", "shut", "Drop"]),
      (
        .allowMAC,
        [
          "52-54-0-12-34-56", "52:54:00:00:00:01+52:54:00:00:00:02", "", "52:54:00:00:00:01+52-54-0-0-0-1",
          "01:00:5e:00:00:01", "00:00:00:00:00:00", "x", "52:54:00:00:00:01+",
        ]
      ), (.group, ["a", "tenant-1", "", "a b", String(repeating: "x", count: 33)]),
      (
        .stormBroadcast,
        [
          "1", "1k", "1000000000", "10Mbit", "1000kbit", "1bit", "0", "1000000001", "0bit", "10mbit", "10Mbit/s",
          "1.5Gbit",
          "10M", "10MB", "none", "", "1001Gbit", "5Kibit", "-1",
        ]
      ),
      (
        .rateIn,
        [
          "8bit", "1500kbit", "1000Gbit", "100", "100M", "100mbps", "1.5gbit", "0.0001Gbit", "0bit", "0", "none", "bit",
          "1001Gbit", "1Gibit", "9999999999999999999999Gbit", "..bit", "1.2.3bit", "",
        ]
      ), (.burst, ["1", "64Ki", "1073741824", "0", "1073741825", "2Gi"]),
      (.bpduGuard, ["on", "off", "1", ""]), (.napi, ["off", "on", "threaded", "true", "thread"]),
      (.rpsCPUs, ["0", "0-3+5", "5+4+0-3", "", "8192", "3-1", "0-3+2", "all", "f"]),
    ]
    var text = ""
    for (setting, values) in attempts {
      for value in values {
        do throws(ConfigurationError) {
          let read = try setting.read(value, .spec)
          text += "\(setting.key)=\(value) is \(read.text) \(read.json.text)\n"
          #expect((try? setting.type.parse(read.text, .spec)) == read)
        } catch {
          text += "\(setting.key)=\(value): \(error)\n"
        }
      }
    }
    try Repository.expectGolden(text, "Tests/Golden/SwitchModel/forwarding-values.txt")
  }

  /// The same values from a document: numbers, lists and booleans as JSON and YAML have them.
  @Test func documents() throws {
    let port = try PortConfiguration(
      request: [
        "tap": "x", "vlan": "trunk", "tagged": [30, "10-19", "20"], "native": 5, "flood": ["broadcast"], "napi": true,
        "storm_unknown": 100, "rps_cpus": [3, "0-1"], "allow_mac": ["52:54:00:00:00:01"], "bpdu_guard": "on",
      ])
    #expect(
      port.spec == "tap:x,napi=on,rps_cpus=0-1+3,vlan=trunk,native=5,tagged=10-20+30,flood=broadcast,"
        + "allow_mac=52:54:00:00:00:01,storm_unknown=100,bpdu_guard=on")
    #expect(try PortConfiguration(request: ["tap": "x", "tagged": "all", "napi": false]).values.isEmpty)
    for wrong: JSONValue in [
      ["tagged": []], ["flood": []], ["tagged": [[1]]], ["vlan": [1]], ["vlan": true], ["rate_in": 5], ["tpid": 0x8100],
    ] {
      var request = wrong
      request["tap"] = "x"
      #expect(throws: ConfigurationErrors.self) { try PortConfiguration(request: request) }
    }
  }

  @Test(
    arguments: [
      (0, "0bit"), (1, "1bit"), (1500, "1500bit"), (1_500_000, "1500kbit"), (1_000_000, "1Mbit"),
      (10_000_000_000, "10Gbit"),
    ] as [(Int, String)])
  func rates(_ bits: Int, _ text: String) {
    #expect(BitRate.text(bits) == text && BitRate.parse(text) == bits)
  }
}
