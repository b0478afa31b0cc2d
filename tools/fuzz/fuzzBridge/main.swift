// Fuzz target for the frame parser with the bridge: octets are a row of `[port | length | frame]`, one octet each for
// port and length, as if they came in on the ports of a small switch one after another. A port octet of 128 and above is
// a command instead. Besides not trapping, every verdict must keep what a bridge promises; a broken promise traps.
// Without FUZZING it replays the files given as arguments.

internal import BridgeCore
internal import FuzzDriver
internal import Wire

/// A promise that was broken: the fuzzer reports the input.
func require(_ condition: Bool, _ promise: StaticString) {
  if !condition { fatalError("broken: \(promise)") }
}

/// A switch of a few ports, each with another policy, with a table that is soon full.
struct World: ~Copyable {
  static let ports = [0, 1, 2, 3, 63, 64, 4095].map { PortIndex(rawValue: $0) }
  var bridge = Bridge(capacity: 16, ageing: 20, seed: 1)
  var now = Tick(rawValue: 0)

  init() {
    let policies = [
      PortPolicy(), PortPolicy(), PortPolicy(nativeVID: 10), PortPolicy(learning: false, nativeVID: 0),
      PortPolicy(tpid: .serviceTag), PortPolicy(forwarding: false), PortPolicy(),
    ]
    for (port, policy) in zip(World.ports, policies) { bridge.setPolicy(policy, of: port) }
    setMembers(FloodSetIndex(rawValue: 1), World.ports)
    setMembers(FloodSetIndex(rawValue: 2), Array(World.ports.prefix(2)))
    bridge.mapVLAN(1, to: FloodSetIndex(rawValue: 1))
    bridge.mapVLAN(10, to: FloodSetIndex(rawValue: 2))
    bridge.mapVLAN(4094, to: FloodSetIndex(rawValue: 1))
  }

  mutating func setMembers(_ index: FloodSetIndex, _ members: [PortIndex]) {
    let set = FloodSet.allocate(members: members, untagged: Array(members.dropFirst()))
    bridge.setFloodSet(index, set)?.deallocate()
  }

  mutating func frame(_ bytes: RawSpan, from port: PortIndex) {
    guard let header = try? FrameHeader(parsing: bytes) else { return }
    require(header.payloadOffset <= bytes.byteCount, "the header is inside the frame")
    let verdict = bridge.decide(header, from: port, at: now)
    check(verdict, header, from: port)
    require(bridge.decide(header, from: port, at: now) == verdict, "deciding changes nothing")
    guard verdict.teach else { return }
    let taught = bridge.teach(header.source, vlan: verdict.vlan, on: port, at: now)
    require(taught != .unchanged, "only news is taught")
    let found = bridge.table.port(of: header.source, vlan: verdict.vlan, at: now)
    require(found == (taught == .refused ? nil : port), "what was taught is found")
    if taught != .refused { require(!bridge.decide(header, from: port, at: now).teach, "what was taught is no news") }
  }

  func check(_ verdict: Verdict, _ header: FrameHeader, from port: PortIndex) {
    let source = header.source
    if verdict.teach { require(!source.isGroup && !source.isZero, "a group is never learned") }
    require(!verdict.teach || 1...4094 ~= verdict.vlan, "only a VLAN is learned in")
    require(bridge.policy(of: port).learning || !verdict.teach, "no learning, no teaching")
    switch verdict.action {
    case .deliver:
      require(verdict.port != port, "nothing goes back")
      require(!header.destination.isGroup, "a group is flooded")
      let known = bridge.table.port(of: header.destination, vlan: verdict.vlan, at: now)
      require(known == verdict.port, "to the port it is known on")
    case .flood:
      require(1...4094 ~= verdict.vlan, "in a VLAN")
      require(count(verdict, .all, port) > 0, "somebody is there")
      require(
        count(verdict, .all, port) == count(verdict, .tagged, port) + count(verdict, .untagged, port),
        "each member once")
    case .drop:
      require(!verdict.reason.isEgress, "ingress reasons only")
      require(verdict.vlan != 0 || !verdict.teach, "not admitted, not taught")
    }
  }

  func count(_ verdict: Verdict, _ form: FloodForm, _ port: PortIndex) -> Int {
    var members = bridge.members(of: verdict.floodSet, form, without: port)
    var count = 0
    var last = -1
    while let member = members.next() {
      require(member != port, "nothing goes back")
      require(member.slot > last, "in rising order")
      last = member.slot
      count += 1
    }
    return count
  }

  /// Time passes, and now and then somebody changes something.
  mutating func command(_ number: UInt8, _ argument: UInt8) {
    let port = World.ports[Int(argument) % World.ports.count]
    let mac = MACAddress(bits: 0x0200_0000_0000 | UInt64(argument >> 3))
    switch number & 15 {
    case 0...3: now = Tick(rawValue: now.rawValue &+ UInt32(argument))
    case 4: now = Tick(rawValue: now.rawValue &+ UInt32(argument) << 20)
    case 5: bridge.flush(port: port, vlan: nil)
    case 6: bridge.flush(port: nil, vlan: argument & 1 == 0 ? 1 : 10)
    case 7: bridge.flush(port: port, vlan: 1)
    case 8: bridge.addEntry(mac, vlan: 1, on: port, kind: .static, at: now)
    case 9: bridge.addEntry(mac, vlan: 10, on: port, kind: .sticky, at: now)
    case 10: bridge.remove(mac, vlan: argument & 1 == 0 ? 1 : 10)
    case 11: bridge.removePort(port)
    case 12: bridge.setPolicy(PortPolicy(learning: argument & 128 == 0, nativeVID: UInt16(argument)), of: port)
    case 13: setMembers(FloodSetIndex(rawValue: 2), World.ports.filter { argument >> ($0.rawValue & 7) & 1 != 0 })
    case 14: bridge.setForwardReserved(argument & 1 != 0)
    default: bridge.setAgeing(UInt32(argument))
    }
    bridge.sweep(at: now)
  }

  /// The table as a whole: what a dump shows is found, once, and no more than there is room for.
  func checkTable() {
    let reader = bridge.reader
    let entries = reader.entries(from: 0, limit: 1000, at: now).entries
    require(reader.occupied <= 16 && entries.count <= reader.occupied, "no more entries than room")
    require(entries.count == reader.count(at: now), "a dump is whole")
    for entry in entries {
      require(reader.find(entry.mac, vlan: entry.vlan, at: now) == entry, "what is dumped is found")
      require(!entry.mac.isGroup && !entry.mac.isZero, "a group is never learned")
    }
    for port in World.ports {
      let dynamic = entries.filter { $0.kind == .dynamic && $0.port == port }.count
      require(reader.held(by: port) >= dynamic, "ports are counted")
    }
  }
}

func one(_ input: UnsafeRawBufferPointer) {
  var world = World()
  var rest = unsafe input[...]
  while unsafe rest.count >= 2 {
    let port = unsafe rest[rest.startIndex]
    let length = unsafe rest[rest.startIndex + 1]
    unsafe rest = rest.dropFirst(2)
    if port >= 128 {
      world.command(port, length)
      continue
    }
    let frame = unsafe UnsafeRawBufferPointer(rebasing: rest.prefix(Int(length)))
    unsafe rest = rest.dropFirst(Int(length))
    // one beyond the list: an index that no port can have
    let known = Int(port) % (World.ports.count + 1)
    unsafe world.frame(frame.bytes, from: known < World.ports.count ? World.ports[known] : PortIndex(rawValue: 65535))
  }
  world.checkTable()
}

unsafe fuzz(one)
