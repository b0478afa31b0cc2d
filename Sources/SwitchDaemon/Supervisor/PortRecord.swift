// One port while the switch runs: what it should be, what it is, and since when it waits.

internal import BridgeCore
internal import Dataplane
internal import LinuxIO
internal import Stations
internal import SwitchModel
internal import Wire

/// What the supervisor keeps of a port.
struct PortRecord: Sendable {
  var configuration: PortConfiguration
  /// For people and scripts; never used twice while the switch runs.
  let id: Int
  /// The slot in the data plane; used again after the port is gone.
  let index: PortIndex
  /// Tells this attachment from earlier ones of the slot; changes with each.
  var serial: UInt32 = 0
  /// Nil while the port waits.
  var device: (any PortDevice)?
  /// The interface as last heard of; nil where that cannot be known.
  var link: LinkState?
  /// Follows the namespace named in the configuration, from the beginning to the removal of the port.
  var watch: NamespaceWatch?
  /// Follows the namespace the user moved the device to.
  var movedWatch: NamespaceWatch?
  /// What it waits for; meaningful without a device only.
  var waitsFor = ""
  /// May the device be made when what was missing appears? Not after somebody deleted it.
  var makesDevice = true
  /// Floods reach it.
  var floods = false
  /// Why a guard has shut it; nil while none has.
  var shut: String?
  /// The setting of that guard, or of the last one.
  var shutBy = ""
  var penalty = GuardPenalty()
  /// What the data plane was last told of it; nil without a device.
  var applied: AppliedPort?

  /// The state and its reason, as `port list` shows it.
  var state: (PortState, String?) {
    guard device != nil else { return (.waiting, waitsFor) }
    if !configuration.up { return (.down, "switched off: up=off") }
    if let shut { return (.down, shut) }
    guard let link else { return (.up, nil) }
    if link.isUp {
      guard configuration.kind == .netdev, !link.hasCarrier else { return (.up, nil) }
      return (.down, "interface \(link.name.shown) has no carrier: what is at its other end is down, or not there yet")
    }
    return (.down, "device \(link.name.shown) is down; ip link set \(link.name.shellWord) up brings it up")
  }

  /// Frames can pass now.
  var isUp: Bool { state.0 == .up }

  /// Neither the user nor a guard has switched it off.
  var isOn: Bool { configuration.up && shut == nil }

  /// The namespace of the configuration; names were checked when it was read.
  var namespace: NamespaceReference { configuration.netns.flatMap { NamespaceReference(parsing: $0) } ?? .current }

  /// Gets what the configuration asks for.
  /// - Parameter create: make the device where there is none.
  func attach(switchName: String, machine: String, create: Bool) throws(PortError) -> any PortDevice {
    switch configuration.kind {
    case .tap: try TapDevice.attach(tapRequest(switchName: switchName, machine: machine, create: create))
    case .netdev: try NetDevice.attach(NetRequest(name: configuration.target, mtu: configuration.mtu))
    }
  }

  private func tapRequest(switchName: String, machine: String, create: Bool) -> TapRequest {
    TapRequest(
      name: configuration.target, namespace: namespace,
      mac: configuration.mac
        ?? stableMAC(machineID: machine, switchName: switchName, port: configuration.name),
      explicitMAC: configuration.mac != nil, mtu: configuration.mtu, queueLength: configuration.txqueuelen,
      explicitQueueLength: configuration.values[.txqueuelen] != nil,
      addresses: configuration.addresses.compactMap { InterfaceAddress($0) },
      routes: configuration.routes.compactMap { InterfaceRoute($0) },
      label: "tapswitch \(switchName)/\(configuration.name)",
      group: UInt32(truncatingIfNeeded: stableMAC(machineID: machine, switchName: switchName, port: "").bits) | 1,
      persist: configuration.persist, create: create, napi: LinuxIO.TapNAPI(configuration.napi),
      rpsCPUs: configuration.rpsCPUs)
  }
}

extension LinuxIO.TapNAPI {
  fileprivate init(_ setting: SwitchModel.TapNAPI) {
    self =
      switch setting {
      case .off: .off
      case .on: .on
      case .threaded: .threaded
      }
  }
}
