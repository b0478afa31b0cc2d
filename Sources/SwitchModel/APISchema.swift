// The schemas of what the API answers, as components of OpenAPI 3.1. Keys, `null` and absence follow the contract;
// tests hold them against encoded values.

package enum APISchema {
  /// Name and schema of every component, requests included.
  package static var components: [(name: String, schema: JSONValue)] {
    [
      ("PortSettings", ConfigurationSchema.port()), ("PortRequest", ConfigurationSchema.portRequest()),
      ("PortPatch", ConfigurationSchema.portPatch()), ("FDBRequest", ConfigurationSchema.entry()),
      ("FlushRequest", flushRequest), ("Port", port), ("PortCounters", counters), ("FDBEntry", entry),
      ("FDBDetail", detail), ("VLANRow", vlanRow), ("DropRow", dropRow), ("Status", status), ("Plan", plan),
      ("Event", event), ("Problem", problem),
    ]
  }

  private static let text: JSONValue = ["type": "string"]
  private static let count: JSONValue = ["type": "integer", "minimum": 0]
  private static let flag: JSONValue = ["type": "boolean"]
  private static let mac: JSONValue = ["type": "string", "pattern": "^[0-9a-f]{2}(:[0-9a-f]{2}){5}$"]
  private static let vlan: JSONValue = ["type": "integer", "minimum": 1, "maximum": 4094]
  private static let time: JSONValue = ["type": "string", "format": "date-time"]

  private static func orNull(_ schema: JSONValue) -> JSONValue {
    var schema = schema
    if let type = schema["type"] { schema["type"] = [type, "null"] }
    return schema
  }

  private static func list(_ schema: JSONValue) -> JSONValue { ["type": "array", "items": schema] }
  private static func component(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }

  private static func words(_ all: [String]) -> JSONValue {
    ["type": "string", "enum": .array(all.map { .string($0) })]
  }

  /// An object whose members are all there but for those whose key ends in `?`.
  private static func object(_ members: [(String, JSONValue)]) -> JSONValue {
    var properties: JSONValue = [:]
    var required: [JSONValue] = []
    for (key, schema) in members {
      let name = key.hasSuffix("?") ? String(key.dropLast()) : key
      properties[name] = schema
      if name == key { required.append(.string(key)) }
    }
    return ["type": "object", "properties": properties, "required": .array(required)]
  }

  private static let port = object([
    ("name", text), ("id", count), ("kind", words(PortKind.allCases.map(\.rawValue))), ("target", text),
    ("state", words(PortState.allCases.map(\.rawValue))), ("reason?", text), ("template?", flag),
    ("mtu", orNull(count)),
    (
      "vlan",
      object([
        ("mode", words(PortVLANStatus.Mode.allCases.map(\.rawValue))), ("native", orNull(vlan)), ("tagged", text),
      ])
    ), ("offload", object([("checksum", flag), ("tso4", flag), ("tso6", flag), ("uso", flag)])),
    ("counters", component("PortCounters")), ("settings?", component("PortSettings")),
    ("effective_settings?", component("PortSettings")),
  ])

  private static let counters = object(
    [
      "rx_frames", "rx_bytes", "rx_segments", "tx_frames", "tx_bytes", "tx_segments", "forwarded", "flooded",
      "flood_copies", "consumed", "originated", "merged", "split",
    ].map { ($0, count) } + [
      ("drops", ["type": "object", "additionalProperties": count]), ("kernel_drops", orNull(count)),
    ])

  private static let entryMembers: [(String, JSONValue)] = [
    ("mac", mac), ("vlan", vlan), ("port", text), ("kind", words(FDBEntry.Kind.allCases.map(\.rawValue))),
    ("age_seconds", orNull(count)), ("moves", count), ("addresses", list(text)),
  ]

  private static let entry = object(entryMembers)

  private static let detail = object(
    entryMembers + [
      ("since", time), ("host_name?", text),
      ("history", list(object([("time", time), ("from", text), ("to", text)]))),
    ])

  private static let vlanRow = object([
    ("vlans", text), ("ports", list(object([("port", text), ("tagged", flag)]))),
  ])

  private static let dropRow = object([
    ("reason", text), ("port", text), ("count", count), ("meaning", text), ("remedy", text), ("last_seen", time),
    ("last_frame?", text),
  ])

  private static let status = object([
    ("name", text), ("version", text), ("pid", count), ("uptime_seconds", count), ("unsaved", flag),
    ("configuration_file?", text), ("unconfirmed_seconds?", count),
    ("ports", object([("total", count), ("up", count)])),
    ("fdb", object([("entries", count), ("capacity", count)])), ("counters", component("PortCounters")),
    ("drops", count),
    (
      "rates?",
      object([
        ("rx_frames_per_second", count), ("rx_bytes_per_second", count), ("tx_frames_per_second", count),
        ("tx_bytes_per_second", count), ("drops_per_second", count),
      ])
    ),
    (
      "captures",
      list(
        object([
          ("file", text), ("format", text), ("frames", count), ("bytes", count), ("lost", count), ("state", text),
        ]))
    ),
  ])

  private static let plan = object([
    ("changes", list(object([("path", text), ("old", [:]), ("new", [:])]))), ("remade", list(text)),
    ("warnings", list(text)),
  ])

  private static let event = object([
    ("sequence", count), ("time", time),
    (
      "type",
      [
        "type": "string",
        "oneOf": .array(
          EventType.allCases.map { ["const": .string($0.rawValue), "description": .string($0.meaning)] }),
      ]
    ), ("port?", text), ("other_port?", text), ("mac?", mac), ("vlan?", vlan),
    ("cause?", words(EventDocument.Cause.allCases.map(\.rawValue))), ("reason?", text), ("moves?", count),
    ("within_seconds?", count), ("seconds?", count), ("count?", count), ("settings?", list(text)), ("path?", text),
  ])

  private static let flushRequest: JSONValue = [
    "type": "object", "properties": ["port": text, "vlan": vlan], "additionalProperties": false,
  ]

  private static let problem = object([
    ("type", text), ("title", text), ("status", count), ("detail", text), ("fix?", text), ("errors?", list(text)),
  ])
}
