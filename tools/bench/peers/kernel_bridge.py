"""The anchor: the kernel's own bridge between two veth pairs, in a namespace of its own."""
from lab import QUEUE
from peers import Pair


class Peer(Pair):
    def __init__(self, lab, tag, offload):
        super().__init__(lab, tag)
        middle = lab.namespace(f"{tag}-m")
        middle.run("ip", "link", "add", "br0", "type", "bridge", "stp_state", 0, "forward_delay", 0)
        for number, end in enumerate(self.ends):
            middle.run("ip", "link", "add", f"p{number}", "txqueuelen", QUEUE, "type", "veth", "peer", "name", "eth0", "netns", end.name)
            middle.run("ip", "link", "set", f"p{number}", "master", "br0", "up")
            if not offload:
                middle.offloads_off(f"p{number}")
        middle.run("ip", "link", "set", "br0", "up")
        self.settle(offload)
