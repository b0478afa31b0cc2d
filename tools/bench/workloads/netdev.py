"""Switches on interfaces that exist already: `netdev` ports of tapswitch, the kernel bridge, and Open vSwitch by AF_PACKET, on veth
pairs made alike. A veth stands in for a network card with all offloads."""
from workloads import tcp, udp

# Peer: whose place it takes among the peers that are wanted.
PLACES = {"tapswitch-veth": "tapswitch", "bridge": "bridge", "ovs-tso-veth": "ovs-tso", "ovs-veth": "ovs"}


class OnVeth:
    """Mixed into a workload: the same measurement between these peers."""

    quick = False
    reference = "tapswitch-veth"

    def keys(self, bench):
        return [key for key, place in PLACES.items() if key in bench.wanted or place in bench.wanted]


class Stream(OnVeth, tcp.One):
    name, title = "netdev-tcp1", "one TCP stream between two namespaces over veth, received"

    def require(self, result):
        result.require("TCP, netdev to netdev, of the kernel bridge over the same veths", "bridge", 0.90)
        result.require("TCP, netdev to netdev, of Open vSwitch's AF_PACKET ports with TSO", "ovs-tso-veth", 1.0)


class Small(OnVeth, udp.Small):
    name = "netdev-udp-18"

    @property
    def title(self):
        return f"UDP datagrams of {self.size} bytes over veth at saturation, received"

    def require(self, result):
        for key, what in (("ovs-veth", ""), ("ovs-tso-veth", " with TSO")):
            result.require(f"UDP 18 bytes, netdev to netdev, times Open vSwitch's AF_PACKET ports{what}", key, 1.3)
