// The two clocks of the switch: monotonic for ageing and timers, real time for what people read.

internal import CLinux
internal import Glibc

/// Readings of the kernel's clocks, in nanoseconds.
package enum Clock {
  /// Since boot, suspension left out; never goes back (CLOCK_MONOTONIC).
  package static func monotonic() -> UInt64 { ts_clock(CLOCK_MONOTONIC) }
  /// Since 1970-01-01T00:00:00Z (CLOCK_REALTIME).
  package static func realTime() -> UInt64 { ts_clock(CLOCK_REALTIME) }
}
