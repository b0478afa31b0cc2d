// What the data plane has to tell beside its counters, as control gets it: values only.

package import BridgeCore

/// A frame that may say who has which address: ARP, neighbour discovery, DHCP, mDNS.
package struct SeenFrame: Sendable, Equatable {
  /// Where it came in.
  package let port: PortIndex
  package let vlan: UInt16
  /// The first octets from the destination address on, as received; at most `SeenFrame.limit`.
  package let bytes: [UInt8]
  /// Nanoseconds since 1970.
  package let time: UInt64

  /// Octets kept of a frame.
  package static var limit: Int { 512 }

  package init(port: PortIndex, vlan: UInt16, bytes: [UInt8], time: UInt64) {
    self.port = port
    self.vlan = vlan
    self.bytes = bytes
    self.time = time
  }
}

/// What came together since the last time.
package struct Observations: Sendable, Equatable {
  /// In the order in which they happened.
  package var events: [BridgeEvent] = []
  /// How many events are missing.
  package var lost = 0
  package var frames: [SeenFrame] = []

  package init() {}

  package var isEmpty: Bool { events.isEmpty && lost == 0 && frames.isEmpty }
}
