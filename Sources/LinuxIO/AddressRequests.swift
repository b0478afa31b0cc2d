// Addresses and routes of a link by rtnetlink(7). Everything is idempotent: what is there already is no error.

internal import CLinux
internal import Glibc

extension NetlinkSession {
  /// The addresses of a link.
  func addresses(of index: Int32) throws(SystemError) -> Set<InterfaceAddress> {
    // struct ifaddrmsg: family, prefix length, flags, scope, index.
    let head: [UInt8] = [0, 0, 0, 0] + NetlinkRequest.octets(index)
    var found: Set<InterfaceAddress> = []
    for message in try dump(NetlinkRequest(Int(RTM_GETADDR), head: head), operation: "RTM_GETADDR") {
      guard let length = message.body.number(at: 1, as: UInt8.self), message.body.number(at: 4, as: Int32.self) == index
      else { continue }
      var local: ArraySlice<UInt8>?
      var address: ArraySlice<UInt8>?
      for (type, value) in message.attributes(from: 8) {
        if type == Int(IFA_LOCAL) { local = value } else if type == Int(IFA_ADDRESS) { address = value }
      }
      guard let octets = local ?? address, octets.count == 4 || octets.count == 16 else { continue }
      found.insert(InterfaceAddress(address: IPAddress(octets: Array(octets)), prefixLength: Int(length)))
    }
    return found
  }

  /// Adds an address. IPv6 ones can be used at once: the network is ours, so nobody is asked whether it is taken.
  func add(_ address: InterfaceAddress, to index: Int32) throws(SystemError) {
    do throws(SystemError) {
      try change(address, of: index, type: Int(RTM_NEWADDR), flags: Int(NLM_F_CREATE | NLM_F_EXCL))
    } catch let error where error.code == EEXIST {}
  }

  /// Removes an address; one that is gone is no error.
  func remove(_ address: InterfaceAddress, from index: Int32) throws(SystemError) {
    do throws(SystemError) {
      try change(address, of: index, type: Int(RTM_DELADDR), flags: 0)
    } catch let error where error.code == EADDRNOTAVAIL || error.code == ENODEV {}
  }

  private func change(_ address: InterfaceAddress, of index: Int32, type: Int, flags: Int) throws(SystemError) {
    let octets = address.address.octets
    let isIPv6 = address.address.isIPv6
    let noDuplicateCheck: UInt8 = isIPv6 ? 0x02 : 0  // IFA_F_NODAD
    let family = UInt8(isIPv6 ? AF_INET6 : AF_INET)
    var request = NetlinkRequest(
      type, flags: flags,
      head: [family, UInt8(address.prefixLength), noDuplicateCheck, 0] + NetlinkRequest.octets(index))
    request.attribute(Int(IFA_LOCAL), octets)
    request.attribute(Int(IFA_ADDRESS), octets)
    if !isIPv6, address.prefixLength < 31, type == Int(RTM_NEWADDR) {
      request.attribute(Int(IFA_BROADCAST), InterfaceAddress.broadcast(octets, prefixLength: address.prefixLength))
    }
    try change(request, operation: "address \(address)")
  }

  /// The routes of the main table that lead through a link.
  func routes(through index: Int32) throws(SystemError) -> Set<InterfaceRoute> {
    var found: Set<InterfaceRoute> = []
    for family in [AF_INET, AF_INET6] {
      // struct rtmsg: family, destination and source length, tos, table, protocol, scope, type, flags.
      var request = NetlinkRequest(
        Int(RTM_GETROUTE), head: [UInt8(family), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
      request.attribute(Int(RTA_OIF.rawValue), index)
      for message in try dump(request, operation: "RTM_GETROUTE") {
        guard let length = message.body.number(at: 1, as: UInt8.self), message.body.number(at: 7, as: UInt8.self) == 1
        else { continue }
        var destination = [UInt8](repeating: 0, count: family == AF_INET ? 4 : 16)
        var hop: IPAddress?
        var link: Int32 = 0
        var table = UInt32(message.body.number(at: 4, as: UInt8.self) ?? 0)
        for (type, value) in message.attributes(from: 12) {
          switch type {
          case Int(RTA_DST.rawValue): destination = Array(value)
          case Int(RTA_GATEWAY.rawValue): hop = IPAddress(octets: Array(value))
          case Int(RTA_OIF.rawValue): link = value.number(at: 0, as: Int32.self) ?? 0
          case Int(RTA_TABLE.rawValue): table = value.number(at: 0, as: UInt32.self) ?? table
          default: break
          }
        }
        guard link == index, table == 254, [4, 16].contains(destination.count) else { continue }
        let prefix = InterfaceAddress(address: IPAddress(octets: destination), prefixLength: Int(length))
        found.insert(InterfaceRoute(destination: prefix, nextHop: hop))
      }
    }
    return found
  }

  /// Adds a route to the main table.
  /// - Throws: EEXIST when there is such a route through another link: taking it over would cut somebody off.
  func add(_ route: InterfaceRoute, through index: Int32) throws(SystemError) {
    do throws(SystemError) {
      try change(route, through: index, type: Int(RTM_NEWROUTE), flags: Int(NLM_F_CREATE | NLM_F_EXCL))
    } catch let error where error.code == EEXIST {
      guard try routes(through: index).contains(route) else { throw error }
    }
  }

  /// Removes a route; one that is gone is no error.
  func remove(_ route: InterfaceRoute, from index: Int32) throws(SystemError) {
    do throws(SystemError) {
      try change(route, through: index, type: Int(RTM_DELROUTE), flags: 0)
    } catch let error where error.code == ESRCH || error.code == ENODEV {}
  }

  private func change(_ route: InterfaceRoute, through index: Int32, type: Int, flags: Int) throws(SystemError) {
    let isIPv6 = route.destination.address.isIPv6
    let isRemoval = type == Int(RTM_DELROUTE)
    // An IPv4 route without next hop ends on the link; when removing, RT_SCOPE_NOWHERE means any.
    let scope: UInt8 = isRemoval ? 255 : !isIPv6 && route.nextHop == nil ? 253 : 0
    let head: [UInt8] = [
      UInt8(isIPv6 ? AF_INET6 : AF_INET), UInt8(route.destination.prefixLength), 0, 0,
      254, isRemoval ? 0 : 4, scope, isRemoval ? 0 : 1, 0, 0, 0, 0,  // table main, RTPROT_STATIC, RTN_UNICAST
    ]
    var request = NetlinkRequest(type, flags: flags, head: head)
    if route.destination.prefixLength > 0 { request.attribute(Int(RTA_DST.rawValue), route.destination.address.octets) }
    if let hop = route.nextHop { request.attribute(Int(RTA_GATEWAY.rawValue), hop.octets) }
    request.attribute(Int(RTA_OIF.rawValue), index)
    try change(request, operation: "route \(route)")
  }
}

extension InterfaceAddress {
  /// The address with all host bits set.
  static func broadcast(_ octets: [UInt8], prefixLength: Int) -> [UInt8] {
    octets.enumerated().map { index, octet in
      let kept = min(8, max(0, prefixLength - 8 * index))
      return octet | UInt8(truncatingIfNeeded: 0xFF >> kept)
    }
  }
}
