// Ports added, changed and removed while the switch runs. All of a change or none of it; other ports lose no frame.

internal import BridgeCore
internal import Capture
internal import Dataplane
internal import LinuxIO
internal import Stations
package import SwitchModel

extension Supervisor {
  package func ports() async throws(Problem) -> [PortStatus] { ordered.map { status(of: $0) } }

  package func port(_ name: String) async throws(Problem) -> PortStatus {
    guard let record = records[name] else { throw Problem(configuration.noPort(name)) }
    return detail(of: record)
  }

  package func addPort(_ request: JSONValue) async throws(Problem) -> PortStatus {
    try await beginChange()
    defer { release() }
    let port: PortConfiguration
    do throws(ConfigurationErrors) {
      port = try PortConfiguration(request: request)
    } catch {
      throw Problem(error)
    }
    try await install(port)
    return try found(port.name)
  }

  package func removePort(_ name: String) async throws(Problem) {
    try await beginChange()
    defer { release() }
    try await uninstall(name)
  }

  package func patchPort(_ name: String, _ patch: JSONValue) async throws(Problem) -> PortStatus {
    try await beginChange()
    defer { release() }
    guard let record = records[name] else { throw Problem(configuration.noPort(name)) }
    let change: PortPatch
    do throws(ConfigurationErrors) {
      change = try record.configuration.patched(with: patch)
    } catch {
      throw Problem(error)
    }
    let isSetUp = patch["up"] != nil && change.configuration.up
    try await apply(change.configuration, changed: change.changed, isSetUp: isSetUp)
    return try found(name)
  }

  // MARK: steps of a change

  /// Adds a port to configuration and switch.
  func install(_ port: PortConfiguration) async throws(Problem) {
    var next = configuration
    do throws(ConfigurationError) { try next.add(port) } catch { throw Problem(error) }
    configuration = next
    addRecord(port)
    await join(port.name)
    do throws(PortError) {
      try await attach(port.name, create: true)
    } catch {
      await forget(port.name)
      _ = try? configuration.removePort(named: port.name)
      throw Problem(error, port: port.name)
    }
    eventHub.publish(.portAdded(port.name))
    announce(port.name)
  }

  /// Takes a port and its static entries out of configuration and switch.
  func uninstall(_ name: String) async throws(Problem) {
    do throws(ConfigurationError) { try configuration.removePort(named: name) } catch { throw Problem(error) }
    await forget(name)
    eventHub.publish(.portRemoved(name))
  }

  /// Takes a port out: first nobody sends to it any more, then the worker lets go of it, then its device goes.
  private func forget(_ name: String) async {
    guard let record = records[name] else { return }
    probe.stop(record.index.rawValue)
    await VLANPlan.apply(vlanPlan.leave(record.index), in: dataplane)
    await dataplane.perform(.detach(record.index))
    await dataplane.perform(.forget(record.index))
    freeApplied(name)
    capture?.unregister(port: record.index.rawValue)
    retired.add(dataplane.counters.snapshot(of: record.index))
    for watch in [record.watch, record.movedWatch].compactMap({ $0 }) { monitor?.unwatch(watch) }
    record.device?.close(removing: true)
    records[name] = nil
    addressBook.forget(port: record.index.rawValue)
    moveWatch.forget(record.index.rawValue)
    freeSlot(record.index)
  }

  /// Puts other settings of a port in force, all of them or none.
  /// - Parameter isSetUp: somebody says that it shall be up: a missing device is made, and a guard's penalty is over.
  func apply(_ new: PortConfiguration, changed: [Setting], isSetUp: Bool) async throws(Problem) {
    let name = new.name
    guard let record = records[name] else { throw Problem(configuration.noPort(name)) }
    let old = record.configuration
    var next = configuration
    do throws(ConfigurationError) { try next.replace(new) } catch { throw Problem(error) }
    if let device = record.device {
      do throws(PortError) {
        try apply(new, instead: old, to: device, isShut: record.shut != nil)
      } catch {
        // What was changed before the failure is changed back; it was possible once, so a failure here says nothing new.
        try? apply(old, instead: new, to: device, isShut: record.shut != nil)
        throw Problem(error, port: name)
      }
    }
    configuration = next
    records[name]?.configuration = new
    if record.device == nil, isSetUp {
      do throws(PortError) { try await attach(name, create: true, joining: false) } catch {
        records[name]?.configuration = old
        try? configuration.replace(old)
        throw Problem(error, port: name)
      }
    }
    await bringUpToDate(name, from: old)
    if !changed.isEmpty { eventHub.publish(.portChanged(name, settings: changed.map(\.key))) }
    if isSetUp, records[name]?.shut != nil { await lift(name) } else { announce(name, since: record.state) }
  }

  /// After a change of settings: VLANs, policy, limits, and what was learned under the old ones.
  private func bringUpToDate(_ name: String, from old: PortConfiguration) async {
    guard let record = records[name] else { return }
    let new = record.configuration
    await join(name)
    if let device = record.device { await learn(device.link() ?? record.link, of: name) }
    await adjust(name)
    let moved = old.vlans(default: configuration.defaultVLAN) != new.vlans(default: configuration.defaultVLAN)
    if moved || old.allowedMACs != new.allowedMACs { await dataplane.perform(.flush(record.index, vlan: nil)) }
    await updateUp()
    updateProbes()
  }

  /// Makes the device of a port as `new` says where that differs from `old`.
  private func apply(
    _ new: PortConfiguration, instead old: PortConfiguration, to device: any PortDevice, isShut: Bool
  ) throws(PortError) {
    if let device = device as? TapDevice {
      try apply(new, instead: old, to: device)
    } else if new.mtu != old.mtu, let mtu = new.mtu {
      try device.setMTU(mtu)
    }
    if new.up != old.up { try device.setCarrier(new.up && !isShut) }
  }

  private func apply(
    _ new: PortConfiguration, instead old: PortConfiguration, to device: TapDevice
  ) throws(PortError) {
    if new.mtu != old.mtu { try device.setMTU(new.mtu ?? 1500) }
    if new.txqueuelen != old.txqueuelen { try device.setQueueLength(new.txqueuelen) }
    if new.rpsCPUs != old.rpsCPUs { try device.setRPS(old: old.rpsCPUs, new: new.rpsCPUs) }
    if new.addresses != old.addresses {
      try device.setAddresses(
        old: old.addresses.compactMap { InterfaceAddress($0) }, new: new.addresses.compactMap { InterfaceAddress($0) })
    }
    if new.routes != old.routes || new.addresses != old.addresses {
      try device.setRoutes(
        old: old.routes.compactMap { InterfaceRoute($0) }, new: new.routes.compactMap { InterfaceRoute($0) })
    }
  }

  private func found(_ name: String) throws(Problem) -> PortStatus {
    guard let record = records[name] else { throw Problem(configuration.noPort(name)) }
    return detail(of: record)
  }
}

extension Problem {
  /// What kept a port from being opened or changed.
  init(_ error: PortError, port: String) {
    let (kind, title, status) =
      switch error {
      case .absent: ("not_found", "Not there", 404)
      case .inUse: ("conflict", "In use", 409)
      case .invalid: ("unacceptable", "Unacceptable value", 422)
      case .notPermitted: ("not_permitted", "Not permitted", 403)
      case .noTunDevice: ("no_tun", "No /dev/net/tun", 500)
      case .system: ("system", "The kernel refused", 500)
      }
    self.init(kind: kind, title: title, status: status, detail: "port \(port): \(error.message)", fix: error.fix)
  }
}
