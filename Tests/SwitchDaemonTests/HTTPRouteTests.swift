// The operations of the API, their answers, and what is refused before the switch is asked.

import SwitchModel
import Testing

@testable import SwitchDaemon

struct HTTPRouteTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let method: String
    let target: String
    var body: String?
    let status: Int
    /// A text that the answer must hold.
    var holds = ""
    var testDescription: String { "\(method) \(target) \(body ?? "")" }
  }

  static let good: [Case] = [
    Case(method: "GET", target: "/v1/status", status: 200, holds: #"{"name":"lab","version":"1","pid":7,"#),
    Case(method: "GET", target: "/v1/ports", status: 200, holds: #"[{"name":"web","id":0,"kind":"tap""#),
    Case(method: "GET", target: "/v1/ports/web", status: 200, holds: #""settings":{"tap":"tap-web"}"#),
    Case(method: "GET", target: "/v1/ports/w%65b", status: 200, holds: #""name":"web""#),
    Case(method: "GET", target: "http://tapswitch/v1/ports/web", status: 200, holds: #""name":"web""#),
    Case(method: "POST", target: "/v1/ports", body: #"{"name":"new","tap":"t"}"#, status: 201, holds: #""name":"new""#),
    Case(method: "PATCH", target: "/v1/ports/web", body: #"{"mtu":1400}"#, status: 200, holds: #""mtu":1400"#),
    Case(method: "DELETE", target: "/v1/ports/web", status: 204),
    Case(method: "GET", target: "/v1/fdb", status: 200, holds: #""mac":"52:54:00:00:00:00","vlan":1,"port":"web""#),
    Case(method: "GET", target: "/v1/fdb?port=web&vlan=3", status: 200, holds: #""vlan":3,"port":"web""#),
    Case(method: "GET", target: "/v1/fdb/52:54:00:00:00:01", status: 200, holds: #""since":"2026-01-31"#),
    Case(method: "GET", target: "/v1/fdb/52%3A54%3a00:00:00:01", status: 200, holds: #""history":[]"#),
    Case(
      method: "POST", target: "/v1/fdb", body: #"{"mac":"52:54:00:12:34:56","port":"web","vlan":10}"#, status: 201,
      holds: #""kind":"static","age_seconds":null"#),
    Case(method: "DELETE", target: "/v1/fdb/52:54:00:00:00:01?vlan=2", status: 200, holds: #"{"removed":1}"#),
    Case(method: "POST", target: "/v1/fdb/flush", status: 200, holds: #"{"removed":6}"#),
    Case(method: "POST", target: "/v1/fdb/flush", body: #"{"port":"web"}"#, status: 200, holds: #"{"removed":3}"#),
    Case(
      method: "GET", target: "/v1/vlans", status: 200,
      holds: #"[{"vlans":"2-9","ports":[{"port":"web","tagged":true}]}]"#),
    Case(method: "GET", target: "/v1/drops?port=db", status: 200, holds: #""port":"db","count":3"#),
    Case(method: "GET", target: "/v1/config", status: 200),
    Case(method: "POST", target: "/v1/config/save", status: 200, holds: #"{"path":"/etc/tapswitch/lab.yaml"}"#),
    Case(method: "POST", target: "/v1/config/save", body: #"{"path":"/a"}"#, status: 200, holds: #"{"path":"/a"}"#),
    Case(method: "GET", target: "/openapi.json", status: 200, holds: #""openapi": "3.1.0""#),
  ]

  @Test(arguments: good)
  func `an operation answers`(_ row: Case) async throws {
    try await withServer(FakeSwitch(entries: 6)) { path in
      let answer = try await ask(path, row.method, row.target, row.body)
      #expect(answer.status == row.status, "\(answer.text)")
      #expect(row.holds.isEmpty || answer.text.contains(row.holds), "\(answer.text)")
      #expect(answer.headers["cache-control"] == "no-store")
      if row.status == 201 { #expect(answer.headers["location"]?.hasPrefix(row.target + "/") == true) }
    }
  }

  static let bad: [Case] = [
    Case(method: "GET", target: "/", status: 404), Case(method: "GET", target: "/v1", status: 404),
    Case(method: "GET", target: "/v1/", status: 404), Case(method: "GET", target: "//v1/status", status: 404),
    Case(method: "GET", target: "/v1/ports/", status: 404), Case(method: "GET", target: "/v1/ports/a/b", status: 404),
    Case(method: "GET", target: "/v1/ports/nobody", status: 404, holds: "nobody"),
    Case(method: "GET", target: "/v1/ports/%2e%2e%2fetc", status: 404),
    Case(method: "GET", target: "/v1/ports/%FF%FE", status: 400, holds: "UTF-8"),
    Case(method: "GET", target: "/v1/ports/%zz", status: 400), Case(method: "GET", target: "/v1/ports/%4", status: 400),
    Case(method: "GET", target: "/v1/ports/%00", status: 400),
    Case(method: "GET", target: "/v1/ports/a%0ab", status: 400),
    Case(method: "GET", target: "/v1/fdb/zz", status: 422),
    Case(method: "GET", target: "/v1/ports/web?x=1", status: 422, holds: "unknown"),
    Case(method: "GET", target: "/v1/fdb?vlan=1&vlan=2", status: 422, holds: "twice"),
    Case(method: "GET", target: "/v1/fdb?vlan=0", status: 422),
    Case(method: "GET", target: "/v1/fdb?vlan=", status: 422),
    Case(method: "GET", target: "/v1/fdb?vlan=4095", status: 422),
    Case(method: "GET", target: "/v1/fdb?vlan=+1", status: 422),
    Case(method: "GET", target: "/v1/fdb?vlan=99999999999999999999", status: 422),
    Case(method: "GET", target: "/v1/fdb?limit=0", status: 422),
    Case(method: "GET", target: "/v1/fdb?limit=x", status: 422),
    Case(method: "GET", target: "/v1/fdb?limit=-1", status: 422),
    Case(method: "GET", target: "/v1/fdb?limit=10001", status: 422),
    Case(method: "GET", target: "/v1/fdb?after=x", status: 422),
    Case(method: "GET", target: "/v1/fdb?after=", status: 422),
    Case(method: "GET", target: "/v1/fdb?after=99999999999999999999", status: 422),
    Case(method: "GET", target: "/v1/fdb?port=nobody", status: 404, holds: "nobody"),
    Case(method: "DELETE", target: "/v1/fdb/52:54:00:99:99:99", status: 404),
    Case(method: "POST", target: "/v1/ports", body: "", status: 400),
    Case(method: "POST", target: "/v1/ports", body: "{", status: 400),
    Case(method: "POST", target: "/v1/ports", body: "[]", status: 422),
    Case(method: "POST", target: "/v1/ports", body: #"{"name":"web","tap":"t"}"#, status: 409),
    Case(method: "POST", target: "/v1/fdb/flush", body: #"{"prt":"web"}"#, status: 422, holds: "prt"),
    Case(method: "POST", target: "/v1/fdb/flush", body: "null", status: 422),
    Case(method: "POST", target: "/v1/config/save", body: #"{"path":5}"#, status: 422),
    Case(method: "POST", target: "/v1/config/save", body: #"{"file":"x"}"#, status: 422),
  ]

  @Test(arguments: bad)
  func `L2 L8 what cannot be done is a problem`(_ row: Case) async throws {
    try await withServer(FakeSwitch(entries: 6)) { path in
      let answer = try await ask(path, row.method, row.target, row.body)
      try Self.expectProblem(answer, row.status)
      #expect(answer.text.contains(row.holds), "\(answer.text)")
    }
  }

  @Test(arguments: [
    ("DELETE", "/v1/status", "GET"), ("PUT", "/v1/ports", "GET, POST"), ("POST", "/v1/ports/web", "GET, PATCH, DELETE"),
    ("GET", "/v1/fdb/flush", "POST"), ("HEAD", "/v1/status", "GET"), ("BREW", "/v1/vlans", "GET"),
  ])
  func `a wrong method is 405 and says which are allowed`(method: String, target: String, allowed: String) async throws
  {
    try await withServer { path in
      let client = try await RawClient(path)
      try await client.send("\(method) \(target) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      guard method != "BREW" else {
        #expect(try await client.answer().status == 400)
        return
      }
      let answer = try await client.answer()
      try Self.expectProblem(answer, 405)
      #expect(answer.headers["allow"] == allowed)
    }
  }

  @Test func `the configuration is YAML, or JSON when asked for`() async throws {
    try await withServer { path in
      let yaml = try await ask(path, "GET", "/v1/config", headers: "Accept: application/yaml\r\n")
      #expect(yaml.headers["content-type"] == "application/yaml")
      let json = try await ask(path, "GET", "/v1/config", headers: "Accept: application/json;q=1, */*\r\n")
      #expect(json.headers["content-type"] == "application/json")
      #expect(try json.json().members != nil)
    }
  }

  @Test func `the description is what configs holds`() throws {
    try ConfigurationSupport.expectGolden(OpenAPI.document.prettyText, "configs/openapi.json")
  }

  @Test func `every reference of the description is there, every operation once`() throws {
    let text = OpenAPI.document.text
    for part in text.split(separator: "\"$ref\":\"#/components/schemas/").dropFirst() {
      let name = String(part.prefix { $0 != "\"" })
      #expect(OpenAPI.document["components"]?["schemas"]?[name] != nil, "\(name)")
    }
    let names = APIRoutes.all.map(\.identifier)
    #expect(Set(names).count == names.count)
    for path in OpenAPI.document["paths"]?.members ?? [] {
      for operation in path.value.members ?? [] where operation.key != "get" {
        #expect(operation.value["description"]?.string == "Only on the control socket.", "\(operation.key) \(path.key)")
      }
    }
    for route in APIRoutes.all {
      let inPath = route.path.split(separator: "/").filter { $0.hasPrefix("{") }.map {
        String($0.dropFirst().dropLast())
      }
      #expect(route.parameters.filter(\.isInPath).map(\.name) == inPath)
    }
  }

  static func expectProblem(_ answer: RawAnswer, _ status: Int) throws {
    #expect(answer.status == status, "\(answer.text)")
    #expect(answer.headers["content-type"] == Problem.mediaType)
    let problem = try answer.json()
    #expect(problem["status"]?.integer == status)
    #expect(problem["type"]?.string?.hasPrefix("urn:tapswitch:problem:") == true)
    #expect(problem["title"]?.string?.isEmpty == false && problem["detail"]?.string?.isEmpty == false)
  }
}
