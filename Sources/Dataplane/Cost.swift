// What a frame costs the switch, so that a port is held to what it causes rather than to what it sends
// (deficit round robin, after Shreedhar and Varghese 1995).

/// Costs in units of about a quarter microsecond, from measured system calls: a small read 0.48 µs, a small write
/// 0.75 µs, 2.0 and 2.6 µs for 64 KiB.
enum Cost {
  /// What each ready port may cause in one round: about 80 µs, 64 small frames to one port each.
  static var quantum: Int32 { 320 }

  /// One read of `length` octets.
  @inline(__always)
  static func read(_ length: Int) -> Int32 { 2 &+ Int32(truncatingIfNeeded: length >> 13) }

  /// One frame joined to another: the receiver takes them apart again while we write.
  static var merge: Int32 { 2 }

  /// One source handed to the forwarding table: a look for room, and stores that other cores see.
  static var lesson: Int32 { 2 }
  /// Sources that one port may have told to the teacher in one round, so that a wild one leaves room for others.
  static var lessonsPerRound: Int32 { 32 }

  /// One write of `length` octets.
  @inline(__always)
  static func write(_ length: Int) -> Int32 { 3 &+ Int32(truncatingIfNeeded: length >> 13) }
}
