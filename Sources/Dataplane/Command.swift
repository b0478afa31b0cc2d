// What control may ask of a worker, and what it answers: values only, applied between batches.

package import BridgeCore
package import Wire

/// A port as the worker needs it.
package struct PortAttachment: Sendable {
  package let port: PortIndex
  /// Tells this attachment of the slot from earlier and later ones in notices.
  package let serial: UInt32
  /// Non-blocking, whole frames with a 12-octet offload header; stays open until `detach` has been answered.
  package let descriptor: Int32
  package let limits: PortLimits
  package let policy: PortPolicy
  /// What `FileCapture.register` returned for the port; 0 without a capture.
  package let handle: UInt32

  package init(
    port: PortIndex, serial: UInt32, descriptor: Int32, limits: PortLimits, policy: PortPolicy, handle: UInt32
  ) {
    self.port = port
    self.serial = serial
    self.descriptor = descriptor
    self.limits = limits
    self.policy = policy
    self.handle = handle
  }
}

/// What of a port can change while frames pass.
package struct PortLimits: Sendable, Equatable {
  /// Largest payload behind Ethernet header and tags, in octets.
  package let mtu: Int
  /// The VLAN that leaves without a tag; 0 for none.
  package let native: UInt16
  /// Frames are read from and written to the port.
  package let enabled: Bool
  /// The port takes frames whose checksum is partial, as TUNSETOFFLOAD and its like agreed …
  package let takesPartialChecksums: Bool
  /// … and frames that stand for several.
  package let takesSegmented: Bool
  /// Frames of one flow are joined on their way to the port, where it takes the result …
  package let coalesces: Bool
  /// … and datagrams too: a kernel before Linux 6.2 refuses a train of them (VIRTIO_NET_HDR_GSO_UDP_L4).
  package let takesDatagramTrains: Bool

  package init(
    mtu: Int, native: UInt16, enabled: Bool, takesPartialChecksums: Bool = true, takesSegmented: Bool = true,
    coalesces: Bool = true, takesDatagramTrains: Bool = true
  ) {
    self.mtu = mtu
    self.native = native
    self.enabled = enabled
    self.takesPartialChecksums = takesPartialChecksums
    self.takesSegmented = takesSegmented && takesPartialChecksums
    self.coalesces = coalesces
    self.takesDatagramTrains = takesDatagramTrains
  }

  var takes: EgressForm { takesSegmented ? .segmented : takesPartialChecksums ? .partialChecksum : .plain }
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
