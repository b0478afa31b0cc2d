// JSON Schema (draft 2020-12) of settings, made from their rows: what an editor checks while a file is written.
// Looser than the reader where a schema cannot say it (CIDRs, sums of sizes), never stricter.

import BridgeCore

extension SettingType {
  /// The schema of a value as YAML and JSON may write it.
  package var schema: JSONValue {
    switch self {
    case .text(let maximum): ["type": ["string", "number", "boolean"], "maxLength": .integer(maximum)]
    case .portName: ["type": ["string", "integer"], "pattern": "^[A-Za-z0-9_.-]{1,32}$"]
    case .switchName: ["type": ["string", "integer"], "pattern": "^[a-z0-9][a-z0-9_.-]{0,30}$"]
    case .boolean: ["enum": [true, false, "on", "off"]]
    case .integer(let range, _): SettingType.number(range, pattern: "^[0-9]+([kMG]|[KMG]i)?$")
    case .duration(let range): SettingType.number(range, pattern: "^[0-9]+[smh]?$")
    case .unicastMAC:
      ["type": "string", "pattern": "^[0-9A-Fa-f][02468ACEace]?([:-][0-9A-Fa-f]{1,2}){5}$"]
    case .namespace: ["type": ["string", "integer"], "pattern": "^(/.*|pid:[0-9]+|[^/]+)$"]
    case .addresses: SettingType.list(pattern: "^[0-9A-Fa-f:.]+/[0-9]{1,3}$")
    case .routes: SettingType.list(pattern: "^[0-9A-Fa-f:.]+/[0-9]{1,3}(@[0-9A-Fa-f:.]+)?$")
    case .listenAddress: ["type": ["string", "integer"], "pattern": "^((.*):)?[0-9]+$"]
    case .group: ["type": ["string", "integer"], "pattern": "^[A-Za-z0-9_.$-]{1,32}$"]
    case .choice(let words):
      // Readers of YAML 1.1 see booleans in on and off.
      ["enum": .array(words.map { .string($0) } + (words.contains("on") ? [true, false] : []))]
    case .vlan(let words):
      SettingType.number(1...4094, pattern: "^(\((["[0-9]+"] + words).joined(separator: "|")))$")
    case .vlans: SettingType.numbers("[0-9]+(-[0-9]+)?", word: "all", minimum: 1)
    case .flood: SettingType.list(pattern: "^(\((FloodKinds.names + ["none"]).joined(separator: "|")))$")
    case .stations: SettingType.list(pattern: "^[0-9A-Fa-f][02468ACEace]?([:-][0-9A-Fa-f]{1,2}){5}$")
    case .stormLimit: SettingType.number(1...1_000_000_000, pattern: "^([0-9]+([kMG]|[KMG]i)?|[0-9]+[kMG]?bit)$")
    case .bitRate: ["type": "string", "pattern": "^[0-9]+[kMG]?bit$"]
    case .processors: SettingType.numbers("[0-9]+(-[0-9]+)?", word: nil, minimum: 0)
    }
  }

  private static func number(_ range: ClosedRange<Int>, pattern: String) -> JSONValue {
    [
      "anyOf": [
        ["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)],
        ["type": "string", "pattern": .string(pattern)],
      ]
    ]
  }

  /// A number, a text with items joined by `+`, or an array of numbers and texts.
  private static func numbers(_ item: String, word: String?, minimum: Int) -> JSONValue {
    let words = word.map { "\($0)|" } ?? ""
    return [
      "anyOf": [
        ["type": "integer", "minimum": .integer(minimum)],
        ["type": "string", "pattern": .string("^(\(words)\(item)(\\+\(item))*)?$")],
        [
          "type": "array",
          "items": [
            "anyOf": [
              ["type": "integer", "minimum": .integer(minimum)],
              ["type": "string", "pattern": .string("^(\(words)\(item))$")],
            ]
          ],
        ],
      ]
    ]
  }

  /// One text, with items joined by `+`, or an array of them.
  private static func list(pattern: String) -> JSONValue {
    let item = pattern.dropFirst().dropLast()
    return [
      "anyOf": [
        ["type": "string", "pattern": .string("^(\(item)(\\+\(item))*)?$")],
        ["type": "array", "items": ["type": "string", "pattern": .string(pattern)], "uniqueItems": true],
      ]
    ]
  }
}

extension Setting {
  /// The schema of the setting, with its help and its default.
  package var schema: JSONValue {
    var object = type.schema
    let live = isLive ? "" : " Does not change while it runs."
    let otherwise = defaultValue == nil || type.isList ? " Default: \(defaultText)." : ""
    object["description"] = .string("\(help). Allowed: \(type.allowed).\(otherwise)\(live)")
    if let defaultValue, !type.isList { object["default"] = defaultValue.json }
    return object
  }
}
