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
      if wantsJSON(request.accept) {
        return APIAnswer(body: .bytes(configuration.document.bytes, type: "application/json"))
      }
      return APIAnswer(body: .bytes(Array(YAMLWriter.text(of: configuration).utf8), type: yaml))
    },

    APIRoute(
      method: .post, path: "/v1/config/save", identifier: "saveConfiguration",
      summary: "Writes the running configuration to the file the switch was started with, or to path.",
      body: .component("SaveRequest"), needsBody: false, answers: [.component("Saved")], isForEveryone: false
    ) { request, control throws(Problem) in
      let path = try savePath(try request.json(empty: [:]))
      return try .json(["path": try await control.saveConfiguration(path: path)])
    },
  ]

  private static let yaml = "application/yaml"

  /// What stands first of JSON and YAML; JSON if neither does.
  private static func wantsJSON(_ accept: [String]) -> Bool {
    for field in accept {
      for range in field.split(separator: ",") {
        let type = range.prefix { $0 != ";" }.filter { !$0.isWhitespace }.lowercased()
        if type == "application/json" { return true }
        if type == yaml || type == "text/yaml" || type == "text/plain" { return false }
      }
    }
    return true
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
