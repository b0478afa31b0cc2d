"""The highest rate of UDP datagrams of 18 bytes of which at most 0.1 % are lost, by binary search: trials of 2 s, a rate counts as
carried when one of 3 trials is. All peers take their steps in turn. The sender sends in bursts each 100 µs; what the
receiving socket loses counts as lost too; all queues hold as many frames, so none is better for its patience."""
import math

import lab as laboratory
import peers as catalogue
from report import Result, Row
from workloads.udp import trial

SIZE, SECONDS, TRIALS, LOSS, RESOLUTION, STEP = 18, 2, 3, 0.001, 1.03, 1.4
PEERS = ("tapswitch", "relay", "bridge", "ovs", "vde")


class Search:
    """Between a rate that is carried and one that is not; until one was lost, upwards. What is too low or too high at first, because
    the machine was busy with something else then, is made up for so."""

    def __init__(self, start):
        self.low, self.high, self.best, self.costs = start / 16, None, 0.0, {}

    @property
    def done(self):
        return self.high is not None and self.high / self.low < RESOLUTION

    @property
    def rate(self):
        return self.low * (16 if self.best == 0 else STEP) if self.high is None else math.sqrt(self.low * self.high)

    def carried(self, rate, costs):
        """`rate` is what was really sent: a sender that has no time left is the end too."""
        self.low, asked = self.rate, self.rate
        if rate < 0.9 * asked:
            self.high = asked
        if rate > self.best:
            self.best, self.costs = rate, costs

    def lost(self):
        self.high = self.rate


class LossFree:
    name, title, unit, quick = "ndr", f"highest rate of UDP datagrams of {SIZE} bytes at no more than {LOSS:.1%} loss", "1000/s", False

    def measure(self, bench):
        rows, alive = {}, {}
        for key in bench.wanted:
            if key in PEERS and (peer := bench.peer(key)):
                rows[key], alive[key] = Row(key, catalogue.title(key)), peer
        around = {}
        for number in range(max(1, min(2, bench.rounds // 2))):
            searches = {}
            for key, peer in alive.items():
                if key not in around:
                    around[key] = max(trial(bench.lab, peer, SIZE, 1, warm=0.2)[0]["window"] for _ in range(TRIALS)) / 2
                searches[key] = Search(around[key])
            while any(not search.done for search in searches.values()):
                for key, search in searches.items():
                    if not search.done:
                        self.step(bench, alive[key], search)
                laboratory.say(f"ndr {number + 1}, 1000/s: " + ", ".join(
                    f"{key} {search.low / 1000:.0f}–{(search.high or math.inf) / 1000:.0f}" for key, search in searches.items()))
            for key, search in searches.items():
                around[key] = search.best or search.low
                rows[key].add(search.best / 1000, search.costs)
        result = Result(self.name, self.title, self.unit, rows.values(), reference="tapswitch")
        result.require("highest UDP rate at 0.1 % loss, times vde_switch", "vde", 1.2)
        result.require("highest UDP rate at 0.1 % loss, times Open vSwitch", "ovs", 1.2)
        return [result]

    def step(self, bench, peer, search):
        for _ in range(TRIALS):
            got, meter = trial(bench.lab, peer, SIZE, SECONDS, rate=search.rate)
            if got["sent"] and got["sent"] - got["received"] <= LOSS * got["sent"]:
                search.carried(got["sent"] / got["took"], meter.costs(frames=got["received"]))
                return
        search.lost()
