// Operations on the MAC table.

internal import HTTPTypes
internal import SwitchModel

extension APIRoutes {
  static let table: [APIRoute] = [
    APIRoute(
      method: .get, path: "/v1/fdb", identifier: "listEntries",
      summary: "The MAC table, streamed; with limit, page by page.",
      parameters: [
        .port, .vlan,
        APIRoute.Parameter(
          name: "limit", help: "At most so many entries; the header Tapswitch-Next says where the next page begins.",
          schema: ["type": "integer", "minimum": 1, "maximum": .integer(EntryPage.limit)]),
        APIRoute.Parameter(
          name: "after", help: "What Tapswitch-Next said with the page before.", schema: ["type": "string"]),
      ],
      answers: [.list("FDBEntry")],
      answerHeaders: [
        ("Tapswitch-Next", "With limit, and if more follows: the value of `after` for the next page."),
        ("Link", "With limit: the first page and, if more follows, the next (RFC 8288)."),
      ]
    ) { request, control throws(Problem) in try await list(request, control) },

    APIRoute(
      method: .post, path: "/v1/fdb", identifier: "addEntry",
      summary: "Sets a static or sticky entry. Without vlan: the access or native VLAN of the port.",
      body: [.component("FDBRequest")], status: 201, answers: [.component("FDBEntry")],
      answerHeaders: [("Location", "Where the entry is found.")], isForEveryone: false
    ) { request, control throws(Problem) in
      let entry = try await control.addEntry(try request.json())
      var answer = try APIAnswer.json(entry, status: 201)
      answer.headers.append(("Location", "/v1/fdb/\(entry.mac)"))
      return answer
    },

    APIRoute(
      method: .post, path: "/v1/fdb/flush", identifier: "flushEntries",
      summary: "Removes dynamic entries: all of them, or those of a port, of a VLAN, or of both.",
      body: [.component("FlushRequest")], needsBody: false, answers: [.component("Removed")], isForEveryone: false
    ) { request, control throws(Problem) in
      let value = try request.json(empty: [:])
      let flush: FlushRequest
      do throws(ConfigurationErrors) { flush = try FlushRequest(request: value) } catch { throw Problem(error) }
      return try .json(["removed": try await control.flush(flush)])
    },

    APIRoute(
      method: .get, path: "/v1/fdb/{mac}", identifier: "getEntry",
      summary: "The entries of one address, one for each VLAN, with their history.", parameters: [.mac],
      answers: [.list("FDBDetail")]
    ) { request, control throws(Problem) in try .json(try await control.entry(try request.mac())) },

    APIRoute(
      method: .delete, path: "/v1/fdb/{mac}", identifier: "removeEntry",
      summary: "Removes the entries of one address, in all VLANs or in one.", parameters: [.mac, .vlan],
      answers: [.component("Removed")], isForEveryone: false
    ) { request, control throws(Problem) in
      try .json(["removed": try await control.removeEntry(try request.mac(), vlan: try request.vlan())])
    },
  ]

  private static func list(_ request: APIRequest, _ control: any SwitchControl) async throws(Problem) -> APIAnswer {
    let query = FDBQuery(port: request.query["port"], vlan: try request.vlan().map { Int($0) })
    var cursor = EntryCursor.start
    if let text = request.query["after"] {
      guard let parsed = EntryCursor(text) else {
        throw RequestProblem.parameter(
          "after", "found \(TerminalText.quoted(text)), allowed: what Tapswitch-Next said",
          fix: "begin again without it")
      }
      cursor = parsed
    }
    guard let limit = try request.number("limit", 1...EntryPage.limit) else {
      return APIAnswer(body: .entries(try await EntryStream(query, from: cursor, control: control)))
    }
    let page = try await EntryPage.load(query, from: cursor, limit: limit, control: control)
    var path = "/v1/fdb?limit=\(limit)"
    if let port = query.port { path += "&port=\(RequestTarget.encoded(port))" }
    if let vlan = query.vlan { path += "&vlan=\(vlan)" }
    var link = "<\(path)>; rel=\"first\""
    var answer = APIAnswer(body: .bytes(page.body, type: "application/json"))
    if let next = page.next?.text {
      answer.headers.append(("Tapswitch-Next", next))
      link += ", <\(path)&after=\(next)>; rel=\"next\""
    }
    answer.headers.append(("Link", link))
    return answer
  }
}
