import Testing
import Wire

@testable import SwitchModel

@Suite struct ConfigurationModelTests {
  private func lab() throws -> SwitchConfiguration {
    try SwitchConfiguration(
      document: DocumentNode(json: [
        "name": "lab", "ageing": "5m", "table_size": 1024, "forward_reserved": true, "listen": 8080,
        "socket_group": "staff",
        "ports": ["web": ["tap": "tap-web"], "db": ["tap": "tap-db", "netns": "db", "up": "off"]],
        "fdb": [
          ["mac": "52:54:00:00:00:01", "port": "web"],
          ["mac": "52:54:00:00:00:02", "port": "db", "vlan": 10, "sticky": true],
        ],
      ]))
  }

  @Test func document() throws {
    let lab = try lab()
    #expect(lab.name == "lab" && lab.ageing == 300 && lab.tableSize == 1024 && lab.forwardReserved)
    #expect(lab.listen?.description == "127.0.0.1:8080" && lab.socketGroup == "staff")
    #expect(lab.ports.map(\.name) == ["web", "db"])
    #expect(lab.entries.map(\.vlan) == [1, 10] && lab.entries.map(\.isSticky) == [false, true])
    #expect(
      lab.document.text
        == #"{"name":"lab","table_size":1024,"forward_reserved":true,"listen":"127.0.0.1:8080","socket_group":"staff","#
        + #""ports":{"web":{"tap":"tap-web"},"db":{"tap":"tap-db","up":false,"netns":"db"}},"#
        + #""fdb":[{"mac":"52:54:00:00:00:01","port":"web","vlan":1},"#
        + #"{"mac":"52:54:00:00:00:02","port":"db","vlan":10,"sticky":true}]}"#)
    #expect(try SwitchConfiguration(document: DocumentNode(json: lab.document)) == lab)
    #expect(SwitchConfiguration().document.text == #"{"ports":{}}"#)
  }

  @Test func changes() throws {
    var lab = try lab()
    try lab.removePort(named: "db")
    #expect(lab.ports.map(\.name) == ["web"] && lab.entries.map(\.port) == ["web"])
    #expect(throws: ConfigurationError.self) { try lab.removePort(named: "db") }
    let mac = try #require(MACAddress("52:54:00:00:00:01"))
    #expect(lab.removeEntries(of: mac, vlan: 2) == 0)
    #expect(lab.removeEntries(of: mac) == 1)
    try lab.add(StaticEntry(mac: mac, vlan: 1, port: "web"))
    let patch = try #require(lab.port(named: "web")).patched(with: ["mtu": 9000])
    try lab.replace(patch.configuration)
    #expect(lab.port(named: "web")?.mtu == 9000)
    try lab.set(.ageing, option: "--ageing", text: "30s")
    #expect(lab.ageing == 30)
    lab.set(.ageing, to: nil)
    #expect(lab.ageing == 300)
  }

  @Test func conflicts() throws {
    var text = ""
    let attempts: [[String]] = [
      ["tap:tap9,name=web"], ["tap:web"], ["tap:tap-web,name=other"], ["tap:tap-db,netns=/run/netns/db,name=x"],
      ["tap:a", "tap:a"], ["tap:a,comment=it's", "tap:b,name=a", "tap0", "tap:c,mtu=1"], ["tap:tap-db,name=x"],
    ]
    for specs in attempts {
      var lab = try lab()
      let before = lab
      text += specs.joined(separator: " ") + "\n"
      do throws(ConfigurationErrors) {
        try lab.merge(specs: specs)
        text += "  accepted \(lab.ports.count)\n"
      } catch {
        text += error.all.map { "  \($0.httpStatus) \($0)\n" }.joined()
        #expect(lab == before)
      }
    }
    for name in ["wbe", "nothing-like-it", "\u{1B}[2J"] { text += "\(try lab().noPort(name))\n" }
    var lab = try lab()
    do throws(ConfigurationError) { try lab.set(.ageing, option: "--ageing", text: "5") } catch { text += "\(error)\n" }
    let entry = try #require(lab.entries.first)
    do throws(ConfigurationError) { try lab.add(entry) } catch { text += "\(error)\n" }
    try Repository.expectGolden(text, "Tests/Golden/SwitchModel/conflicts.txt")
  }

  @Test func limits() throws {
    var configuration = SwitchConfiguration()
    for index in 0..<SwitchConfiguration.maximumPorts {
      try configuration.add(PortConfiguration(kind: .tap, target: "t\(index)"))
    }
    #expect(throws: ConfigurationError.self) { try configuration.add(PortConfiguration(kind: .tap, target: "more")) }
    configuration.set(.tableSize, to: .integer(16))
    for index in 0..<16 {
      try configuration.add(StaticEntry(mac: MACAddress(bits: UInt64(index + 1)), vlan: 1, port: "t0"))
    }
    #expect(throws: ConfigurationError.self) {
      try configuration.add(StaticEntry(mac: MACAddress(bits: 99), vlan: 1, port: "t0"))
    }
  }

  static let wrong: [String] = [
    "[]", "5", "null", "{}", #"{"ports":[]}"#, #"{"ports":{"a":5,"b":{},"c":{"tpa":"x"},"d":{"tap":"x","tun":"y"}}}"#,
    #"{"ports":{"a b":{"tap":"x"},"":{"tap":"y"}}}"#, #"{"ports":{"a":{"tap":"x","name":"b"}}}"#,
    #"{"ports":{"a":{"tap":"x"},"b":{"tap":"x"}}}"#, #"{"ports":{"a":{"tap":null},"b":{"tap":["x"]}}}"#,
    #"{"prots":{},"mirrors":{},"workers":2,"colour":1,"ageing":5,"name":"A","listen":"x","table_size":"1Gi"}"#,
    #"{"fdb":{},"ports":{}}"#, #"{"ports":{"web":{"tap":"x"}},"fdb":[{"mac":"52:54:00:00:00:01","port":"wbe"}]}"#,
    #"{"ports":{"w":{"tap":"x"}},"fdb":[5,{},{"mac":"52:54:00:00:00:01"},{"mac":"ff:ff:ff:ff:ff:ff","port":"w"},"#
      + #"{"mac":"52:54:00:00:00:01","port":"w","vlan":4095},{"mac":"52:54:00:00:00:01","port":"w","vlna":1}]}"#,
    #"{"ports":{"w":{"tap":"x"}},"fdb":[{"mac":"52:54:00:00:00:01","port":"w"},{"mac":"52:54:00:00:00:01","port":"w","vlan":1}]}"#,
    #"{"ports":{"w":{"tap":"x","colour":1,"mtu":5,"peer":"x","vlan":10,"up":"maybe"}},"fdb":[{"mac":"x","port":"w"}]}"#,
    #"{"ports":{"w":{"colour":1}}}"#, #"{"ports":{"w":{"stream":"unix:/x","vlan":10}}}"#,
  ]

  /// Every mistake of a document, exactly; `{}` alone is acceptable: all defaults.
  @Test func mistakes() throws {
    var text = ""
    for json in ConfigurationModelTests.wrong {
      text += json + "\n"
      let document = DocumentNode(json: try JSONValue(parsing: json))
      do throws(ConfigurationErrors) {
        text += "  accepted \(try SwitchConfiguration(document: document, source: "x.yaml").document.text)\n"
      } catch {
        text += error.all.map { "  \($0)\n" }.joined()
      }
    }
    try Repository.expectGolden(text, "Tests/Golden/SwitchModel/document-errors.txt")
  }

  @Test func entryRequests() throws {
    let lab = try lab()
    let request = try StaticEntryRequest(request: ["mac": "52:54:00:00:00:09", "port": "db", "sticky": "on"])
    #expect(try lab.resolve(request) == StaticEntry(mac: request.mac, vlan: 1, port: "db", isSticky: true))
    #expect(try StaticEntryRequest(request: request.json) == request)
    do throws(ConfigurationError) {
      _ = try lab.resolve(StaticEntryRequest(mac: request.mac, port: "bd"))
      Issue.record("accepted")
    } catch {
      #expect(error.exitStatus == .notFound && error.description == "no port 'bd'; did you mean db?")
    }
    for wrong: JSONValue in [5, [:], ["mac": 5, "port": "db"], ["mac": "52:54:00:00:00:09", "port": "db", "x": 1]] {
      #expect(throws: ConfigurationErrors.self) { try StaticEntryRequest(request: wrong) }
    }
    #expect(try FlushRequest(request: [:]) == FlushRequest())
    #expect(try FlushRequest(request: ["port": "a", "vlan": 10]) == FlushRequest(port: "a", vlan: 10))
    for wrong: JSONValue in [5, ["mac": "52:54:00:00:00:09"], ["vlan": 0], ["prot": "x"]] {
      #expect(throws: ConfigurationErrors.self) { try FlushRequest(request: wrong) }
    }
  }
}
