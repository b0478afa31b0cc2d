// The table of operations. A new operation is a new row here; routing, /openapi.json and what TCP serves follow.

internal import HTTPTypes
internal import SwitchModel

enum APIRoutes {
  /// Every operation, in the order of the contract.
  static let all: [APIRoute] = [status] + ports + table + [vlans, drops, events] + configuration + [openAPI]

  private static let status = APIRoute(
    method: .get, path: "/v1/status", identifier: "getStatus", summary: "The switch as a whole.",
    answers: [.component("Status")]
  ) { _, control throws(Problem) in try .json(try await control.status()) }

  private static let vlans = APIRoute(
    method: .get, path: "/v1/vlans", identifier: "listVLANs",
    summary: "VLANs and their members; neighbours with equal members in one row.", answers: [.list("VLANRow")]
  ) { _, control throws(Problem) in try .json(try await control.vlans()) }

  private static let drops = APIRoute(
    method: .get, path: "/v1/drops", identifier: "listDrops",
    summary: "Every reason that frames were dropped for, where, and what to do about it.",
    parameters: [.port], answers: [.list("DropRow")]
  ) { request, control throws(Problem) in try .json(try await control.drops(port: request.query["port"])) }

  private static let openAPI = APIRoute(
    method: .get, path: "/openapi.json", identifier: "getOpenAPI", summary: "This description.",
    answers: [APIRoute.Content(schema: ["type": "object"])]
  ) { _, _ throws(Problem) in APIAnswer(body: .bytes(OpenAPI.bytes, type: "application/json")) }
}

extension APIRoute.Content {
  static func component(_ name: String) -> APIRoute.Content { APIRoute.Content(schema: OpenAPI.reference(name)) }

  static func list(_ name: String) -> APIRoute.Content {
    APIRoute.Content(schema: ["type": "array", "items": OpenAPI.reference(name)])
  }
}

extension APIRoute.Parameter {
  static let name = APIRoute.Parameter(
    name: "name", help: "Name of the port.", schema: ["type": "string"], isInPath: true)
  static let mac = APIRoute.Parameter(
    name: "mac", help: "MAC address.", schema: ["type": "string", "examples": ["52:54:00:12:34:56"]], isInPath: true)
  static let port = APIRoute.Parameter(
    name: "port", help: "Only of this port.", schema: ["type": "string"])
  static let vlan = APIRoute.Parameter(
    name: "vlan", help: "Only in this VLAN.", schema: ["type": "integer", "minimum": 1, "maximum": 4094])
}
