// What people read of a drop reason: its name in the contract, what it means and what to do. Text only: nothing here is
// called for a frame. Names are never changed.

extension DropReason {
  /// The name in the contract, snake_case: in `drops`, in metrics and in captures.
  public var name: String {
    switch self {
    case .runt: "runt"
    case .oversize: "oversize"
    case .badSource: "bad_source"
    case .badTag: "bad_tag"
    case .vlanNotAllowed: "vlan_not_allowed"
    case .frameType: "frame_type"
    case .reservedAddress: "reserved_address"
    case .pause: "pause"
    case .badOffload: "bad_offload"
    case .macLimit: "mac_limit"
    case .locked: "locked"
    case .sourceNotAllowed: "source_not_allowed"
    case .bpduGuard: "bpdu_guard"
    case .stormBroadcast: "storm_broadcast"
    case .stormMulticast: "storm_multicast"
    case .stormUnknown: "storm_unknown"
    case .rateIn: "rate_in"
    case .samePort: "same_port"
    case .isolated: "isolated"
    case .floodOff: "flood_off"
    case .noDestination: "no_destination"
    case .noNeighbour: "no_neighbour"
    case .egressMTU: "egress_mtu"
    case .queueFull: "queue_full"
    case .portDown: "port_down"
    case .writeError: "write_error"
    case .rateOut: "rate_out"
    case .tooManySegments: "too_many_segments"
    }
  }

  /// The reason of that name; nil for any other text.
  public init?(name: String) {
    guard let reason = DropReason.allCases.first(where: { $0.name == name }) else { return nil }
    self = reason
  }

  /// What happened, in one sentence.
  public var meaning: String {
    switch self {
    case .runt: "The frame was shorter than the 14 octets of an Ethernet header."
    case .oversize: "The frame was longer than the switch reads from a port."
    case .badSource: "The source address was a group address or all zeros, which no station may have."
    case .badTag: "The VLAN tag was cut off or bore the reserved number 4095."
    case .vlanNotAllowed: "The frame belonged to no VLAN that this port may send to."
    case .frameType: "The port accepts only tagged or only untagged frames, and this was the other kind."
    case .reservedAddress:
      "The destination was one of 01:80:c2:00:00:02 to :0f (LLDP, LACP, 802.1X), which a bridge keeps on the link."
    case .pause: "It was an Ethernet PAUSE frame, which concerns one link only and is never forwarded."
    case .badOffload: "The offload header before the frame asked for what the frame does not bear."
    case .macLimit: "The port had as many addresses as its mac_limit allows, and the source was another one."
    case .locked: "The port is locked, and the source is not a known address of it."
    case .sourceNotAllowed: "The source is not in the port's allow_mac list."
    case .bpduGuard: "A spanning tree BPDU came in on a port with bpdu_guard."
    case .stormBroadcast: "More broadcast frames came in than the port's storm_broadcast allows."
    case .stormMulticast: "More multicast frames came in than the port's storm_multicast allows."
    case .stormUnknown: "More frames to unknown addresses came in than the port's storm_unknown allows."
    case .rateIn: "More came in than the port's rate_in allows."
    case .samePort: "The destination is on the port that the frame came from, so it has it already."
    case .isolated: "The port it came from is isolated from every port that the frame was meant for."
    case .floodOff: "The destination was unknown or a group, and no port lets such frames out."
    case .noDestination: "No other port that is up belongs to the VLAN of the frame."
    case .noNeighbour: "No link-layer address is known for the next hop behind a layer-3 port."
    case .egressMTU: "The frame was longer than the mtu of the port it was meant for."
    case .queueFull: "The receiver did not read fast enough and its queue was full."
    case .portDown: "The port that the frame was meant for was down, or went down meanwhile."
    case .writeError: "The system refused to take the frame for that port."
    case .rateOut: "More was to go out than the port's rate_out allows."
    case .tooManySegments: "The port takes no segmentation offload, and the frame stood for more segments than are cut."
    }
  }

  /// What to do about it, in one sentence; PORT, NAME, MAC, VID and DEVICE are to be filled in.
  public var remedy: String {
    switch self {
    case .runt: "The sender's program or driver is broken; see what it sends with `tcpdump -eni DEVICE` at its end."
    case .oversize: "Lower the sender's MTU: `ip link set DEVICE mtu 1500`."
    case .badSource: "Give the sender an address of its own: `ip link set DEVICE address 02:00:00:00:00:01`."
    case .badTag: "Give the sender a VLAN from 1 to 4094; `tcpdump -eni DEVICE` at its end shows the tags it sends."
    case .vlanNotAllowed:
      "Let the VLAN in with `tapswitch port set PORT tagged=VID`, or give untagged frames one with `native=VID`."
    case .frameType: "If both kinds are wanted here: `tapswitch port set PORT accept=all`."
    case .reservedAddress:
      "Nothing, unless these protocols are to pass: set `forward_reserved: on` in the configuration."
    case .pause:
      "Nothing is wrong; to stop them turn flow control off at the sender: `ethtool -A DEVICE rx off tx off`."
    case .badOffload: "The sender's driver is broken; turn its offloads off with `ethtool -K DEVICE tx off tso off`."
    case .macLimit: "If the addresses are right: `tapswitch port set PORT mac_limit=N` with a larger N."
    case .locked:
      "If the station is welcome: `tapswitch fdb add MAC --port PORT`, or `tapswitch port set PORT locked=off`."
    case .sourceNotAllowed:
      "If the station is welcome put it into the list: `tapswitch port set PORT allow_mac=MAC+MAC`."
    case .bpduGuard:
      "Find the bridge or the loop behind the port; if it is meant to be there: `tapswitch port set PORT bpdu_guard=off`."
    case .stormBroadcast:
      "Look for a loop or a wild sender behind the port; if it is wanted: `tapswitch port set PORT storm_broadcast=N`."
    case .stormMulticast:
      "Look for a loop or a wild sender behind the port; if it is wanted: `tapswitch port set PORT storm_multicast=N`."
    case .stormUnknown:
      "Look for a scan from behind the port; if it is wanted: `tapswitch port set PORT storm_unknown=N`."
    case .rateIn: "If the sender may have more: `tapswitch port set PORT rate_in=NMbit`."
    case .samePort:
      "Usual where another bridge is behind the port; if not, see where the address is: `tapswitch fdb show MAC`."
    case .isolated: "If they are to reach one another: `tapswitch port set PORT isolated=off` on one of the two."
    case .floodOff: "If such frames are to go out there: `tapswitch port set PORT flood=unicast+multicast+broadcast`."
    case .noDestination:
      "See who belongs to the VLAN with `tapswitch vlan list` and which ports are up with `tapswitch port list`."
    case .noNeighbour: "See whether the neighbour is there and answers: `ip neigh show dev DEVICE`."
    case .egressMTU:
      "Make both alike: `tapswitch port set PORT mtu=N`, or lower the sender's: `ip link set DEVICE mtu N`."
    case .queueFull:
      "If these are bursts give it more room: `tapswitch port set PORT txqueuelen=N`; else the receiver is too slow."
    case .portDown:
      "See why with `tapswitch port show PORT`; `ip link set DEVICE up` or `tapswitch port set PORT up=on`."
    case .writeError: "See the state of the port and its reason with `tapswitch port show PORT`; the log has the error."
    case .rateOut: "If the receiver may have more: `tapswitch port set PORT rate_out=NMbit`."
    case .tooManySegments:
      "Have the sender make smaller frames: `ip link set DEVICE gso_max_segs 64`, or `ethtool -K DEVICE tso off`."
    }
  }
}
