// Random lives of a bridge for the tests of properties. Here nothing is compared with the naive bridge; of that one
// only the settings are asked for, and the tests say themselves what must hold.

import BridgeCore
import Testing
import Wire

/// One frame and what the bridge made of it.
struct PropertiesSight {
  let frame: ReferenceFrame
  let slot: Int
  let verdict: Verdict
  /// Everyone it goes to, in the order of delivery.
  let recipients: [Int]
  /// Who belonged to its VLAN.
  let members: Set<Int>
}

/// Calls `look` for every frame of many random lives.
/// - Parameters:
///   - before: called before each step, with what it will be.
///   - after: called after each step, with what it was.
func walkLives(
  _ seed: UInt64, lives: Int = 25,
  before: (borrowing ReferenceWorld, ReferenceStep) -> Void = { _, _ in },
  after: (borrowing ReferenceWorld, ReferenceStep) -> Void = { _, _ in },
  look: (borrowing ReferenceWorld, PropertiesSight) -> Void = { _, _ in }
) throws {
  var random = SeededRandom(seed: seed)
  for _ in 0..<lives {
    let own = random.next()
    var generator = ReferenceGenerator(seed: own)
    var world = ReferenceWorld(seed: own)
    for step in generator.steps(80) {
      before(world, step)
      if case .frame(let frame, let slot, _) = step {
        let tags = frame.tags.map { ($0.tpid, $0.tci) }
        let header = try header(to: frame.destination, from: frame.source, tags: tags)
        let verdict = world.bridge.decide(header, from: port(slot), at: world.tick)
        var all: [Int] = []
        if verdict.action == .deliver { all = [verdict.port.slot] }
        if verdict.action == .flood { all = recipients(world.bridge, verdict, from: slot) }
        look(
          world,
          PropertiesSight(
            frame: frame, slot: slot, verdict: verdict, recipients: all, members: world.model.members(verdict.vlan)))
      }
      // where the two bridges differ is for another test to say; beyond that point nothing is known of the settings
      let isSame = world.perform(step) == nil
      after(world, step)
      if !isSame { break }
    }
  }
}
