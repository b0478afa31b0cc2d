// The whole bridge: what happens to one frame. Read `decide` from top to bottom; everything it consults was computed
// before. It does no I/O, reads no clock, allocates nothing and throws nothing.

public import Wire

/// A learning VLAN bridge (802.1Q-2018 clause 8) as a value that one worker owns.
///
/// `decide` may be called for any header from any port index; it never traps. What changes the bridge (`teach`, and
/// the commands in Bridge+Commands) is called by the worker between frames and between batches.
@safe
public struct Bridge: ~Copyable, @unchecked Sendable {
  public var table: ForwardingTable
  /// `PortIndex.limit` of them.
  public let policies: UnsafeMutablePointer<PortPolicy>
  /// The flood set of each VLAN identifier, 4,096 of them.
  public let vlans: UnsafeMutablePointer<FloodSetIndex>
  /// The set under each index, 4,096 of them.
  public let floodSets: UnsafeMutablePointer<FloodSet>
  /// What stands under an index that no set was given for.
  let nobody: FloodSet
  public var forwardReserved = false
  var history: MoveHistory
  public let memo: VerdictMemo

  /// Room for this many flood sets: one for each VLAN and more.
  public static var floodSetLimit: Int { 4096 }

  /// A bridge without ports, all VLANs on flood set 0, which is empty.
  /// - Parameters:
  ///   - capacity: entries of the forwarding table, 16 to 1,048,576.
  ///   - ageing: seconds, at most 1,000,000.
  ///   - seed: for the hashes; from a source that guests cannot guess.
  public init(capacity: Int, ageing: UInt32, seed: UInt64) {
    self.init(
      table: ForwardingTable(capacity: capacity, ageing: ageing, seed: seed), history: MoveHistory(seed: ~seed))
  }

  /// A bridge for another worker: the same table, which it only reads, and policies of its own, to be kept alike by the
  /// same commands. To be made before any command was given, and to go before this one.
  public func sibling() -> Bridge {
    var bridge = Bridge(table: ForwardingTable(reading: table), history: MoveHistory(seed: 0, capacity: 8))
    bridge.forwardReserved = forwardReserved
    return bridge
  }

  private init(table: consuming ForwardingTable, history: consuming MoveHistory) {
    self.table = table
    self.history = history
    memo = VerdictMemo.allocate()
    nobody = FloodSet.allocate(members: [], untagged: [])
    unsafe policies = .allocate(capacity: PortIndex.limit)
    unsafe policies.initialize(repeating: .absent, count: PortIndex.limit)
    unsafe vlans = .allocate(capacity: 4096)
    unsafe vlans.initialize(repeating: FloodSetIndex(rawValue: 0), count: 4096)
    unsafe floodSets = .allocate(capacity: Bridge.floodSetLimit)
    unsafe floodSets.initialize(repeating: nobody, count: Bridge.floodSetLimit)
  }

  /// Frees the flood sets in force, too, unless it is a sibling, which shares them.
  deinit {
    for index in 0..<Bridge.floodSetLimit where unsafe table.isWriter && floodSets[index].base != nobody.base {
      unsafe floodSets[index].deallocate()
    }
    nobody.deallocate()
    memo.deallocate()
    unsafe floodSets.deallocate()
    unsafe vlans.deallocate()
    unsafe policies.deallocate()
  }

  /// What is to happen to a frame with `header` that came in through `port`: as a moment ago, if nothing has changed.
  @inlinable @inline(__always)
  public mutating func decide(_ header: FrameHeader, from port: PortIndex, at now: Tick) -> Verdict {
    let asked = VerdictMemo.Line(header, stamp: table.storage.stamp(at: now))
    let line = unsafe memo.line(of: port)
    if unsafe line.pointee.matches(asked) {
      return unsafe .deliver(to: line.pointee.port, vlan: line.pointee.vlan, teach: false)
    }
    return unsafe decide(header, from: port, at: now, asked, line)
  }

  /// Judges, and remembers what may be asked again.
  @inline(never)
  public mutating func decide(
    _ header: FrameHeader, from port: PortIndex, at now: Tick, _ asked: VerdictMemo.Line,
    _ line: UnsafeMutablePointer<VerdictMemo.Line>
  ) -> Verdict {
    let verdict = judge(header, from: port, at: now)
    if verdict.action == .deliver, !verdict.teach, port.slot < PortIndex.limit {
      var noted = asked
      noted.port = verdict.port
      noted.vlan = verdict.vlan
      unsafe line.pointee = noted
    }
    return verdict
  }

  /// What is to happen to a frame, from the table and the policies as they are.
  ///
  /// In this order: the source must be one address (802.1Q-2018 clause 8.7); reserved group addresses go no further
  /// (table 8-1), but that of BPDUs does, since a bridge without spanning tree that swallowed them would hide loops
  /// from its neighbours; the frame is admitted to a VLAN (clause 6.9); a group is flooded; an address is looked up
  /// in its VLAN, and flooded if it is not known. Nothing goes back to where it came from (clause 8.6.1).
  @inlinable
  public func judge(_ header: FrameHeader, from port: PortIndex, at now: Tick) -> Verdict {
    let source = header.source
    let destination = header.destination
    if source.isGroup || source.isZero { return .drop(.badSource) }
    if destination.isReservedGroup, let reason = reservedReason(destination) { return .drop(reason) }

    let policy = policy(of: port)
    let vlan = policy.vlan(of: header)
    guard policy.forwarding, vlan &- 1 < 4094 else { return .drop(vlan == 4095 ? .badTag : .vlanNotAllowed) }

    let teach = policy.learning && table.wants(source, vlan: vlan, on: port, at: now)
    if destination.isGroup { return flood(vlan, from: port, teach) }
    // Compared as bits: `==` of another module's type would go through its witness table for each frame.
    if destination.bits == source.bits { return .drop(.samePort, vlan: vlan, teach: teach) }
    guard let egress = table.port(of: destination, vlan: vlan, at: now) else { return flood(vlan, from: port, teach) }
    if egress == port { return .drop(.samePort, vlan: vlan, teach: teach) }
    return .deliver(to: egress, vlan: vlan, teach: teach)
  }

  @inlinable @inline(__always)
  public func flood(_ vlan: UInt16, from port: PortIndex, _ teach: Bool) -> Verdict {
    let index = unsafe vlans[Int(vlan & 0xFFF)]
    if floodSet(index).isEmpty(without: port) { return .drop(.noDestination, vlan: vlan, teach: teach) }
    return .flood(index, vlan: vlan, teach: teach)
  }

  /// Why a frame to 01-80-C2-00-00-00 to -0F goes no further; nil if it does.
  public func reservedReason(_ destination: MACAddress) -> DropReason? {
    switch destination.bits & 0xF {
    case 0: nil
    case 1: .pause
    default: forwardReserved ? nil : .reservedAddress
    }
  }

  /// The policy in force for a port; `PortPolicy.absent` for an index that no port can have.
  @inlinable @inline(__always)
  public func policy(of port: PortIndex) -> PortPolicy {
    port.slot < PortIndex.limit ? unsafe policies[port.slot] : .absent
  }

  /// The flood set under an index; an empty one where none was set.
  @inlinable @inline(__always)
  public func floodSet(_ index: FloodSetIndex) -> FloodSet {
    unsafe floodSets[Int(index.rawValue) & (Bridge.floodSetLimit &- 1)]
  }

  /// A walk over the members of a flood set but `ingress`.
  @inlinable
  public func members(of index: FloodSetIndex, _ form: FloodForm, without ingress: PortIndex) -> FloodCursor {
    FloodCursor(floodSet(index), excluding: ingress, form: form)
  }

  /// Enters the source of a frame into the table, after a verdict with `teach`. Anything that no frame can bring
  /// (a group address, VLAN 0, a port without learning) changes nothing.
  @discardableResult
  public mutating func teach(_ source: MACAddress, vlan: UInt16, on port: PortIndex, at now: Tick) -> Taught {
    guard table.isWriter, !source.isGroup, !source.isZero, vlan &- 1 < 4094, policy(of: port).learning else {
      return .unchanged
    }
    var previous = port
    let taught = table.teach(source, vlan: vlan, on: port, at: now, previous: &previous)
    switch taught {
    case .learned: history.learned(TableKey.word(source, vlan), at: now)
    case .moved: history.moved(TableKey.word(source, vlan), from: previous, to: port, at: now)
    case .unchanged, .refreshed, .refused: break
    }
    return taught
  }
}
