"""The anchor: the kernel's own bridge between veth pairs, in a namespace of its own. It is no process: what it costs
is in the CPU time of the machine."""
from peers import Pair


class Peer(Pair):
    def build(self):
        middle = self.middle()
        middle.run("ip", "link", "add", "br0", "type", "bridge", "stp_state", 0, "forward_delay", 0)
        self.veths(middle)
        middle.batch([f"link set p{number} master br0" for number in range(self.ports)] + ["link set br0 up"])
