// Small identities that every stage shares: a port's slot and the clock of the forwarding table.

/// The slot of a port in the switch, from 0; slots are re-used after a port is removed.
@usableFromInline
package struct PortIndex: Hashable, Sendable, BitwiseCopyable, RawRepresentable {
  @usableFromInline package let rawValue: UInt16
  @inlinable @inline(__always)
  package init(rawValue: UInt16) { self.rawValue = rawValue }
  @inlinable package var slot: Int { Int(rawValue) }

  /// The most ports one switch can hold. Flood sets are bitsets of this size at the most.
  package static let limit = 4096
}

/// Whole seconds of monotonic time since the switch started; the low 24 bits (194 days) stand in table entries.
@usableFromInline
package struct Tick: Hashable, Sendable, BitwiseCopyable, RawRepresentable {
  @usableFromInline package let rawValue: UInt32
  @inlinable @inline(__always)
  package init(rawValue: UInt32) { self.rawValue = rawValue }
}

extension Tick {
  /// The 24 bits that a table entry keeps.
  @inlinable package var stamp: UInt64 { UInt64(rawValue) & 0xFF_FFFF }
}
