"""What a frame costs the switch beside how many ports, and how many addresses. Unicast from one port to another in bursts at a rate
well below saturation, so that the CPU time of the process is divided by all frames sent. tapswitch only."""
import json

import lab as laboratory
from lab import Trouble
from meter import Meter
from peers import load, mac
from peers.tapswitch import Peer
from report import Result, Row
from workloads import numbers
from workloads.learning import FIRST, fill

RATE, TABLE = 60000, 1048576


class Large(Peer):
    """A switch with the largest table there is."""

    def build(self):
        self.file = self.lab.path(f"{self.tag}.yaml")
        with open(self.file, "w", encoding="utf-8") as file:
            json.dump({"table_size": TABLE}, file)  # JSON is YAML
        super().build()

    def more(self):
        return ["--config", self.file]


def cost(bench, peer, *more):
    """CPU µs of the switch for each frame."""
    a, b = peer.ends
    for _ in range(3):
        before = b.received()["eth0"]
        with Meter(peer.pids) as meter:
            said = a.run(bench.lab.program("raw"), "eth0", f"from={mac(a)}", f"rate={RATE}", f"seconds={min(bench.seconds, 2)}", *more,
                         timeout=30)
        sent, arrived = numbers(said, "sent")[0], b.received()["eth0"] - before
        if arrived > sent * 0.95:  # a frame lost before the switch costs it nothing
            return meter.switch / arrived * 1e6
    raise Trouble(f"of {sent:.0f} frames only {arrived} arrived at {RATE} a second, three times")


class Scaled:
    """Switches of several sizes side by side, measured in turn."""

    quick, unit = False, "µs CPU a frame"

    def measure(self, bench):
        made = []
        for size in self.sizes:
            laboratory.say(f"{self.name}: {size:,}")
            made.append((self.make(bench, size), Row(str(size), f"tapswitch, {size:,} {self.what}", x=size)))
        for number in range(min(bench.rounds, 5)):
            for (peer, row), size in zip(made, self.sizes):
                row.add(self.sample(bench, peer, size))
            laboratory.say(f"{self.name} {number + 1}, {self.unit}: " + ", ".join(f"{row.key} {row.samples[-1]:.2f}" for _, row in made))
        for peer, _ in made:
            peer.close()
        return [Result(self.name, self.title, self.unit, [row for _, row in made], axis=self.what)]


class Ports(Scaled):
    name, title, what, sizes = "ports", "cost of a frame beside the number of ports", "ports", (2, 10, 100, 1000)

    def make(self, bench, size):
        return load("tapswitch")(bench.lab, bench.lab.tag(), size)

    def sample(self, bench, peer, _):
        return cost(bench, peer, f"to={mac(peer.ends[1])}")


class Addresses(Scaled):
    name, what, sizes = "macs", "addresses", (10, 1000, 100000, 1000000)
    title = "cost of a frame to a random address beside the number of addresses in the table"

    def make(self, bench, size):
        peer = Large(bench.lab, bench.lab.tag(), 3)
        fill(bench, peer, size, 150000)
        return peer

    def sample(self, bench, peer, size):
        return cost(bench, peer, f"to={FIRST}*{size}", "random")
