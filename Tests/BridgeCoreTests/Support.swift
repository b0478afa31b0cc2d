// What all tests of the bridge share: seeded randomness, headers out of bytes, a bridge with ports.

import BridgeCore
import Testing
import Wire

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

/// Seeds that never change, and one that nobody chose. Printed, so that a failure can be repeated.
let seeds: [UInt64] = {
  let fresh = UInt64.random(in: 1...UInt64.max)
  print("fresh seed: \(fresh)")
  return [1, 2, 3, 20_261_123, fresh]
}()

func mac(_ bits: UInt64) -> MACAddress { MACAddress(bits: bits) }
func port(_ slot: Int) -> PortIndex { PortIndex(rawValue: UInt16(slot)) }
func tick(_ seconds: UInt32) -> Tick { Tick(rawValue: seconds) }
func set(_ index: Int) -> FloodSetIndex { FloodSetIndex(rawValue: UInt16(index)) }

/// A station's address, locally administered.
func station(_ number: Int) -> MACAddress { mac(0x0200_0000_0000 + UInt64(number)) }

/// The header of a frame with these addresses and tags, outermost first, as (TPID, TCI).
func header(
  to destination: MACAddress, from source: MACAddress, tags: [(UInt16, UInt16)] = [], type: UInt16 = 0x0800
) throws -> FrameHeader {
  var bytes: [UInt8] = []
  for address in [destination, source] {
    for shift in stride(from: 40, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: address.bits >> shift)) }
  }
  for (tpid, tci) in tags { bytes += [UInt8(tpid >> 8), UInt8(tpid & 255), UInt8(tci >> 8), UInt8(tci & 255)] }
  bytes += [UInt8(type >> 8), UInt8(type & 255)] + [UInt8](repeating: 0, count: 46)
  return try unsafe FrameHeader(parsing: bytes.span.bytes)
}

/// A bridge whose ports 0..<`ports` are up, take every kind of flooded frame, and are trunks of all VLANs with native
/// VLAN 1, as in an unconfigured switch. VLAN 1 has flood set 1, all others share set 2.
func makeBridge(ports: Int, capacity: Int = 1024, ageing: UInt32 = 300, seed: UInt64 = 7) -> Bridge {
  var bridge = Bridge(capacity: capacity, ageing: ageing, seed: seed)
  let all = (0..<ports).map { port($0) }
  for index in all { bridge.setPolicy(PortPolicy(), of: index) }
  for mask in FloodMask.allCases { setMask(&bridge, mask, Array(0..<ports)) }
  for index in [1, 2] { setMembers(&bridge, index, Array(0..<ports)) }
  bridge.mapVLAN(1, to: set(1))
  for vlan in UInt16(2)...4094 { bridge.mapVLAN(vlan, to: set(2)) }
  return bridge
}

func slots(_ numbers: [Int]) -> FloodSet { FloodSet.allocate(members: numbers.map { port($0) }) }
func setMembers(_ bridge: inout Bridge, _ index: Int, _ members: [Int]) {
  bridge.setFloodSet(set(index), slots(members))?.deallocate()
}
func setMask(_ bridge: inout Bridge, _ mask: FloodMask, _ members: [Int]) {
  bridge.setMask(mask, slots(members))?.deallocate()
}
func setReach(_ bridge: inout Bridge, _ index: UInt16, _ members: [Int]) {
  bridge.setReach(index, slots(members))?.deallocate()
}

/// Everything in the log, which is empty then.
func takeEvents(_ bridge: inout Bridge) -> [BridgeEvent] {
  defer { bridge.events.clear() }
  return (0..<bridge.events.count).map { bridge.events[$0] }
}

/// Everything alive, read in small chunks.
func dump(_ reader: ForwardingTable.Reader, at now: Tick, chunk: Int = 100) -> [ForwardingEntry] {
  var all: [ForwardingEntry] = []
  var next: Int? = 0
  while let start = next {
    let part = reader.entries(from: start, limit: chunk, at: now)
    all += part.entries
    next = part.next
  }
  return all
}

/// What a cursor visits.
func walk(_ cursor: FloodCursor) -> [Int] {
  var cursor = cursor
  var slots: [Int] = []
  while let member = cursor.next() { slots.append(member.slot) }
  return slots
}
