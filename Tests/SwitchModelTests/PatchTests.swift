import Testing

@testable import SwitchModel

@Suite struct PatchTests {
  private func web() throws -> PortConfiguration {
    try PortConfiguration(spec: "tap:tap-web,name=web,mtu=9000,netns=web,address=10.0.0.1/24")
  }

  @Test func changes() throws {
    let patch = try web().patched(
      with: ["up": false, "mtu": nil, "comment": "x", "address": ["10.0.0.1/24"], "netns": "web", "tap": "tap-web"])
    #expect(patch.changed.map(\.key) == ["comment", "up", "mtu"])
    #expect(patch.configuration.spec == "tap:tap-web,name=web,comment=x,up=off,netns=web,address=10.0.0.1/24")
    #expect(try web().patched(with: [:]).changed.isEmpty)
    #expect(try web().patched(with: ["address": nil]).configuration.addresses.isEmpty)
    #expect(try web().patched(with: ["mtu": "9k", "name": "web"]).changed.isEmpty)
  }

  @Test func arguments() throws {
    #expect(
      try PortConfiguration.patch(arguments: ["up=off", "mtu=", "comment=a,b=c"]).text
        == #"{"up":"off","mtu":null,"comment":"a,b=c"}"#)
    #expect(
      try PortConfiguration.patch(arguments: ["address=10.0.0.1/24,fd00::1/64"]).text
        == #"{"address":"10.0.0.1/24,fd00::1/64"}"#)
    #expect {
      try PortConfiguration.patch(arguments: ["address=10.0.0.1/24,fd00::1/64,vlan=10,tagged=20"])
    } throws: { error in
      "\(error)".contains("port set' each is a word of its own: address=10.0.0.1/24,fd00::1/64 vlan=10 tagged=20")
    }
    for wrong in [["up"], ["=x"], ["up=on", "up=off"]] {
      #expect(throws: ConfigurationError.self) { try PortConfiguration.patch(arguments: wrong) }
    }
  }

  static let wrong: [JSONValue] = [
    "mtu=9000", 5, nil, ["colour": 1, "mtu": 5], ["clients": 10], ["mac": "52:54:00:00:00:01"], ["netns": nil],
    ["name": "db"],
    ["tap": "tap-db", "persist": true, "comment": "it's"], ["tap": 5], ["tap": "a b"], ["tun": "x"], ["up": "perhaps"],
    ["up": nil, "address": "10.0.0.1"], ["address": [["a"]]], ["mtu": ["a": 1]], ["mtu": [1500]], ["mtu": true],
    ["address": [1]],
  ]

  /// Exact words; a patch with any mistake changes nothing.
  @Test func mistakes() throws {
    let port = try web()
    var text = ""
    for patch in PatchTests.wrong {
      do throws(ConfigurationErrors) {
        _ = try port.patched(with: patch)
        text += "\(patch.text)\naccepted\n"
      } catch {
        text += "\(patch.text)\n  \(error.httpStatus) \(error.all.map(\.description).joined(separator: "\n  "))\n"
      }
    }
    try Repository.expectGolden(text, "Tests/Golden/SwitchModel/patch-errors.txt")
    #expect(!text.contains("accepted"))
  }

  @Test(arguments: [
    ("abc", "abc"), ("tap:a,b=c/1@2+x:%", "tap:a,b=c/1@2+x:%"), ("", "''"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#),
    ("$HOME", "'$HOME'"), ("a;b", "'a;b'"),
  ])
  func shell(_ text: String, _ quoted: String) { #expect(Shell.quoted(text) == quoted) }
}
