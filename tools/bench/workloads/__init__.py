"""Workloads: one file each. A workload is a class with `name`, `title`, `quick` (part of --quick) and
`measure(bench) -> [report.Result]`; `bench` is a Bench."""
import importlib
import re
import time

import lab as laboratory
import peers as catalogue
from report import Result, Row

# name: (file, class, what it is), in the order in which they are measured
WORKLOADS = {
    "tcp1": ("tcp", "One"),
    "tcp4": ("tcp", "Four"),
    "tcp-both": ("tcp", "Both"),
    "udp-18": ("udp", "Small"),
    "udp-256": ("udp", "Middle"),
    "udp-1400": ("udp", "Large"),
    "netdev-tcp1": ("netdev", "Stream"),
    "netdev-udp-18": ("netdev", "Small"),
    "ndr": ("ndr", "LossFree"),
    "rtt": ("rtt", "RoundTrip"),
    "broadcast": ("broadcast", "Broadcast"),
    "learning": ("learning", "Rate"),
    "addresses": ("learning", "Capacity"),
    "ports": ("scale", "Ports"),
    "macs": ("scale", "Addresses"),
    "decide": ("decide", "Decide"),
    "instructions": ("instructions", "Instructions"),
    "memory": ("memory", "Memory"),
    "start": ("start", "Start"),
    "idle": ("idle", "Idle"),
}

OURS = ("tapswitch", "tapswitch-veth")  # what all others are compared with: it must work


def load(name):
    file, kind = WORKLOADS[name]
    return getattr(importlib.import_module(f"workloads.{file}"), kind)()


def numbers(text, *names):
    """The figures behind these words."""
    out = []
    for name in names:
        found = re.search(rf"\b{name} ([0-9.]+)", text)
        if not found:
            raise Trouble(f"no `{name}` in {text.strip()!r}")
        out.append(float(found.group(1)))
    return out


class Bench:
    """What workloads are given: the laboratory, how long to measure, and the peers, which stay for all workloads."""

    def __init__(self, lab, rounds, seconds, wanted, quick):
        self.lab, self.rounds, self.seconds, self.wanted, self.quick = lab, rounds, seconds, list(wanted), quick
        self.pool, self.skipped = {}, []

    def skip(self, text):
        if text not in self.skipped:
            self.skipped.append(text)
            laboratory.say(f"not measured: {text}")

    def peer(self, key, ports=2):
        """That peer with two ports, or None if it is not to be had (which has been said then)."""
        if key not in self.pool:
            self.pool[key] = self.fresh(key, ports)
        return self.pool[key]

    def fresh(self, key, ports):
        """A peer of its own, to be closed by the caller; None as above. tapswitch itself must work, unless it is of a version that
        cannot (Missing)."""
        kind = catalogue.load(key)
        if ports > kind.most:
            return None
        try:
            return kind(self.lab, self.lab.tag(), ports)
        except laboratory.Trouble as trouble:
            if key in OURS and not isinstance(trouble, catalogue.Missing):
                raise
            self.skip(f"{catalogue.title(key)}: {trouble}")
            return None

    def alternate(self, keys, rounds, sample, unit, make=None, label=None):
        """{key: Row}. `sample(peer) -> (value, columns)` once a round for each; the order turns by one each round,
        so that none is always first. One that fails twice running is left out, and that is said."""
        rows, alive = {key: Row(key, catalogue.title(key)) for key in keys}, {}
        for key in keys:
            peer = (make or self.peer)(key)
            if peer is not None:
                alive[key] = peer
        for number in range(rounds):
            names, line = list(alive), []
            turn = number % len(names)
            for key in names[turn:] + names[:turn]:
                value, columns = self.attempt(key, alive, sample, label)
                if value is not None:
                    rows[key].add(value, columns)
                    line.append(f"{key} {value:,.4g}")
            laboratory.say(f"{label} {number + 1}/{rounds}, {unit}: " + ", ".join(line))
        return {key: rows[key] for key in keys if key in alive}

    def attempt(self, key, alive, sample, label):
        """One sample; a second try when the first fails. tapswitch itself must work."""
        for last in (False, True):
            try:
                return sample(alive[key])
            except laboratory.Trouble as trouble:
                if last:
                    if key in OURS:
                        raise
                    del alive[key]
                    self.skip(f"{label}, {catalogue.title(key)}: {trouble}")
                time.sleep(0.5)
        return None, None


class Compared:
    """A workload that measures the same thing with every peer, in turn, and compares tapswitch with each."""

    quick = False
    peers = None  # None: all
    reference = "tapswitch"
    unit = ""

    def keys(self, bench):
        """The peers to measure, of those that are wanted."""
        return [key for key in bench.wanted if self.peers is None or key in self.peers]

    def prepare(self, bench):
        pass

    def sample(self, bench, peer):
        """(value, further columns)"""
        raise NotImplementedError

    def require(self, result):
        """Adds the limits."""

    def measure(self, bench):
        self.prepare(bench)
        rows = bench.alternate(self.keys(bench), bench.rounds, lambda peer: self.sample(bench, peer), self.unit, label=self.name)
        result = Result(self.name, self.title, self.unit, rows.values(), reference=self.reference)
        self.require(result)
        return [result]
