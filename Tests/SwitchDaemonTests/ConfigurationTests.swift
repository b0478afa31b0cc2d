// The configuration file read: YAML to values, every mistake in its exact words, limits.

import SwitchDaemon
import SwitchModel
import Testing
import Wire

@Suite struct ConfigurationTests {
  // MARK: What is right

  /// Scalars are typed by the table: an unquoted MAC is text, `010` is ten, `off` is `off`.
  @Test func scalarsAreNotGuessed() throws {
    let configuration = try ConfigurationSupport.parse(
      """
      name: 123
      ageing: 010
      ports:
        no: { tap: 0x10, up: off, mac: 10:20:30:40:50:06, mtu: 01500, comment: 2024-01-01, netns: null }
        1e3: { tap: yes, up: true, comment: ~ }
        quoted: { tap: "tap0x\\x41", comment: 'it''s' , up: "off" }
      """)
    #expect(configuration.name == "123" && configuration.ageing == 10)
    #expect(configuration.ports.map(\.name) == ["no", "1e3", "quoted"])
    let first = try #require(configuration.ports.first)
    #expect(first.target == "0x10" && !first.up && first.mac == MACAddress(bits: 0x1020_3040_5006) && first.mtu == 1500)
    #expect(first.comment == "2024-01-01" && first.netns == "null")
    #expect(
      configuration.ports[1].target == "yes" && configuration.ports[1].up && configuration.ports[1].comment == "~")
    #expect(
      configuration.ports[2].target == "tap0xA" && configuration.ports[2].comment == "it's"
        && !configuration.ports[2].up)
  }

  @Test func listsAndStyles() throws {
    let configuration = try ConfigurationSupport.parse(
      """
      %YAML 1.1
      ---
      fdb: # before the ports it names
      - mac: 52:54:00:12:34:56
        port: a
        vlan: 10
        sticky: on
      - {mac: 52-54-0-12-34-57, port: b}
      ports:
        a: {tap: a, address: [10.0.0.1/24, "fd00::1/64"]}
        b:
          tap: b
          address:
          - 10.0.0.2/24
          routes: 10.1.0.0/16@10.0.0.254+fd01::/48
          comment: >-
            folded
            text
        c: {tap: c, address: [], routes: ""}
      ...
      """)
    #expect(configuration.ports.map(\.addresses) == [["10.0.0.1/24", "fd00::1/64"], ["10.0.0.2/24"], []])
    #expect(configuration.ports[1].routes == ["10.1.0.0/16@10.0.0.254", "fd01::/48"])
    #expect(configuration.ports[1].comment == "folded text")
    #expect(configuration.entries.map(\.vlan) == [10, 1] && configuration.entries.map(\.isSticky) == [true, false])
    #expect(try ConfigurationSupport.parse("ports:\nfdb:\n") == SwitchConfiguration())
    #expect(try ConfigurationSupport.parse("{}") == SwitchConfiguration())
    #expect(try ConfigurationSupport.parse("\u{FEFF}ports: {}") == SwitchConfiguration())
    #expect(try ConfigurationSupport.parse("ports: {a: {tap: a}}\r\nageing: 20\r\n").ageing == 20)
  }

  /// The JSON subset is YAML.
  @Test func json() throws {
    let text = #"{"ageing": 20, "ports": {"a": {"tap": "a", "up": false, "mtu": 1500, "address": ["10.0.0.1/24"]}}}"#
    let configuration = try ConfigurationSupport.parse(text)
    #expect(configuration.ageing == 20 && configuration.ports.first?.up == false)
    #expect(try SwitchConfiguration(document: DocumentNode(json: JSONValue(parsing: text))) == configuration)
  }

  @Test(arguments: ["minimal", "lab", "containers", "vlans"]) func examples(_ name: String) throws {
    let path = "\(ConfigurationSupport.root)/configs/\(name).yaml"
    let configuration = try ConfigurationFile.load(path: path)
    #expect(configuration.ports.count >= 2)
    let bytes = try ConfigurationFile.read(path: path)
    #expect(bytes.starts(with: YAMLWriter.schemaLine.utf8))
    #expect(try ConfigurationSupport.parse(YAMLWriter.text(of: configuration)) == configuration)
  }

  // MARK: What is wrong

  static let wrong: [String] = [
    "", "# nothing\n", "---\n", "just text", "- a\n- b\n", "ports: 5", "ports:\n  web: tap0\n", "ports: [a]",
    "ports:\n  web:\n    tap: tap-web\n    colour: red\n    vlan: 10\n",
    "ports:\n  web: { tap: tap-web, mtu: 70000 }\n",
    "ports:\n  web: { tpa: tap-web }\n", "ports:\n  web: { tap: a, tun: b }\n", "ports:\n  web: { mtu: 1500 }\n",
    "ports:\n  web: {}\n  db:\n", "ports:\n  a: {tap: x}\n  b: {tap: x}\n  c: {tap: x, netns: n}\n",
    "ports:\n  a: {tap: x}\n  a: {tap: y}\nports: {}\n", "ports:\n  a b: {tap: x}\n  web: {tap: y, name: other}\n",
    "prots: {}\nmirrors: {}\nworkers: 2\nname: Lab\n", "ageing: [300]\ntable_size: {a: 1}\nforward_reserved: yes\n",
    "listen: example.org:80\nsocket_group: a b\nageing: 9\n",
    "ports: &p\n  a: &q {tap: x}\n  b: *q\n", "ports:\n  a: {<<: {tap: x}, tap: y}\n", "ports:\n  a: {tap: !!str x}\n",
    "%TAG ! tag:x:\n---\nports: {}\n", "ports: {}\n---\nports: {}\n", "ports:\n\ta: {tap: x}\n",
    "ports:\n  a: {tap: x\n",
    "ports:\n  a: {tap: x}}\n", "ports:\n  a: tap: x\n", "ports:\n  a: \"tap\n",
    "ports:\n  ? [a]\n  : {tap: x}\n  b: {tap: y, mtu: 1}\n",
    "ports:\n  a: {tap: x, mac: 01:00:5e:00:00:01}\nfdb:\n  - {mac: 52:54:00:00:00:01, port: b}\n  - mac: x\n",
    "fdb:\n  - {mac: 52:54:00:00:00:01, port: wbe}\n  - {mac: 52:54:00:00:00:01, port: web, vlan: 0}\nports:\n  web: {tap: x}\n",
    "ports:\n  a:\n    tap: \"\\e[2J\"\n    \"\\e[2J\": x\n    comment: |\n      two\n      lines\n",
    "ports:\n  a: {tap: x, comment: \"\\0\"}\n", "ports:\n  a: {tap: x, address: [[1], {a: b}]}\n",
    "ports:\n  a: {tap: x, up: }\n",
    "name: a: b\n", "@x", "ports: {a: {tap: x}}\nageing: 300\nageing: 200\n", "{\"ports\": null}",
    "\"ports\": \"\"\n\u{1}",
  ]

  /// Exact words, each with file, line and key.
  @Test func mistakes() throws {
    var text = ""
    for yaml in Self.wrong {
      text += "--- \(TerminalText.escaped(yaml))\n"
      do throws(ConfigurationErrors) {
        text += "accepted \(try ConfigurationSupport.parse(yaml).document.text)\n"
      } catch {
        text += error.description + "\n"
      }
    }
    let hostile: [(String, [UInt8])] = [
      ("UTF-16", [0xFF, 0xFE, 0x61, 0]), ("Latin 1", Array("ports:\n  a: {tap: ".utf8) + [0xE4]),
      ("NUL", [0x61, 0x3A, 0x20, 0]),
      ("surrogate", [0x61, 0xED, 0xA0, 0x80]), ("4 MiB and a byte", [UInt8](repeating: 0x20, count: 4 << 20 + 1)),
      ("100000 brackets", [UInt8](repeating: UInt8(ascii: "["), count: 100_000)),
      ("100000 braces", Array(String(repeating: "{a: ", count: 100_000).utf8)),
      ("33 levels", Array((0..<33).map { String(repeating: " ", count: $0) + "a:\n" }.joined().utf8)),
      ("a million items", Array(("[" + String(repeating: "a,", count: 1_000_000) + "]").utf8)),
      ("200 unknown keys", Array((0..<200).map { "key\($0): 1\n" }.joined().utf8)),
    ]
    for (name, bytes) in hostile {
      text += "--- \(name)\n"
      do throws(ConfigurationErrors) {
        text += "accepted \(try ConfigurationFile.parse(bytes: bytes, source: "lab.yaml").document.text)\n"
      } catch {
        text += "\(error.exitStatus.rawValue) \(error.all.count) \(error.first)\n"
      }
    }
    try ConfigurationSupport.expectGolden(text, "Tests/Golden/SwitchDaemon/configuration-errors.txt")
  }

  /// Limits hold against time too.
  @Test func largeFilesAreRead() throws {
    let ports = (0..<4096).map { "  p\($0): { tap: t\($0), comment: \"number \($0)\" }\n" }.joined()
    let entries = (0..<40_000).map { "  - { mac: \(MACAddress(bits: UInt64($0 + 1))), port: p\($0 % 4096) }\n" }
      .joined()
    let configuration = try ConfigurationSupport.parse("ports:\n\(ports)fdb:\n\(entries)")
    #expect(configuration.ports.count == 4096 && configuration.entries.count == 40_000)
  }

  /// Bytes changed, cut and repeated: a value or reasons, never a trap.
  @Test(arguments: [1, 2, 3, UInt64.random(in: 4 ... .max)]) func anyBytes(seed: UInt64) throws {
    var random = ConfigurationSupport.Generator(state: seed)
    let good = try ConfigurationFile.read(path: "\(ConfigurationSupport.root)/configs/containers.yaml")
    let letters = Array("{}[]:,-?&*!|>'\"%@`# \n\t\0ab\u{E9}~".utf8)
    for _ in 0..<400 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = .random(in: 0...255, using: &random)
        case 1: bytes[place] = letters.randomElement(using: &random) ?? 0
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...40, using: &random)))
        default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 30)], at: place)
        }
      }
      guard let configuration = try? ConfigurationFile.parse(bytes: bytes, source: nil) else { continue }
      #expect(try ConfigurationSupport.parse(YAMLWriter.text(of: configuration)) == configuration)
    }
  }
}
