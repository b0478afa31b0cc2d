// /openapi.json, made from the table of operations and the schemas of the model. `configs/openapi.json` holds exactly
// this; a test compares.

internal import HTTPTypes
package import SwitchModel

package enum OpenAPI {
  /// The description of the API (OpenAPI 3.1).
  package static let document: JSONValue = [
    "openapi": "3.1.0",
    "info": [
      "title": "tapswitch", "version": "1.0.0", "summary": "The control API of a virtual Ethernet switch.",
      "description": .string(
        "HTTP/1.1 on the control socket, for example `curl --unix-socket /run/tapswitch/switch0.sock "
          + "http://tapswitch/v1/status`. With `listen` the operations that read are served on TCP too, without the "
          + "configuration. At most \(ClientLimit.standard) clients, 10 s to send a request, 1 MiB a request. MAC "
          + "addresses are lower case with colons, times RFC 3339, durations seconds."),
      "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
    ],
    "paths": paths,
    "components": ["schemas": schemas, "responses": ["Problem": problem]],
  ]

  static let bytes: [UInt8] = Array(document.prettyText.utf8)

  static func reference(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }

  private static var paths: JSONValue {
    var all: JSONValue = [:]
    for route in APIRoutes.all {
      var item = all[route.path] ?? [:]
      item[route.method.rawValue.lowercased()] = operation(route)
      all[route.path] = item
    }
    return all
  }

  private static func operation(_ route: APIRoute) -> JSONValue {
    var value: JSONValue = ["operationId": .string(route.identifier), "summary": .string(route.summary)]
    if !route.isForEveryone { value["description"] = "Only on the control socket." }
    if !route.parameters.isEmpty { value["parameters"] = .array(route.parameters.map(parameter)) }
    if !route.body.isEmpty {
      value["requestBody"] = ["required": .bool(route.needsBody), "content": content(route.body)]
    }
    var success: JSONValue = ["description": route.answers.isEmpty ? "Done; no body." : "Done."]
    if !route.answerHeaders.isEmpty {
      success["headers"] = .object(
        route.answerHeaders.map { header in
          JSONMember(header.name, ["description": .string(header.help), "schema": ["type": "string"]])
        })
    }
    if !route.answers.isEmpty { success["content"] = content(route.answers) }
    value["responses"] = .object([
      JSONMember("\(route.status)", success), JSONMember("default", ["$ref": "#/components/responses/Problem"]),
    ])
    return value
  }

  private static func parameter(_ parameter: APIRoute.Parameter) -> JSONValue {
    [
      "name": .string(parameter.name), "in": parameter.isInPath ? "path" : "query",
      "description": .string(parameter.help), "required": .bool(parameter.isInPath), "schema": parameter.schema,
    ]
  }

  private static func content(_ all: [APIRoute.Content]) -> JSONValue {
    .object(all.map { JSONMember($0.type, ["schema": $0.schema]) })
  }

  private static var schemas: JSONValue {
    var all = JSONValue.object(APISchema.components.map { JSONMember($0.name, $0.schema) })
    all["Removed"] = [
      "type": "object", "properties": ["removed": ["type": "integer", "minimum": 0]], "required": ["removed"],
    ]
    all["Confirmed"] = [
      "type": "object", "properties": ["confirmed": ["const": true]], "required": ["confirmed"],
    ]
    all["SaveRequest"] = [
      "type": "object", "properties": ["path": ["type": ["string", "null"]]], "additionalProperties": false,
    ]
    all["Saved"] = ["type": "object", "properties": ["path": ["type": "string"]], "required": ["path"]]
    return all
  }

  private static var problem: JSONValue {
    [
      "description": .string(
        "What happened, why, and what to do. 400 malformed, 403 not permitted, 404 not there, 405 wrong method, "
          + "408 too slow, 409 at odds with what is there, 413 too large, 415 no such kind of document, 422 unacceptable,"
          + " 423 and 503 try again."),
      "content": .object([JSONMember(Problem.mediaType, ["schema": reference("Problem")])]),
    ]
  }
}
