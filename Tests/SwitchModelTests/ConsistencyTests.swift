import BridgeCore
import Testing
import Wire

@testable import SwitchModel

/// Settings that contradict one another are refused as a whole, whichever way they come; hostile-table rows V4 and the
/// bad input of "A complete bridge".
@Suite struct ConsistencyTests {
  static let contradictions = [
    "vlan=10,native=5", "vlan=10,native=1", "vlan=10,native=none,tagged=20", "vlan=10,tagged=all",
    "vlan=10,accept=tagged",
    "qinq=300,vlan=10", "qinq=300,vlan=trunk,native=5,tagged=7", "qinq=300,accept=tagged", "qinq=300,accept=untagged",
    "vlan=trunk,native=none,accept=untagged", "native=none,accept=untagged",
    "burst=64Ki", "secure=on", "secure=on,vlan=trunk", "secure=on,native=5", "secure=on,qinq=300",
    "secure=on,vlan=10,bpdu_guard=off", "secure=on,vlan=10,loop_probe=off", "secure=on,vlan=10,accept=all",
    "secure=on,vlan=10,accept=tagged", "secure=on,vlan=10,flood=unicast", "secure=on,vlan=10,flood=unicast+broadcast",
    "secure=on,vlan=10,mac_limit_action=forward", "secure=on,vlan=10,learning=off",
    "secure=on,bpdu_guard=off,burst=64Ki",
  ]

  static let fine = [
    "vlan=10,accept=all", "vlan=10,accept=untagged", "vlan=10,tpid=0x88a8", "vlan=trunk,native=5,tagged=5+6",
    "qinq=300,accept=all", "qinq=300,tpid=0x88a8", "native=none,accept=tagged", "vlan=trunk,accept=untagged",
    "mac_limit_action=shutdown", "mac_limit=4,learning=off", "burst=64Ki,rate_out=1Mbit", "group=a", "isolated=on",
    "secure=on,vlan=10,mac_limit=100", "secure=on,vlan=10,flood=none", "secure=on,vlan=10,flood=multicast",
    "secure=on,vlan=10,storm_broadcast=10Mbit,rate_in=1Gbit,burst=1Mi", "secure=on,vlan=10,mac_limit_action=shutdown",
    "secure=on,vlan=10,learning=off,locked=on", "secure=on,vlan=10,learning=off,allow_mac=52:54:00:00:00:01",
    "secure=on,vlan=10,accept=untagged,bpdu_guard=on,loop_probe=on", "secure=off,bpdu_guard=off",
  ]

  /// The exact words, from SPEC and from a document; both ways refuse the same.
  @Test func words() throws {
    var text = ""
    for settings in Self.contradictions {
      text += settings + "\n"
      do throws(ConfigurationError) {
        _ = try PortConfiguration(spec: "tap:x,\(settings)")
        Issue.record("accepted \(settings)")
      } catch {
        text += "  \(error.exitStatus.rawValue) \(error)\n"
      }
      var request: JSONValue = ["tap": "x"]
      for field in PortSpec.fields(of: settings) {
        if let (key, value) = PortSpec.assignment(field) { request[key] = .string(value) }
      }
      do throws(ConfigurationErrors) {
        _ = try SwitchConfiguration(document: DocumentNode(json: ["ports": ["w": request]]), source: "x.yaml")
        Issue.record("accepted \(settings)")
      } catch {
        text += error.all.map { "  \($0)\n" }.joined()
      }
    }
    try Repository.expectGolden(text, "Tests/Golden/SwitchModel/contradictions.txt")
  }

  @Test(arguments: fine) func accepted(_ settings: String) throws {
    let port = try PortConfiguration(spec: "tap:x,\(settings)")
    #expect(try PortConfiguration(spec: port.spec) == port && PortConfiguration(request: port.request) == port)
  }

  /// A patch is judged beside what stays; nothing changes if it is refused.
  @Test func patches() throws {
    let attempts: [(String, JSONValue)] = [
      ("vlan=trunk,native=5", ["vlan": 10]), ("vlan=trunk,native=5", ["vlan": 10, "native": nil]),
      ("vlan=10", ["native": 5]), ("vlan=10", ["native": 1]), ("vlan=10", ["vlan": nil, "native": 5]),
      ("vlan=10,secure=on", ["vlan": "trunk"]), ("vlan=10,secure=on", ["vlan": nil]),
      ("vlan=10,secure=on", ["bpdu_guard": false]), ("vlan=10,secure=on", ["bpdu_guard": nil]),
      ("vlan=10,secure=on", ["secure": nil, "bpdu_guard": false]), ("vlan=10,secure=on", ["mac_limit": 8]),
      ("vlan=10,secure=on", ["flood": "all"]), ("flood=unicast", ["secure": true]),
      ("flood=unicast", ["secure": true, "vlan": 7, "flood": nil]), ("rate_in=1Mbit,burst=64Ki", ["rate_in": nil]),
      ("rate_in=1Mbit,burst=64Ki", ["rate_in": nil, "rate_out": "1Mbit"]), ("vlan=10", ["qinq": 300]),
      ("vlan=10", ["qinq": 300, "vlan": nil]), ("", ["vlan": 0, "secure": true]), ("", ["vlan": 4095]),
      ("", ["mac_limit": 0, "storm_unknown": 0]), ("", ["tagged": "10-20+15"]), ("", ["napi": "on"]),
    ]
    var text = ""
    for (settings, patch) in attempts {
      let port = try PortConfiguration(spec: "tap:x" + (settings.isEmpty ? "" : ",\(settings)"))
      text += "\(port.spec) \(patch.text)\n"
      do throws(ConfigurationErrors) {
        let change = try port.patched(with: patch)
        text += "  \(change.configuration.spec) changes \(change.changed.map(\.key).joined(separator: ", "))\n"
      } catch {
        text += error.all.map { "  \($0.httpStatus) \($0)\n" }.joined()
      }
    }
    try Repository.expectGolden(text, "Tests/Golden/SwitchModel/patch-contradictions.txt")
  }

  /// Static entries in VLANs that their port does not carry, and what would leave them behind.
  @Test func entries() throws {
    var text = ""
    let documents = [
      #"{"ports":{"w":{"tap":"x","vlan":10}},"fdb":[{"mac":"52:54:00:00:00:01","port":"w","vlan":20}]}"#,
      #"{"ports":{"w":{"tap":"x","vlan":10}},"fdb":[{"mac":"52:54:00:00:00:01","port":"w"}]}"#,
      #"{"ports":{"w":{"tap":"x","native":"none","tagged":"10-12"}},"fdb":[{"mac":"52:54:00:00:00:01","port":"w"}]}"#,
      #"{"ports":{"w":{"tap":"x","native":"none","tagged":"10-12"}},"fdb":[{"mac":"52:54:00:00:00:01","port":"w","vlan":13}]}"#,
      #"{"ports":{"w":{"tap":"x","qinq":300}},"fdb":[{"mac":"52:54:00:00:00:01","port":"w"}]}"#,
      #"{"ports":{"w":{"tap":"x"}},"default_vlan":7,"fdb":[{"mac":"52:54:00:00:00:01","port":"w"}]}"#,
      #"{"ports":{"w":{"tap":"x"}},"default_vlan":7,"fdb":[{"mac":"52:54:00:00:00:01","port":"w","vlan":1}]}"#,
      #"{"ports":{"w":{"tap":"x","accept":"tagged"}},"default_vlan":7}"#,
      #"{"ports":{"w":{"tap":"x","accept":"tagged"}},"default_vlan":"all"}"#,
      #"{"ports":{"w":{"tap":"x","vlan":0,"secure":true}},"default_vlan":0}"#,
    ]
    for json in documents {
      text += json + "\n"
      let document = DocumentNode(json: try JSONValue(parsing: json))
      do throws(ConfigurationErrors) {
        text += "  accepted \(try SwitchConfiguration(document: document, source: "x.yaml").document.text)\n"
      } catch {
        text += error.all.map { "  \($0)\n" }.joined()
      }
    }
    var configuration = SwitchConfiguration()
    try configuration.add(PortConfiguration(spec: "tap:x,name=w,tagged=10-12"))
    let mac = MACAddress(bits: 0x5254_0000_0001)
    try configuration.add(StaticEntry(mac: mac, vlan: 11, port: "w"))
    let before = configuration
    for patch: JSONValue in [["tagged": "10+12"], ["vlan": 10, "tagged": nil], ["tagged": "11+13"]] {
      text += patch.text + "\n"
      let port = try #require(configuration.port(named: "w")).patched(with: patch).configuration
      do throws(ConfigurationError) {
        try configuration.replace(port)
        text += "  replaced\n"
      } catch {
        text += "  \(error.httpStatus) \(error)\n"
        #expect(configuration == before)
      }
    }
    try Repository.expectGolden(text, "Tests/Golden/SwitchModel/entry-vlans.txt")
  }

  /// `secure` gives what is not set, and is told apart from what is.
  @Test func secure() throws {
    let port = try PortConfiguration(spec: "tap:x,vlan=10,secure=on")
    #expect(port.macLimit == 4 && port.macLimitAction == .drop && port.bpduGuard && port.loopProbe && port.secure)
    #expect(
      port.floodKinds == [.multicast, .broadcast] && port.refusesReserved && port.vlans(default: .all).native == 10)
    #expect(port.stormBroadcast == .frames(1000) && port.stormMulticast == .frames(1000))
    #expect(port.stormUnknown == .frames(1000) && port.rateIn == nil && port.vlans(default: .all).accept == .untagged)
    #expect(port.settingsObject.text == #"{"tap":"x","vlan":10,"secure":true}"#)
    #expect(
      port.effectiveSettingsObject.text
        == #"{"tap":"x","vlan":10,"accept":"untagged","flood":["multicast","broadcast"],"mac_limit":4,"#
        + #""storm_broadcast":1000,"storm_multicast":1000,"storm_unknown":1000,"bpdu_guard":true,"loop_probe":true,"#
        + #""secure":true}"#)
    let other = try PortConfiguration(spec: "tap:x,vlan=10,secure=on,mac_limit=64,storm_unknown=1Mbit,flood=none")
    #expect(other.macLimit == 64 && other.stormUnknown == .bits(1_000_000) && other.floodKinds == [])
    #expect(other.stormBroadcast == .frames(1000) && other.effective(.macLimit) == .integer(64))
    #expect(port.effective(.portName) == .text("x") && port.effective(.learning) == .boolean(true))
    // What secure stands for is itself acceptable, and says no more than secure does.
    var request = port.effectiveSettingsObject
    #expect(try PortConfiguration(request: request).effectiveSettingsObject == port.effectiveSettingsObject)
    request["secure"] = nil
    let spelled = try PortConfiguration(request: request)
    #expect(spelled.macLimit == 4 && spelled.bpduGuard && !spelled.refusesReserved)
  }
}
