// Operations on the configuration. Only on the control socket: it may hold paths and comments that are nobody else's
// business.

internal import HTTPTypes
internal import SwitchModel

extension APIRoutes {
  static let configuration: [APIRoute] = [
    APIRoute(
      method: .get, path: "/v1/config", identifier: "getConfiguration",
      summary: "The running configuration: JSON, or YAML if Accept asks for application/yaml.",
      answers: [
        APIRoute.Content(type: yaml, schema: ["type": "string"]), APIRoute.Content(schema: ["type": "object"]),
      ], isForEveryone: false
    ) { request, control throws(Problem) in
      let configuration = try await control.configuration()
      if wantsJSON(request.accepted) {
        return APIAnswer(body: .bytes(configuration.document.bytes, type: "application/json"))
      }
      return APIAnswer(body: .bytes(Array(YAMLWriter.text(of: configuration).utf8), type: yaml))
    },

    APIRoute(
      method: .post, path: "/v1/config/plan", identifier: "planConfiguration",
      summary: "What applying this configuration would change. Nothing is.", body: document,
      answers: [.component("Plan")], isForEveryone: false
    ) { request, control throws(Problem) in
      try .json(try await control.planConfiguration(try configuration(in: request)))
    },

    APIRoute(
      method: .post, path: "/v1/config/apply", identifier: "applyConfiguration",
      summary: "Makes the running configuration this one: all of it or, if anything fails, none. Answers what changed. "
        + "The configuration file stays as it is.",
      parameters: [
        APIRoute.Parameter(
          name: "confirm",
          help: "Seconds after which what was there before is put back, unless /v1/config/confirm is called. "
            + "Until then every other change is 423.",
          schema: ["type": "integer", "minimum": 1, "maximum": 86400])
      ], body: document, answers: [.component("Plan")], isForEveryone: false
    ) { request, control throws(Problem) in
      let seconds = try request.number("confirm", 1...86400)
      let wanted = try configuration(in: request)
      return try .json(try await control.applyConfiguration(wanted, confirmWithin: seconds))
    },

    APIRoute(
      method: .post, path: "/v1/config/confirm", identifier: "confirmConfiguration",
      summary: "Keeps what was applied with confirm.", answers: [.component("Confirmed")], isForEveryone: false
    ) { _, control throws(Problem) in
      try await control.confirmConfiguration()
      return try .json(["confirmed": true])
    },

    APIRoute(
      method: .post, path: "/v1/config/save", identifier: "saveConfiguration",
      summary: "Writes the running configuration to the file the switch was started with, or to path.",
      body: [.component("SaveRequest")], needsBody: false, answers: [.component("Saved")], isForEveryone: false
    ) { request, control throws(Problem) in
      let path = try savePath(try request.json(empty: [:]))
      return try .json(["path": try await control.saveConfiguration(path: path)])
    },
  ]

  private static let json = "application/json"
  private static let yaml = "application/yaml"
  /// As YAML was called before RFC 9512, and what `curl --data` says of everything.
  private static let yamlToo = [
    yaml, "application/x-yaml", "text/yaml", "text/x-yaml", "text/plain", "application/x-www-form-urlencoded",
  ]
  private static let document = [
    APIRoute.Content(type: yaml, schema: ["type": "string"]), APIRoute.Content(type: json, schema: ["type": "object"]),
  ]

  /// What stands first of JSON and YAML; JSON if neither does.
  private static func wantsJSON(_ accepted: [String]) -> Bool {
    for type in accepted {
      if type == json { return true }
      if yamlToo.contains(type) { return false }
    }
    return true
  }

  /// The configuration that was sent: JSON if it says so, else YAML, which takes JSON too.
  private static func configuration(in request: APIRequest) throws(Problem) -> SwitchConfiguration {
    let type = request.contentType ?? yaml
    guard type == json || yamlToo.contains(type) else { throw RequestProblem.unknownType(type, allowed: [yaml, json]) }
    let sent = type == json ? try request.json() : .null
    do throws(ConfigurationErrors) {
      guard type == json else { return try ConfigurationFile.parse(bytes: request.body, source: nil) }
      return try SwitchConfiguration(document: DocumentNode(json: sent))
    } catch {
      throw Problem(error)
    }
  }

  private static func savePath(_ request: JSONValue) throws(Problem) -> String? {
    guard let members = request.members else {
      throw .request(ConfigurationError("found \(request.shape), allowed: an object with path"))
    }
    for member in members where member.key != "path" {
      throw .request(ConfigurationError(path: ConfigurationPath.join("", member.key), "unknown key, allowed: path"))
    }
    guard let value = request["path"], !value.isNull else { return nil }
    guard let path = value.string, !path.isEmpty, !path.utf8.contains(0) else {
      throw .request(ConfigurationError(path: "path", "found \(value.shape), allowed: the path of a file"))
    }
    return path
  }
}
