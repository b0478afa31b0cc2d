// Requests to the kernel about links, addresses and routes of one network namespace. One socket serves all devices
// of the namespace; it keeps the namespace alive, so it closes with the last device that uses it.

internal import CLinux
internal import Glibc
internal import Synchronization

/// A netlink socket in one namespace. Any thread may use it; requests wait for one another.
final class NetlinkSession: Sendable {
  let namespace: NamespaceID
  private let state: Mutex<State>

  private struct State: ~Copyable {
    let socket: Descriptor
    var sequence: UInt32 = 0
    /// Kernel dumps come in pieces of at most 32 KiB.
    var buffer = [UInt8](repeating: 0, count: 65536)
  }

  init(owning socket: Int32, namespace: NamespaceID) {
    self.namespace = namespace
    state = Mutex(State(socket: Descriptor(owning: socket)))
  }

  // MARK: sharing

  private struct Weak { weak var session: NetlinkSession? }
  private static let sessions = Mutex<[NamespaceID: Weak]>([:])

  /// The session others use in the namespace of `made`, which then goes; else `made` itself, from now on for others too.
  static func shared(_ made: NetlinkSession) -> NetlinkSession {
    sessions.withLock { sessions in
      if let session = sessions[made.namespace]?.session { return session }
      sessions = sessions.filter { $0.value.session != nil }
      sessions[made.namespace] = Weak(session: made)
      return made
    }
  }

  /// The session of the calling thread's namespace.
  static func current() throws(PortError) -> NetlinkSession {
    let id = try NamespaceHandle(opening: .current).id
    if let session = sessions.withLock({ $0[id]?.session }) { return session }
    let socket = ts_netlink_open()
    guard socket >= 0 else { throw .system(SystemError("socket(AF_NETLINK)", code: socket), fix: nil) }
    return shared(NetlinkSession(owning: socket, namespace: id))
  }

  // MARK: requests

  /// Sends a change and waits for the kernel's word. The error's `detail` is the kernel's own sentence, if it has one.
  func change(_ request: NetlinkRequest, operation: String) throws(SystemError) {
    _ = try exchange(request, flags: Int(NLM_F_ACK), operation: operation)
  }

  /// Asks for one thing; nil if the answer is empty.
  func get(_ request: NetlinkRequest, operation: String) throws(SystemError) -> NetlinkMessage? {
    try exchange(request, flags: 0, operation: operation).first
  }

  /// Asks for all there is. A list that changed while it was told is asked for again, a few times.
  func dump(_ request: NetlinkRequest, operation: String) throws(SystemError) -> [NetlinkMessage] {
    var messages: [NetlinkMessage] = []
    for _ in 0..<4 {
      messages = try exchange(request, flags: Int(NLM_F_DUMP), operation: operation)
      if !messages.contains(where: { $0.flags & Int(NLM_F_DUMP_INTR) != 0 }) { break }
    }
    return messages
  }

  private func exchange(
    _ request: NetlinkRequest, flags: Int, operation: String
  ) throws(SystemError) -> [NetlinkMessage] {
    let result = state.withLock { state -> Result<[NetlinkMessage], SystemError> in
      do throws(SystemError) {
        return .success(try NetlinkSession.exchange(request, flags: flags, operation: operation, &state))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private static func exchange(
    _ request: NetlinkRequest, flags: Int, operation: String, _ state: inout State
  ) throws(SystemError) -> [NetlinkMessage] {
    state.sequence &+= 1
    var message = request.message(sequence: state.sequence)
    let wanted = UInt16(truncatingIfNeeded: flags | 1)
    let given = message[6...].number(at: 0, as: UInt16.self) ?? 0
    message.replaceSubrange(6..<8, with: NetlinkRequest.octets(wanted | given))
    let socket = state.socket.number
    let sent = unsafe message.withUnsafeBytes { bytes -> Int in
      guard let base = bytes.baseAddress else { return 0 }
      return unsafe ts_netlink_send(socket, base, UInt(bytes.count))
    }
    _ = try checked(sent, operation)

    var replies: [NetlinkMessage] = []
    let isDump = flags & Int(NLM_F_DUMP) == Int(NLM_F_DUMP)
    while true {
      let length = unsafe state.buffer.withUnsafeMutableBytes { bytes -> Int in
        guard let base = bytes.baseAddress else { return 0 }
        var number: Int32 = -1
        return unsafe ts_netlink_receive(socket, base, UInt(bytes.count), 1, &number)
      }
      _ = try checked(length, operation)
      for reply in NetlinkMessage.all(in: state.buffer[..<length]) where reply.sequence == state.sequence {
        switch reply.type {
        case Int(NLMSG_ERROR):
          let code = reply.body.number(at: 0, as: Int32.self) ?? -EPROTO
          guard code != 0 else { return replies }
          throw SystemError(operation, code: code, detail: sentence(in: reply))
        case Int(NLMSG_DONE):
          let code = reply.body.number(at: 0, as: Int32.self) ?? 0
          guard code >= 0 else { throw SystemError(operation, code: code, detail: nil) }
          return replies
        default:
          // The buffer is used again: keep a copy of the bytes.
          let copy = ArraySlice(Array(reply.body))
          replies.append(NetlinkMessage(type: reply.type, flags: reply.flags, sequence: reply.sequence, body: copy))
          if !isDump, flags & Int(NLM_F_ACK) == 0 { return replies }
        }
      }
    }
  }

  /// NLMSGERR_ATTR_MSG of an error: what the kernel has to say beyond the number.
  private static func sentence(in reply: NetlinkMessage) -> String? {
    guard reply.flags & 0x200 /* NLM_F_ACK_TLVS */ != 0 else { return nil }
    var start = 4 + 16
    if reply.flags & 0x100 /* NLM_F_CAPPED */ == 0 {
      let length = reply.body.number(at: 4, as: UInt32.self).map(Int.init) ?? 16
      start = 4 + max(16, min(length, reply.body.count))
    }
    for (type, value) in reply.attributes(from: (start + 3) & ~3) where type == 1 { return value.text }
    return nil
  }
}
