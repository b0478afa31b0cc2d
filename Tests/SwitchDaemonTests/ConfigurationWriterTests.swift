// The configuration written: style, quotes, round trips, and the file replaced whole.

import Glibc
import SwitchDaemon
import SwitchModel
import Testing
import Wire

@Suite struct ConfigurationWriterTests {
  @Test func writes() throws {
    var configuration = try ConfigurationSupport.parse(
      "name: lab\nports: {b: {tap: tap-b, up: off}, a: {tap: a, address: 10.0.0.1/24}}\n")
    try configuration.add(StaticEntry(mac: MACAddress(bits: 0x0010_2030_4050), vlan: 7, port: "a", isSticky: true))
    #expect(
      YAMLWriter.text(of: configuration) == """
        name: lab
        ports:
          b:
            tap: tap-b
            up: off
          a:
            tap: a
            address: [10.0.0.1/24]
        fdb:
          - { mac: "00:10:20:30:40:50", port: a, vlan: 7, sticky: on }

        """)
    #expect(YAMLWriter.text(of: SwitchConfiguration()) == "ports: {}\n")
  }

  @Test(arguments: [
    ("web", "web"), ("a.b-c_d", "a.b-c_d"), ("/run/netns/x", "/run/netns/x"), ("10.0.0.1/24", "10.0.0.1/24"),
    ("", "\"\""),
    ("on", "\"on\""), ("No", "\"No\""), ("null", "\"null\""), ("~", "\"~\""), ("12", "\"12\""), ("0x1f", "\"0x1f\""),
    ("1e3", "\"1e3\""),
    ("1.5", "\"1.5\""), ("2024-01-01", "\"2024-01-01\""), ("52:54:00:12:34:56", "\"52:54:00:12:34:56\""),
    ("52:54:00:12:34:5f", "52:54:00:12:34:5f"), ("fd00::1/64", "fd00::1/64"), ("a: b", "\"a: b\""), ("a:", "\"a:\""),
    ("- a", "\"- a\""),
    ("-a", "\"-a\""), ("*a", "\"*a\""), ("a#b", "\"a#b\""), ("it's", "\"it's\""),
    ("\"\\\n\u{1B}", "\"\\\"\\\\\\n\\U0000001b\""), ("é", "\"é\""),
    ("::1", "\"::1\""), ("pid:17", "pid:17"), ("1:2", "\"1:2\""), ("1_000", "\"1_000\""), (".inf", "\".inf\""),
    ("a@b", "a@b"),
  ])
  func scalars(_ text: String, _ written: String) { #expect(YAMLWriter.scalar(text) == written) }

  /// What is written is read back as the same configuration.
  @Test(arguments: [1, 2, 3, UInt64.random(in: 4 ... .max)]) func roundTrip(seed: UInt64) throws {
    var random = ConfigurationSupport.Generator(state: seed)
    var added = 0
    for _ in 0..<200 {
      var configuration = SwitchConfiguration()
      for setting in SettingTable.switchWide where Bool.random(using: &random) {
        let text = ConfigurationSupport.text(setting.type, &random)
        configuration.set(setting, to: try setting.type.parse(text, .spec))
      }
      for index in 0..<Int.random(in: 0...5, using: &random) {
        var values: [Setting: SettingValue] = [:]
        for setting in SettingTable.settings(of: .tap) where setting != .portName && Bool.random(using: &random) {
          // A third of them: with more, most ports would contradict themselves.
          guard Int.random(in: 0..<3, using: &random) == 0 else { continue }
          values[setting] = try setting.type.parse(ConfigurationSupport.text(setting.type, &random), .spec)
        }
        let name =
          ConfigurationSupport.words[Int.random(in: 0..<ConfigurationSupport.words.count, using: &random)] + "\(index)"
        let mac = MACAddress(bits: .random(in: 1..<1 << 40, using: &random))
        let vlan = UInt16.random(in: 1...20, using: &random)
        // Settings that contradict one another, or an entry in a VLAN that its port has not, make no configuration.
        guard let port = try? PortConfiguration(kind: .tap, target: "t\(index)", name: name, values: values),
          (try? configuration.add(port)) != nil
        else { continue }
        added += 1
        try? configuration.add(StaticEntry(mac: mac, vlan: vlan, port: name, isSticky: .random(using: &random)))
      }
      let text = YAMLWriter.text(of: configuration)
      #expect(try ConfigurationSupport.parse(text) == configuration, "\(text)")
      #expect(try ConfigurationSupport.parse(configuration.document.text) == configuration)
    }
    #expect(added > 100)
  }

  @Test func filesAreReplacedWhole() throws {
    let directory = "/tmp/tapswitch-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    #expect(unsafe mkdir(directory, 0o700) == 0)
    let path = "\(directory)/lab.yaml"
    let link = "\(directory)/link.yaml"
    defer { for name in [path, link, directory] { unsafe remove(name) } }
    try ConfigurationFile.write("ageing: 20\nports: {}\n", path: path)
    #expect(try ConfigurationFile.load(path: path).ageing == 20)
    #expect(unsafe chmod(path, 0o604) == 0)
    try ConfigurationFile.write("ageing: 30\nports: {}\n", path: path)
    var status = stat()
    #expect(unsafe lstat(path, &status) == 0 && status.st_mode & 0o777 == 0o604)
    #expect(try ConfigurationFile.load(path: path).ageing == 30)
    #expect(unsafe symlink(path, link) == 0)
    let refused = #expect(throws: ConfigurationError.self) { try ConfigurationFile.write("x", path: link) }
    #expect(refused?.exitStatus == .notPermitted)
    #expect(try ConfigurationFile.load(path: link).ageing == 30)
    for (path, exit) in [
      ("\(directory)/none/x", ExitStatus.notFound), (directory, .notPermitted), ("", .unacceptable),
      ("a\0b", .unacceptable),
    ] {
      #expect(
        #expect(throws: ConfigurationError.self) { try ConfigurationFile.write("x", path: path) }?.exitStatus == exit)
    }
    for (path, exit) in [
      ("\(directory)/none", ExitStatus.notFound), (directory, .unacceptable), ("\(path)/x", .notFound),
      ("a\0b", .unacceptable),
    ] {
      #expect(#expect(throws: ConfigurationErrors.self) { try ConfigurationFile.load(path: path) }?.exitStatus == exit)
    }
    // Nothing is left beside it.
    unsafe remove(link)
    unsafe remove(path)
    #expect(unsafe rmdir(directory) == 0)
  }
}
