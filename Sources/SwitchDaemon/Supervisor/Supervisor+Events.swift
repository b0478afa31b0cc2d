// What happens to devices and namespaces behind the switch's back, turned into port states.

internal import Dataplane
internal import LinuxIO
internal import Logging
internal import SwitchModel

extension Supervisor {
  func handle(_ event: SupervisorEvent) async {
    await acquire()
    defer { release() }
    switch event {
    case .notice(let notice): await handle(notice)
    case .link(let event): await handle(event)
    case .observed: observed()
    }
  }

  private func handle(_ notice: Notice) async {
    switch notice {
    case .portFailed(let index, let serial, let code):
      guard let name = name(of: index), records[name]?.serial == serial, records[name]?.device != nil else { return }
      await gone(name, code: code)
    case .guardTripped(let index, let serial, let reason): await tripped(index, serial: serial, reason)
    case .limitReached(let index, let serial, let reason): limited(index, serial: serial, reason)
    case .probeHeard(let index, let serial, let frame): await heardProbe(frame, on: index, serial: serial)
    }
  }

  private func handle(_ event: LinkEvent) async {
    switch event {
    case .linkChanged(let link): await changed(link)
    case .linkGone(let link, let moved):
      guard let name = port(with: link) else { return }
      if moved, records[name]?.device is TapDevice { await follow(name) } else { await gone(name, code: 0) }
    case .namespaceAppeared(let reference, _):
      for name in ports(in: reference) where records[name]?.device == nil {
        await retry(name, create: records[name]?.makesDevice ?? true)
      }
    case .namespaceGone(let reference, let id): await gone(reference, id)
    case .eventsLost(let id):
      for (name, record) in records where record.device != nil && record.link?.namespace == id { await follow(name) }
      for (name, record) in records where record.device == nil { await retry(name, create: record.makesDevice) }
    }
    await updateUp()
  }

  /// A link is new or has changed: news of a port's device, or the device a port waits for.
  private func changed(_ link: LinkState) async {
    if let name = port(with: link) {
      // Not what the event says: when it is handled the link may have changed again, or have left the namespace.
      let now = records[name]?.device?.link() ?? link
      let isHere = now.namespace == link.namespace && records[name]?.device is TapDevice
      if isHere { await learn(now, of: name) } else { await follow(name) }
    }
    for (name, record) in records where record.device == nil && record.configuration.target == link.name {
      await retry(name, create: false)
    }
  }

  /// The name of a namespace went, or its process: nothing of ours may keep it alive.
  private func gone(_ reference: NamespaceReference, _ id: NamespaceID?) async {
    for name in ports(in: reference) {
      await lose(name, why: "\(reference.sentence) does not exist", makesDevice: true)
    }
    // A device that was moved there goes with the namespace, or works on unheard if something else keeps it alive.
    guard let id else { return }
    for (name, record) in records where record.link?.namespace == id && record.movedWatch != nil {
      if let watch = record.movedWatch { monitor?.unwatch(watch) }
      records[name]?.movedWatch = nil
    }
  }

  /// The device was deleted, alone or with its namespace.
  private func gone(_ name: String, code: Int32) async {
    guard let record = records[name] else { return }
    // With its namespace: then it is to be made anew when that returns.
    let device = record.configuration.target
    let remakes = record.device is TapDevice
    let why = remakes ? "was deleted; tapswitch port set \(name) up=on makes it anew" : "does not exist"
    await lose(
      name, why: "\(remakes ? "device" : "interface") \(device) \(why)", makesDevice: !remakes)
    // Somebody may have made another one of that name already.
    await retry(name, create: false)
  }

  /// Tries to attach a port that waits; what goes wrong is why it waits.
  private func retry(_ name: String, create: Bool) async {
    guard let before = records[name], before.device == nil else { return }
    do throws(PortError) {
      try await attach(name, create: create, joining: false)
    } catch {
      if error.message != before.waitsFor {
        logger.warning("still waiting: \(error)", metadata: ["port": "\(name)"])
      }
    }
    if records[name]?.device != nil {
      announce(name)
    } else if !before.makesDevice, !create {
      // "No such device" would hide that somebody deleted it and how to get it back.
      records[name]?.waitsFor = before.waitsFor
    }
  }

  private func port(with link: LinkState) -> String? {
    for (name, record) in records where record.device != nil {
      if let known = record.link {
        if known.index == link.index, known.namespace == link.namespace { return name }
      } else if record.device?.index == link.index, record.device?.home == link.namespace {
        return name
      }
    }
    return nil
  }

  private func ports(in reference: NamespaceReference) -> [String] {
    records.filter { $0.value.namespace == reference }.map(\.key)
  }
}
