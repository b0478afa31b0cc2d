// A TAP device while a port uses it: what it is now, what it lost, changes while it runs, and its end.
// Frames go through PortIO and never through here.

internal import CLinux
internal import Glibc
internal import Synchronization
internal import Wire

/// An attached TAP device. Any thread may call it; nothing here is called per frame.
///
/// Its descriptor and its netlink socket keep the namespace they were opened in alive: when that shall end
/// (its name deleted, its process gone), call `close`.
package final class TapDevice: Sendable {
  /// Read and written by the worker, valid until `close`.
  package let descriptor: Int32
  /// By tapswitch, now or in an earlier run (its mark says so); false for a device somebody else prepared.
  package let made: Bool
  /// Made by this `attach`.
  package let created: Bool
  /// The interface number when it was attached.
  package let index: Int32
  /// What the kernel may hand to the switch unsegmented, and what it takes.
  package let offload: OffloadCapabilities
  /// What was asked for; settings changed since are not in it.
  package let request: TapRequest
  /// What it was when attached, all settings made.
  package let initial: LinkState
  /// The namespace the descriptor was opened in; the device itself may be moved.
  package var home: NamespaceID { initial.namespace }

  /// Nil after `close`.
  private let session: Mutex<NetlinkSession?>
  /// What was changed in sysfs. Its lock is taken before that of `session`.
  let tuning: Mutex<TapTuning>

  /// Makes the device, or attaches to the one that is there, and makes its settings.
  /// - Parameter tunPath: other than the usual one only in tests.
  package static func attach(
    _ request: TapRequest, tunPath: String = "/dev/net/tun"
  ) throws(PortError) -> TapDevice {
    try request.validate()
    _ = try Processors.check(request.rpsCPUs, for: request.name)
    let setup = try TapSetup(request, tunPath: tunPath)
    let outcome = try setup.run()
    return TapDevice(setup, outcome)
  }

  private init(_ setup: consuming TapSetup, _ outcome: TapSetup.Outcome) {
    request = setup.request
    made = outcome.made
    created = outcome.created
    index = outcome.link.index
    offload = outcome.offload
    initial = outcome.link
    session = Mutex(setup.session)
    tuning = Mutex(outcome.tuning)
    descriptor = setup.takeDescriptor()
  }

  deinit { close(removing: false) }

  // MARK: what it is

  /// The interface now; nil when it is gone, closed, or where this process cannot look.
  package func link() -> LinkState? {
    session.withLock { session in
      guard let session else { return nil }
      return TapDevice.link(descriptor, session)
    }
  }

  /// Frames lost because the device's queue was full, since it was made; nil if it cannot be known.
  package func kernelDrops() -> UInt64? {
    session.withLock { session in
      guard let session, let place = TapPlace(of: descriptor, home: session.namespace) else { return nil }
      switch consume place {
      case .home:
        if let dropped = try? session.dropped(index) { return dropped }
        return TapDevice.link(descriptor, session)?.dropped
      case .elsewhere: return TapDevice.link(descriptor, session)?.dropped
      case .unseen: return TapDevice.link(descriptor, session)?.dropped
      }
    }
  }

  /// The namespace the device is in now, by number; nil where this process cannot look.
  package func currentNamespace() -> NamespaceID? {
    session.withLock { session in
      guard let session, let place = TapPlace(of: descriptor, home: session.namespace) else { return nil }
      switch consume place {
      case .home: return session.namespace
      case .elsewhere(let handle): return handle.id
      case .unseen: return nil
      }
    }
  }

  /// The number by which the namespace of `other` knows the one the device is in now.
  func number(for other: NetlinkSession) -> Int32? {
    session.withLock { session in
      guard session != nil else { return nil }
      let result = ts_tun_device_namespace(descriptor)
      guard result >= 0 else { return nil }
      let namespace = Descriptor(owning: result)
      return try? other.number(of: namespace.number)
    }
  }

  private static func link(_ descriptor: Int32, _ session: NetlinkSession) -> LinkState? {
    guard let name = name(of: descriptor), let place = TapPlace(of: descriptor, home: session.namespace) else {
      return nil
    }
    switch consume place {
    case .home:
      return try? session.link(named: name)
    case .elsewhere(let handle):
      guard let number = try? session.number(of: handle.descriptor.number) else { return nil }
      return try? session.link(named: name, in: number, identity: handle.id)
    case .unseen:
      // Without rights the kernel does not say where the device is. One of its name and address here is it.
      guard let link = try? session.link(named: name), link.mac == mac(of: descriptor) else { return nil }
      return link
    }
  }

  /// The name it bears now; nil when it is gone.
  private static func name(of descriptor: Int32) -> String? {
    var name = [CChar](repeating: 0, count: 16)
    guard unsafe ts_tun_name(descriptor, &name) >= 0 else { return nil }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func mac(of descriptor: Int32) -> MACAddress? {
    var octets = [UInt8](repeating: 0, count: 6)
    guard unsafe ts_tun_mac(descriptor, &octets) >= 0 else { return nil }
    return MACAddress(bits: octets.reduce(0) { $0 << 8 | UInt64($1) })
  }

  // MARK: changes

  /// Takes the carrier away or gives it back, as pulling a cable does.
  package func setCarrier(_ on: Bool) throws(PortError) {
    let code = session.withLock { session in
      session == nil ? -EBADFD : ts_tun_set_carrier(descriptor, on ? 1 : 0)
    }
    guard code >= 0 else { throw code == -EBADFD ? gone : .system(SystemError("TUNSETCARRIER", code: code), fix: nil) }
  }

  /// Sets the payload size of a device we made; of another it must be that already.
  package func setMTU(_ mtu: Int) throws(PortError) {
    guard TapRequest.mtuRange.contains(mtu) else {
      throw .invalid("mtu \(mtu) of \(request.name) is outside 68 to 65521", fix: nil)
    }
    try change { (link, _) throws(PortError) in
      guard link.mtu != mtu else { return LinkChange() }
      guard made else { throw TapSetup.foreignMTU(mtu, link, request.namespace) }
      return LinkChange(mtu: mtu)
    }
  }

  /// Sets how many frames the device holds for the switch.
  package func setQueueLength(_ frames: Int) throws(PortError) {
    guard TapRequest.queueRange.contains(frames) else {
      throw .invalid("txqueuelen \(frames) of \(request.name) is outside 1 to 65536", fix: nil)
    }
    try change { (link, _) throws(PortError) in
      link.queueLength == frames ? LinkChange() : LinkChange(queueLength: frames)
    }
  }

  /// Takes away what is in `old` and not in `new`; then all of `new` is there.
  package func setAddresses(old: [InterfaceAddress], new: [InterfaceAddress]) throws(PortError) {
    try change { (link, session) throws(PortError) in
      do throws(SystemError) {
        // First away, then all that shall be there: with the first address of a subnet the kernel drops the others,
        // also those that somebody else gave the device.
        let before = try session.addresses(of: link.index)
        let leaving = Set(old).subtracting(new)
        for address in old where leaving.contains(address) { try session.remove(address, from: link.index) }
        let present = try session.addresses(of: link.index)
        let theirs = leaving.isEmpty ? [] : before.subtracting(leaving).subtracting(new)
        for address in new + Array(theirs) where !present.contains(address) {
          try session.add(address, to: link.index)
        }
      } catch {
        let command = error.operation.replacingFirst("address", "address add") + " dev \(link.name.shellWord)"
        throw .refused(error, device: link.name, in: request.namespace, command: command)
      }
      return LinkChange()
    }
  }

  /// Takes away what is in `old` and not in `new`; then all of `new` is there. Worth calling with equal lists when
  /// the link has come up again: the kernel drops routes of a link that goes down.
  package func setRoutes(old: [InterfaceRoute], new: [InterfaceRoute]) throws(PortError) {
    try change { (link, session) throws(PortError) in
      for route in old where !new.contains(route) {
        do throws(SystemError) { try session.remove(route, from: link.index) } catch {
          throw .refused(error, device: link.name, in: request.namespace, command: "route del \(route.destination)")
        }
      }
      for route in new {
        do throws(SystemError) {
          if try session.routes(through: link.index).contains(route) { continue }
          try session.add(route, through: link.index)
        } catch {
          throw .refused(
            error, device: link.name, in: request.namespace, command: route.command(dev: link.name.shellWord))
        }
      }
      return LinkChange()
    }
  }

  /// Runs `body` with a session of the namespace the device is in now, then makes the change it returns.
  private func change(
    _ body: (LinkState, NetlinkSession) throws(PortError) -> LinkChange
  ) throws(PortError) {
    guard let home = session.withLock({ $0 }) else { throw gone }
    guard let link = TapDevice.link(descriptor, home) else { throw gone }
    var session = home
    if link.namespace != home.namespace {
      // It was moved: a socket of that namespace, for this change only, so that nothing of ours keeps it alive. Its
      // number means another device anywhere else, so if it is being moved again now, nothing is changed.
      guard let place = TapPlace(of: descriptor, home: home.namespace), case .elsewhere(let handle) = consume place,
        handle.id == link.namespace
      else { throw gone }
      let (_, socket) = try NetlinkSession.visit(handle, .path("of \(link.name.shown)"), tunPath: nil)
      session = NetlinkSession(owning: socket, namespace: link.namespace)
    }
    let change = try body(link, session)
    do throws(SystemError) {
      try session.change(link.index, change)
    } catch {
      throw .refused(
        error, device: link.name, in: request.namespace,
        command: "link set dev \(link.name.shellWord) \(error.operation)")
    }
  }

  var gone: PortError { .absent("device \(request.name)\(request.namespace.place)") }

  // MARK: the end

  /// Lets the device go; afterwards `descriptor` is not ours any more. A second call does nothing.
  /// - Parameter removing: the device goes too, if we made it and it shall not outlive us (`persist`).
  ///   One takes 20 ms; for many there is `closeAll`.
  package func close(removing: Bool) {
    let removing = removing && goes
    // Before the descriptor goes: threads are a property of what is attached.
    if !removing { putBack() }
    session.withLock { session in
      guard session != nil else { return }
      if removing { _ = ts_tun_set_persist(descriptor, 0) }
      _ = ts_close(descriptor)
      session = nil
    }
  }

  /// The device does not outlive us.
  private var goes: Bool { made && !request.persist }

  /// Takes back what was changed in sysfs of a device that stays, as far as this process may.
  private func putBack() {
    tuning.withLock { tuning in
      guard !tuning.isEmpty, let link = link(), let files = try? InterfaceFiles(of: link, tun: descriptor) else {
        return
      }
      try? tuning.putBack(steeringOnly: false, in: files)
    }
  }

  /// A graceful stop: closes all, removing those that go, in one step per namespace.
  /// - Parameter others: what else bears the mark of the switch goes too (a port that an earlier run had). False after
  ///   a failed start, when devices that were found are to stay.
  package static func closeAll(_ devices: [TapDevice], others: Bool = true) {
    var seen: Set<NamespaceID> = []
    for device in devices where device.goes && device.request.group != 0 {
      guard seen.insert(device.home).inserted, let session = device.session.withLock({ $0 }) else { continue }
      // What this leaves, for instance devices that were moved elsewhere, goes one by one below.
      try? session.removeMarked(
        group: device.request.group, prefix: TapSetup.prefix(of: device.request.label),
        only: others ? nil : Set(devices.filter { $0.home == device.home && $0.goes }.map(\.index)))
    }
    for device in devices { device.close(removing: true) }
  }
}
