// A netlink socket that hears the links of one namespace (RTNLGRP_LINK), and on demand those of all that have a number
// in it.

internal import CLinux
internal import Glibc
internal import Synchronization

/// Hears links. Closes with its last reference.
final class LinkSocket {
  let namespace: NamespaceID
  let token: UInt64
  var users = 1
  private(set) var listensToAll = false
  private let socket: Descriptor
  private var buffer = [UInt8](repeating: 0, count: 65536)

  /// What one message says.
  enum Message {
    case changed(LinkState)
    case gone(LinkState, moved: Bool)
    /// Messages did not fit.
    case lost
    /// A number leads nowhere any more.
    case numberGone(Int32)
  }

  var number: Int32 { socket.number }

  init(_ reference: NamespaceReference, _ namespace: NamespaceID, token: UInt64) throws(PortError) {
    self.namespace = namespace
    self.token = token
    let number: Int32
    if namespace == NamespaceID.current {
      number = ts_netlink_open()
      guard number >= 0 else { throw .system(SystemError("socket(AF_NETLINK)", code: number), fix: nil) }
    } else {
      let handle = try NamespaceHandle(opening: reference)
      guard handle.id == namespace else { throw .absent(reference.sentence) }
      number = try NetlinkSession.visit(handle, reference, tunPath: nil).socket
    }
    socket = Descriptor(owning: number)
    // A thousand devices change a few times each while the thread is away: some 4 KiB of kernel memory a message.
    let joined = ts_netlink_join(number, Int32(RTNLGRP_LINK.rawValue), 16 << 20)
    guard joined >= 0 else { throw .system(SystemError("NETLINK_ADD_MEMBERSHIP", code: joined), fix: nil) }
  }

  /// Hears other namespaces too, or no more. False without CAP_NET_BROADCAST.
  func listenToAll(_ on: Bool) -> Bool {
    guard on != listensToAll else { return true }
    guard ts_netlink_listen_all(number, on ? 1 : 0) >= 0 else { return false }
    if on { _ = ts_netlink_join(number, Int32(RTNLGRP_NSID.rawValue), 16 << 20) }
    listensToAll = on
    return true
  }

  /// Hands over what has arrived, a bounded number of datagrams a call, with the number of the namespace each tells
  /// of (-1: the own one).
  func read(_ body: (Message, Int32) -> Void) {
    for _ in 0..<256 {
      var from: Int32 = -1
      let length = unsafe buffer.withUnsafeMutableBytes { bytes -> Int in
        guard let base = bytes.baseAddress else { return 0 }
        return unsafe ts_netlink_receive(socket.number, base, UInt(bytes.count), 0, &from)
      }
      if length == -Int(EAGAIN) { return }
      guard length >= 0 else {
        body(.lost, -1)
        // ENOBUFS is told once; anything else stays, and is not to be asked for again and again.
        if length == -Int(ENOBUFS) || length == -Int(EMSGSIZE) { continue }
        return
      }
      for message in NetlinkMessage.all(in: buffer[..<length]) {
        switch message.type {
        case Int(RTM_NEWLINK):
          if let link = LinkState(message, namespace: namespace) { body(.changed(link), from) }
        case Int(RTM_DELLINK):
          guard let link = LinkState(message, namespace: namespace) else { continue }
          let moved = message.attributes(from: 16).contains { $0.type == Int(IFLA_NEW_NETNSID) }
          body(.gone(link, moved: moved), from)
        case Int(RTM_DELNSID) where from < 0:
          for (type, value) in message.attributes(from: 4) where type == Int(NETNSA_NSID) {
            if let number = value.number(at: 0, as: Int32.self) { body(.numberGone(number), from) }
          }
        default: break
        }
      }
    }
  }
}
