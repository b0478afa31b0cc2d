// One request over the control socket. Knows HTTP and the socket, not what is asked.

internal import AsyncHTTPClient
internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import SwitchModel

/// The body of a request and what it is.
struct RequestContent {
  let bytes: [UInt8]
  let type: String

  init(_ bytes: [UInt8], type: String) {
    self.bytes = bytes
    self.type = type
  }
}

/// A switch that can be asked.
struct ControlClient {
  enum Method {
    case get, post, patch, delete

    fileprivate var http: HTTPMethod {
      switch self {
      case .get: .GET
      case .post: .POST
      case .patch: .PATCH
      case .delete: .DELETE
      }
    }
  }

  let socket: String

  /// The process ends with its one request, so the client lives as long and is never shut down.
  private static let http: HTTPClient = {
    var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(2)))
    // A socket that is not there will not be there a moment later either.
    configuration.connectionPool.retryConnectionEstablishment = false
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }()

  /// Asks and waits at most 30 s for the answer to begin.
  /// - Parameters:
  ///   - path: segments, not yet percent-encoded.
  ///   - query: those with a value are sent.
  /// - Throws: `Problem` as the switch gave it, or `CommandFailure` when there was no answer.
  func send(
    _ method: Method = .get, _ path: [String], query: [(name: String, value: String?)] = [],
    body: JSONValue? = nil, accept: String = "application/json"
  ) async throws -> ControlAnswer {
    let type = method == .patch ? "application/merge-patch+json" : "application/json"
    let content = body.map { RequestContent($0.bytes, type: type) }
    return try await send(method, path, query: query, content: content, accept: accept)
  }

  /// The same with any content.
  func send(
    _ method: Method, _ path: [String], query: [(name: String, value: String?)] = [], content: RequestContent?,
    accept: String = "application/json"
  ) async throws -> ControlAnswer {
    var url = "http+unix://\(URLText.encoded(socket))/" + path.map(URLText.encodedSegment).joined(separator: "/")
    let parameters = query.compactMap { item in item.value.map { "\(item.name)=\(URLText.encoded($0))" } }
    if !parameters.isEmpty { url += "?" + parameters.joined(separator: "&") }
    var request = HTTPClientRequest(url: url)
    request.method = method.http
    request.headers.add(name: "Host", value: "tapswitch")
    request.headers.add(name: "Accept", value: accept)
    if let content {
      request.headers.add(name: "Content-Type", value: content.type)
      request.body = .bytes(ByteBuffer(bytes: content.bytes))
    }
    let response: HTTPClientResponse
    do {
      response = try await ControlClient.http.execute(request, deadline: .now() + .seconds(30))
    } catch {
      throw ControlFailure.connecting(error, socket)
    }
    let answer = ControlAnswer(response: response, socket: socket)
    guard (200..<300).contains(Int(response.status.code)) else { throw try await answer.problem() }
    return answer
  }
}

enum URLText {
  /// A segment of a path: as `encoded`, but the colons of a MAC address stay (RFC 3986, 3.3).
  static func encodedSegment(_ text: String) -> String {
    text.split(separator: ":", omittingEmptySubsequences: false).map { encoded(String($0)) }.joined(separator: ":")
  }

  /// Everything percent-encoded but unreserved characters (RFC 3986, 2.3).
  static func encoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var result: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        result.append(byte)
      default:
        result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
