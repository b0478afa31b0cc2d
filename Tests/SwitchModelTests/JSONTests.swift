import Testing

@testable import SwitchModel

@Suite struct JSONTests {
  @Test(arguments: [
    ("null", "null"), (" [ 1 , 2 ] \n", "[1,2]"), ("{\"b\":1,\"a\":{}}", "{\"b\":1,\"a\":{}}"), ("-0", "-0"),
    ("0", "0"),
    ("1e2", "1e2"), ("1.50", "1.50"), ("9223372036854775807", "9223372036854775807"),
    ("9223372036854775808", "9223372036854775808"), ("-9223372036854775809", "-9223372036854775809"),
    (#""\u00e9\ud83d\ude00\/\b\f\n\r\t\"\\""#, "\"é😀/\\u0008\\u000c\\n\\r\\t\\\"\\\\\""), ("\"\u{7F}\"", "\"\\u007f\""),
    ("[]", "[]"), ("\"\"", "\"\""), ("true", "true"), ("false", "false"), ("1e-999", "1e-999"),
  ])
  func reads(_ text: String, _ written: String) throws {
    let value = try JSONValue(parsing: text)
    #expect(value.text == written)
    #expect(try JSONValue(parsing: value.bytes) == value)
    #expect(try JSONValue(parsing: value.prettyText) == value)
  }

  /// Hostile-table row L2, and all else that is no JSON: exact words.
  @Test func mistakesL2() throws {
    var inputs: [(name: String, bytes: [UInt8])] = [
      "", " ", "nul", "truex", "{", "[", "[1,", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "{'a':1}", "{\"a\":1,}",
      "[1,]", "[,1]",
      "1 2", "01", "-", "-01", "1.", ".5", "1e", "1e+", "+1", "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "0x10",
      "\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", #""\ud800""#, #""\ud800\u0041""#, #""\udc00""#,
      #""\ud83dx""#, #""\u0000""#,
      "\"a\nb\"", "\"a\tb\"", "{\"a\":1,\"a\":2}", #"{"a":1,"\u0061":2}"#, "/* c */ 1", "[1]\n// c", "\u{FEFF}1", "[1}",
      "{\"a\":1]",
      "{\"a\n\":1}",
    ].map { ($0, Array($0.utf8)) }
    inputs.append(("a number of 100 digits", Array(String(repeating: "1", count: 100).utf8)))
    inputs.append(("NUL behind", [0x31, 0]))
    inputs.append(("byte ff in a text", [0x22, 0xFF, 0x22]))
    inputs.append(("overlong", [0x22, 0xC0, 0x80, 0x22]))
    inputs.append(("surrogate in UTF-8", [0x22, 0xED, 0xA0, 0x80, 0x22]))
    inputs.append(("byte ff outside", [0xFF]))
    inputs.append(("100000 brackets", Array(repeating: UInt8(ascii: "["), count: 100_000)))
    inputs.append(("100000 objects", Array(String(repeating: "{\"a\":", count: 100_000).utf8)))
    inputs.append(
      ("1000000 keys", Array(("{" + (0..<1_000_000).map { "\"\($0)\":0" }.joined(separator: ",") + "}").utf8)))
    inputs.append(("200000 items", Array(("[" + repeatElement("0,", count: 200_000).joined() + "0]").utf8)))
    inputs.append(("100 MB", [UInt8](repeating: 0x20, count: 100_000_000)))
    var text = ""
    for (name, bytes) in inputs {
      do throws(ConfigurationError) {
        text += "\(TerminalText.escaped(name)): accepted \(try JSONValue(parsing: bytes).text)\n"
      } catch {
        text += "\(TerminalText.escaped(name)): \(error.httpStatus) \(error)\n"
      }
    }
    try Repository.expectGolden(text, "Tests/Golden/SwitchModel/json-errors.txt")
    #expect(!text.contains("accepted"))
  }

  /// L2: numbers that fit no machine integer are answered, never trapped on.
  @Test(arguments: ["9223372036854775808", "18446744073709551616", "-0", "1.5", "1e3", "1e300", "-1"])
  func numbersAsSettingsL2(_ number: String) throws {
    let patch = JSONValue.object([JSONMember("mtu", try JSONValue(parsing: number))])
    #expect(throws: ConfigurationErrors.self) { try PortConfiguration(spec: "tap:a").patched(with: patch) }
    if number == "-0" { return }
    #expect(throws: DecodingError.self) { try JSONValue(parsing: number).decoded(as: UInt8.self) }
  }

  @Test func depthIsCounted() throws {
    let nested = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    _ = try JSONValue(parsing: nested(32))
    #expect(throws: ConfigurationError.self) { try JSONValue(parsing: nested(33)) }
    // Depth, not the number of brackets.
    _ = try JSONValue(parsing: "[" + (0..<1000).map { _ in "[[]]" }.joined(separator: ",") + "]")
  }

  @Test(arguments: seeds) func roundTrip(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      let value = JSONTests.value(&random, depth: 5)
      #expect(try JSONValue(parsing: value.bytes) == value)
      #expect(try JSONValue(parsing: value.prettyText) == value)
      #expect(try JSONValue(encoding: value) == value)
      #expect(try value.decoded(as: JSONValue.self) == value)
      #expect(!value.bytes.contains(0x0A))
    }
  }

  /// Bytes changed, cut and repeated: a value or a reason, and what is a value can be written.
  @Test(arguments: seeds) func anyBytes(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<2000 {
      var bytes = JSONTests.value(&random, depth: 4).bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes[place] = .random(in: 0...255, using: &random)
        case 1: bytes.removeSubrange(place...)
        default: bytes.insert(contentsOf: bytes[place...], at: place)
        }
      }
      guard let value = try? JSONValue(parsing: bytes) else { continue }
      #expect((try? JSONValue(parsing: value.bytes)) == value)
    }
  }

  private static func value(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
    switch Int.random(in: 0..<(depth == 0 ? 6 : 8), using: &random) {
    case 0: return .null
    case 1: return .bool(.random(using: &random))
    case 2: return .integer(.random(in: .min ... .max, using: &random))
    case 3: return .number("\(Double.random(in: -1e9...1e9, using: &random))")
    case 4, 5: return .string(text(&random))
    case 6: return .array((0..<Int.random(in: 0...4, using: &random)).map { _ in value(&random, depth: depth - 1) })
    default:
      return .object(
        (0..<Int.random(in: 0...4, using: &random)).map {
          JSONMember("\($0)" + text(&random), value(&random, depth: depth - 1))
        })
    }
  }

  private static func text(_ random: inout SeededGenerator) -> String {
    let characters: [Character] = ["a", "\"", "\\", "\n", "\u{1}", "é", "漢", "😀", "\u{7F}", "/", " ", "\u{2028}"]
    return String(
      (0..<Int.random(in: 0...6, using: &random)).map { _ in characters.randomElement(using: &random) ?? "a" })
  }
}
