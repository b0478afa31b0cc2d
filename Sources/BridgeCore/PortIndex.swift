// Small identities that every stage shares: a port's slot and the clock of the forwarding table.

/// The slot of a port in the switch, from 0; slots are re-used after a port is removed.
public struct PortIndex: Hashable, Sendable, BitwiseCopyable, RawRepresentable {
  public let rawValue: UInt16
  @inlinable @inline(__always)
  public init(rawValue: UInt16) { self.rawValue = rawValue }
  @inlinable public var slot: Int { Int(rawValue) }

  /// The most ports one switch can hold. Flood sets are bitsets of this size at the most.
  public static let limit = 4096
}

/// Whole seconds of monotonic time since the switch started; the low 24 bits (194 days) stand in table entries.
public struct Tick: Hashable, Sendable, BitwiseCopyable, RawRepresentable {
  public let rawValue: UInt32
  @inlinable @inline(__always)
  public init(rawValue: UInt32) { self.rawValue = rawValue }
}

extension Tick {
  /// The 24 bits that a table entry keeps.
  @inlinable public var stamp: UInt64 { UInt64(rawValue) & 0xFF_FFFF }
}
