// What of a port can change while frames pass, as control says it. What deciding a frame needs is `PortPolicy`; this is
// the rest.

package import Wire

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
  /// Of the VLAN tags that come in and leave.
  package let tpid: EtherType
  /// Whatever tags a frame bears here, they are payload of the native VLAN.
  package let isQinQ: Bool
  /// The most that may come in, bits a second; 0 for no limit.
  package let rateIn: UInt64
  /// The most that may go out, bits a second; 0 for no limit.
  package let rateOut: UInt64
  /// Octets that may pass at once in either direction after a quiet time, at the least 20 ms of the rate; 0: 128 KiB or
  /// 100 ms of the rate, whichever is more.
  package let burst: UInt64
  /// The most that may come in to be flooded: to all stations, to other groups, to unknown addresses.
  package let stormBroadcast: StormLimit
  package let stormMulticast: StormLimit
  package let stormUnknown: StormLimit

  package init(
    mtu: Int, native: UInt16, enabled: Bool, takesPartialChecksums: Bool = true, takesSegmented: Bool = true,
    coalesces: Bool = true, takesDatagramTrains: Bool = true, tpid: EtherType = EtherType(rawValue: 0x8100),
    isQinQ: Bool = false, rateIn: UInt64 = 0, rateOut: UInt64 = 0, burst: UInt64 = 0,
    stormBroadcast: StormLimit = .none, stormMulticast: StormLimit = .none, stormUnknown: StormLimit = .none
  ) {
    self.mtu = mtu
    self.native = native
    self.enabled = enabled
    self.takesPartialChecksums = takesPartialChecksums
    self.takesSegmented = takesSegmented && takesPartialChecksums
    self.coalesces = coalesces
    self.takesDatagramTrains = takesDatagramTrains
    self.tpid = tpid
    self.isQinQ = isQinQ
    self.rateIn = rateIn
    self.rateOut = rateOut
    self.burst = burst
    self.stormBroadcast = stormBroadcast
    self.stormMulticast = stormMulticast
    self.stormUnknown = stormUnknown
  }

  var takes: EgressForm { takesSegmented ? .segmented : takesPartialChecksums ? .partialChecksum : .plain }
}
