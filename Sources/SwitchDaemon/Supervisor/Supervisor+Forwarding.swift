// What a port's settings mean for the data plane, and keeping both alike: limits, policy, VLANs, who reaches whom.

internal import BridgeCore
internal import Dataplane
internal import LinuxIO
internal import Logging
internal import SwitchModel
internal import Wire

/// What the data plane was told of a port.
struct AppliedPort: Sendable {
  var limits: PortLimits
  var policy: PortPolicy
  /// What `policy.allowed` was made of.
  var allowed: [MACAddress]
}

extension Supervisor {
  /// What the worker holds a port to.
  func limits(of record: PortRecord) -> PortLimits {
    let port = record.configuration
    let vlans = port.vlans(default: configuration.defaultVLAN)
    return PortLimits(
      mtu: record.link?.mtu ?? port.mtu ?? 1500, native: vlans.native, enabled: record.isOn,
      coalesces: port.coalesce, takesDatagramTrains: record.device?.offload.uso ?? false,
      tpid: EtherType(rawValue: vlans.tpid), isQinQ: vlans.isQinQ, rateIn: UInt64(clamping: port.rateIn ?? 0),
      rateOut: UInt64(clamping: port.rateOut ?? 0), burst: UInt64(clamping: port.burst ?? 0),
      stormBroadcast: StormLimit(port.stormBroadcast), stormMulticast: StormLimit(port.stormMulticast),
      stormUnknown: StormLimit(port.stormUnknown))
  }

  /// What the bridge asks of frames from a port. `allowed` lives until it is freed.
  func policy(of record: PortRecord, reach: UInt16, allowed: AddressList) -> PortPolicy {
    let port = record.configuration
    let vlans = port.vlans(default: configuration.defaultVLAN)
    return PortPolicy(
      forwarding: record.isOn, learning: port.learning, nativeVID: vlans.native,
      tpid: EtherType(rawValue: vlans.tpid), accept: vlans.accept, isQinQ: vlans.isQinQ, isLocked: port.isLocked,
      macLimit: UInt32(clamping: port.macLimit ?? 0), macLimitAction: port.macLimitAction, bpduGuard: port.bpduGuard,
      refusesReserved: port.refusesReserved, reach: reach, allowed: allowed)
  }

  /// A port is there, or is a member of other VLANs, or reaches others: up or not, this is who belongs together.
  func join(_ name: String) async {
    guard let record = records[name] else { return }
    let vlans = record.configuration.vlans(default: configuration.defaultVLAN)
    let commands = vlanPlan.join(
      record.index, PortVLANs(NumberSet(words: vlans.vlans.words), native: vlans.native), up: record.floods,
      floodKinds: record.configuration.floodKinds,
      isolation: PortIsolation(
        isIsolated: record.configuration.isIsolated, group: record.configuration.group))
    await VLANPlan.apply(commands, in: dataplane)
  }

  /// The attachment of a port whose device is there.
  func attachment(of name: String, handle: UInt32) -> PortAttachment? {
    guard let record = records[name], let device = record.device else { return nil }
    let applied = nextApplied(of: record)
    records[name]?.applied = applied
    return PortAttachment(
      port: record.index, serial: record.serial, io: device.io, limits: applied.limits,
      policy: applied.policy, handle: handle)
  }

  private func nextApplied(of record: PortRecord) -> AppliedPort {
    let addresses = record.configuration.allowedMACs
    let old = record.applied
    let list = old?.allowed == addresses ? old?.policy.allowed : nil
    let allowed = list ?? (addresses.isEmpty ? .any : .allocate(addresses))
    return AppliedPort(
      limits: limits(of: record),
      policy: policy(of: record, reach: vlanPlan.reach(of: record.index), allowed: allowed), allowed: addresses)
  }

  /// Holds a port to its settings and its state as they are now. Nothing is asked of the data plane if nothing differs.
  func adjust(_ name: String) async {
    guard let record = records[name], record.device != nil, let old = record.applied else { return }
    let next = nextApplied(of: record)
    guard next.limits != old.limits || next.policy != old.policy else { return }
    records[name]?.applied = next
    let reply = await dataplane.perform(.adjust(record.index, next.limits, next.policy))
    if next.policy.allowed != old.policy.allowed { old.policy.allowed.deallocate() }
    if case .failed(let code) = reply {
      await lose(name, why: "cannot be watched: \(SystemError("epoll_ctl", code: code))", makesDevice: false)
    }
  }

  /// Nobody reads the policy any more.
  func freeApplied(_ name: String) {
    guard let applied = records[name]?.applied else { return }
    records[name]?.applied = nil
    applied.policy.allowed.deallocate()
  }

  /// Makes floods reach exactly the ports that are up, and probes go out there. Who was heard on one that went down may
  /// be heard elsewhere next: until then his frames are flooded rather than lost.
  func updateUp() async {
    let changed = ordered.filter { $0.floods != $0.isUp }
    guard !changed.isEmpty else { return }
    for record in changed {
      records[record.configuration.name]?.floods = record.isUp
      await VLANPlan.apply(vlanPlan.setUp(record.index, record.isUp), in: dataplane)
      if !record.isUp { await dataplane.perform(.flush(record.index, vlan: nil)) }
    }
    updateProbes()
  }
}

extension StormLimit {
  init(_ limit: RateLimit?) {
    self =
      switch limit {
      case nil: .none
      case .frames(let frames): .frames(UInt32(clamping: frames))
      case .bits(let bits): .bits(UInt64(clamping: bits))
      }
  }
}
