// Operations on ports.

internal import HTTPTypes
internal import SwitchModel

extension APIRoutes {
  static let ports: [APIRoute] = [
    APIRoute(
      method: .get, path: "/v1/ports", identifier: "listPorts", summary: "All ports with their counters.",
      answers: [.list("Port")]
    ) { _, control throws(Problem) in try .json(try await control.ports()) },

    APIRoute(
      method: .post, path: "/v1/ports", identifier: "addPort", summary: "Adds a port while the switch runs.",
      body: [.component("PortRequest")], status: 201, answers: [.component("Port")],
      answerHeaders: [("Location", "Where the port is found.")], isForEveryone: false
    ) { request, control throws(Problem) in
      let port = try await control.addPort(try request.json())
      var answer = try APIAnswer.json(port, status: 201)
      answer.headers.append(("Location", "/v1/ports/\(RequestTarget.encoded(port.name))"))
      return answer
    },

    APIRoute(
      method: .get, path: "/v1/ports/{name}", identifier: "getPort", summary: "One port with its settings.",
      parameters: [.name], answers: [.component("Port")]
    ) { request, control throws(Problem) in try .json(try await control.port(request.name())) },

    APIRoute(
      method: .patch, path: "/v1/ports/{name}", identifier: "changePort",
      summary: "Changes settings by a JSON merge patch, all of them or none.", parameters: [.name],
      body: [APIRoute.Content(type: "application/merge-patch+json", schema: OpenAPI.reference("PortPatch"))],
      answers: [.component("Port")], isForEveryone: false
    ) { request, control throws(Problem) in
      try .json(try await control.patchPort(request.name(), try request.json()))
    },

    APIRoute(
      method: .delete, path: "/v1/ports/{name}", identifier: "removePort",
      summary: "Removes a port and its entries in the MAC table.", parameters: [.name], status: 204,
      isForEveryone: false
    ) { request, control throws(Problem) in
      try await control.removePort(request.name())
      return APIAnswer(status: 204, body: .none)
    },
  ]
}
