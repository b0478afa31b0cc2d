// A bridge to ask questions of, for the tests of conformance: a station sends, and what became of it is said in a word.

import BridgeCore
import Testing
import Wire

struct ConformanceSwitch: ~Copyable {
  var world: ReferenceWorld

  /// - Parameters:
  ///   - ports: the settings of ports 0, 1, 2 …
  ///   - vlans: who belongs to which VLAN; empty: all to all of a few.
  init(_ ports: [ReferencePort], vlans: [UInt16: Set<Int>] = [:], capacity: Int = 1024) {
    world = ReferenceWorld(seed: 11, capacity: capacity)
    let all = Set(ports.indices)
    let members = vlans.isEmpty ? [1: all, 10: all, 20: all] : vlans
    for (index, vlan) in members.keys.sorted().enumerated() {
      must(.vlan(vlan, set: index + 1, members[vlan] ?? []))
    }
    for (slot, settings) in ports.enumerated() { must(.port(slot, settings)) }
  }

  /// So many ports without settings.
  init(ports count: Int, capacity: Int = 1024) {
    self.init(Array(repeating: ReferencePort(), count: count), capacity: capacity)
  }

  /// Does something that must go well, and as in the naive bridge.
  mutating func must(_ step: ReferenceStep, sourceLocation: SourceLocation = #_sourceLocation) {
    if let difference = world.perform(step) { Issue.record("\(step): \(difference)", sourceLocation: sourceLocation) }
  }

  mutating func wait(_ seconds: Int) { must(.wait(seconds)) }

  /// A frame comes in; its source is taught where the bridge asks for it.
  @discardableResult
  mutating func send(
    _ source: MACAddress, to destination: MACAddress, tags: [(UInt16, UInt16)] = [], on slot: Int,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> ReferenceOutcome {
    let header = try header(to: destination, from: source, tags: tags)
    let verdict = world.bridge.decide(header, from: port(slot), at: world.tick)
    let frame = ReferenceFrame(
      destination: destination, source: source, tags: tags.map { .init(tpid: $0.0, tci: $0.1) })
    must(.frame(frame, from: slot, isTaught: true), sourceLocation: sourceLocation)
    return switch verdict.action {
    case .deliver: .deliver(verdict.port.slot)
    case .flood: .flood(Set(recipients(world.bridge, verdict, from: slot)), verdict.kind)
    case .drop: .drop(verdict.reason)
    case .consume: .consume
    }
  }

  /// Where an address is.
  func whereabouts(_ mac: MACAddress, vlan: UInt16 = 1) -> Int? {
    world.bridge.reader.find(mac, vlan: vlan, at: world.tick)?.port.slot
  }

  var count: Int { world.bridge.reader.count(at: world.tick) }
}
