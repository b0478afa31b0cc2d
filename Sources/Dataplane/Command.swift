// What control may ask of a worker, and what it answers: values only, applied between batches.

package import BridgeCore
package import LinuxIO
package import Wire

/// A port as the worker needs it.
package struct PortAttachment: Sendable {
  package let port: PortIndex
  /// Tells this attachment of the slot from earlier and later ones in notices.
  package let serial: UInt32
  /// Non-blocking; stays open until `detach` has been answered.
  package let io: PortIO
  package let limits: PortLimits
  package let policy: PortPolicy
  /// What `FileCapture.register` returned for the port; 0 without a capture.
  package let handle: UInt32

  package init(
    port: PortIndex, serial: UInt32, io: PortIO, limits: PortLimits, policy: PortPolicy, handle: UInt32
  ) {
    self.port = port
    self.serial = serial
    self.io = io
    self.limits = limits
    self.policy = policy
    self.handle = handle
  }
}

/// A dynamic entry as it was saved.
package struct RestoredEntry: Sendable, Equatable {
  package let mac: MACAddress
  package let vlan: UInt16
  package let port: PortIndex
  /// Seconds since the address was last heard.
  package let age: UInt32

  package init(mac: MACAddress, vlan: UInt16, port: PortIndex, age: UInt32) {
    self.mac = mac
    self.vlan = vlan
    self.port = port
    self.age = age
  }
}

/// Applied by the worker between two batches, in the order posted.
package enum Command: Sendable {
  /// Starts reading a port; its slot must be empty.
  case attach(PortAttachment)
  /// Changes a port that is attached.
  case adjust(PortIndex, PortLimits, PortPolicy)
  /// Stops reading and writing a port; once answered its descriptor may be closed. Learned entries are forgotten.
  case detach(PortIndex)
  /// The port is gone for good: its static entries go too.
  case forget(PortIndex)
  /// Puts another flood set in force; answered with the old one, which may then be freed.
  case setFloodSet(FloodSetIndex, FloodSet)
  case mapVLANs(ClosedRange<UInt16>, FloodSetIndex)
  /// Puts flood sets in force and points VLANs to sets, all of it between two frames of a worker. Answered with the
  /// sets that are no longer in force, which may then be freed.
  case setVLANs(sets: [(FloodSetIndex, FloodSet)], map: [(ClosedRange<UInt16>, FloodSetIndex)])
  /// Says which ports are up, or take one kind of flooded frames; answered with the old set, which may then be freed.
  case setMask(FloodMask, FloodSet)
  /// Says whom ports with a policy of that `reach` reach; answered with the old set, which may then be freed.
  case setReach(UInt16, FloodSet)
  /// Frames from this address are the switch's own probes.
  case setProbeSource(MACAddress)
  /// Enters what was known before a restart, as long as it has not aged since. Answered with how many entries there was
  /// room for.
  case restore([RestoredEntry])
  /// Sends a frame of the switch's own, an Ethernet frame without offload header, to a port as it is.
  case originate(PortIndex, [UInt8])
  case addEntry(MACAddress, vlan: UInt16, PortIndex, EntryKind)
  /// `vlan` nil: in every VLAN. Answered with how many went.
  case removeEntry(MACAddress, vlan: UInt16?)
  /// Forgets dynamic entries: of a port, of a VLAN, of both, or all. Answered with how many went where it is counted.
  case flush(PortIndex?, vlan: UInt16?)
  /// Seconds.
  case setAgeing(UInt32)
  case setForwardReserved(Bool)
  case history(MACAddress, vlan: UInt16)
  /// All addresses that moved, as far as remembered.
  case movedHistories
  /// The worker ends after this batch.
  case stop
}
