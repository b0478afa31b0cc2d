// What workers tell control unasked. Each is rare, and bounded where guests can cause it.

package import BridgeCore

/// What a worker says unasked.
package enum Notice: Sendable, Equatable {
  /// The port's descriptor cannot be read any more (errno, 0: the other end closed); it is left alone until it is
  /// detached and attached anew.
  case portFailed(PortIndex, serial: UInt32, code: Int32)
  /// A frame came in that the port is to be shut for: `bpduGuard`, or `macLimit` where the action is to shut it down.
  /// Told once, until the port is adjusted or attached anew.
  case guardTripped(PortIndex, serial: UInt32, DropReason)
  /// A storm limit or `rateIn` dropped frames of the port. Told once in ten seconds of each port, at most.
  case limitReached(PortIndex, serial: UInt32, DropReason)
  /// A frame from the switch's own probe source came in: its first octets as received, at most 512. At most 20 a second
  /// of each port.
  case probeHeard(PortIndex, serial: UInt32, [UInt8])
}
