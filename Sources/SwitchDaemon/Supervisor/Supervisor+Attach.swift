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
  ///   - joining: let floods reach it at once; false where the caller does it for many ports together.
  func attach(_ name: String, create: Bool, joining: Bool = true) async throws(PortError) {
    guard var record = records[name], record.device == nil else { return }
    let device: any PortDevice
    do throws(PortError) {
      device = try record.attach(switchName: configuration.name, machine: machine, create: create)
      if !record.isOn { try device.setCarrier(false) }
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
    let handle = capture?.register(port: record.index.rawValue, as: interface) ?? 0
    guard let attachment = attachment(of: name, handle: handle) else { return }
    if case .failed(let code) = await dataplane.perform(.attach(attachment)) {
      freeApplied(name)
      records[name]?.device = nil
      records[name]?.waitsFor = "cannot be watched"
      device.close(removing: device.created)
      throw .system(SystemError("epoll_ctl", code: code, detail: device.name), fix: nil)
    }
    for concern in device.concerns { logger.warning("\(concern)", metadata: ["port": "\(name)"]) }
    await follow(name)
    if joining { await updateUp() }
  }

  /// Asks for the link anew where the monitor will not tell, and follows a device that is elsewhere.
  func follow(_ name: String) async {
    guard let record = records[name], let device = record.device else { return }
    guard let device = device as? TapDevice else { return await find(device, of: name) }
    guard let monitor else { return }
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

  /// The interface of a `netdev` port is whichever bears its name: one that went, or is called otherwise now, is lost.
  private func find(_ device: any PortDevice, of name: String) async {
    guard let link = device.link() else {
      return await lose(name, why: "interface \(device.name) does not exist", makesDevice: true)
    }
    guard link.name == device.name else {
      return await lose(
        name, why: "interface \(device.name) does not exist; it was renamed to \(link.name.shown)", makesDevice: true)
    }
    await learn(link, of: name)
  }

  /// Takes over what is now known of a port's interface.
  func learn(_ link: LinkState?, of name: String) async {
    guard let record = records[name], let device = record.device else { return }
    let cameUp = link?.isUp == true && record.link?.isUp == false
    records[name]?.link = link
    // The kernel drops the routes of a link that goes down.
    if cameUp, !record.configuration.routes.isEmpty, let device = device as? TapDevice {
      let wanted = record.configuration.routes.compactMap { InterfaceRoute($0) }
      do { try device.setRoutes(old: wanted, new: wanted) } catch {
        logger.warning("routes cannot be set again: \(error)", metadata: ["port": "\(name)"])
      }
    }
    await adjust(name)
    announce(name, since: record.state)
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
    await updateUp()
    await dataplane.perform(.detach(record.index))
    freeApplied(name)
    device.close(removing: false)
    announce(name, since: record.state)
  }

  /// Tells of a state that is another than it was.
  func announce(_ name: String, since before: (PortState, String?)) {
    guard let record = records[name], record.state != before else { return }
    announce(name)
  }

  /// Tells of the state that a port is in.
  func announce(_ name: String) {
    guard let record = records[name] else { return }
    let (state, reason) = record.state
    switch state {
    case .up: eventHub.publish(.portUp(name))
    case .down: eventHub.publish(.portDown(name, reason: reason))
    case .waiting: eventHub.publish(.portWaiting(name, reason: reason))
    }
  }
}
