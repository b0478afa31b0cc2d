// A data plane whose ports have VLAN settings, guests at them, and a second opinion on how a frame looks when it
// leaves: written from the contract over arrays of octets.

import BridgeCore
import LinuxIO
import Synchronization
import Testing
import Wire

@testable import Dataplane

/// A port of the bench.
struct ReferencePort: Sendable {
  /// VLANs that leave tagged; the native one leaves untagged in any case.
  var tagged: [ClosedRange<UInt16>] = [1...4094]
  var native: UInt16 = 1
  var mtu = 1500
  var isUp = true
  var tpid: UInt16 = 0x8100
  var isQinQ = false
  var accept = AcceptedFrames.all
  var kinds = FloodKinds.all
  var isolation = PortIsolation(isIsolated: false, group: nil)
  var coalesces = true
  var takesSegmented = true
  var takesPartialChecksums = true

  /// A trunk of these VLANs.
  static func trunk(_ tagged: [ClosedRange<UInt16>], native: UInt16 = 0, tpid: UInt16 = 0x8100) -> ReferencePort {
    ReferencePort(tagged: tagged, native: native, tpid: tpid)
  }
  /// An access port.
  static func access(_ vlan: UInt16) -> ReferencePort {
    ReferencePort(tagged: [], native: vlan, accept: .untagged)
  }
  /// Everything from this port goes inside a service tag.
  static func qinq(_ vlan: UInt16) -> ReferencePort { ReferencePort(tagged: [], native: vlan, isQinQ: true) }

  func isMember(_ vlan: UInt16) -> Bool {
    vlan != 0 && (vlan == native || !isQinQ && tagged.contains { $0.contains(vlan) })
  }

  /// The VLAN of a frame without offload header that comes in here; nil where it is not let in.
  func vlan(of frame: [UInt8]) -> UInt16? {
    let tag = tag(of: frame)
    let vid = (tag ?? 0) & 0xFFF
    if vid != 0 ? accept == .untagged : accept == .tagged { return nil }
    let vlan = vid == 0 ? native : vid
    return vlan == 4095 || !isMember(vlan) ? nil : vlan
  }

  /// The TCI of the tag by which this port knows the VLAN.
  private func tag(of frame: [UInt8]) -> UInt16? { isQinQ || word(frame, 12) != tpid ? nil : word(frame, 14) }

  /// How a frame that came in at `ingress` leaves here.
  func leaving(_ frame: [UInt8], of vlan: UInt16, from ingress: ReferencePort) -> [UInt8] {
    let tag = ingress.tag(of: frame)
    let bare = tag == nil ? frame : Array(frame[..<12] + frame[16...])
    // what is inside must never come to stand where a port looks for its VLAN
    if native == vlan, isQinQ || word(bare, 12) != tpid { return bare }
    return bare[..<12] + big(tpid) + big((tag ?? 0) & 0xF000 | vlan) + bare[12...]
  }
}

/// Two octets, most significant first.
func word(_ bytes: [UInt8], _ offset: Int) -> UInt16 { UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1]) }

final class ReferenceBench: Sendable {
  let dataplane: Dataplane
  let ports: [ReferencePort]
  let guests: [Guest]
  private let plan: Box<VLANPlan>

  init(_ ports: [ReferencePort], workers: Int = 1, tableSize: Int = 4096) async throws {
    let configuration = DataplaneConfiguration(
      tableSize: tableSize, ageing: 1_000_000, forwardReserved: false, seed: 99, workers: workers)
    dataplane = try Dataplane(configuration, capture: nil) { _ in }
    self.ports = ports
    guests = try ports.indices.map { try Guest(port: port($0), serial: UInt32($0 + 1)) }
    plan = Box(VLANPlan())
    for (slot, settings) in ports.enumerated() { try await attach(slot, settings) }
  }

  deinit { dataplane.stop() }

  private func attach(_ slot: Int, _ settings: ReferencePort) async throws {
    let vlans = PortVLANs(NumberSet(settings.tagged.flatMap { $0 }), native: settings.native)
    var commands: [Command] = []
    plan.change {
      commands = $0.join(
        port(slot), vlans, up: false, floodKinds: settings.kinds, isolation: settings.isolation)
    }
    await VLANPlan.apply(commands, in: dataplane)
    let reply = await dataplane.perform(
      .attach(
        PortAttachment(
          port: port(slot), serial: guests[slot].serial, io: PortIO(descriptor: guests[slot].near),
          limits: limits(settings),
          policy: policy(settings, slot), handle: 0)))
    guard case .done = reply else { throw TimedOut(description: "attach: \(reply)") }
    plan.change { commands = $0.setUp(port(slot), settings.isUp) }
    await VLANPlan.apply(commands, in: dataplane)
  }

  private func limits(_ settings: ReferencePort) -> PortLimits {
    PortLimits(
      mtu: settings.mtu, native: settings.native, enabled: settings.isUp,
      takesPartialChecksums: settings.takesPartialChecksums, takesSegmented: settings.takesSegmented,
      coalesces: settings.coalesces, tpid: EtherType(rawValue: settings.tpid), isQinQ: settings.isQinQ)
  }

  private func policy(_ settings: ReferencePort, _ slot: Int) -> PortPolicy {
    PortPolicy(
      forwarding: settings.isUp, nativeVID: settings.native, tpid: EtherType(rawValue: settings.tpid),
      accept: settings.accept, isQinQ: settings.isQinQ, reach: plan.value.reach(of: port(slot)))
  }

  /// Takes a port up or down while frames pass.
  func set(_ slot: Int, up: Bool) async throws {
    var commands: [Command] = []
    plan.change { commands = $0.setUp(port(slot), up) }
    if !up { await VLANPlan.apply(commands, in: dataplane) }
    var settings = ports[slot]
    settings.isUp = up
    let reply = await dataplane.perform(.adjust(port(slot), limits(settings), policy(settings, slot)))
    guard case .done = reply else { throw TimedOut(description: "adjust: \(reply)") }
    if up { await VLANPlan.apply(commands, in: dataplane) }
  }

  /// Sends a frame, without offload header unless one is given.
  func put(_ frame: [UInt8], on slot: Int, _ header: [UInt8] = offload()) throws {
    try guests[slot].put(header + frame)
  }

  func counters(_ slot: Int) -> CounterSnapshot { dataplane.counters.snapshot(of: port(slot)) }

  /// Waits until all that ports that are up were sent has been read and dealt with.
  func settle(without asleep: Set<Int> = []) async throws {
    for (slot, guest) in guests.enumerated() where ports[slot].isUp && !asleep.contains(slot) {
      try await until("port \(slot) is read") {
        counters(slot)[.rxFrames] == UInt64(guest.sent.load(ordering: .relaxed))
      }
    }
    // applied between batches
    await dataplane.perform(.history(station(0), vlan: 1))
  }

  /// What waits for a guest, without offload headers.
  func take(_ slot: Int) -> [[UInt8]] { guests[slot].take().map { Array($0.dropFirst(12)) } }

  /// Both equations of the ledger.
  func audit(without asleep: Set<Int> = [], sourceLocation: SourceLocation = #_sourceLocation) async throws {
    try await settle(without: asleep)
    var sum = Ledger()
    for slot in ports.indices {
      let ledger = ledger(of: counters(slot))
      #expect(ledger.ingressDifference == nil, "port \(slot)", sourceLocation: sourceLocation)
      sum.add(ledger)
    }
    #expect(sum.differences.isEmpty, sourceLocation: sourceLocation)
  }

  /// Who gets a broadcast of a VLAN from this port.
  func audience(_ vlan: UInt16, from slot: Int) -> [Int] {
    ports.indices.filter { $0 != slot && ports[$0].isUp && ports[$0].isMember(vlan) }
  }
}
