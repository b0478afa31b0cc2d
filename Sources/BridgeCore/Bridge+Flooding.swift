// Whom a flooded frame reaches, and why nobody if so. The sets were made by control; here they are only intersected.

extension Bridge {
  /// Whoever gets a copy of a frame that is flooded as `verdict` says: members of its VLAN that are up and take its
  /// kind, within reach of `ingress`, and not that port.
  @inlinable
  public func members(of verdict: Verdict, from ingress: PortIndex) -> FloodCursor {
    members(of: verdict.floodSet, verdict.kind, from: ingress)
  }

  /// The same of a flood set and a kind.
  @inlinable
  public func members(of index: FloodSetIndex, _ kind: FloodKind, from ingress: PortIndex) -> FloodCursor {
    unsafe FloodCursor(
      floodSet(index), masks[Int(kind.rawValue)], reachSet(policies[min(ingress.slot, PortIndex.limit)].reach),
      excluding: ingress)
  }

  /// A flood, if it reaches anybody.
  @inline(never)
  public mutating func flood(
    _ index: FloodSetIndex, _ kind: FloodKind, vlan: UInt16, from port: PortIndex, _ teach: Bool
  ) -> Verdict {
    if members(of: index, kind, from: port).isEmpty {
      return .drop(emptyReason(index, from: port), vlan: vlan, teach: teach)
    }
    return .flood(index, kind, vlan: vlan, teach: teach)
  }

  /// Why a flood reaches nobody: no other member is up; or none of them is within reach; or none within reach takes
  /// this kind of frame.
  private mutating func emptyReason(_ index: FloodSetIndex, from port: PortIndex) -> DropReason {
    let up = unsafe masks[Int(FloodMask.up.rawValue)]
    if FloodCursor(floodSet(index), up, everybody, excluding: port).isEmpty { return .noDestination }
    let reach = reachSet(policy(of: port).reach)
    return FloodCursor(floodSet(index), up, reach, excluding: port).isEmpty ? .isolated : .floodOff
  }
}
