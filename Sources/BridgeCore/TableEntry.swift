// The two 64-bit words of a forwarding table entry, and the entry as people see it. Packing only: what is alive,
// aged or stale is judged in `TableStorage`.

public import Wire

/// How an entry came to be and what may change it.
public enum EntryKind: UInt8, Sendable, BitwiseCopyable, CaseIterable {
  /// Learned: ages, moves, is flushed.
  case dynamic = 1
  /// Set by command: never ages, never moves.
  case `static` = 2
  /// Set by command: ages like a learned one, never moves.
  case sticky = 3

  /// The name in the contract.
  public var name: String {
    switch self {
    case .dynamic: "dynamic"
    case .static: "static"
    case .sticky: "sticky"
    }
  }
}

/// One entry as read out of the table.
public struct ForwardingEntry: Sendable, BitwiseCopyable, Equatable {
  public let mac: MACAddress
  public let vlan: UInt16
  public let port: PortIndex
  public let kind: EntryKind
  /// Seconds since the address was last heard; nil for static entries.
  public let age: UInt32?

  public init(mac: MACAddress, vlan: UInt16, port: PortIndex, kind: EntryKind, age: UInt32?) {
    self.mac = mac
    self.vlan = vlan
    self.port = port
    self.kind = kind
    self.age = age
  }
}

/// The key word: marker (bit 63), VLAN (bits 48 to 59), MAC (bits 0 to 47).
public enum TableKey {
  /// A slot never used, or cleared: a search ends here.
  @inlinable public static var empty: UInt64 { 0 }
  /// A slot whose entry went while later ones in its bucket stayed: a search goes on.
  @inlinable public static var tombstone: UInt64 { 1 }

  @inlinable @inline(__always)
  public static func word(_ mac: MACAddress, _ vlan: UInt16) -> UInt64 {
    1 &<< 63 | UInt64(vlan & 0xFFF) &<< 48 | mac.bits
  }
  @inlinable public static func isEntry(_ word: UInt64) -> Bool { word &>> 63 != 0 }
  @inlinable public static func mac(_ word: UInt64) -> MACAddress { MACAddress(bits: word) }
  @inlinable public static func vlan(_ word: UInt64) -> UInt16 { UInt16(truncatingIfNeeded: word &>> 48) & 0xFFF }
}

/// The value word: port (bits 48 to 63), generation of that port (32 to 47), tick last heard (8 to 31), and eight
/// bits of flags: the kind (0 and 1), never 0, and a check of the key (2 to 7). No valid value is 0.
public enum TableValue {
  @inlinable @inline(__always)
  public static func word(
    port: PortIndex, generation: UInt16, tick: Tick, kind: EntryKind, check: UInt64
  ) -> UInt64 {
    UInt64(port.rawValue) &<< 48 | UInt64(generation) &<< 32 | tick.stamp &<< 8 | check | UInt64(kind.rawValue)
  }
  @inlinable public static func port(_ word: UInt64) -> PortIndex {
    PortIndex(rawValue: UInt16(truncatingIfNeeded: word &>> 48))
  }
  @inlinable public static func generation(_ word: UInt64) -> UInt16 { UInt16(truncatingIfNeeded: word &>> 32) }
  @inlinable public static func stamp(_ word: UInt64) -> UInt64 { word &>> 8 & 0xFF_FFFF }
  @inlinable public static func check(_ word: UInt64) -> UInt64 { word & 0xFC }
  @inlinable public static func isStatic(_ word: UInt64) -> Bool { word & 3 == 2 }
  @inlinable public static func isDynamic(_ word: UInt64) -> Bool { word & 3 == 1 }
  @inlinable public static func kind(_ word: UInt64) -> EntryKind {
    EntryKind(rawValue: UInt8(truncatingIfNeeded: word & 3)) ?? .dynamic
  }
  /// The same entry, heard at `tick`.
  @inlinable public static func refreshed(_ word: UInt64, _ tick: Tick) -> UInt64 {
    word & ~(0xFF_FFFF &<< 8) | tick.stamp &<< 8
  }
}
