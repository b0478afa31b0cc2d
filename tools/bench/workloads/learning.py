"""Learning, after RFC 2889: the highest rate of frames from new addresses at which each is learned (5.8), and how many addresses
a table holds (5.7). Three ports: new addresses come in on one, then a frame to each is sent from another, and what the
third sees of those was flooded, so not learned. All tables are set to hold 65,536."""
import json
import math
import time

import lab as laboratory
import peers as catalogue
from lab import Trouble, run
from peers import mac
from report import Result, Row
from workloads import numbers

ADDRESSES, CHECK, RESOLUTION = 50000, 100000, 1.1
FIRST = "02:7a:00:00:00:00"
SETTLE = 0.3


def teach(bench, peer, count, rate):
    """`count` new addresses on the first port of b, at a rate; frames a second really sent."""
    a, b = peer.ends
    said = b.run(bench.lab.program("raw"), "eth0", f"to={mac(a)}", f"from={FIRST}*{count}", f"count={count}", f"rate={rate}", timeout=120)
    time.sleep(SETTLE)
    return count / numbers(said, "seconds")[0]


def entries(bench, peer):
    """Addresses in the table, as tapswitch says itself."""
    return json.loads(run(bench.lab.binary, "status", "--json", "--socket", bench.lab.path(f"{peer.tag}.sock")))["fdb"]["entries"]


def fill(bench, peer, count, rate):
    """Teaches, again and slower if frames were lost; Trouble if the table does not take them all (1 in 1,000 apart)."""
    for slower in (1, 2, 3, 4):
        teach(bench, peer, count, rate / slower)
        if (known := entries(bench, peer)) >= count * 0.999:
            return
    raise Trouble(f"of {count:,} addresses only {known:,} are in the table after four times")


def unlearned(bench, peer, count):
    """How many of those addresses the switch does not know."""
    a, b = peer.ends
    before = b.received()["eth1"]
    a.run(bench.lab.program("raw"), "eth0", f"from={mac(a)}", f"to={FIRST}*{count}", f"count={count}", f"rate={CHECK}", timeout=120)
    time.sleep(SETTLE)
    return b.received()["eth1"] - before


class Learned:
    """A peer made anew, a number of addresses, a rate: whether all were learned."""

    def all(self, bench, key, count, rate):
        peer = bench.fresh(key, 3)
        if peer is None:
            raise Trouble(f"no {key}")
        try:
            sent = teach(bench, peer, count, rate)
            return unlearned(bench, peer, count) == 0, sent
        finally:
            peer.close()


class Rate(Learned):
    name, title, quick = "learning", f"highest rate of frames with {ADDRESSES:,} new sources at which all are learned (RFC 2889, 5.8)", False

    def measure(self, bench):
        rows = []
        for key in (key for key in bench.wanted if key in ("tapswitch", "bridge", "ovs", "vde")):
            low, high, best = 5000.0, 1e6, 0.0
            try:
                while high / low > RESOLUTION:
                    rate = math.sqrt(low * high)
                    good, sent = self.all(bench, key, ADDRESSES, rate)
                    low, high = (rate, high) if good else (low, rate)
                    best = max(best, sent) if good else best
                    if good and sent < rate * 0.9:
                        high = rate  # the sender can no more
            except Trouble as trouble:
                bench.skip(f"{self.name}, {catalogue.title(key)}: {trouble}")
                continue
            laboratory.say(f"{self.name}: {key} {best / 1000:,.0f} thousand addresses a second")
            rows.append(Row(key, catalogue.title(key), [best / 1000]))
        return [Result(self.name, self.title, "1000/s", rows, reference="tapswitch")]


class Capacity(Learned):
    name, title, quick = "addresses", "addresses that the table holds, all of them known afterwards (RFC 2889, 5.7)", False

    def measure(self, bench):
        low, high = 1024, 131072
        while high - low > max(16, low // 256):
            count = (low + high) // 2
            good, _ = self.all(bench, "tapswitch", count, CHECK)
            low, high = (count, high) if good else (low, count)
            laboratory.say(f"{self.name}: {count:,} {'are' if good else 'are not'} all known")
        return [Result(self.name, self.title, "addresses", [Row("tapswitch", "tapswitch, table_size 65536", [low])])]
