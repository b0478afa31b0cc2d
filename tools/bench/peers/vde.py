"""vde_switch with the TAPs opened by itself, which spares it a plug process and a socket for each. It knows no offloads,
so the hosts' stacks segment and checksum."""
import subprocess
import time

from lab import Trouble
from peers import Pair, TABLE


class Peer(Pair):
    packages = ("vde_switch=vde2",)
    most = 100

    def build(self):
        middle, words = self.middle(), []
        for number in range(self.ports):
            words += ["-t", f"p{number}"]
        socket, log = self.lab.path(f"{self.tag}.vde"), f"{self.tag}.log"
        # It takes the end of its standard input for the end of its work: that is a pipe which stays open.
        process = self.lab.start(*middle.command("vde_switch", "-s", socket, "-n", max(32, self.ports + 2), "-f", "/dev/null",
                                                 "--hashsize", TABLE, *words),
                                 log=log, stdin=subprocess.PIPE)
        self.processes = [process]
        deadline = time.monotonic() + 5
        while f"p{self.ports - 1}:" not in middle.run("cat", "/proc/net/dev"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Trouble(f"vde_switch: {self.lab.read_log(log)}")
            time.sleep(0.02)
        self.move(middle)
