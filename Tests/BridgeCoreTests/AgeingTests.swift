// Time and generations, and both coming round: virtual clock throughout.

import BridgeCore
import Testing
import Wire

@Suite struct AgeingTests {
  @Test func ageing() {
    var bridge = makeBridge(ports: 2, ageing: 300)
    bridge.teach(station(1), vlan: 1, on: port(0), at: tick(1000))
    bridge.addEntry(station(2), vlan: 1, on: port(0), kind: .sticky, at: tick(1000))
    bridge.addEntry(station(3), vlan: 1, on: port(0), kind: .static, at: tick(1000))
    // without any sweep: what is dead is not used
    for (second, alive) in [(992, 3), (1000, 3), (1300, 3), (1301, 1), (90_000, 1)] as [(UInt32, Int)] {
      let found = (1...3).filter { bridge.table.port(of: station($0), vlan: 1, at: tick(second)) != nil }
      #expect(found.count == alive, "second \(second)")
      #expect(bridge.reader.count(at: tick(second)) == alive, "second \(second)")
    }
    let refreshed = bridge.teach(station(1), vlan: 1, on: port(0), at: tick(1300))
    #expect(refreshed == .refreshed)
    #expect(bridge.reader.find(station(1), vlan: 1, at: tick(1600))?.age == 300)
    #expect(bridge.reader.find(station(3), vlan: 1, at: tick(1600))?.age == nil)
    bridge.setAgeing(10)
    #expect(bridge.reader.find(station(1), vlan: 1, at: tick(1600)) == nil)
  }

  /// The sweep clears what is dead, all of it within 256 wakeful seconds.
  @Test func sweepClears() {
    var bridge = makeBridge(ports: 4, capacity: 1 << 17, ageing: 10)
    for number in 0..<20_000 { bridge.teach(station(number), vlan: 1, on: port(number & 3), at: tick(0)) }
    bridge.addEntry(station(0), vlan: 2, on: port(0), kind: .static, at: tick(0))
    #expect(bridge.reader.occupied == 20_001)
    for second in UInt32(1)...270 { bridge.sweep(at: tick(second)) }
    #expect(bridge.reader.occupied == 1)
    #expect((0..<4).allSatisfy { bridge.reader.held(by: port($0)) == 0 })
  }

  /// A clock that steps back a little neither clears the table nor makes entries old.
  @Test func clockALittleBehind() {
    var bridge = makeBridge(ports: 2)
    bridge.sweep(at: tick(1000))
    bridge.teach(station(1), vlan: 1, on: port(0), at: tick(1000))
    bridge.sweep(at: tick(998))
    bridge.sweep(at: tick(1000))
    let found = bridge.table.port(of: station(1), vlan: 1, at: tick(998))
    #expect(found == port(0))
    #expect(bridge.reader.find(station(1), vlan: 1, at: tick(998))?.age == 0)
  }

  /// The tick in an entry has 24 bits. However the worker wakes, what has aged never becomes young again.
  @Test(arguments: seeds) func tickWraps(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var bridge = makeBridge(ports: 2, capacity: 1024, ageing: 1_000_000, seed: seed)
    var now: UInt32 = 0
    while now < UInt32.max - (1 << 26) {
      for number in 0..<20 { bridge.teach(station(number), vlan: 1, on: port(0), at: tick(now)) }
      let start = now
      // round the 24 bits in steps of any size, then to the very second at which the stamps are equal again
      let end = start + (1 << 24)
      while now < end {
        let step = UInt32.random(in: 1...(Bool.random(using: &random) ? 1 << 20 : 1 << 25), using: &random)
        now = min(end, now + step)
        bridge.sweep(at: tick(now))
        let expected = now - start <= 1_000_000
        let found = (0..<20).filter { bridge.table.port(of: station($0), vlan: 1, at: tick(now)) != nil }
        #expect(found.count == (expected ? 20 : 0), "seed \(seed): \(now - start) s")
        #expect(bridge.reader.count(at: tick(now)) == found.count)
      }
    }
  }

  /// The reader reads the clock itself while the worker sleeps, for longer than 24 bits can tell.
  @Test func readerBesideASleepingWorker() {
    var bridge = makeBridge(ports: 2)
    bridge.sweep(at: tick(5))
    bridge.teach(station(1), vlan: 1, on: port(0), at: tick(5))
    bridge.addEntry(station(2), vlan: 1, on: port(0), kind: .static, at: tick(5))
    #expect(bridge.reader.count(at: tick(5 + (1 << 24))) == 1)
    #expect(bridge.reader.count(at: tick(5 + 3 * (1 << 24))) == 1)
  }

  /// Generations have 16 bits: a port that was flushed 65,536 times is back at its first one.
  @Test(arguments: [0, 1000, 65_535]) func generationWraps(begin: Int) {
    var bridge = makeBridge(ports: 3)
    for _ in 0..<begin { bridge.flush(port: port(0), vlan: nil) }
    bridge.teach(station(1), vlan: 1, on: port(0), at: tick(0))
    bridge.addEntry(station(2), vlan: 1, on: port(0), kind: .static, at: tick(0))
    bridge.teach(station(3), vlan: 1, on: port(1), at: tick(0))
    let first = bridge.table.storage.generation(of: port(0))
    var flushes = 0
    repeat {
      bridge.flush(port: port(0), vlan: nil)
      flushes += 1
      let stale = bridge.table.port(of: station(1), vlan: 1, at: tick(0))
      if stale != nil {
        Issue.record("stale after \(flushes) flushes")
        return
      }
    } while flushes < 66_000
    #expect(bridge.table.storage.generation(of: port(0)) == first &+ UInt16(truncatingIfNeeded: 66_000))
    let kept = [2, 3].map { bridge.table.port(of: station($0), vlan: 1, at: tick(0)) }
    #expect(kept == [port(0), port(1)])
    #expect(bridge.reader.held(by: port(1)) == 1)
  }

  /// The same with sweeps at random moments and entries of all ages.
  @Test(arguments: seeds) func generationWrapsWhileSweeping(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var bridge = makeBridge(ports: 2, capacity: 1024, ageing: 1_000_000, seed: seed)
    var now: UInt32 = 0
    var lost = 0
    for flush in 0..<140_000 {
      bridge.teach(station(flush), vlan: 1, on: port(0), at: tick(now))
      let before = bridge.reader.held(by: port(0))
      bridge.flush(port: port(0), vlan: nil)
      if before != 1 { lost += 1 }
      if Int.random(in: 0..<20_000, using: &random) == 0 {
        now += 1
        bridge.sweep(at: tick(now))
      }
      if flush % 16_384 == 0 || (65_530..<65_540).contains(flush) {
        #expect(bridge.reader.count(at: tick(now)) == 0, "seed \(seed), flush \(flush)")
      }
    }
    #expect(lost == 0, "seed \(seed)")
  }
}
