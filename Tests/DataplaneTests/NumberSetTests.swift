// Sets of small numbers against those of the standard library, and the sets of ports that are made of them.

import BridgeCore
import Testing

@testable import Dataplane

@Suite struct NumberSetTests {
  @Test("As a set of integers has it", arguments: seeds)
  func random(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    for round in 0..<200 {
      func some() -> Set<UInt16> {
        Set((0..<Int.random(in: 0...20, using: &random)).map { _ in UInt16.random(in: 0...4095, using: &random) })
      }
      let (a, b) = (some(), some())
      let (first, second) = (NumberSet(a), NumberSet(b))
      let what = "seed \(seed), round \(round)"
      #expect(Array(first) == a.sorted() && first.count == a.count && first.first == a.min(), "\(what)")
      #expect(Array(first.union(second)) == a.union(b).sorted(), "\(what)")
      #expect(Array(first.intersection(second)) == a.intersection(b).sorted(), "\(what)")
      #expect(Array(first.subtracting(second)) == a.subtracting(b).sorted(), "\(what)")
      #expect(Array(first.symmetricDifference(second)) == a.symmetricDifference(b).sorted(), "\(what)")
      #expect(first.ranges.flatMap { Array($0) } == a.sorted(), "\(what)")
      #expect((first == second) == (a == b), "\(what)")
      var changed = first
      for number in b { changed.remove(number) }
      #expect(changed == first.subtracting(second), "\(what)")
      #expect(NumberSet(words: first.words) == first)
    }
  }

  @Test("The set of ports made of it is the one that the bridge would make of its members", arguments: seeds)
  func floodSets(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    for count in [0, 1, 2, 64, 1000] {
      let slots = NumberSet((0..<count).map { _ in UInt16.random(in: 0...4095, using: &random) })
      let (ours, theirs) = (FloodSet.allocate(slots), FloodSet.allocate(members: slots.map { PortIndex(rawValue: $0) }))
      #expect(ours.members == theirs.members && ours.memberCount == theirs.memberCount)
      #expect(ours.wordCount == theirs.wordCount)
      for word in 0..<65 { #expect(ours.bits(word) == theirs.bits(word)) }
      ours.deallocate()
      theirs.deallocate()
    }
  }

  @Test("Numbers beyond 4095 are in none")
  func limits() {
    var set = NumberSet([4095, 4096, .max])
    #expect(Array(set) == [4095] && !set.contains(4096))
    set.remove(4096)
    #expect(set.count == 1)
    #expect(NumberSet(words: Array(repeating: UInt64.max, count: 100)).count == 4096)
    #expect(NumberSet.all.ranges == [0...4095])
  }
}
