// How long a guard keeps a port shut.

import Stations
import Testing

@Suite struct GuardPenaltyTests {
  @Test func doublesToAnHour() {
    var penalty = GuardPenalty()
    var now = 5 * second
    for expected in [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600] as [UInt64] {
      let until = penalty.trip(at: now)
      #expect(until == now + expected * second)
      #expect(penalty.isShut(at: until - 1) && !penalty.isShut(at: until))
      now = until + second
    }
  }

  @Test func forgottenAfterTwiceTheLast() {
    var penalty = GuardPenalty()
    var until = penalty.trip(at: 0)
    until = penalty.trip(at: until)
    #expect(penalty.duration == 120 * second)
    var quiet = penalty
    #expect(quiet.trip(at: until + 240 * second) == until + 300 * second)
    #expect(quiet.duration == 60 * second)
    penalty.trip(at: until + 240 * second - 1)
    #expect(penalty.duration == 240 * second)
  }

  @Test func aPortThatIsShutIsNotShutAgain() {
    var penalty = GuardPenalty()
    let until = penalty.trip(at: second)
    #expect(penalty.trip(at: 2 * second) == until)
    #expect(penalty.trip(at: until - 1) == until)
    #expect(penalty.duration == 60 * second)
  }

  @Test func liftedByHand() {
    var penalty = GuardPenalty()
    penalty.trip(at: 0)
    penalty.lift(at: 10 * second)
    #expect(!penalty.isShut(at: 10 * second))
    #expect(penalty.trip(at: 11 * second) == 131 * second, "the fault is still there")
    var idle = GuardPenalty()
    idle.lift(at: second)
    #expect(idle == GuardPenalty())
  }
}
