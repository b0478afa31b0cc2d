// D4, E8: addresses that move, and why.

import Stations
import Testing
import Wire

@Suite struct MoveWatchTests {
  @Test func rowE8_manyTogetherAreALoop() throws {
    var watch = MoveWatch()
    for round in 0..<6 {
      for number in 0..<5 {
        let time = second + UInt64(round) * second / 2
        if round % 2 == 0 {
          watch.note(station(number), vlan: 1, from: 7, to: 3, at: time)
        } else {
          watch.note(station(number), vlan: 1, from: 3, to: 7, at: time)
        }
      }
    }
    let finding = try #require(watch.judge(station(4), vlan: 1, at: 4 * second))
    #expect(finding.cause == .loop)
    #expect(finding.ports == [3, 7])
    #expect(finding.addresses == 5)
    #expect(finding.moves == 6 && finding.allMoves == 30)
    #expect(finding.rateInTenths == 20 && finding.allRateInTenths == 100)
  }

  @Test(arguments: [1, 2]) func rowD4_oneAddressIsAClone(addresses: Int) throws {
    var watch = MoveWatch()
    for round in 0..<6 {
      for number in 0..<addresses {
        watch.note(
          station(number), vlan: 1, from: round % 2 == 0 ? 3 : 7, to: round % 2 == 0 ? 7 : 3, at: UInt64(round) * second
        )
      }
    }
    let finding = try #require(watch.judge(station(0), vlan: 1, at: 5 * second))
    #expect(finding.cause == .clone)
    #expect(finding.addresses == addresses)
    #expect(finding.moves == 6)
  }

  /// A clone beside a loop elsewhere is still a clone.
  @Test func bothAtOnce() throws {
    var watch = MoveWatch()
    for round in 0..<6 {
      let isEven = round % 2 == 0
      for number in 0..<4 { watch.note(station(number), vlan: 1, from: isEven ? 1 : 2, to: isEven ? 2 : 1, at: second) }
      watch.note(station(9), vlan: 1, from: isEven ? 1 : 5, to: isEven ? 5 : 1, at: second)
    }
    #expect(try #require(watch.judge(station(0), vlan: 1, at: second)).cause == .loop)
    let clone = try #require(watch.judge(station(9), vlan: 1, at: second))
    #expect(clone.cause == .clone && clone.ports == [1, 5])
  }

  @Test func oneWayIsNoLoop() throws {
    var watch = MoveWatch()
    for number in 0..<10 { watch.note(station(number), vlan: 1, from: 1, to: 2, at: second) }
    #expect(try #require(watch.judge(station(0), vlan: 1, at: second)).cause == .clone)
  }

  /// The same address in several VLANs is one address.
  @Test func vlansAreNotAddresses() throws {
    var watch = MoveWatch()
    for round in 0..<6 {
      for vlan in UInt16(1)...5 {
        watch.note(station(0), vlan: vlan, from: round % 2 == 0 ? 1 : 2, to: round % 2 == 0 ? 2 : 1, at: second)
      }
    }
    let finding = try #require(watch.judge(station(0), vlan: 3, at: second))
    #expect(finding.cause == .clone && finding.moves == 6 && finding.allMoves == 30)
  }

  @Test func onlyTheLastTenSeconds() {
    var watch = MoveWatch()
    watch.note(station(0), vlan: 1, from: 1, to: 2, at: second)
    #expect(watch.judge(station(0), vlan: 1, at: 11 * second) != nil)
    #expect(watch.judge(station(0), vlan: 1, at: 11 * second + 1) == nil)
    #expect(watch.judge(station(0), vlan: 2, at: second) == nil)
    #expect(watch.judge(station(1), vlan: 1, at: second) == nil)
  }

  @Test func boundedAndForgetful() {
    var watch = MoveWatch()
    for number in 0..<3 * MoveWatch.capacity {
      watch.note(station(number), vlan: 1, from: 1, to: UInt16(2 + number % 60), at: second)
    }
    #expect(watch.judge(station(2 * MoveWatch.capacity - 1), vlan: 1, at: second) == nil)
    let last = station(3 * MoveWatch.capacity - 1)
    #expect(watch.judge(last, vlan: 1, at: second) != nil)
    watch.forget(1)
    #expect(watch.judge(last, vlan: 1, at: second) == nil)
    watch.note(last, vlan: 1, from: 4, to: 4, at: second)
    watch.note(last, vlan: 1, from: 4, to: 5, count: 0, at: second)
    #expect(watch.judge(last, vlan: 1, at: second) == nil)
    watch.note(last, vlan: 1, from: 4, to: 5, count: .max, at: second)
    #expect(watch.judge(last, vlan: 1, at: second)?.moves == Int(UInt32.max))
  }
}
