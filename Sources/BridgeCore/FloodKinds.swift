// Which kinds of flooded frames a port takes, as settings say it and as control makes masks of it.

/// A set of `FloodKind`.
public struct FloodKinds: OptionSet, Sendable, Hashable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// To an address that the table does not hold.
  public static let unicast = FloodKinds(rawValue: 1)
  /// To a group other than broadcast.
  public static let multicast = FloodKinds(rawValue: 2)
  public static let broadcast = FloodKinds(rawValue: 4)
  public static let all: FloodKinds = [.unicast, .multicast, .broadcast]
}
