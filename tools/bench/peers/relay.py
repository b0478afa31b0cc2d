"""relay.c: the floor for any user-space switch between two TAPs. It opens them in a namespace of its own, from where
each is moved to its host."""
import time

from lab import QUEUE, Trouble
from peers import Pair


class Peer(Pair):
    most = 2

    def build(self):
        middle = self.middle()
        process = self.lab.start(*middle.command(self.lab.program("relay"), "p0", "p1", "offload", QUEUE), log=f"{self.tag}.log")
        self.processes = [process]
        deadline = time.monotonic() + 5
        while "p1:" not in middle.run("cat", "/proc/net/dev"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Trouble(f"relay: {self.lab.read_log(f'{self.tag}.log')}")
            time.sleep(0.02)
        self.move(middle)


class Bare(Peer):
    """Between hosts that segment and checksum themselves."""

    offload = False
