// Rows E8 and D4 over whole networks: a loop is found and ended by the probe, tried again ever more seldom; storms of
// moves are pinned and told apart; and where there is no loop no port is ever shut.

import Stations
import Testing
import Wire

@Suite struct SimulationTests {
  /// Every host reaches every other. Said twice: the first may be lost on its way.
  private func everybodyIsReached(_ network: SimulatedNetwork) -> Bool {
    for host in network.hosts { host.clear() }
    for _ in 0..<2 {
      for host in network.hosts {
        for other in network.hosts where other !== host { host.send(to: other.address, network) }
        network.run(second / 100)
      }
    }
    network.run(second / 2)
    return network.hosts.allSatisfy { host in
      network.hosts.allSatisfy { $0 === host || (host.heard[$0.address] ?? 0) > 0 }
    }
  }

  /// No frame passes more switches than there are: nothing goes round.
  private func nothingGoesRound(_ network: SimulatedNetwork) -> Bool {
    for cable in network.cables { cable.mostHops = 0 }
    for host in network.hosts { host.broadcast(network) }
    network.run(second / 2)
    return network.cables.allSatisfy { $0.mostHops <= network.switches.count }
  }

  private func addHosts(
    _ network: SimulatedNetwork, _ bridge: SimulatedSwitch, _ ports: ClosedRange<UInt16>,
    every interval: UInt64 = second / 5
  ) {
    for port in ports {
      network.addHost(station(network.hosts.count + 1), on: bridge, port).live(network, every: interval)
    }
  }

  /// A cable from a switch to itself: the port that came last is shut, and again with each return.
  @Test(arguments: SeededGenerator.seeds) func aCableFromPortToPort(seed: UInt64) {
    let network = SimulatedNetwork(seed: seed)
    let bridge = network.addSwitch(ports: 6)
    addHosts(network, bridge, 0...3, every: 20 * second)
    network.run(10 * second)
    #expect(bridge.shuts.isEmpty)
    let cable = network.connect(.switch(bridge, 4), .switch(bridge, 5))
    network.run(second)
    #expect(bridge.shuts.map(\.port) == [5] || bridge.shuts.map(\.port) == [4], "one of the two")
    #expect(nothingGoesRound(network))
    #expect(everybodyIsReached(network))

    network.run(8000 * second)
    let port = bridge.shuts[0].port
    #expect(bridge.shuts.allSatisfy { $0.port == port }, "the one that came back, not the other")
    #expect(bridge.shuts.map(\.penalty) == [60, 120, 240, 480, 960, 1920, 3600, 3600])
    #expect(nothingGoesRound(network))

    // the cable is pulled, the port set up by hand: it stays up
    network.plug(cable, false)
    bridge.lift(port)
    // after twice that hour of quiet a new loop begins at 60 s
    network.run(7200 * second)
    #expect(bridge.shuts.count == 8)
    network.plug(cable, true)
    network.run(second)
    #expect(bridge.shuts.dropFirst(8).map(\.penalty) == [60])
  }

  /// A second cable between two switches: the new one is cut, whoever finds it, and hosts on both still reach each
  /// other.
  @Test(arguments: SeededGenerator.seeds, [[true, true], [true, false]]) func aSecondCable(
    seed: UInt64, probing: [Bool]
  ) {
    let network = SimulatedNetwork(seed: seed)
    let bridges = probing.map { network.addSwitch(ports: 6, probing: $0) }
    for bridge in bridges { addHosts(network, bridge, 2...4) }
    network.connect(.switch(bridges[0], 0), .switch(bridges[1], 0))
    network.run(UInt64.random(in: 10 * second...13 * second, using: &network.random))
    network.connect(.switch(bridges[0], 1), .switch(bridges[1], 1))
    network.run(second)
    let shuts = bridges.flatMap(\.shuts)
    #expect(shuts.allSatisfy { $0.port == 1 && $0.penalty == 60 })
    #expect((1...probing.count { $0 }).contains(shuts.count))
    #expect(nothingGoesRound(network))
    network.run(30 * second)
    #expect(everybodyIsReached(network))
    network.run(600 * second)
    for bridge in bridges {
      #expect(bridge.shuts.allSatisfy { $0.port == 1 })
      #expect(bridge.shuts.enumerated().allSatisfy { $1.penalty == 60 << UInt64($0) }, "\(bridge.shuts)")
    }
    #expect(everybodyIsReached(network))
  }

  /// A loop behind one port, in somebody else's network: that port goes, the others do not notice.
  @Test(arguments: SeededGenerator.seeds) func aLoopElsewhere(seed: UInt64) {
    let network = SimulatedNetwork(seed: seed)
    let ours = network.addSwitch(ports: 6)
    let theirs = (0..<2).map { _ in network.addSwitch(ports: 6, probing: false) }
    addHosts(network, ours, 1...3)
    network.connect(.switch(ours, 0), .switch(theirs[0], 0))
    network.connect(.switch(theirs[0], 1), .switch(theirs[1], 1))
    network.run(5 * second)
    network.connect(.switch(theirs[0], 2), .switch(theirs[1], 2))
    network.run(3 * second)
    #expect(ours.shuts.map(\.port) == [0])
    #expect(ours.shuts.map(\.sentOn) == [0])
    #expect(everybodyIsReached(network))
  }

  /// Rings with loss and delay: found within some probes, and cut in one place at the most a switch.
  @Test(arguments: SeededGenerator.seeds) func aRingWithFaults(seed: UInt64) {
    let network = SimulatedNetwork(seed: seed)
    let bridges = (0..<4).map { _ in network.addSwitch(ports: 5) }
    for bridge in bridges { addHosts(network, bridge, 2...3) }
    for number in 0..<3 { network.connect(.switch(bridges[number], 1), .switch(bridges[number + 1], 0)) }
    for cable in network.cables {
      cable.lossPerMille = Int.random(in: 0...100, using: &network.random)
      cable.delay = UInt64.random(in: 10_000...5_000_000, using: &network.random)
    }
    network.run(20 * second)
    #expect(bridges.allSatisfy { $0.shuts.isEmpty })
    network.connect(.switch(bridges[3], 1), .switch(bridges[0], 0))
    network.run(10 * second)
    let shuts = bridges.flatMap(\.shuts)
    #expect(!shuts.isEmpty)
    #expect(bridges.allSatisfy { $0.shuts.count <= 1 })
    #expect(nothingGoesRound(network))
  }

  /// Trees of switches with loss, delay and cables that are pulled and put back: no port is ever shut, whatever the
  /// seed.
  @Test(arguments: SeededGenerator.seeds) func withoutALoopNothingIsShut(seed: UInt64) {
    let network = SimulatedNetwork(seed: seed)
    let bridges = (0..<6).map { _ in network.addSwitch(ports: 10) }
    for number in 1..<6 {
      let parent = Int.random(in: 0..<number, using: &network.random)
      network.connect(.switch(bridges[parent], UInt16(number)), .switch(bridges[number], 0))
    }
    let trunks = network.cables
    for bridge in bridges { addHosts(network, bridge, 6...8) }
    for cable in network.cables {
      cable.lossPerMille = Int.random(in: 0...300, using: &network.random)
      cable.delay = UInt64.random(in: 10_000...20_000_000, using: &network.random)
    }
    for _ in 0..<60 {
      let cable = trunks[Int.random(in: 0..<trunks.count, using: &network.random)]
      network.at(network.now + UInt64.random(in: 0...100 * second, using: &network.random)) { [unowned network] in
        network.plug(cable, !cable.isPlugged)
      }
    }
    network.run(100 * second)
    #expect(bridges.allSatisfy { $0.shuts.isEmpty })
    #expect(bridges.allSatisfy { $0.pins.isEmpty }, "nobody moves to and fro")
    for cable in network.cables {
      cable.lossPerMille = 0
      if !cable.isPlugged { network.plug(cable, true) }
    }
    network.run(2 * second)
    #expect(bridges.allSatisfy { $0.shuts.isEmpty })
    #expect(everybodyIsReached(network))
    #expect(nothingGoesRound(network))
  }

  /// Without the probe a loop moves all addresses to and fro: they are pinned, and it is called a loop.
  @Test(arguments: SeededGenerator.seeds) func aLoopPinsMany(seed: UInt64) {
    let network = SimulatedNetwork(seed: seed)
    let bridges = (0..<2).map { _ in network.addSwitch(ports: 8, probing: false) }
    for bridge in bridges { addHosts(network, bridge, 2...6) }
    network.connect(.switch(bridges[0], 0), .switch(bridges[1], 0))
    network.run(5 * second)
    let cable = network.connect(.switch(bridges[0], 1), .switch(bridges[1], 1))
    network.run(second)
    #expect(!nothingGoesRound(network), "a storm")
    network.plug(cable, false)
    network.run(2 * second)
    for bridge in bridges {
      let findings = bridge.pins.compactMap(\.finding)
      #expect(findings.count == bridge.pins.count)
      #expect(Set(bridge.pins.map(\.mac)).count >= 5, "those behind the cables at least")
      #expect(findings.contains { $0.cause == .loop && $0.ports == [0, 1] && $0.addresses >= 3 })
    }
    // pins end, and so does what they did
    network.run(40 * second)
    #expect(everybodyIsReached(network))
  }

  /// Two hosts with one address: it is pinned, called a clone, and nobody else is.
  @Test(arguments: SeededGenerator.seeds) func aClonePinsOne(seed: UInt64) throws {
    let network = SimulatedNetwork(seed: seed)
    let bridge = network.addSwitch(ports: 8)
    addHosts(network, bridge, 0...3)
    let clones = [4, 5].map { network.addHost(station(99), on: bridge, $0) }
    for clone in clones { clone.live(network, every: second / 2) }
    network.run(20 * second)
    #expect(!bridge.pins.isEmpty)
    #expect(bridge.pins.allSatisfy { $0.mac == station(99) })
    let finding = try #require(bridge.pins.first?.finding)
    #expect(finding.cause == .clone && finding.ports == [4, 5] && finding.addresses == 1)
    #expect(bridge.shuts.isEmpty)
  }
}
