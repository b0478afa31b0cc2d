"""Peers: what is measured against what. One file each, with a class whose constructor `(lab, tag, ports)` joins devices:
the first is eth0 in namespace `a`, the others are eth0, eth1, … in namespace `b`, all with queue length lab.QUEUE. `pids` are
the processes whose CPU time is the switch's. Between the two eth0 there is IPv4 (ADDRESSES)."""
import importlib

from lab import QUEUE, Trouble

TABLE = 65536  # addresses that the tables of all peers hold, where that can be set
ADDRESSES = ("10.78.0.1", "10.78.0.2")

# key: (file, class, what it is called in tables)
PEERS = {
    "tapswitch": ("tapswitch", "Peer", "tapswitch"),
    "tapswitch-plain": ("tapswitch", "Plain", "tapswitch, coalesce=off"),
    "relay": ("relay", "Peer", "relay"),
    "bridge": ("bridge", "Peer", "kernel bridge over veth"),
    "ovs-tso": ("ovs", "Segmenting", "Open vSwitch user space, TSO"),
    "ovs": ("ovs", "Peer", "Open vSwitch user space"),
    "vde": ("vde", "Peer", "vde_switch"),
    "tapswitch-bare": ("tapswitch", "Bare", "tapswitch, devices without offloads"),
    "relay-bare": ("relay", "Bare", "relay, devices without offloads"),
    "tapswitch-veth": ("tapswitch", "Veth", "tapswitch, netdev ports on veth"),
    "ovs-tso-veth": ("ovs", "SegmentingVeth", "Open vSwitch user space on veth (AF_PACKET), TSO"),
    "ovs-veth": ("ovs", "Veth", "Open vSwitch user space on veth (AF_PACKET)"),
}
# What stands on existing interfaces is measured by the workload `netdev` alone, unless it is named.
DEFAULT = [key for key in PEERS if not key.endswith(("-bare", "-veth"))]


def load(key):
    file, kind, _ = PEERS[key]
    return getattr(importlib.import_module(f"peers.{file}"), kind)


def title(key):
    return PEERS[key][2]


class Missing(Trouble):
    """This peer is not to be had here; the others are measured without it."""


class Pair:
    """The two namespaces every peer joins. `offload` False: all offloads of the devices are switched off."""

    packages = ()
    most = 1000  # ports
    offload = True

    def __init__(self, lab, tag, ports=2):
        self.lab, self.tag, self.ports = lab, tag, ports
        self.ends = [lab.namespace(f"{tag}-a"), lab.namespace(f"{tag}-b")]
        self.spaces, self.processes = list(self.ends), []
        self.build()
        self.settle()

    @property
    def pids(self):
        return [process.pid for process in self.processes]

    def build(self):
        """Makes the switch and the devices."""
        raise NotImplementedError

    def middle(self):
        """A third namespace, where the switch lives."""
        made = self.lab.namespace(f"{self.tag}-m")
        self.spaces.append(made)
        return made

    def places(self):
        """[(namespace, device)] in the order of the ports."""
        a, b = self.ends
        return [(a, "eth0")] + [(b, f"eth{number}") for number in range(self.ports - 1)]

    def veths(self, middle):
        """A veth pair for each port: p0, p1, … in the middle."""
        lines = []
        for number, (space, device) in enumerate(self.places()):
            lines += [f"link add p{number} txqueuelen {QUEUE} type veth peer name {device} netns {space.name}",
                      f"link set p{number} up"]
        middle.batch(lines)

    def move(self, middle):
        """Devices p0, p1, … of the middle go to where they belong."""
        middle.batch([f"link set p{number} netns {space.name} name {device}"
                      for number, (space, device) in enumerate(self.places())])

    def settle(self, addressed=False):
        """Brings the devices up; one ping shows that the peer works, and both hosts know each other for good."""
        for space, which in zip(self.ends, (self.places()[:1], self.places()[1:])):
            space.batch([f"link set {device} up txqueuelen {QUEUE}" for _, device in which])
        for space, address in zip(self.ends, ADDRESSES):
            if not addressed:
                space.run("ip", "address", "add", f"{address}/24", "dev", "eth0")
            if not self.offload:
                space.offloads_off("eth0")
        a, b = self.ends
        a.run("ping", "-n", "-c", 3, "-i", 0.2, "-W", 5, ADDRESSES[1])
        for space, other, address in ((a, b, ADDRESSES[1]), (b, a, ADDRESSES[0])):
            space.run("ip", "neighbour", "replace", address, "lladdr", mac(other), "dev", "eth0", "nud", "permanent")

    def close(self):
        for process in reversed(self.processes):
            self.lab.end(process)
        for space in self.spaces:
            self.lab.remove(space)


def mac(space, device="eth0"):
    """MAC address of a device."""
    return space.run("cat", f"/sys/class/net/{device}/address").strip()
