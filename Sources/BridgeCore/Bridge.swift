// The whole bridge: what happens to one frame. Read `judge` from top to bottom; everything it consults was computed
// before. It does no I/O, reads no clock, allocates nothing and throws nothing.

public import Wire

/// A learning VLAN bridge (802.1Q-2018 clause 8) as a value that one worker owns.
///
/// `decide` may be called for any header from any port index; it never traps. What changes the bridge (`teach`, and
/// the commands in Bridge+Commands) is called by the worker between frames and between batches.
@safe
public struct Bridge: ~Copyable, @unchecked Sendable {
  public var table: ForwardingTable
  /// `PortIndex.limit` of them, and one behind them for every index that no port can have.
  public let policies: UnsafeMutablePointer<PortPolicy>
  /// The flood set of each VLAN identifier, 4,096 of them: below `floodSetLimit` for 1 to 4094, and that for the others.
  public let vlans: UnsafeMutablePointer<FloodSetIndex>
  /// The members of VLANs under each index, `floodSetLimit` of them, and an empty one behind them.
  public let floodSets: UnsafeMutablePointer<FloodSet>
  /// The four sets of `FloodMask`.
  public let masks: UnsafeMutablePointer<FloodSet>
  /// Who may be reached by ports with that `reach`, `reachLimit` of them, and an empty one behind them.
  public let reachSets: UnsafeMutablePointer<FloodSet>
  /// What stands where no set was given.
  let nobody: FloodSet
  /// What stands at reach 0.
  let everybody: FloodSet
  public var forwardReserved = false
  /// The source of the switch's own probes; zero, which is never looked for, if it sends none.
  public var probeSource = MACAddress(bits: 0)
  var history: MoveHistory
  public let memo: VerdictMemo
  /// When an entry was last turned away for want of room.
  var full: Tick?

  /// Room for this many flood sets: one for each VLAN and more.
  @inlinable public static var floodSetLimit: Int { 4096 }
  /// Room for this many reach sets: one for each port, alone or in a group, and more.
  @inlinable public static var reachLimit: Int { 8192 }
  /// More than so many moves …
  public static var pinMoves: Int { 5 }
  /// … in so many seconds pin an entry …
  public static var pinWindow: Int { 10 }
  /// … for so many.
  public static var pinSeconds: Int { 30 }

  /// A bridge without ports, all VLANs on flood set 0, which is empty, as all masks are: until `setMask` was called for
  /// each of them nothing is flooded.
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
    nobody = FloodSet.allocate(members: [])
    everybody = FloodSet.allocate(members: (0..<PortIndex.limit).map { PortIndex(rawValue: UInt16($0)) })
    unsafe policies = .allocate(capacity: PortIndex.limit + 1)
    unsafe policies.initialize(repeating: .absent, count: PortIndex.limit + 1)
    unsafe vlans = .allocate(capacity: 4096)
    unsafe vlans.initialize(repeating: FloodSetIndex(rawValue: 0), count: 4096)
    for none in [0, 4095] { unsafe vlans[none] = FloodSetIndex(rawValue: UInt16(Bridge.floodSetLimit)) }
    unsafe floodSets = .allocate(capacity: Bridge.floodSetLimit + 1)
    unsafe floodSets.initialize(repeating: nobody, count: Bridge.floodSetLimit + 1)
    unsafe masks = .allocate(capacity: FloodMask.allCases.count)
    unsafe masks.initialize(repeating: nobody, count: FloodMask.allCases.count)
    unsafe reachSets = .allocate(capacity: Bridge.reachLimit + 1)
    unsafe reachSets.initialize(repeating: nobody, count: Bridge.reachLimit + 1)
    unsafe reachSets[0] = everybody
  }

  /// Frees the sets in force, too, unless it is a sibling, which shares them. Lists of addresses stay with control.
  deinit {
    if table.isWriter {
      for index in 0..<Bridge.floodSetLimit { free(unsafe floodSets[index]) }
      for index in 0..<FloodMask.allCases.count { free(unsafe masks[index]) }
      for index in 1..<Bridge.reachLimit { free(unsafe reachSets[index]) }
    }
    nobody.deallocate()
    everybody.deallocate()
    memo.deallocate()
    unsafe reachSets.deallocate()
    unsafe masks.deallocate()
    unsafe floodSets.deallocate()
    unsafe vlans.deallocate()
    unsafe policies.deallocate()
  }

  private func free(_ set: FloodSet) { if unsafe set.base != nobody.base { set.deallocate() } }

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
  /// In this order: the source must be one address (802.1Q-2018 clause 8.7), and a probe of our own goes no further;
  /// reserved group addresses are judged apart (table 8-1); the frame is admitted to a VLAN of which its port must be a
  /// member (clauses 6.9 and 8.6.2); the source must be welcome on the port; a group is flooded; an address is looked up
  /// in its VLAN, and flooded if it is not known on a member of it. Nothing goes back to where it came from (clause
  /// 8.6.1), or where the port may not reach.
  ///
  /// It changes nothing, and is `mutating` only because a bridge that is lent is copied for the call (Swift 6.3: 285
  /// octets for each frame); so are the functions beside the straight path that it calls.
  @inlinable @inline(__always)
  public mutating func judge(_ header: FrameHeader, from port: PortIndex, at now: Tick) -> Verdict {
    let source = header.source
    let destination = header.destination
    if source.isGroup || source.isZero { return .drop(.badSource) }
    // Compared as bits: `==` of another module's type would go through its witness table for each frame.
    if source.bits == probeSource.bits { return .consume }
    let policy = unsafe policies + min(port.slot, PortIndex.limit)
    if destination.isReservedGroup, let reason = unsafe reservedReason(destination, policy) { return .drop(reason) }

    var vlan = unsafe policy.pointee.nativeVID
    var admits = unsafe policy.pointee.flags
    if unsafe header.outerTag.tpid.rawValue == policy.pointee.readTPID, header.outerTag.vid != 0 {
      vlan = header.outerTag.vid
      admits = admits &>> 1
    }
    let index = unsafe vlans[Int(vlan)]
    let members = unsafe floodSets[Int(index.rawValue)]
    guard admits & 1 != 0, members.contains(port) else { return unsafe refusal(header, policy) }

    var teach = false
    if unsafe policy.pointee.flags & (PortPolicy.learns | PortPolicy.guards) != 0 {
      let key = TableKey.word(source, vlan)
      let hash = table.storage.hash(key)
      let found = table.storage.value(of: key, hash: hash)
      let fresh = table.fresh(hash, on: port, at: now)
      teach = unsafe policy.pointee.learning && table.wants(found, fresh, at: now)
      if unsafe policy.pointee.guardsSource {
        let ruling = unsafe rule(source, found, fresh, policy, from: port, at: now)
        if ruling.rawValue > SourceRuling.passesUnlearned.rawValue { return .drop(ruling.reason, vlan: vlan) }
        teach = teach && ruling.rawValue == SourceRuling.passes.rawValue
      }
    }

    if destination.isGroup {
      return flood(index, destination.isBroadcast ? .broadcast : .multicast, vlan: vlan, from: port, teach)
    }
    if destination.bits == source.bits { return .drop(.samePort, vlan: vlan, teach: teach) }
    guard let egress = table.port(of: destination, vlan: vlan, at: now), members.contains(egress) else {
      return flood(index, .unicast, vlan: vlan, from: port, teach)
    }
    if egress == port { return .drop(.samePort, vlan: vlan, teach: teach) }
    let reach = unsafe policy.pointee.reach
    if reach != 0, !reachSet(reach).contains(egress) { return .drop(.isolated, vlan: vlan, teach: teach) }
    return .deliver(to: egress, vlan: vlan, teach: teach)
  }

  /// The policy in force for a port; `PortPolicy.absent` for an index that no port can have.
  @inlinable @inline(__always)
  public func policy(of port: PortIndex) -> PortPolicy { unsafe policies[min(port.slot, PortIndex.limit)] }

  /// The members under an index; none where no set was given.
  @inlinable @inline(__always)
  public func floodSet(_ index: FloodSetIndex) -> FloodSet {
    unsafe floodSets[min(Int(index.rawValue), Bridge.floodSetLimit)]
  }

  /// Who may be reached by ports with this `reach`; nobody where no set was given.
  @inlinable @inline(__always)
  public func reachSet(_ reach: UInt16) -> FloodSet { unsafe reachSets[min(Int(reach), Bridge.reachLimit)] }
}
