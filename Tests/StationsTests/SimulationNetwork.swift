// A whole network in memory: switches, hosts and the cables between them, under one virtual clock. What happens depends
// on the seed alone.

import Wire

/// What travels: octets, and how many switches they have passed (which no real frame knows).
struct SimulatedFrame {
  let bytes: [UInt8]
  var hops = 0
}

/// One end of a cable.
enum CableEnd {
  case `switch`(SimulatedSwitch, UInt16)
  case host(SimulatedHost)
}

/// A cable carries one frame after the other in each direction, holds a few, and loses the rest.
final class Cable {
  static let frameTime: UInt64 = 200_000
  static let queueLimit: UInt64 = 30

  let ends: [CableEnd]
  var isPlugged = true
  /// Nanoseconds from end to end.
  var delay: UInt64 = 50_000
  /// Of a thousand frames, so many are lost.
  var lossPerMille = 0
  fileprivate(set) var carried = 0
  fileprivate(set) var lost = 0
  /// The most switches a frame had passed that was carried since this was last set to 0.
  var mostHops = 0
  fileprivate var free: [UInt64] = [0, 0]

  init(_ first: CableEnd, _ second: CableEnd) { ends = [first, second] }
}

/// The clock, what is to happen, and the cables.
final class SimulatedNetwork {
  private struct Event {
    let time: UInt64
    let number: Int
    let action: () -> Void
  }

  private(set) var now: UInt64 = second
  var random: SeededGenerator
  private(set) var cables: [Cable] = []
  private(set) var switches: [SimulatedSwitch] = []
  private(set) var hosts: [SimulatedHost] = []
  private var heap: [Event] = []
  private var count = 0

  init(seed: UInt64) {
    print("seed \(seed)")
    random = SeededGenerator(seed: seed)
  }

  func addSwitch(ports: Int, probing: Bool = true) -> SimulatedSwitch {
    let bridge = SimulatedSwitch(self, number: switches.count, ports: ports, probing: probing)
    switches.append(bridge)
    return bridge
  }

  func addHost(_ address: MACAddress, on bridge: SimulatedSwitch, _ port: UInt16) -> SimulatedHost {
    let host = SimulatedHost(address)
    hosts.append(host)
    host.cable = connect(.host(host), .switch(bridge, port))
    return host
  }

  @discardableResult
  func connect(_ first: CableEnd, _ second: CableEnd) -> Cable {
    let cable = Cable(first, second)
    cables.append(cable)
    plug(cable, true)
    return cable
  }

  /// Both ends see at once whether there is a carrier.
  func plug(_ cable: Cable, _ isPlugged: Bool) {
    cable.isPlugged = isPlugged
    for (side, end) in cable.ends.enumerated() {
      if case .switch(let bridge, let port) = end { bridge.attach(port, isPlugged ? (cable, side) : nil) }
    }
  }

  func after(_ delay: UInt64, _ action: @escaping () -> Void) { at(now + delay, action) }

  func at(_ time: UInt64, _ action: @escaping () -> Void) {
    count += 1
    heap.append(Event(time: max(time, now), number: count, action: action))
    var child = heap.count - 1
    while child > 0, isBefore(child, (child - 1) / 2) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  private func isBefore(_ first: Int, _ second: Int) -> Bool {
    (heap[first].time, heap[first].number) < (heap[second].time, heap[second].number)
  }

  private func popFirst() -> Event? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && isBefore(child, least) { least = child }
      if least == parent { return first }
      heap.swapAt(parent, least)
      parent = least
    }
  }

  /// Lets so much time pass.
  func run(_ duration: UInt64) {
    let end = now + duration
    while let next = heap.first, next.time <= end, let event = popFirst() {
      now = event.time
      event.action()
    }
    now = end
  }

  /// A frame goes into a cable at one side.
  func carry(_ frame: SimulatedFrame, _ cable: Cable, from side: Int) {
    let start = max(now, cable.free[side])
    let isLost = cable.lossPerMille > 0 && Int.random(in: 0..<1000, using: &random) < cable.lossPerMille
    guard cable.isPlugged, start - now <= Cable.queueLimit * Cable.frameTime, !isLost else {
      cable.lost += 1
      return
    }
    cable.free[side] = start + Cable.frameTime
    cable.carried += 1
    cable.mostHops = max(cable.mostHops, frame.hops)
    at(start + Cable.frameTime + cable.delay) { [unowned self] in
      guard cable.isPlugged else { return }
      switch cable.ends[1 - side] {
      case .host(let host): host.receive(frame)
      case .switch(let bridge, let port): bridge.receive(frame, on: port, at: self.now)
      }
    }
  }
}
