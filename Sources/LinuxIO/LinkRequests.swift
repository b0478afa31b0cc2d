// The requests of rtnetlink(7) that set-up needs: links, groups, counters, numbers of namespaces.

internal import CLinux
internal import Glibc
internal import Wire

/// Settings of a link to be changed; nil leaves one as it is.
struct LinkChange: Equatable {
  var mac: MACAddress?
  var mtu: Int?
  var queueLength: Int?
  var alias: String?
  var group: UInt32?
  var isUp: Bool?

  var isEmpty: Bool { self == LinkChange() }

  /// The same, one setting each, in the order in which they are made.
  var singles: [(name: String, change: LinkChange)] {
    var list: [(String, LinkChange)] = []
    if let mac { list.append(("mac \(mac)", LinkChange(mac: mac))) }
    if let mtu { list.append(("mtu \(mtu)", LinkChange(mtu: mtu))) }
    if let queueLength { list.append(("txqueuelen \(queueLength)", LinkChange(queueLength: queueLength))) }
    if let alias { list.append(("alias \(alias)", LinkChange(alias: alias))) }
    if let group { list.append(("group \(group)", LinkChange(group: group))) }
    if let isUp { list.append((isUp ? "up" : "down", LinkChange(isUp: isUp))) }
    return list
  }
}

extension NetlinkSession {
  /// The link of this name, or of any name it also bears; nil if there is none.
  /// - Parameter number: of another namespace as this one counts them; nil for this one.
  func link(named name: String, in number: Int32? = nil, identity: NamespaceID? = nil) throws(SystemError) -> LinkState?
  {
    var request = NetlinkRequest(Int(RTM_GETLINK), head: NetlinkRequest.linkHead())
    request.attribute(Int(IFLA_IFNAME), name)
    if let number { request.attribute(Int(IFLA_TARGET_NETNSID), number) }
    do throws(SystemError) {
      guard let message = try get(request, operation: "RTM_GETLINK") else { return nil }
      return LinkState(message, namespace: identity ?? namespace)
    } catch let error where error.code == ENODEV {
      return nil
    }
  }

  /// All links of the namespace.
  func links() throws(SystemError) -> [LinkState] {
    var request = NetlinkRequest(Int(RTM_GETLINK), head: NetlinkRequest.linkHead())
    request.attribute(Int(IFLA_EXT_MASK), UInt32(1 << 3))  // RTEXT_FILTER_SKIP_STATS
    return try dump(request, operation: "RTM_GETLINK").compactMap { LinkState($0, namespace: namespace) }
  }

  /// Makes all the changes, `up` after the rest. The error's `operation` names the setting that was refused.
  func change(_ index: Int32, _ change: LinkChange) throws(SystemError) {
    guard !change.isEmpty else { return }
    var settings = change
    settings.isUp = nil
    do throws(SystemError) {
      if !settings.isEmpty { try apply(index, settings, operation: "RTM_NEWLINK") }
    } catch {
      // All in one message is quick, but the kernel does not say which it refused. One by one it does.
      for (name, single) in settings.singles { try apply(index, single, operation: name) }
    }
    // Not in the same message: the kernel would change the queue after that, and wait for readers to be gone.
    if let isUp = change.isUp { try apply(index, LinkChange(isUp: isUp), operation: isUp ? "up" : "down") }
  }

  private func apply(_ index: Int32, _ change: LinkChange, operation: String) throws(SystemError) {
    let flags: UInt32 = change.isUp == true ? 1 : 0
    let mask: UInt32 = change.isUp == nil ? 0 : 1
    var request = NetlinkRequest(
      Int(RTM_NEWLINK), head: NetlinkRequest.linkHead(index: index, flags: flags, change: mask))
    if let mac = change.mac {
      let octets = stride(from: 40, through: 0, by: -8).map { UInt8(truncatingIfNeeded: mac.bits >> UInt64($0)) }
      request.attribute(Int(IFLA_ADDRESS), octets)
    }
    if let mtu = change.mtu { request.attribute(Int(IFLA_MTU), UInt32(truncatingIfNeeded: mtu)) }
    if let length = change.queueLength { request.attribute(Int(IFLA_TXQLEN), UInt32(truncatingIfNeeded: length)) }
    // Without the zero byte, as ip(8) sends it; the kernel takes 255 bytes at the most.
    if let alias = change.alias { request.attribute(Int(IFLA_IFALIAS), Array(alias.utf8.prefix(255))) }
    if let group = change.group { request.attribute(Int(IFLA_GROUP), group) }
    try self.change(request, operation: operation)
  }

  /// Removes one link; one that is gone is no error.
  func removeLink(_ index: Int32) throws(SystemError) {
    do throws(SystemError) {
      try change(
        NetlinkRequest(Int(RTM_DELLINK), head: NetlinkRequest.linkHead(index: index)), operation: "RTM_DELLINK")
    } catch let error where error.code == ENODEV {}
  }

  /// Removes all links of a group in one step: a thousand take a quarter of a second, one by one 23 seconds.
  func removeLinks(group: UInt32) throws(SystemError) {
    var request = NetlinkRequest(Int(RTM_DELLINK), head: NetlinkRequest.linkHead())
    request.attribute(Int(IFLA_GROUP), group)
    do throws(SystemError) {
      try change(request, operation: "RTM_DELLINK")
    } catch let error where error.code == ENODEV {}
  }

  /// tx_dropped of a link of this namespace.
  func dropped(_ index: Int32) throws(SystemError) -> UInt64? {
    // struct if_stats_msg: family, padding, ifindex, filter_mask (IFLA_STATS_LINK_64 alone).
    let head: [UInt8] = [0, 0, 0, 0] + NetlinkRequest.octets(index) + NetlinkRequest.octets(UInt32(1))
    guard let message = try get(NetlinkRequest(Int(RTM_GETSTATS), head: head), operation: "RTM_GETSTATS") else {
      return nil
    }
    for (type, value) in message.attributes(from: 12) where type == 1 { return value.number(at: 56, as: UInt64.self) }
    return nil
  }

  /// The number by which this namespace knows another one (ip-netns(8): nsid); one is given out where there is none.
  /// A number keeps nothing alive.
  func number(of other: Int32) throws(SystemError) -> Int32 {
    for _ in 0..<3 {
      var question = NetlinkRequest(Int(RTM_GETNSID), head: [0, 0, 0, 0])
      question.attribute(Int(NETNSA_FD), other)
      if let answer = try get(question, operation: "RTM_GETNSID") {
        for (type, value) in answer.attributes(from: 4) where type == Int(NETNSA_NSID) {
          if let number = value.number(at: 0, as: Int32.self), number >= 0 { return number }
        }
      }
      var order = NetlinkRequest(Int(RTM_NEWNSID), head: [0, 0, 0, 0])
      order.attribute(Int(NETNSA_FD), other)
      order.attribute(Int(NETNSA_NSID), Int32(-1))
      do throws(SystemError) {
        try change(order, operation: "RTM_NEWNSID")
      } catch let error where error.code == EEXIST {}
    }
    throw SystemError("RTM_GETNSID", code: ENOENT)
  }
}
