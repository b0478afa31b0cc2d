// Control's side of VLANs: which of them have the same members, so that they can share a flood set. Kept by splitting
// and joining classes of VLANs as ports come, go and change; a change touches the classes it concerns and no others.

internal import BridgeCore

/// The VLANs 1 to 4094, in classes of equal members. A class has the number of its flood set.
struct VLANClasses: Sendable {
  private struct Class: Sendable {
    var vlans: NumberSet
    var members: NumberSet
    /// Of the members, so that equal ones are found.
    var hash: UInt64
  }

  /// What a change comes to: sets that have other members now, and VLANs that have another set.
  struct Change {
    var sets: [(FloodSetIndex, FloodSet)] = []
    var map: [(ClosedRange<UInt16>, FloodSetIndex)] = []
    var isEmpty: Bool { sets.isEmpty && map.isEmpty }
  }

  private var classes: [Class]
  /// Numbers without VLANs, to be used again.
  private var free: [Int] = []
  private var byHash: [UInt64: [Int]] = [0: [0]]
  private var classOfVLAN: [Int]

  /// Nobody is anywhere: all VLANs on set 0, as in a new data plane.
  init() {
    classes = [Class(vlans: NumberSet(1...4094), members: NumberSet(), hash: 0)]
    classOfVLAN = [Int](repeating: 0, count: 4096)
  }

  /// How many sets are in use.
  var count: Int { classes.count - free.count }

  /// The members of a VLAN, and which class it is of.
  func members(of vlan: UInt16) -> (members: NumberSet, index: Int) {
    let index = classOfVLAN[Int(vlan)]
    return (classes[index].members, index)
  }

  /// Lets a port into VLANs that it was not in, and takes it out of those that it was in.
  mutating func toggle(_ port: PortIndex, in vlans: NumberSet) -> Change {
    var parts: [(index: Int, vlans: NumberSet)] = []
    var rest = vlans.intersection(NumberSet(1...4094))
    while let vlan = rest.first {
      let index = classOfVLAN[Int(vlan)]
      parts.append((index, rest.intersection(classes[index].vlans)))
      rest = rest.subtracting(classes[index].vlans)
    }
    var changed: Set<Int> = []
    var moved = NumberSet()
    for (index, part) in parts where toggle(port, part, of: index, &changed) { moved = moved.union(part) }
    return change(changed, moved: moved)
  }

  /// `part` of a class gets other members: as another class that has them, as it is, or as a class of its own.
  /// - Returns: whether it is in another class now.
  private mutating func toggle(
    _ port: PortIndex, _ part: NumberSet, of index: Int, _ changed: inout Set<Int>
  ) -> Bool {
    var members = classes[index].members
    members.toggle(port.rawValue)
    let hash = classes[index].hash ^ VLANClasses.mixed(port)
    if let twin = byHash[hash]?.first(where: { classes[$0].members == members }) {
      classes[twin].vlans = classes[twin].vlans.union(part)
      move(part, from: index, to: twin)
      return true
    }
    if part == classes[index].vlans {
      forget(index)
      classes[index].members = members
      classes[index].hash = hash
      byHash[hash, default: []].append(index)
      changed.insert(index)
      return false
    }
    let fresh = free.popLast() ?? classes.count
    let entry = Class(vlans: part, members: members, hash: hash)
    if fresh == classes.count { classes.append(entry) } else { classes[fresh] = entry }
    byHash[hash, default: []].append(fresh)
    changed.insert(fresh)
    move(part, from: index, to: fresh)
    return true
  }

  private mutating func move(_ part: NumberSet, from index: Int, to target: Int) {
    for vlan in part { classOfVLAN[Int(vlan)] = target }
    classes[index].vlans = classes[index].vlans.subtracting(part)
    guard classes[index].vlans.isEmpty else { return }
    forget(index)
    classes[index].members = NumberSet()
    free.append(index)
  }

  /// It is not found by its members any more.
  private mutating func forget(_ index: Int) {
    let hash = classes[index].hash
    byHash[hash]?.removeAll { $0 == index }
    if byHash[hash]?.isEmpty == true { byHash[hash] = nil }
  }

  private func change(_ changed: Set<Int>, moved: NumberSet) -> Change {
    var result = Change()
    for index in changed.sorted() where !classes[index].vlans.isEmpty {
      result.sets.append((VLANClasses.index(index), FloodSet.allocate(classes[index].members)))
    }
    for vlan in moved {
      let index = VLANClasses.index(classOfVLAN[Int(vlan)])
      if let last = result.map.last, last.1 == index, last.0.upperBound + 1 == vlan {
        result.map[result.map.count - 1].0 = last.0.lowerBound...vlan
      } else {
        result.map.append((vlan...vlan, index))
      }
    }
    return result
  }

  private static func index(_ number: Int) -> FloodSetIndex {
    FloodSetIndex(rawValue: UInt16(truncatingIfNeeded: number))
  }

  /// A number for each port by which sets of ports are told apart (Zobrist 1970); the finaliser of SplitMix64.
  private static func mixed(_ port: PortIndex) -> UInt64 {
    var bits = (UInt64(port.rawValue) &+ 1) &* 0x9E37_79B9_7F4A_7C15
    bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    return bits ^ bits >> 31
  }
}
