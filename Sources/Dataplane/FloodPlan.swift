// Control's side of the flood sets: keeps the members of each, builds new sets when they change and frees the old ones.
// A port that joins or leaves touches only the sets it is in.

package import BridgeCore

/// The flood sets of ports without VLAN settings: one for the native VLAN, where all leave untagged, and one that
/// all other VLANs share.
package struct FloodPlan: Sendable {
  static let native = FloodSetIndex(rawValue: 0)
  static let tagged = FloodSetIndex(rawValue: 1)
  private var members: [PortIndex] = []

  package init() {}

  /// Points the VLANs to their sets; once, before the first port.
  package func install(in dataplane: Dataplane) async {
    await dataplane.perform(.mapVLANs(1...1, FloodPlan.native))
    await dataplane.perform(.mapVLANs(2...4094, FloodPlan.tagged))
  }

  /// Adds or takes out ports.
  /// - Returns: the sets that changed, to be put in force by `apply`.
  package mutating func change(adding: [PortIndex], removing: [PortIndex]) -> [(FloodSetIndex, FloodSet)] {
    let gone = Set(removing)
    var next = members.filter { !gone.contains($0) }
    let present = Set(next)
    next += adding.filter { !present.contains($0) }
    guard next != members else { return [] }
    members = next
    return [
      (FloodPlan.native, .allocate(members: next, untagged: next)),
      (FloodPlan.tagged, .allocate(members: next, untagged: [])),
    ]
  }

  /// Puts sets in force, in the order of the changes that made them, and frees those that were.
  package static func apply(_ sets: [(FloodSetIndex, FloodSet)], in dataplane: Dataplane) async {
    for (index, set) in sets {
      switch await dataplane.perform(.setFloodSet(index, set)) {
      case .replaced(let old): old?.deallocate()
      // The data plane is ending; some worker may have it in force. It goes with the process.
      default: break
      }
    }
  }
}
