// What people see of the VLANs: who is in which, equal neighbours in one row. Made anew from the plan for each reader.

package import BridgeCore

/// VLANs that follow each other and are alike: the same ports, tagged and untagged alike.
package struct VLANRow: Sendable, Equatable {
  package struct Member: Sendable, Equatable {
    package let port: PortIndex
    /// The VLAN leaves this port with a tag.
    package let isTagged: Bool
  }

  package let vlans: ClosedRange<UInt16>
  /// By slot, rising.
  package let members: [Member]
}

extension VLANPlan {
  /// All VLANs that have members, rising.
  package var rows: [VLANRow] {
    var untagged: [UInt16: NumberSet] = [:]
    for (port, native) in natives { untagged[native, default: NumberSet()].insert(port.rawValue) }
    var rows: [VLANRow] = []
    var last: (index: Int, untagged: NumberSet) = (-1, NumberSet())
    for vlan in UInt16(1)...4094 {
      let (members, index) = members(of: vlan)
      guard !members.isEmpty else {
        last.index = -1
        continue
      }
      let bare = untagged[vlan] ?? NumberSet()
      if index == last.index, bare == last.untagged, let row = rows.popLast() {
        rows.append(VLANRow(vlans: row.vlans.lowerBound...vlan, members: row.members))
        continue
      }
      last = (index, bare)
      rows.append(
        VLANRow(
          vlans: vlan...vlan,
          members: members.map { VLANRow.Member(port: PortIndex(rawValue: $0), isTagged: !bare.contains($0)) }))
    }
    return rows
  }
}
