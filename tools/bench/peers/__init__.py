"""Peers: one file each, with a class `Peer(lab, tag, offload)` that joins two namespaces, `a` and `b`, by devices named
eth0 with the addresses of `ADDRESSES`; queue length lab.QUEUE. `offload` False: both devices with their offloads off."""
from lab import QUEUE

ADDRESSES = ("10.78.0.1", "10.78.0.2")


class Pair:
    """The two namespaces every peer joins."""

    def __init__(self, lab, tag):
        self.lab, self.tag = lab, tag
        self.ends = [lab.namespace(f"{tag}-a"), lab.namespace(f"{tag}-b")]

    def settle(self, offload, addressed=False):
        """Brings the devices up; one ping shows that the peer works."""
        for end, address in zip(self.ends, ADDRESSES):
            if not addressed:
                end.run("ip", "link", "set", "eth0", "up", "txqueuelen", QUEUE)
                end.run("ip", "address", "add", f"{address}/24", "dev", "eth0")
            if not offload:
                end.offloads_off("eth0")
        self.ends[0].run("ping", "-n", "-c", 1, "-W", 5, ADDRESSES[1])
