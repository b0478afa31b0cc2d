// Making a TAP device, or attaching to one that is there, and giving it what its settings ask for.
// Every step may be done twice: after a crash the device of the last run is found and all of it holds already.

internal import CLinux
internal import Glibc
internal import Wire

/// The steps from a request to a device that passes frames.
struct TapSetup: ~Copyable {
  let request: TapRequest
  let tun: Descriptor
  let session: NetlinkSession

  /// What came out, for TapDevice.
  struct Outcome {
    var link: LinkState
    var made: Bool
    var created: Bool
    var offload: OffloadCapabilities
    var tuning = TapTuning()
  }

  /// Opens /dev/net/tun and a netlink socket where the device shall be.
  init(_ request: TapRequest, tunPath: String) throws(PortError) {
    let (number, session) = try TapSetup.open(request.namespace, tunPath: tunPath)
    self.request = request
    self.session = session
    tun = Descriptor(owning: number)
  }

  private static func open(
    _ namespace: NamespaceReference, tunPath: String
  ) throws(PortError) -> (tun: Int32, session: NetlinkSession) {
    if namespace != .current {
      let there = try NamespaceHandle(opening: namespace)
      if there.id != NamespaceID.current {
        let (tun, socket) = try NetlinkSession.visit(there, namespace, tunPath: tunPath)
        return (tun, NetlinkSession.adopt(socket, namespace: there.id))
      }
    }
    let session = try NetlinkSession.current()
    let tun = unsafe ts_tun_open(tunPath)
    guard tun >= 0 else { throw .tunDevice(tunPath, code: tun) }
    return (tun, session)
  }

  func run() throws(PortError) -> Outcome {
    let before = try find()
    if let before { try check(before) }
    if before == nil, !request.create { throw .absent("device \(request.name)\(request.namespace.place)") }

    if request.napi != .off {
      let features = ts_tun_features(tun.number)
      guard features >= 0 else { throw .system(SystemError("TUNGETFEATURES", code: features), fix: nil) }
      guard features & IFF_NAPI != 0 else { throw .withoutNAPI(request) }
    }
    let result = unsafe ts_tun_attach(
      tun.number, request.name, before?.tun?.isMultiQueue == true ? 1 : 0, request.napi == .off ? 0 : 1)
    guard result >= 0 else { throw attachFailure(result, before) }
    guard let link = try find() else { throw .absent("device \(request.name)\(request.namespace.place)") }
    let created = before?.index != link.index
    // Between the look and the attach it was deleted, and the kernel made a new one, which goes as we close.
    if created, !request.create { throw .absent("device \(request.name)\(request.namespace.place)") }
    let made = created || TapSetup.isOurs(link.alias, label: request.label)

    let header = ts_tun_set_header_size(tun.number, 12)
    guard header >= 0 else { throw .system(SystemError("TUNSETVNETHDRSZ", code: header), fix: nil) }
    let offload = try offerOffload()
    var outcome = Outcome(link: link, made: made, created: created, offload: offload)
    try settle(&outcome)
    try tune(&outcome)
    if made {
      // Last: what fails on the way leaves nothing behind, and from here on the device outlives a crash of ours.
      let persist = ts_tun_set_persist(tun.number, 1)
      guard persist >= 0 else { throw .system(SystemError("TUNSETPERSIST", code: persist), fix: nil) }
    }
    return outcome
  }

  /// A mark of the same switch; the port may have had another name then.
  static func isOurs(_ alias: String, label: String) -> Bool {
    guard !alias.isEmpty else { return false }
    return alias == label || alias.hasPrefix(prefix(of: label))
  }

  /// The part of a mark that names the switch: "tapswitch SWITCH/".
  static func prefix(of label: String) -> String {
    guard let slash = label.firstIndex(of: "/") else { return label + "/" }
    return String(label[...slash])
  }

  private func find() throws(PortError) -> LinkState? {
    do throws(SystemError) {
      return try session.link(named: request.name)
    } catch {
      throw .system(error, fix: nil)
    }
  }

  /// Why a device that is there already cannot be this port's, before it is touched.
  private func check(_ link: LinkState) throws(PortError) {
    let place = request.namespace.place
    if link.name != request.name {
      throw .invalid("\(request.name)\(place) is another name of \(link.name.shown)", fix: "choose another device name")
    }
    guard let tun = link.tun else {
      let kind = link.kind.isEmpty ? "a network interface" : "a \(link.kind) interface"
      throw .invalid(
        "\(request.name)\(place) exists already and is \(kind), not a TAP device",
        fix: "choose another device name, or attach that interface with netdev:\(request.name)")
    }
    if !tun.isTAP {
      throw .invalid(
        "\(request.name)\(place) exists already and is a TUN device, not a TAP device",
        fix: "choose another device name")
    }
  }

  private func attachFailure(_ code: Int32, _ before: LinkState?) -> PortError {
    switch -code {
    case EBUSY: return .busy(request)
    case EPERM: return before == nil ? .cannotCreate(request) : .cannotAttach(request, owner: before?.tun?.owner)
    case EINVAL:
      return .invalid(
        "\(request.name)\(request.namespace.place) was refused as a TAP device: the kernel does not allow the name, or "
          + "a device of that name was made with other flags",
        fix: request.namespace.command("-details link show dev \(request.name.shellWord)"))
    default: return .system(SystemError("TUNSETIFF", code: code, detail: request.name), fix: nil)
    }
  }

  /// Asks for as much as the kernel grants. The bits say what it may hand to us.
  private func offerOffload() throws(PortError) -> OffloadCapabilities {
    let checksum: UInt = 0x01
    let tso: UInt = 0x02 | 0x04
    let uso: UInt = 0x20 | 0x40  // only together
    for features in [checksum | tso | uso, checksum | tso, checksum | 0x02, checksum] {
      if ts_tun_set_offload(tun.number, features) >= 0 {
        return OffloadCapabilities(
          checksum: true, tso4: features & 0x02 != 0, tso6: features & 0x04 != 0, uso: features & uso == uso)
      }
    }
    let none = ts_tun_set_offload(tun.number, 0)
    guard none >= 0 else { throw .system(SystemError("TUNSETOFFLOAD", code: none), fix: nil) }
    return .none
  }

  /// MAC before up, routes behind it.
  private func settle(_ outcome: inout Outcome) throws(PortError) {
    let link = outcome.link
    var change = LinkChange()
    if outcome.created || request.explicitMAC, link.mac != request.mac { change.mac = request.mac }
    if let mtu = request.mtu, mtu != link.mtu {
      guard outcome.made else { throw TapSetup.foreignMTU(mtu, link, request.namespace) }
      change.mtu = mtu
    }
    if outcome.made || request.explicitQueueLength, link.queueLength != request.queueLength {
      change.queueLength = request.queueLength
    }
    if outcome.made {
      if link.alias != request.label { change.alias = request.label }
      let group = request.persist ? 0 : request.group
      if link.group != group { change.group = group }
    }
    if !link.isUp { change.isUp = true }
    do throws(SystemError) {
      try session.change(link.index, change)
    } catch {
      throw refused(error, "link set dev \(request.name.shellWord) \(error.operation)")
    }
    outcome.link.apply(change)

    if !request.addresses.isEmpty {
      do throws(SystemError) {
        let present = outcome.created ? [] : try session.addresses(of: link.index)
        for address in request.addresses where !present.contains(address) { try session.add(address, to: link.index) }
      } catch {
        let command = error.operation.replacingFirst("address", "address add")
        throw refused(error, "\(command) dev \(request.name.shellWord)")
      }
    }
    for route in request.routes {
      do throws(SystemError) {
        if !outcome.created, try session.routes(through: link.index).contains(route) { continue }
        try session.add(route, through: link.index)
      } catch {
        throw refused(error, route.command(dev: request.name.shellWord))
      }
    }
  }

  /// After all else, since on somebody else's device it is all that would have to be undone.
  private func tune(_ outcome: inout Outcome) throws(PortError) {
    let link = outcome.link
    let tun = tun.number
    let files = { () throws(SystemError) in try InterfaceFiles(of: link, tun: tun) }
    do throws(PortError) {
      try outcome.tuning.apply(
        request, isLeft: outcome.made && !outcome.created, created: outcome.created, files)
    } catch {
      if !outcome.tuning.isEmpty, let files = try? files() {
        try? outcome.tuning.putBack(steeringOnly: false, in: files)
      }
      throw error
    }
  }

  private func refused(_ error: SystemError, _ command: String) -> PortError {
    .refused(error, device: request.name, in: request.namespace, command: command)
  }

  /// Somebody else's device keeps its size: changing it is theirs.
  static func foreignMTU(_ mtu: Int, _ link: LinkState, _ namespace: NamespaceReference) -> PortError {
    .invalid(
      "\(link.name.shown)\(namespace.place) has mtu \(link.mtu) where the port asks for \(mtu), and tapswitch did not "
        + "make it",
      fix: namespace.command("link set dev \(link.name.shellWord) mtu \(mtu)"))
  }
}

extension LinkState {
  /// What the link looks like after a change that succeeded.
  mutating func apply(_ change: LinkChange) {
    if let mac = change.mac { self.mac = mac }
    if let mtu = change.mtu { self.mtu = mtu }
    if let queueLength = change.queueLength { self.queueLength = queueLength }
    if let alias = change.alias { self.alias = alias }
    if let group = change.group { self.group = group }
    if let isUp = change.isUp { self.isUp = isUp }
  }
}
