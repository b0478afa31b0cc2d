// The worker from socket to socket: flooding, learning, one port only once an address is known, ports that come and
// go while others carry traffic, ports that nobody reads.

import BridgeCore
import Dataplane
import LinuxIO
import Testing
import Wire

@Suite(.timeLimit(.minutes(1))) struct ForwardingTests {
  @Test(
    "An unknown destination and the broadcast go to all but the ingress port",
    arguments: [
      station(99), MACAddress.broadcast, mac(0x0100_5E00_00FB), mac(0x0180_C200_0000),
    ])
  func flood(destination: MACAddress) async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<5 { try await lab.add(slot) }
    let frame = offload() + ethernet(to: destination, from: station(1))
    try lab.guests[2].put(frame)
    try await lab.settle()
    for slot in 0..<5 { #expect(lab.guests[slot].take() == (slot == 2 ? [] : [frame]), "port \(slot)") }
    let counted = lab.counters(2)
    #expect(counted[.flooded] == 1 && counted[.floodCopies] == 4 && counted[.forwarded] == 0)
    #expect(lab.drops.isEmpty)
    try await lab.audit()
  }

  @Test("An answered address is learned: from then on its frames are seen by nobody else, until it moves")
  func learning() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<4 { try await lab.add(slot) }
    let ask = offload() + ethernet(to: .broadcast, from: station(1))
    let answer = offload() + ethernet(to: station(1), from: station(2))
    let talk = offload() + ethernet(to: station(2), from: station(1))
    try lab.guests[0].put(ask)
    try await lab.settle()
    try lab.guests[1].put(answer)
    try await lab.settle()
    for _ in 0..<10 { try lab.guests[0].put(talk) }
    try await lab.settle()
    #expect(lab.guests[0].take() == [answer])
    #expect(lab.guests[1].take() == [ask] + Array(repeating: talk, count: 10))
    #expect(lab.guests[2].take() == [ask])
    #expect(lab.guests[3].take() == [ask])
    #expect(lab.counters(0)[.forwarded] == 10 && lab.counters(1)[.forwarded] == 1)

    // Station 2 moves to port 3 and is followed with its first frame.
    try lab.guests[3].put(answer)
    try await lab.settle()
    try lab.guests[0].put(talk)
    try await lab.settle()
    #expect(lab.guests[3].take() == [talk])
    #expect(lab.guests[1].take().isEmpty)
    guard case .history(let history) = await lab.engine.perform(.history(station(2), vlan: 1)) else {
      Issue.record("no history")
      return
    }
    #expect(history?.moves == 1)
    try await lab.audit()
  }

  @Test("A VLAN is a table of its own; the native one leaves untagged, others keep their tag")
  func vlans() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<3 { try await lab.add(slot) }
    // Station 2 is known in VLAN 7 only.
    try lab.guests[1].put(offload() + ethernet(to: .broadcast, from: station(2), tags: [(0x8100, 7)]))
    try await lab.settle()
    for guest in lab.guests { _ = guest.take() }
    let inSeven = offload() + ethernet(to: station(2), from: station(1), tags: [(0x8100, 0xA007)])
    let inOne = offload() + ethernet(to: station(2), from: station(1), tags: [(0x8100, 1)])
    let priority = offload() + ethernet(to: station(2), from: station(1), tags: [(0x8100, 0xE000)])
    let bare = offload() + ethernet(to: station(2), from: station(1))
    for frame in [inSeven, inOne, priority, bare] { try lab.guests[0].put(frame) }
    try await lab.settle()
    #expect(lab.guests[1].take() == [inSeven, bare, bare, bare])
    #expect(lab.guests[2].take() == [bare, bare, bare])
    try await lab.audit()
  }

  @Test("A flooded frame leaves tagged where its VLAN is not native and untagged where it is")
  func mixedNatives() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<4 { try await lab.add(slot, native: slot % 2 == 0 ? 1 : 20) }
    let tagged = offload() + ethernet(to: .broadcast, from: station(1), tags: [(0x8100, 20)])
    try lab.guests[0].put(tagged)
    try await lab.settle()
    let bare = offload() + ethernet(to: .broadcast, from: station(1))
    #expect(lab.guests[0].take().isEmpty)
    #expect(lab.guests[1].take() == [bare])
    #expect(lab.guests[2].take() == [tagged])
    #expect(lab.guests[3].take() == [bare])
    try await lab.audit()
  }

  @Test("A static entry holds against frames from elsewhere, and outlives a detach but not the port")
  func staticEntries() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<3 { try await lab.add(slot) }
    guard case .done = await lab.engine.perform(.addEntry(station(5), vlan: 1, port(2), .static)) else {
      Issue.record("entry refused")
      return
    }
    let thief = offload() + ethernet(to: .broadcast, from: station(5))
    let talk = offload() + ethernet(to: station(5), from: station(1))
    try lab.guests[1].put(thief)
    try await lab.settle()
    for guest in lab.guests { _ = guest.take() }
    try lab.guests[0].put(talk)
    try await lab.settle()
    #expect(lab.guests[2].take() == [talk] && lab.guests[1].take().isEmpty)
    try await lab.remove(2)
    try lab.guests[0].put(talk)
    try await lab.settle()
    #expect(lab.guests[1].take() == [talk], "flooded, since nobody has the address")
    try await lab.audit()
  }

  @Test("A flush is obeyed before the next frame: what was known is flooded again")
  func flush() async throws {
    let lab = try await Lab.dataplane()
    for slot in 0..<3 { try await lab.add(slot) }
    try lab.guests[1].put(offload() + ethernet(to: .broadcast, from: station(2)))
    try await lab.settle()
    _ = lab.guests[2].take()
    guard case .count(1) = await lab.engine.perform(.flush(port(1), vlan: nil)) else {
      Issue.record("one entry was known")
      return
    }
    let talk = offload() + ethernet(to: station(2), from: station(1))
    try lab.guests[0].put(talk)
    try await lab.settle()
    #expect(lab.guests[2].take() == [talk])
    try await lab.audit()
  }
}
