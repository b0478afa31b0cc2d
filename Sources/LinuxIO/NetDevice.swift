// An existing network interface while a port uses it, through a packet socket: a VM's TAP, a veth, a network card. It is
// not ours: nothing about it is changed but that it is promiscuous as long as the socket is open.
// Frames go through PortIO and never through here.

internal import CLinux
internal import Glibc
internal import Synchronization

/// An attached interface. Any thread may call it; nothing here is called per frame.
///
/// When the interface is deleted or leaves the namespace, the socket has lost it for good: `link` is nil, nothing comes
/// in (ENETDOWN once), and sending gives ENXIO. One of that name that comes later is another one, to be attached anew.
/// Its socket and its netlink socket keep the namespace alive until `close`.
package final class NetDevice: PortDevice {
  package let io: PortIO
  package let name: String
  package let index: Int32
  package let offload: OffloadCapabilities
  package let initial: LinkState
  package var home: NamespaceID { initial.namespace }
  package var created: Bool { false }

  /// Nil after `close`.
  private let state: Mutex<State?>

  private struct State: Sendable {
    let session: NetlinkSession
    /// The kernel forgets what it has told.
    var dropped: UInt64 = 0
  }

  /// Attaches to the interface, up or not.
  /// - Parameter short: with the offload header of kernels before 6.4, in tests.
  /// - Throws: `.absent` if there is none, `.notPermitted` without CAP_NET_RAW, `.invalid` if it is no Ethernet interface
  ///   or has another mtu than asked for.
  package static func attach(_ request: NetRequest, short: Bool = false) throws(PortError) -> NetDevice {
    try request.validate()
    let session = try NetlinkSession.current()
    let found = try find(request, session)
    var isShort: Int32 = 0
    let number = unsafe ts_packet_open(found.index, short ? 1 : 0, &isShort)
    guard number >= 0 else { throw .packetSocket(request.name, code: number) }
    let socket = Descriptor(owning: number)
    // The name may have gone to another interface meanwhile, which is then another attachment.
    let link = try find(request, session)
    guard link.index == found.index, ts_packet_index(socket.number) == link.index else {
      throw .absent("interface \(request.name)")
    }
    return NetDevice(request, link, socket, isShort: isShort != 0, session)
  }

  private static func find(_ request: NetRequest, _ session: NetlinkSession) throws(PortError) -> LinkState {
    let link: LinkState?
    do throws(SystemError) { link = try session.link(named: request.name) } catch { throw .system(error, fix: nil) }
    guard let link else { throw .absent("interface \(request.name)") }
    try request.check(link)
    return link
  }

  private init(
    _ request: NetRequest, _ link: LinkState, _ socket: consuming Descriptor, isShort: Bool, _ session: NetlinkSession
  ) {
    name = request.name
    index = link.index
    initial = link
    // What the interface does not do itself the kernel does before handing over. UDP segmentation came with Linux 6.2,
    // which cannot be asked; the longer header, which can be, with 6.4.
    offload = OffloadCapabilities(checksum: true, tso4: true, tso6: true, uso: !isShort)
    state = Mutex(State(session: session))
    io = PortIO(descriptor: socket.release(), form: isShort ? .packetShort : .packet)
  }

  deinit { close(removing: false) }

  /// The interface now, by whatever name; nil when it is gone from the namespace, or closed.
  package func link() -> LinkState? {
    look { (link, _) in link }
  }

  /// Runs `body` with what the interface is now; nil when it is gone, or closed.
  func look<Result>(_ body: (LinkState, NetlinkSession) -> Result?) -> Result? {
    state.withLock { state -> Result? in
      // By the socket and not by number alone: that may be another interface's by now.
      guard let state, ts_packet_index(io.descriptor) == index, let link = try? state.session.link(index: index) else {
        return nil
      }
      return body(link, state.session)
    }
  }

  /// Frames that found the socket's room full, since it was attached.
  package func kernelDrops() -> UInt64? {
    state.withLock { state -> UInt64? in
      guard state != nil else { return nil }
      state?.dropped &+= UInt64(clamping: ts_packet_drops(io.descriptor))
      return state?.dropped
    }
  }

  /// The interface is not ours: off only takes nothing more from it, and forgets what waits, so that nothing of before
  /// comes in when it is on again.
  package func setCarrier(_ on: Bool) throws(PortError) {
    let code = state.withLock { state in state == nil ? -EBADFD : ts_packet_set_deaf(io.descriptor, on ? 0 : 1) }
    // On again without having been off: no filter to take away.
    guard code != -EBADFD else { throw .absent("interface \(name)") }
    guard code >= 0 || (on && code == -ENOENT) else {
      throw .system(SystemError(on ? "SO_DETACH_FILTER" : "SO_ATTACH_FILTER", code: code, detail: name), fix: nil)
    }
  }

  /// - Throws: `.invalid` with the command, unless the interface has that mtu.
  package func setMTU(_ mtu: Int) throws(PortError) {
    try NetRequest.validate(mtu: mtu, of: name)
    guard let link = link() else { throw .absent("interface \(name)") }
    guard link.mtu == mtu else { throw TapSetup.foreignMTU(mtu, link, .current) }
  }

  /// Lets the interface go; it stays, without our promiscuity.
  package func close(removing: Bool) {
    state.withLock { state in
      guard state != nil else { return }
      _ = ts_close(io.descriptor)
      state = nil
    }
  }
}

extension NetlinkSession {
  /// The link of this number; nil if there is none.
  func link(index: Int32) throws(SystemError) -> LinkState? {
    do throws(SystemError) {
      let request = NetlinkRequest(Int(RTM_GETLINK), head: NetlinkRequest.linkHead(index: index))
      return try get(request, operation: "RTM_GETLINK").flatMap { LinkState($0, namespace: namespace) }
    } catch let error where error.code == ENODEV {
      return nil
    }
  }
}
