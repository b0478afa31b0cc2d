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
    #"{"default_vlan":10,"ports":{"w":{"tap":"x","vlan":"trunk","native":"none","tagged":[10,"20-29"],"accept":"tagged"}}}"#,
    #"{"ports":{"w":{"tap":"x","vlan":"010","tagged":"all","flood":"none","tpid":"0x88a8","napi":true,"rps_cpus":3}}}"#,
    #"{"ports":{"w":{"tap":"x","tagged":"10+20-29","storm_unknown":"10kbit","storm_broadcast":"1Ki","rate_in":"1Gbit"}}}"#,
    #"{"ports":{"w":{"tap":"x","allow_mac":["52:54:00:12:34:56"],"flood":["unicast"],"rps_cpus":"0-3+5","mac_limit":4}}}"#,
  ])
  func accepts(_ json: String) throws { #expect(try file.faults(JSONValue(parsing: json), file.root) == []) }

  @Test(arguments: [
    "[]", #"{"prots":{}}"#, #"{"ageing":5}"#, #"{"ageing":"5d"}"#, #"{"ports":{"a b":{"tap":"x"}}}"#,
    #"{"ports":{"a":{}}}"#,
    #"{"ports":{"a":{"tap":"x","colour":1}}}"#, #"{"ports":{"a":{"tap":"x","mtu":67}}}"#,
    #"{"ports":{"a":{"tap":"x","up":"yes"}}}"#,
    #"{"ports":{"a":{"tap":"x","mac":"01:00:5e:00:00:01"}}}"#, #"{"fdb":[{"mac":"52:54:00:12:34:56"}]}"#,
    #"{"ports":{"a":{"tap":"x","address":["10.0.0.1"]}}}"#, #"{"ports":{"a":{"tap":"x","vlan":4095}}}"#,
    #"{"ports":{"a":{"tap":"x","vlan":"access"}}}"#, #"{"ports":{"a":{"tap":"x","tagged":["x"]}}}"#,
    #"{"ports":{"a":{"tap":"x","flood":"everything"}}}"#, #"{"ports":{"a":{"tap":"x","rate_in":1000}}}"#,
    #"{"ports":{"a":{"tap":"x","storm_unknown":0}}}"#, #"{"ports":{"a":{"tap":"x","accept":"none"}}}"#,
    #"{"ports":{"a":{"tap":"x","rps_cpus":"a"}}}"#, #"{"default_vlan":0}"#,
  ])
  func refuses(_ json: String) throws { #expect(try file.faults(JSONValue(parsing: json), file.root) != []) }

  /// What a configuration writes, its schema accepts; so do the schemas of requests.
  @Test(arguments: seeds) func acceptsWhatIsWritten(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<40 {
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
