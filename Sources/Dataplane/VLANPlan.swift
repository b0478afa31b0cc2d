// Control's side of the bridge's sets: who is in which VLAN, who is up, who takes what is flooded, who reaches whom. A
// value that knows no data plane: each change comes back as the commands that put it in force.

package import BridgeCore

/// Which VLANs a port is in.
package struct PortVLANs: Sendable, Equatable {
  /// All of them, the native one too.
  package let members: NumberSet
  /// The VLAN that leaves without a tag; 0 for none.
  package let native: UInt16

  /// - Parameters:
  ///   - vlans: the VLANs that leave tagged; the numbers 0 and 4095, which are none, are left out.
  ///   - native: the VLAN that leaves without a tag; 0 for none. It need not be in `vlans`.
  package init(_ vlans: NumberSet, native: UInt16) {
    var members = vlans
    self.native = native &- 1 < 4094 ? native : 0
    if self.native != 0 { members.insert(self.native) }
    members.remove(0)
    members.remove(4095)
    self.members = members
  }
}

/// All sets of a bridge, as its ports want them. Sets in commands are freed by `apply`, or by whoever performs the
/// commands himself: the answers hand back what is no longer in force.
package struct VLANPlan: Sendable {
  private struct Seat: Sendable, Equatable {
    var vlans: PortVLANs
    var isUp: Bool
    var kinds: FloodKinds
    var isolation: PortIsolation

    func takes(_ mask: FloodMask) -> Bool {
      switch mask {
      case .up: true
      case .unicast: kinds.contains(.unicast)
      case .multicast: kinds.contains(.multicast)
      case .broadcast: kinds.contains(.broadcast)
      }
    }
  }

  private var seats: [PortIndex: Seat] = [:]
  private var classes = VLANClasses()
  private var reach = ReachSets()
  private var masks: [NumberSet] = FloodMask.allCases.map { _ in NumberSet() }

  /// The plan of a new data plane: without ports there is nothing to perform.
  package init() {}

  /// How many flood sets the VLANs share.
  package var classCount: Int { classes.count }

  /// What `PortPolicy.reach` of a port is to be; to be put in force after the commands of `join`, which may bring its
  /// set.
  package func reach(of port: PortIndex) -> UInt16 {
    seats[port].map { reach.index(for: $0.isolation) } ?? 0
  }

  /// A port comes, or its settings change. To be performed before the port is attached, with `up` false, so that its
  /// first frame finds its VLANs; `setUp` follows once it is.
  package mutating func join(
    _ port: PortIndex, _ vlans: PortVLANs, up: Bool, floodKinds: FloodKinds = .all,
    isolation: PortIsolation = PortIsolation()
  ) -> [Command] {
    guard port.slot < PortIndex.limit else { return [] }
    let old = seats[port]
    let seat = Seat(vlans: vlans, isUp: up, kinds: floodKinds, isolation: isolation)
    guard old != seat else { return [] }
    seats[port] = seat
    // Who must not be reached comes before what may be flooded.
    var commands = reachCommands(port, from: old?.isolation, to: isolation)
    commands += vlanCommands(port, old?.vlans.members ?? NumberSet(), vlans.members)
    return commands + maskCommands(port, seat)
  }

  /// A port goes: nothing is flooded to it once the commands are performed, and it may be detached.
  package mutating func leave(_ port: PortIndex) -> [Command] {
    guard let old = seats.removeValue(forKey: port) else { return [] }
    var commands = maskCommands(port, nil)
    commands += vlanCommands(port, old.vlans.members, NumberSet())
    return commands + reachCommands(port, from: old.isolation, to: nil)
  }

  /// A port can take frames, or cannot any more.
  package mutating func setUp(_ port: PortIndex, _ up: Bool) -> [Command] {
    guard let seat = seats[port], seat.isUp != up else { return [] }
    seats[port]?.isUp = up
    return seats[port].map { maskCommands(port, $0) } ?? []
  }

  /// The native VLAN of each port that has one.
  var natives: [(PortIndex, UInt16)] {
    seats.compactMap { $0.value.vlans.native == 0 ? nil : ($0.key, $0.value.vlans.native) }
  }

  /// The ports of a VLAN, and the number of the flood set that it shares with all VLANs of the same ports.
  func members(of vlan: UInt16) -> (members: NumberSet, index: Int) { classes.members(of: vlan) }

  // MARK: what a change comes to

  private mutating func reachCommands(
    _ port: PortIndex, from old: PortIsolation?, to new: PortIsolation?
  ) -> [Command] {
    reach.change(port, from: old, to: new).map { .setReach($0.0, $0.1) }
  }

  private mutating func vlanCommands(_ port: PortIndex, _ old: NumberSet, _ new: NumberSet) -> [Command] {
    guard old != new else { return [] }
    let change = classes.toggle(port, in: old.symmetricDifference(new))
    return change.isEmpty ? [] : [.setVLANs(sets: change.sets, map: change.map)]
  }

  /// A port that comes up takes its kinds before it counts as up, and goes in the other order: a flood that reaches
  /// nobody meanwhile is not told a wrong reason.
  private mutating func maskCommands(_ port: PortIndex, _ seat: Seat?) -> [Command] {
    let order = seat?.isUp == true ? FloodMask.allCases.reversed() : FloodMask.allCases
    return order.compactMap { mask in
      let index = Int(mask.rawValue)
      let isIn = seat.map { $0.isUp && $0.takes(mask) } ?? false
      guard masks[index].contains(port.rawValue) != isIn else { return nil }
      masks[index].toggle(port.rawValue)
      return .setMask(mask, .allocate(masks[index]))
    }
  }

  // MARK: putting it in force

  /// Performs commands in their order, and frees the sets that are no longer in force.
  package static func apply(_ commands: [Command], in dataplane: Dataplane) async {
    for command in commands { free(await dataplane.perform(command)) }
  }

  /// Frees what an answer hands back. Where the data plane is ending, some worker may have a set in force: it goes with
  /// the process.
  package static func free(_ reply: Reply) {
    switch reply {
    case .replaced(let set): set?.deallocate()
    case .replacedSets(let sets): for set in sets { set.deallocate() }
    default: break
    }
  }
}
