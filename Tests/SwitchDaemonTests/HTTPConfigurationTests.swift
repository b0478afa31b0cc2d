// Plan, apply and confirm over HTTP: which documents are read, and what keeps them from being applied.

import SwitchModel
import Testing

@testable import SwitchDaemon

struct HTTPConfigurationTests {
  private static let yaml = "ports:\n  one: { tap: t1 }\n  two: { tap: t2, mtu: 1400 }\n"
  private static let json = #"{"ports":{"one":{"tap":"t1"},"two":{"tap":"t2","mtu":1400}}}"#

  @Test(
    arguments: [
      (nil, yaml), (nil, json), ("application/yaml", yaml), ("application/x-yaml; charset=utf-8", yaml),
      ("text/yaml", yaml),
      ("text/plain", yaml), ("application/x-www-form-urlencoded", yaml), ("application/json", json),
      ("Application/JSON; charset=utf-8", json), ("application/yaml", json),
    ] as [(String?, String)])
  func `a document is YAML or JSON`(type: String?, body: String) async throws {
    try await withServer { path in
      let headers = type.map { "Content-Type: \($0)\r\n" } ?? ""
      for operation in ["plan", "apply"] {
        let answer = try await ask(path, "POST", "/v1/config/\(operation)", body, headers: headers)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(try answer.json()["changes"]?.array?.map { $0["path"]?.string } == ["ports.one", "ports.two"])
        #expect(try answer.json()["changes"]?.array?.first?["old"] == .some(.null))
      }
    }
  }

  @Test(
    arguments: [
      ("", nil, 422, "found nothing"), ("{", "application/json", 400, ""), ("{", nil, 400, "not YAML"),
      (json, "text/html", 415, "text/html"), (yaml, "application/json", 400, ""), ("[]", "application/json", 422, ""),
      ("ports:\n  a: { tap: x, colour: red }\n", nil, 422, "line 2: ports.a.colour"),
      (#"{"ports":{"a":{"tap":"x","mtu":1}}}"#, "application/json", 422, "ports.a.mtu"),
      ("ports: {a: {tap: x, vlan: 10, native: 3}}", nil, 422, "native"),
      ("ports: {a: {tap: x}}\nports: {}\n", nil, 422, "twice"),
    ] as [(String, String?, Int, String)])
  func `K9 a document that is none changes nothing`(body: String, type: String?, status: Int, says: String) async throws
  {
    let control = FakeSwitch()
    try await withServer(control) { path in
      let headers = type.map { "Content-Type: \($0)\r\n" } ?? ""
      for operation in ["plan", "apply", "apply?confirm=5"] {
        let answer = try await ask(path, "POST", "/v1/config/\(operation)", body, headers: headers)
        try HTTPRouteTests.expectProblem(answer, status)
        #expect(answer.text.contains(says), "\(answer.text)")
      }
    }
    #expect(await control.applied.isEmpty)
  }

  @Test(arguments: ["0", "-1", "86401", "1.5", "soon", "", "99999999999999999999"])
  func `L2 seconds that are none are refused before anything is done`(_ text: String) async throws {
    let control = FakeSwitch()
    try await withServer(control) { path in
      let answer = try await ask(path, "POST", "/v1/config/apply?confirm=\(text)", Self.yaml)
      try HTTPRouteTests.expectProblem(answer, 422)
      #expect(answer.text.contains("1 to 86400"))
    }
    #expect(await control.applied.isEmpty)
  }

  @Test func `apply is told how long it may wait, and confirm ends that`() async throws {
    let control = FakeSwitch()
    try await withServer(control) { path in
      try HTTPRouteTests.expectProblem(try await ask(path, "POST", "/v1/config/confirm"), 409)
      #expect(try await ask(path, "POST", "/v1/config/apply", Self.yaml).status == 200)
      #expect(try await ask(path, "POST", "/v1/config/apply?confirm=86400", Self.yaml).status == 200)
      #expect(await control.applied.map(\.seconds) == [nil, 86400])
      #expect(try await ask(path, "POST", "/v1/config/confirm").text == #"{"confirmed":true}"#)
      try HTTPRouteTests.expectProblem(try await ask(path, "POST", "/v1/config/confirm"), 409)
    }
  }

  @Test func `L9 while another change runs or waits it is 423`() async throws {
    let control = FakeSwitch()
    try await withServer(control) { path in
      for problem in [ChangeProblem.busy, ChangeProblem.pending(secondsLeft: 5)] {
        await control.set(obstacle: problem)
        try HTTPRouteTests.expectProblem(try await ask(path, "POST", "/v1/config/apply", Self.yaml), 423)
        #expect(problem.exitStatus == .tryAgain)
        #expect(try await ask(path, "POST", "/v1/config/plan", Self.yaml).status == 200)
      }
    }
  }

  @Test func `L2 a configuration over one mebibyte is 413 and says what to do`() async throws {
    try await withServer { path in
      let client = try await RawClient(path)
      try await client.send("POST /v1/config/apply HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n")
      let answer = try await client.answer()
      try HTTPRouteTests.expectProblem(answer, 413)
      #expect(answer.text.contains("SIGHUP"))
    }
  }
}
