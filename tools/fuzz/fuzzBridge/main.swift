// Fuzz target for the frame parser with the bridge: octets are a row of `[port | length | frame]`, one octet each for
// port and length, as if they came in on the ports of a small switch one after another. A port octet of 128 and above is
// a command instead, whose argument is the next octet (World+Commands). Besides not trapping, every verdict must keep
// what a bridge promises; a broken promise traps. Without FUZZING it replays the files given as arguments.

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
  static let vlans: [UInt16] = [1, 10, 4094]
  var bridge = Bridge(capacity: 16, ageing: 20, seed: 1)
  var now = Tick(rawValue: 0)
  let list = AddressList.allocate((0..<8).map { MACAddress(bits: 0x0200_0000_0000 | $0) })

  init() {
    let policies = [
      PortPolicy(), PortPolicy(reach: 1), PortPolicy(nativeVID: 10), PortPolicy(learning: false, nativeVID: 0),
      PortPolicy(tpid: .serviceTag, isLocked: true), PortPolicy(forwarding: false), PortPolicy(macLimit: 2),
    ]
    for (port, policy) in zip(World.ports, policies) { bridge.setPolicy(policy, of: port) }
    setMembers(FloodSetIndex(rawValue: 1), World.ports)
    setMembers(FloodSetIndex(rawValue: 2), Array(World.ports.prefix(2)))
    for mask in FloodMask.allCases { bridge.setMask(mask, FloodSet.allocate(members: World.ports))?.deallocate() }
    bridge.setReach(1, FloodSet.allocate(members: World.ports.prefix(1)))?.deallocate()
    bridge.mapVLAN(1, to: FloodSetIndex(rawValue: 1))
    bridge.mapVLAN(10, to: FloodSetIndex(rawValue: 2))
    bridge.mapVLAN(4094, to: FloodSetIndex(rawValue: 1))
  }

  deinit { list.deallocate() }

  mutating func setMembers(_ index: FloodSetIndex, _ members: [PortIndex]) {
    bridge.setFloodSet(index, FloodSet.allocate(members: members))?.deallocate()
  }

  mutating func frame(_ bytes: RawSpan, from port: PortIndex) {
    guard let header = try? FrameHeader(parsing: bytes) else { return }
    require(header.payloadOffset <= bytes.byteCount, "the header is inside the frame")
    let verdict = bridge.decide(header, from: port, at: now)
    check(verdict, header, from: port)
    require(bridge.decide(header, from: port, at: now) == verdict, "deciding changes nothing")
    require(bridge.judge(header, from: port, at: now) == verdict, "what is remembered is what would be judged")
    guard verdict.teach else { return }
    let before = bridge.reader.find(header.source, vlan: verdict.vlan, at: now)
    let taught = bridge.teach(header.source, vlan: verdict.vlan, on: port, at: now)
    let after = bridge.reader.find(header.source, vlan: verdict.vlan, at: now)
    require(taught != .unchanged, "only news is taught")
    require(taught != .barred, "what is taught may come to its port")
    if let before, before.kind != .dynamic { require(after?.port == before.port, "what was commanded never moves") }
    switch taught {
    case .learned, .moved, .refreshed:
      require(after?.port == port, "what was taught is found")
      require(!bridge.decide(header, from: port, at: now).teach, "what was taught is no news")
      if taught != .refreshed { keepsLimit(port) }
    case .refused: require(after == nil, "what found no room is not there")
    default:
      require(before != nil && after != nil, "only what is known is pinned")
      require(
        after?.port == before?.port || after?.port == port || takesHome(header.source, verdict.vlan, after?.port),
        "a pinned entry is where it was, where it is, or on the port of before where it may be learned")
    }
  }

  /// Whether an address that moves about may be given back to a port where it had stayed longer.
  func takesHome(_ source: MACAddress, _ vlan: UInt16, _ home: PortIndex?) -> Bool {
    guard let home else { return false }
    let policy = bridge.policy(of: home)
    return policy.forwarding && policy.learning && !policy.isLocked && policy.allowed.allows(source)
      && bridge.floodSet(unsafe bridge.vlans[Int(vlan)]).contains(home)
  }

  /// A port that took one more had room for it.
  func keepsLimit(_ port: PortIndex) {
    let policy = bridge.policy(of: port)
    require(!policy.isLocked, "a locked port learns nothing")
    guard policy.macLimit != 0 else { return }
    let entries = bridge.reader.entries(from: 0, limit: 1000, at: now).entries
    let held = entries.filter { $0.port == port && $0.kind != .static }.count
    require(held <= Int(policy.macLimit), "no more addresses than the limit")
  }

  func check(_ verdict: Verdict, _ header: FrameHeader, from port: PortIndex) {
    let source = header.source
    let policy = bridge.policy(of: port)
    if verdict.teach { require(!source.isGroup && !source.isZero, "a group is never learned") }
    require(!verdict.teach || 1...4094 ~= verdict.vlan, "only a VLAN is learned in")
    require(policy.learning || !verdict.teach, "no learning, no teaching")
    if verdict.action == .deliver || verdict.action == .flood { checkAdmission(verdict, header, policy, from: port) }
    switch verdict.action {
    case .deliver:
      require(verdict.port != port, "nothing goes back")
      require(!header.destination.isGroup, "a group is flooded")
      let known = bridge.table.port(of: header.destination, vlan: verdict.vlan, at: now)
      require(known == verdict.port, "to the port it is known on")
      require(members(verdict.vlan).contains(verdict.port), "to a member of the VLAN")
      require(bridge.reachSet(policy.reach).contains(verdict.port), "where the port may reach")
    case .flood:
      require(verdict.floodSet == bridge.vlans(verdict.vlan), "to the set of the VLAN")
      require(count(verdict, port) > 0, "somebody is there")
      let kind: FloodKind =
        header.destination.isBroadcast ? .broadcast : header.destination.isGroup ? .multicast : .unicast
      require(verdict.kind == kind, "by its kind")
    case .drop:
      require(!verdict.reason.isEgress, "ingress reasons only")
      require(verdict.vlan != 0 || !verdict.teach, "not admitted, not taught")
    case .consume:
      require(source == bridge.probeSource && !source.isZero, "only what is ours is consumed")
      require(!verdict.teach, "a probe teaches nothing")
    }
  }

  /// What holds of every frame that goes anywhere.
  func checkAdmission(_ verdict: Verdict, _ header: FrameHeader, _ policy: PortPolicy, from port: PortIndex) {
    require(1...4094 ~= verdict.vlan, "in a VLAN")
    require(policy.forwarding && members(verdict.vlan).contains(port), "from a member of the VLAN")
    require(verdict.vlan == policy.vlan(of: header), "in the VLAN of the frame")
    require(policy.allowed.allows(header.source), "from an address of the list")
    require(policy.accept != (policy.form(of: header) == .tagged ? .untagged : .tagged), "a kind that is accepted")
    guard policy.isLocked else { return }
    require(
      bridge.reader.find(header.source, vlan: verdict.vlan, at: now)?.port == port, "a source that is known there")
  }

  func members(_ vlan: UInt16) -> FloodSet { bridge.floodSet(bridge.vlans(vlan)) }

  func count(_ verdict: Verdict, _ port: PortIndex) -> Int {
    var cursor = bridge.members(of: verdict, from: port)
    let reach = bridge.reachSet(bridge.policy(of: port).reach)
    var count = 0
    var last = -1
    while let member = cursor.next() {
      require(member != port, "nothing goes back")
      require(member.slot > last, "in rising order")
      require(members(verdict.vlan).contains(member) && reach.contains(member), "to members within reach")
      last = member.slot
      count += 1
    }
    return count
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
    require(bridge.events.count <= EventLog.capacity, "the log is bounded")
    for index in 0..<bridge.events.count {
      let event = bridge.events[index]
      require(!event.mac.isGroup && 1...4094 ~= event.vlan, "events are of stations in VLANs")
      require((event.from != event.port) == (event.kind == .moved || event.kind == .pinned), "a move has two ends")
    }
  }
}

extension Bridge {
  /// The flood set of a VLAN.
  func vlans(_ vlan: UInt16) -> FloodSetIndex { unsafe vlans[Int(vlan & 0xFFF)] }
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
