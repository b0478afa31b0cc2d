// What `Bridge.decide` says of one frame, and nothing else: plain bits, no reference.

/// The fate of a frame. Exactly one of deliver, flood, drop and consume; `teach` goes with each of the first three.
public struct Verdict: Sendable, BitwiseCopyable, Equatable {
  public enum Action: UInt8, Sendable, BitwiseCopyable {
    /// To one port: `port`.
    case deliver
    /// To everyone that `Bridge.members(of:from:)` walks over.
    case flood
    /// To nobody, for `reason`.
    case drop
    /// It is for the switch itself: one of its own probes, come back.
    case consume
  }

  public let action: Action
  /// Meaningful for `drop` only.
  public let reason: DropReason
  /// Meaningful for `flood` only.
  public let kind: FloodKind
  /// The source is new, has moved or was last heard a tick ago: hand it to `Bridge.teach`.
  public let teach: Bool
  /// Meaningful for `deliver` only.
  public let port: PortIndex
  /// Meaningful for `flood` only.
  public let floodSet: FloodSetIndex
  /// The VLAN the frame was admitted to, 1 to 4094; 0 where it was dropped before.
  public let vlan: UInt16

  @inlinable
  public init(
    action: Action, reason: DropReason = .runt, teach: Bool = false, port: PortIndex = PortIndex(rawValue: 0),
    floodSet: FloodSetIndex = FloodSetIndex(rawValue: 0), vlan: UInt16 = 0, kind: FloodKind = .unicast
  ) {
    self.action = action
    self.reason = reason
    self.teach = teach
    self.port = port
    self.floodSet = floodSet
    self.vlan = vlan
    self.kind = kind
  }

  @inlinable public static func deliver(to port: PortIndex, vlan: UInt16, teach: Bool) -> Verdict {
    Verdict(action: .deliver, teach: teach, port: port, vlan: vlan)
  }
  @inlinable public static func flood(
    _ set: FloodSetIndex, _ kind: FloodKind, vlan: UInt16, teach: Bool
  ) -> Verdict {
    Verdict(action: .flood, teach: teach, floodSet: set, vlan: vlan, kind: kind)
  }
  @inlinable public static func drop(_ reason: DropReason, vlan: UInt16 = 0, teach: Bool = false) -> Verdict {
    Verdict(action: .drop, reason: reason, teach: teach, vlan: vlan)
  }
  @inlinable public static var consume: Verdict { Verdict(action: .consume) }
}
