// The schemas of whole objects: the configuration file for editors, and the bodies of requests for OpenAPI. Made from
// the table of settings; a new row changes them and nothing else has to.

package enum ConfigurationSchema {
  /// The schema of the configuration file; `configs/tapswitch.schema.json` holds exactly this.
  package static func file() -> JSONValue {
    var properties: JSONValue = [:]
    for setting in SettingTable.switchWide { properties[setting.key] = setting.schema }
    properties["ports"] = [
      "description": "Ports by name.", "type": ["object", "null"],
      "propertyNames": ["pattern": "^[A-Za-z0-9_.-]{1,32}$"],
      "maxProperties": .integer(SwitchConfiguration.maximumPorts),
      "additionalProperties": ["$ref": "#/$defs/port"],
    ]
    properties["fdb"] = [
      "description": "Static entries of the MAC table.", "type": ["array", "null"], "items": ["$ref": "#/$defs/entry"],
    ]
    return [
      "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "tapswitch configuration", "type": "object",
      "properties": properties, "additionalProperties": false, "$defs": ["port": port(), "entry": entry()],
    ]
  }

  /// A port below `ports:`, which is also `settings` of `port show`.
  package static func port() -> JSONValue {
    ["oneOf": .array(PortKind.allCases.map { object(of: $0, also: []) })]
  }

  /// The body of `POST /v1/ports`.
  package static func portRequest() -> JSONValue {
    ["oneOf": .array(PortKind.allCases.map { object(of: $0, also: [.portName]) })]
  }

  /// The body of `PATCH /v1/ports/{name}`: a merge patch of what changes live.
  package static func portPatch() -> JSONValue {
    var properties: JSONValue = [:]
    for setting in SettingTable.port where setting.isLive {
      properties[setting.key] = ["anyOf": [setting.schema, ["type": "null"]]]
    }
    return [
      "description": "Settings to change; null means the default. All of them change, or none.", "type": "object",
      "properties": properties,
    ]
  }

  /// An entry below `fdb:`, which is also the body of `POST /v1/fdb`.
  package static func entry() -> JSONValue {
    var properties: JSONValue = [:]
    for setting in SettingTable.entry { properties[setting.key] = setting.schema }
    return [
      "type": "object", "properties": properties, "required": ["mac", "port"], "additionalProperties": false,
    ]
  }

  private static func object(of kind: PortKind, also: [Setting]) -> JSONValue {
    var properties: JSONValue = [:]
    for setting in also { properties[setting.key] = setting.schema }
    properties[kind.rawValue] = [
      "description": .string("\(kind.help). Allowed: \(kind.allowedTarget)."), "type": ["string", "integer"],
    ]
    for setting in SettingTable.settings(of: kind) where setting != .portName {
      properties[setting.key] = setting.schema
    }
    return [
      "type": "object", "properties": properties, "required": [.string(kind.rawValue)], "additionalProperties": false,
    ]
  }
}
