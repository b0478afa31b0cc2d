// Ports added, changed and removed while the switch runs. All of a change or none of it; other ports lose no frame.

internal import BridgeCore
internal import Capture
internal import Dataplane
internal import LinuxIO
internal import Logging
package import SwitchModel

extension Supervisor {
  package func ports() async throws(Problem) -> [PortStatus] { ordered.map { status(of: $0) } }

  package func port(_ name: String) async throws(Problem) -> PortStatus {
    guard let record = records[name] else { throw Problem(configuration.noPort(name)) }
    return detail(of: record)
  }

  package func addPort(_ request: JSONValue) async throws(Problem) -> PortStatus {
    await acquire()
    defer { release() }
    var next = configuration
    let port: PortConfiguration
    do throws(ConfigurationErrors) {
      port = try PortConfiguration(request: request)
    } catch {
      throw Problem(error)
    }
    do throws(ConfigurationError) { try next.add(port) } catch { throw Problem(error) }
    addRecord(port)
    do throws(PortError) {
      try await attach(port.name, create: true)
    } catch {
      await forget(port.name)
      throw Problem(error, port: port.name)
    }
    configuration = next
    logState(port.name)
    return try found(port.name)
  }

  package func removePort(_ name: String) async throws(Problem) {
    await acquire()
    defer { release() }
    do throws(ConfigurationError) { try configuration.removePort(named: name) } catch { throw Problem(error) }
    await forget(name)
    logger.notice("removed", metadata: ["port": "\(name)"])
  }

  /// Takes a port out: first nobody sends to it any more, then the worker lets go of it, then its device goes.
  private func forget(_ name: String) async {
    guard let record = records[name] else { return }
    if record.floods { await FloodPlan.apply(flood.change(adding: [], removing: [record.index]), in: dataplane) }
    await dataplane.perform(.detach(record.index))
    await dataplane.perform(.forget(record.index))
    capture?.unregister(port: record.index.rawValue)
    retired.add(dataplane.counters.snapshot(of: record.index))
    for watch in [record.watch, record.movedWatch].compactMap({ $0 }) { monitor?.unwatch(watch) }
    record.device?.close(removing: true)
    records[name] = nil
    freeSlot(record.index)
  }

  package func patchPort(_ name: String, _ patch: JSONValue) async throws(Problem) -> PortStatus {
    await acquire()
    defer { release() }
    guard let record = records[name] else { throw Problem(configuration.noPort(name)) }
    let change: PortPatch
    do throws(ConfigurationErrors) {
      change = try record.configuration.patched(with: patch)
    } catch {
      throw Problem(error)
    }
    if let device = record.device {
      do throws(PortError) {
        try apply(change.configuration, instead: record.configuration, to: device)
      } catch {
        // What was changed before the failure is changed back; it was possible once, so a failure here says nothing new.
        try? apply(record.configuration, instead: change.configuration, to: device)
        throw Problem(error, port: name)
      }
    }
    do throws(ConfigurationError) { try configuration.replace(change.configuration) } catch { throw Problem(error) }
    records[name]?.configuration = change.configuration
    if record.device == nil, change.configuration.up, patch["up"] != nil {
      do throws(PortError) { try await attach(name, create: true, joining: false) } catch {
        throw Problem(error, port: name)
      }
    } else if let device = record.device {
      await learn(device.link() ?? record.link, of: name)
      if let now = records[name] { await dataplane.perform(.adjust(now.index, now.limits, now.policy)) }
    }
    await updateFlood()
    if !change.changed.isEmpty {
      let keys = change.changed.map(\.key).joined(separator: ", ")
      logger.notice("changed: \(keys)", metadata: ["port": "\(name)"])
    }
    return try found(name)
  }

  /// Makes the device of a port as `new` says where that differs from `old`.
  private func apply(
    _ new: PortConfiguration, instead old: PortConfiguration, to device: TapDevice
  ) throws(PortError) {
    if new.mtu != old.mtu { try device.setMTU(new.mtu ?? 1500) }
    if new.txqueuelen != old.txqueuelen { try device.setQueueLength(new.txqueuelen) }
    if new.addresses != old.addresses {
      try device.setAddresses(
        old: old.addresses.compactMap { InterfaceAddress($0) }, new: new.addresses.compactMap { InterfaceAddress($0) })
    }
    if new.routes != old.routes || new.addresses != old.addresses {
      try device.setRoutes(
        old: old.routes.compactMap { InterfaceRoute($0) }, new: new.routes.compactMap { InterfaceRoute($0) })
    }
    if new.up != old.up { try device.setCarrier(new.up) }
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
