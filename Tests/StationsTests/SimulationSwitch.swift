// A switch of the simulated network: a real Bridge with LoopProbe, GuardPenalty and MoveWatch, and around them what the
// daemon does with their verdicts, without I/O.

import BridgeCore
import Stations
import Wire

final class SimulatedSwitch {
  /// A port was shut by the loop probe.
  struct Shut: Equatable {
    let port: UInt16
    let sentOn: UInt16
    let time: UInt64
    /// Seconds.
    let penalty: UInt64
  }
  /// An address was pinned, and why it moved.
  struct Pinned {
    let mac: MACAddress
    let finding: MoveWatch.Finding?
  }

  let number: Int
  private unowned let network: SimulatedNetwork
  private var bridge: Bridge
  private var probe: LoopProbe
  private let probing: Bool
  private var moves = MoveWatch()
  private var cables: [(Cable, Int)?]
  private var penalties: [GuardPenalty]
  private var swept = Tick(rawValue: 0)
  private(set) var shuts: [Shut] = []
  private(set) var pins: [Pinned] = []

  init(_ network: SimulatedNetwork, number: Int, ports: Int, probing: Bool) {
    self.network = network
    self.number = number
    self.probing = probing
    bridge = Bridge(capacity: 1024, ageing: 300, seed: network.random.next())
    probe = LoopProbe(secret: UInt128(network.random.next()) << 64 | UInt128(network.random.next()))
    cables = Array(repeating: nil, count: ports)
    penalties = Array(repeating: GuardPenalty(), count: ports)
    let all = (0..<ports).map { PortIndex(rawValue: UInt16($0)) }
    bridge.setFloodSet(FloodSetIndex(rawValue: 1), FloodSet.allocate(members: all))?.deallocate()
    for vlan in UInt16(1)...4094 { bridge.mapVLAN(vlan, to: FloodSetIndex(rawValue: 1)) }
    bridge.setProbeSource(probe.source)
    for port in all { bridge.setPolicy(.absent, of: port) }
    every(second) { [unowned self] in settle() }
  }

  func isShut(_ port: UInt16) -> Bool { penalties[Int(port)].isShut(at: network.now) }
  func isUp(_ port: UInt16) -> Bool { cables[Int(port)] != nil && !isShut(port) }

  private var tick: Tick { Tick(rawValue: UInt32(network.now / second)) }

  private func every(_ interval: UInt64, _ action: @escaping () -> Void) {
    network.after(interval) { [unowned self] in
      action()
      every(interval, action)
    }
  }

  // MARK: ports

  /// A cable was plugged in or pulled out.
  func attach(_ port: UInt16, _ cable: (Cable, Int)?) {
    cables[Int(port)] = cable
    apply(port)
  }

  /// Puts in force whether a port is up.
  private func apply(_ port: UInt16) {
    let index = PortIndex(rawValue: port)
    bridge.setPolicy(isUp(port) ? PortPolicy() : .absent, of: index)
    let up = (0..<cables.count).map { UInt16($0) }.filter(isUp).map { PortIndex(rawValue: $0) }
    for mask in [FloodMask.up, .unicast, .multicast, .broadcast] {
      bridge.setMask(mask, FloodSet.allocate(members: up))?.deallocate()
    }
    if isUp(port) {
      if probing { probe.start(port, at: network.now) }
    } else {
      probe.stop(port)
      bridge.flush(port: index, vlan: nil)
    }
    sendProbes()
  }

  private func shut(_ port: UInt16, sentOn: UInt16) {
    let until = penalties[Int(port)].trip(at: network.now)
    let penalty = (until - network.now) / second
    shuts.append(Shut(port: port, sentOn: sentOn, time: network.now, penalty: penalty))
    apply(port)
    network.at(until) { [unowned self] in apply(port) }
  }

  /// Somebody mended what was wrong and says so.
  func lift(_ port: UInt16) {
    penalties[Int(port)].lift(at: network.now)
    apply(port)
  }

  private func sendProbes() {
    for outgoing in probe.send(at: network.now) { send(SimulatedFrame(bytes: outgoing.frame), to: outgoing.port) }
    guard let due = probe.nextDue else { return }
    // each call asks again; those that come when nothing is due send nothing
    network.at(due) { [unowned self] in if probe.nextDue ?? .max <= network.now { sendProbes() } }
  }

  // MARK: frames

  private func send(_ frame: SimulatedFrame, to port: UInt16) {
    if isUp(port), let (cable, side) = cables[Int(port)] { network.carry(frame, cable, from: side) }
  }

  func receive(_ frame: SimulatedFrame, on port: UInt16, at now: UInt64) {
    guard isUp(port), let header = try? unsafe FrameHeader(parsing: frame.bytes.span.bytes) else { return }
    if tick != swept {
      swept = tick
      bridge.sweep(at: tick)
    }
    let ingress = PortIndex(rawValue: port)
    let verdict = bridge.decide(header, from: ingress, at: tick)
    if verdict.teach { bridge.teach(header.source, vlan: verdict.vlan, on: ingress, at: tick) }
    var onward = frame
    onward.hops += 1
    switch verdict.action {
    case .deliver: send(onward, to: verdict.port.rawValue)
    case .flood:
      var members = bridge.members(of: verdict, from: ingress)
      while let member = members.next() { send(onward, to: member.rawValue) }
    case .consume:
      if case .shut(let sentOn) = probe.heard(frame.bytes, on: port, at: now) { shut(port, sentOn: sentOn) }
    case .drop: break
    }
    if bridge.events.count > 512 { settle() }
  }

  /// What the control thread does with a batch of events: all moves are told before a pin is judged.
  private func settle() {
    let events = (0..<bridge.events.count).map { bridge.events[$0] }
    bridge.events.clear()
    for event in events where event.kind == .moved || event.kind == .pinned {
      moves.note(
        event.mac, vlan: event.vlan, from: event.from.rawValue, to: event.port.rawValue,
        at: UInt64(event.tick.rawValue) * second)
    }
    for event in events where event.kind == .pinned {
      pins.append(Pinned(mac: event.mac, finding: moves.judge(event.mac, vlan: event.vlan, at: network.now)))
    }
  }
}
