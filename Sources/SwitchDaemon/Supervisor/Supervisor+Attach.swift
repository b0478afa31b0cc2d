// A port gets its device, loses it, gets it back. Each step leaves the record, the worker and the flood sets agreeing.

internal import BridgeCore
internal import Capture
internal import Dataplane
internal import LinuxIO
internal import Logging
internal import SwitchModel

extension Supervisor {
  /// Attaches the device of a port that has none. One that is absent leaves the port waiting and is no error.
  /// - Parameters:
  ///   - create: make the device where there is none.
  ///   - joining: bring the flood sets up to date; false where the caller does it for many ports together.
  func attach(_ name: String, create: Bool, joining: Bool = true) async throws(PortError) {
    guard var record = records[name], record.device == nil else { return }
    let device: TapDevice
    do throws(PortError) {
      device = try TapDevice.attach(
        record.request(switchName: configuration.name, machine: machine, create: create))
      if !record.configuration.up { try device.setCarrier(false) }
    } catch {
      records[name]?.waitsFor = error.message
      if case .absent = error { return }
      throw error
    }
    let interface = CaptureInterface(
      name: name, description: record.configuration.spec, mac: device.initial.mac)
    record.device = device
    record.link = device.initial
    record.serial = newSerial()
    record.makesDevice = true
    records[name] = record
    let reply = await dataplane.perform(
      .attach(
        PortAttachment(
          port: record.index, serial: record.serial, descriptor: device.descriptor, limits: record.limits,
          policy: record.policy, handle: capture?.register(port: record.index.rawValue, as: interface) ?? 0)))
    if case .failed(let code) = reply {
      records[name]?.device = nil
      records[name]?.waitsFor = "cannot be watched"
      device.close(removing: device.created)
      throw .system(SystemError("epoll_ctl", code: code, detail: device.request.name), fix: nil)
    }
    await follow(name)
    if joining { await updateFlood() }
  }

  /// Asks for the link anew where the monitor will not tell, and follows a device that is elsewhere.
  func follow(_ name: String) async {
    guard let record = records[name], let device = record.device, let monitor else { return }
    if let old = record.movedWatch {
      monitor.unwatch(old)
      records[name]?.movedWatch = nil
    }
    var link = device.link()
    if let found = link, found.namespace != device.home {
      records[name]?.movedWatch = monitor.watch(device)
      // It may have come up before anybody watched.
      link = device.link() ?? link
    }
    await learn(link, of: name)
  }

  /// Takes over what is now known of a port's interface.
  func learn(_ link: LinkState?, of name: String) async {
    guard let record = records[name], let device = record.device else { return }
    let cameUp = link?.isUp == true && record.link?.isUp == false
    let before = record.limits
    records[name]?.link = link
    // The kernel drops the routes of a link that goes down.
    if cameUp, !record.configuration.routes.isEmpty {
      let wanted = record.configuration.routes.compactMap { InterfaceRoute($0) }
      do { try device.setRoutes(old: wanted, new: wanted) } catch {
        logger.warning("routes cannot be set again: \(error)", metadata: ["port": "\(name)"])
      }
    }
    if let after = records[name], after.limits != before {
      await dataplane.perform(.adjust(after.index, after.limits, after.policy))
    }
    if record.isUp != records[name]?.isUp { logState(name) }
  }

  /// Lets go of a device that is gone or whose namespace is; the port waits.
  func lose(_ name: String, why: String, makesDevice: Bool) async {
    guard let record = records[name] else { return }
    records[name]?.waitsFor = why
    records[name]?.makesDevice = makesDevice
    guard let device = record.device else { return }
    records[name]?.device = nil
    records[name]?.link = nil
    if let watch = record.movedWatch { monitor?.unwatch(watch) }
    records[name]?.movedWatch = nil
    await updateFlood()
    await dataplane.perform(.detach(record.index))
    device.close(removing: false)
    logState(name)
  }

  /// Makes the flood sets hold exactly the ports that are up.
  func updateFlood() async {
    var adding: [PortIndex] = []
    var removing: [PortIndex] = []
    for (name, record) in records where record.isUp != record.floods {
      if record.isUp { adding.append(record.index) } else { removing.append(record.index) }
      records[name]?.floods = record.isUp
    }
    guard !adding.isEmpty || !removing.isEmpty else { return }
    adding.sort { $0.rawValue < $1.rawValue }
    await FloodPlan.apply(flood.change(adding: adding, removing: removing), in: dataplane)
  }

  func logState(_ name: String) {
    guard let record = records[name] else { return }
    let (state, reason) = record.state
    logger.notice("\(state.rawValue)\(reason.map { ": \($0)" } ?? "")", metadata: ["port": "\(name)"])
  }
}
