// What a test says of a port, in one value, and what becomes of it for the data plane.

import BridgeCore
import Wire

@testable import Dataplane

/// A port without settings, unless something is changed.
struct PortSetup: Sendable, Equatable {
  var mtu = 1500
  var native: UInt16 = 1
  /// VLANs that leave tagged; may hold the native one.
  var tagged = NumberSet(2...4094)
  var accept = AcceptedFrames.all
  var tpid: UInt16 = 0x8100
  var isQinQ = false
  /// The worker reads and writes it.
  var enabled = true
  /// It is in the masks of ports that are up.
  var isUp = true
  var floodKinds = FloodKinds.all
  var isolation = PortIsolation()
  var rateIn: UInt64 = 0
  var rateOut: UInt64 = 0
  var burst: UInt64 = 0
  var stormBroadcast = StormLimit.none
  var stormMulticast = StormLimit.none
  var stormUnknown = StormLimit.none
  var bpduGuard = false
  var macLimit: UInt32 = 0
  var macLimitAction = MACLimitAction.drop
  var coalesces = true
  var takesPartialChecksums = true
  var takesSegmented = true

  static func access(_ vlan: UInt16) -> PortSetup {
    PortSetup(native: vlan, tagged: NumberSet(), accept: .untagged)
  }

  static func trunk(native: UInt16 = 0, _ tagged: ClosedRange<UInt16> = 1...4094, tpid: UInt16 = 0x8100) -> PortSetup {
    PortSetup(native: native, tagged: NumberSet(tagged), tpid: tpid)
  }

  static func service(_ vlan: UInt16, tpid: UInt16 = 0x8100) -> PortSetup {
    PortSetup(native: vlan, tagged: NumberSet(), tpid: tpid, isQinQ: true)
  }

  func with(_ change: (inout PortSetup) -> Void) -> PortSetup {
    var setup = self
    change(&setup)
    return setup
  }

  var vlans: PortVLANs { PortVLANs(tagged, native: native) }

  var limits: PortLimits {
    PortLimits(
      mtu: mtu, native: native, enabled: enabled, takesPartialChecksums: takesPartialChecksums,
      takesSegmented: takesSegmented, coalesces: coalesces, tpid: EtherType(rawValue: tpid), isQinQ: isQinQ,
      rateIn: rateIn, rateOut: rateOut, burst: burst, stormBroadcast: stormBroadcast, stormMulticast: stormMulticast,
      stormUnknown: stormUnknown)
  }

  func policy(reach: UInt16) -> PortPolicy {
    PortPolicy(
      forwarding: enabled, nativeVID: native, tpid: EtherType(rawValue: tpid), accept: accept, isQinQ: isQinQ,
      macLimit: macLimit, macLimitAction: macLimitAction, bpduGuard: bpduGuard, reach: reach)
  }
}
