import Testing

@testable import SwitchModel

@Suite struct SchemaTests {
  private let file = SchemaValidator(root: ConfigurationSchema.file())

  /// The committed schema is the one that the table gives.
  @Test func committedFile() throws {
    try Repository.expectGolden(ConfigurationSchema.file().prettyText, "configs/tapswitch.schema.json")
  }

  /// The reference of settings is the one that the table gives.
  @Test func help() throws {
    try Repository.expectGolden(SettingHelp.markdown, "Tests/Golden/SwitchModel/settings.md")
    try Repository.expectGolden(SettingHelp.spec, "Tests/Golden/SwitchModel/spec-help.txt")
  }

  @Test(arguments: [
    #"{"ports":{}}"#, #"{"ports":null}"#, #"{"ageing":"5m","ports":{"web":{"tap":"x","up":"off","mtu":"9k"}}}"#,
    #"{"ageing":10,"ports":{"w":{"tap":"x","up":true,"address":"10.0.0.1/24+fd00::1/64","routes":["0.0.0.0/0@10.0.0.1"]}}}"#,
    #"{"fdb":[{"mac":"52:54:00:12:34:56","port":"web","vlan":10}]}"#,
  ])
  func accepts(_ json: String) throws { #expect(try file.faults(JSONValue(parsing: json), file.root) == []) }

  @Test(arguments: [
    "[]", #"{"prots":{}}"#, #"{"ageing":5}"#, #"{"ageing":"5d"}"#, #"{"ports":{"a b":{"tap":"x"}}}"#,
    #"{"ports":{"a":{}}}"#,
    #"{"ports":{"a":{"tap":"x","colour":1}}}"#, #"{"ports":{"a":{"tap":"x","mtu":67}}}"#,
    #"{"ports":{"a":{"tap":"x","up":"yes"}}}"#,
    #"{"ports":{"a":{"tap":"x","mac":"01:00:5e:00:00:01"}}}"#, #"{"fdb":[{"mac":"52:54:00:12:34:56"}]}"#,
    #"{"ports":{"a":{"tap":"x","address":["10.0.0.1"]}}}"#,
  ])
  func refuses(_ json: String) throws { #expect(try file.faults(JSONValue(parsing: json), file.root) != []) }

  /// What a configuration writes, its schema accepts; so do the schemas of requests.
  @Test(arguments: seeds) func acceptsWhatIsWritten(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<100 {
      let port = try RandomConfiguration.port(&random)
      var configuration = SwitchConfiguration()
      try configuration.add(port)
      #expect(file.faults(configuration.document, file.root) == [])
      #expect(file.faults(port.request, ConfigurationSchema.portRequest()) == [])
      #expect(file.faults(port.settingsObject, ConfigurationSchema.port()) == [])
    }
    #expect(file.faults(["mtu": nil, "up": false], ConfigurationSchema.portPatch()) == [])
  }
}
