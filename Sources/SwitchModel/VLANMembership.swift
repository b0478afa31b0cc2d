// Which VLANs a port carries, as its settings say: one value that flood sets, policies and `vlan list` are made from.

package import BridgeCore

/// `default_vlan`: what a port without VLAN settings is.
package enum DefaultVLAN: Sendable, Hashable {
  /// A trunk of all VLANs with native 1.
  case all
  /// An access port in this VLAN, 1 to 4094.
  case access(UInt16)
}

/// A port's part in VLANs.
package struct VLANMembership: Sendable, Hashable {
  package enum Mode: String, Sendable, Hashable { case access, trunk }

  package var mode: Mode
  /// The VLAN of frames without a tag of their own, which also leave untagged (PVID, 802.1Q-2018 clause 6.9.1): that
  /// of an access port or of `qinq` too. 0 for none.
  package var native: UInt16
  /// VLANs carried with a tag; never holds `native`.
  package var tagged: VLANSet
  package var accept: AcceptedFrames
  /// 0x8100 or 0x88a8, in host byte order.
  package var tpid: UInt16
  /// Every frame belongs to `native`, whatever tags it bears.
  package var isQinQ: Bool

  /// - Parameter tagged: `native` is taken out of it.
  package init(
    mode: Mode, native: UInt16, tagged: VLANSet, accept: AcceptedFrames = .all, tpid: UInt16 = 0x8100,
    isQinQ: Bool = false
  ) {
    self.mode = mode
    self.native = native
    self.tagged = tagged.removing(native)
    self.accept = accept
    self.tpid = tpid
    self.isQinQ = isQinQ
  }

  /// A trunk of all VLANs with native 1.
  package static let standard = VLANMembership(mode: .trunk, native: 1, tagged: .all)

  /// All VLANs the port is a member of.
  package var vlans: VLANSet {
    var vlans = tagged
    vlans.insert(native)
    return vlans
  }

  package func contains(_ vlan: UInt16) -> Bool { vlan == native && vlan != 0 || tagged.contains(vlan) }
}

extension PortConfiguration {
  /// Whether a setting says which VLANs the port is in; if none does, `default_vlan` says it.
  package var hasVLANSettings: Bool {
    [Setting.vlan, .native, .tagged, .qinq].contains { values[$0] != nil }
  }

  /// What the port is in VLANs. `native` or `tagged` without `vlan` make a trunk.
  /// - Parameter standard: what it is without VLAN settings.
  package func vlans(default standard: DefaultVLAN) -> VLANMembership {
    let number = { (value: SettingValue?) in UInt16(truncatingIfNeeded: value?.integerValue ?? 0) }
    let accept = { (otherwise: AcceptedFrames) in self.explicitAccept ?? otherwise }
    if let service = values[.qinq] {
      return VLANMembership(
        mode: .access, native: number(service), tagged: VLANSet(), accept: .all, tpid: tpid, isQinQ: true)
    }
    var access: UInt16?
    if case .integer = values[.vlan] {
      access = number(values[.vlan])
    } else if !hasVLANSettings, case .access(let vlan) = standard {
      access = vlan
    }
    if let access {
      return VLANMembership(
        mode: .access, native: access, tagged: VLANSet(), accept: accept(.untagged), tpid: tpid)
    }
    let tagged = self[.tagged]?.listValue.map { VLANSet(items: $0) } ?? .all
    return VLANMembership(
      mode: .trunk, native: number(self[.native]), tagged: tagged, accept: accept(.all), tpid: tpid)
  }

  private var explicitAccept: AcceptedFrames? {
    switch values[.accept]?.textValue {
    case "all": .all
    case "tagged": .tagged
    case "untagged": .untagged
    default: nil
    }
  }
}

extension VLANSet {
  /// From items that the setting's type has made.
  init(items: [String]) {
    self.init()
    for item in items {
      let bounds = item.split(separator: "-").compactMap { UInt16($0) }
      guard let first = bounds.first, let last = bounds.last, first <= last else { continue }
      for vlan in first...last { insert(vlan) }
    }
  }
}

extension PortVLANStatus {
  /// The `vlan` object of `port list`.
  package init(_ vlans: VLANMembership) {
    self.init(
      mode: vlans.mode == .access ? .access : .trunk, native: vlans.native == 0 ? nil : Int(vlans.native),
      tagged: vlans.tagged.text)
  }
}
