// Rows of the table of settings that are about forwarding: VLANs, table policy, isolation, limits, guards.

import BridgeCore

extension Setting {
  private static func all(
    _ key: String, _ type: SettingType, _ defaultValue: SettingValue?, otherwise defaultText: String? = nil,
    _ help: String
  ) -> Setting {
    Setting(.port, key, type, defaultValue, otherwise: defaultText, kinds: PortKind.allCases, help)
  }

  // VLANs.
  package static let vlan = all(
    "vlan", .vlan(["trunk"]), nil, otherwise: "see default_vlan",
    "a VLAN ID makes an access port, trunk a port of many VLANs")
  package static let native = all(
    "native", .vlan(["none"]), .integer(1), "VLAN of frames without a tag on a trunk; they leave untagged")
  package static let tagged = all(
    "tagged", .vlans, .text("all"), otherwise: "all",
    "VLANs that a trunk carries with a tag; one that is also native leaves untagged")
  package static let accept = all(
    "accept", .choice(["all", "tagged", "untagged"]), nil, otherwise: "all; untagged on access ports",
    "frames that may come in; one with a priority tag counts as untagged")
  package static let tpid = all(
    "tpid", .choice(["0x8100", "0x88a8"]), .text("0x8100"), "tag protocol that the port reads and writes")
  package static let qinq = all(
    "qinq", .vlan([]), nil, otherwise: "none",
    "puts everything from this port inside the service tag of that VLAN, whatever tags it bears")

  // The MAC table and who may speak.
  package static let learning = all(
    "learning", .boolean, .boolean(true), "off teaches the MAC table nothing from this port")
  package static let flood = all(
    "flood", .flood, .list(FloodKinds.names), otherwise: "unicast+multicast+broadcast",
    "flooded frames that the port takes: to unknown addresses, to groups, to all")
  package static let macLimit = all(
    "mac_limit", .integer(1...1_048_576, unit: "addresses"), nil, otherwise: "none",
    "most addresses that the port may have in the MAC table")
  package static let macLimitAction = all(
    "mac_limit_action", .choice(["drop", "forward", "shutdown"]), .text("drop"),
    "with frames from further addresses: drop them, forward without learning, or shut the port")
  package static let allowMAC = all(
    "allow_mac", .stations, .list([]), otherwise: "any", "the only sources that may send through the port")
  package static let locked = all(
    "locked", .boolean, .boolean(false), "on drops frames whose source the table does not hold at this port")
  package static let isolated = all(
    "isolated", .boolean, .boolean(false), "on keeps the port from reaching other isolated ports, and them from it")
  package static let group = all(
    "group", .portName, nil, otherwise: "none", "ports of one group do not reach isolated ports of other groups")

  // Limits of traffic.
  package static let stormBroadcast = all(
    "storm_broadcast", .stormLimit, nil, otherwise: "none", "most broadcast frames or bits a second from the port")
  package static let stormMulticast = all(
    "storm_multicast", .stormLimit, nil, otherwise: "none", "most multicast frames or bits a second from the port")
  package static let stormUnknown = all(
    "storm_unknown", .stormLimit, nil, otherwise: "none",
    "most frames or bits a second from the port to addresses that the table does not hold")
  package static let rateIn = all(
    "rate_in", .bitRate, nil, otherwise: "none", "most bits a second from the port into the switch")
  package static let rateOut = all(
    "rate_out", .bitRate, nil, otherwise: "none", "most bits a second from the switch to the port")
  package static let burst = all(
    "burst", .integer(1...1_073_741_824, unit: "bytes"), nil, otherwise: "100 ms of the rate, at least 128 KiB",
    "bytes that may pass at once in spite of rate_in and rate_out")

  // Guards.
  package static let bpduGuard = all(
    "bpdu_guard", .boolean, .boolean(false),
    "on shuts the port when a spanning tree frame comes in; it comes back after 60 s, doubling to 1 h")
  package static let loopProbe = all(
    "loop_probe", .boolean, .boolean(false),
    "on sends probes and shuts the port when one returns; it comes back after 60 s, doubling to 1 h")
  package static let secure = all(
    "secure", .boolean, .boolean(false),
    "on is for a port whose other end is not trusted: needs vlan=VID; untagged frames only, mac_limit=4, bpdu_guard, "
      + "loop_probe, storm limits of 1000 frames a second, no unknown unicast to it, no reserved groups from it; its numbers "
      + "can be set otherwise, what it forbids cannot be allowed beside it")

  // The TAP in the kernel.
  package static let napi = Setting(
    .port, "napi", .choice(TapNAPI.allCases.map(\.rawValue)), .text(TapNAPI.off.rawValue), kinds: [.tap], live: false,
    "how the kernel takes frames written to the device: off in the writer's context, on by its NAPI poll, threaded in "
      + "a kernel thread")
  package static let rpsCPUs = Setting(
    .port, "rps_cpus", .processors, .list([]), otherwise: "none", kinds: [.tap],
    "processors on which the kernel goes on with frames written to the device (receive packet steering)")

  // The whole switch.
  package static let defaultVLAN = Setting(
    .switchWide, "default_vlan", .vlan(["all"]), .text("all"),
    "what a port without VLAN settings is: all for a trunk of all VLANs with native 1, a VLAN ID for an access port")
}
