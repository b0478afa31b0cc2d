"""What the bridge takes to decide about one frame, by itself: a decision waits for the one before, as in a switch, and each is about
another random station. In time, beside the write of a small frame to a TAP; in instructions, with nothing and with everything
configured on the port that sends. tapswitch only, built from this checkout whatever program is measured otherwise."""
import os
import statistics

import lab as laboratory
import packages
from lab import HERE, Trouble, run
from report import Limit, Result, Row
from workloads import numbers

PACKAGE, SCRATCH = os.path.join(HERE, "decide"), os.path.join(HERE, "../../.build/decide")
SIZES, FEATURES, TIMED, COUNTED = (10, 1000000), ("plain", "everything"), 640000, 20032
WORDS = {"plain": "a plain port", "everything": "everything configured"}


def build():
    """The program, or Trouble."""
    why = packages.build(PACKAGE, SCRATCH)
    if why:
        raise Trouble(f"the bridge by itself cannot be built: {why}")
    return os.path.join(SCRATCH, "release/decide")


def ask(program, *words, wrapper=()):
    """Nanoseconds for a decision. Trouble if a frame was not delivered: then something else was measured."""
    decided, delivered, took = numbers(run(*wrapper, program, *words, timeout=120), "decided", "delivered", "nanoseconds")
    if decided != delivered:
        raise Trouble(f"of {decided:.0f} frames {delivered:.0f} were to be delivered: {' '.join(map(str, words))}")
    return took


class Decide:
    name, title, quick = "decide", "a decision of the bridge by itself, destinations at random", False

    def measure(self, bench):
        program = build()
        return [self.time(bench, program), *self.instructions(bench, program)]

    def time(self, bench, program):
        rows = {(features, size): Row(f"{features}-{size}", f"{WORDS[features]}, {size:,} addresses", unit="ns")
                for features in FEATURES for size in SIZES}
        write = Row("write", "the write of a small frame to a TAP", unit="ns")
        space = bench.lab.namespace(bench.lab.tag())
        for number in range(bench.rounds):
            for key, row in rows.items():
                row.add(ask(program, *key, TIMED))
            write.add(numbers(space.run(bench.lab.program("tapwrite"), 0.5), "nanoseconds")[0])
            laboratory.say(f"{self.name} {number + 1}/{bench.rounds}, ns: "
                           + ", ".join(f"{row.key} {row.samples[-1]:.0f}" for row in [*rows.values(), write]))
        bench.lab.remove(space)
        result = Result(self.name, self.title, "ns", [*rows.values(), write])
        share = statistics.median(a / b for a, b in zip(rows["plain", SIZES[1]].samples, write.samples))
        result.limits.append(Limit("time of decide with 1,000,000 entries, of a TAP write", share, 0.25, most=True))
        return result

    def instructions(self, bench, program):
        why = packages.need("valgrind=valgrind")
        if why:
            bench.skip(f"{self.name}, instructions: {why}")
            return []
        rows, title = [], "instructions of a decision by itself (callgrind)"
        for features in FEATURES:
            for size in SIZES:
                counted = self.count(bench, program, features, size)
                rows.append(Row(f"{features}-{size}", f"{WORDS[features]}, {size:,} addresses", [counted], unit="instructions"))
                laboratory.say(f"{self.name}: {rows[-1].title}: {counted:.0f} instructions")
        result = Result(f"{self.name}-instructions", title, "instructions", rows)
        ratio = max(result.rows[f"everything-{size}"].median / result.rows[f"plain-{size}"].median for size in SIZES)
        result.limits.append(Limit("instructions of decide with everything configured, of those on a plain port", ratio, 1.3, most=True))
        return [result]

    def count(self, bench, program, features, size):
        """Instructions for a decision, the loop around it included."""
        out = bench.lab.path(f"{features}-{size}.callgrind")
        ask(program, features, size, COUNTED, wrapper=["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}",
                                                       "--toggle-collect=*askBatch*"])
        with open(out, encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith(("totals:", "summary:")) and int(line.split()[1]):
                    return int(line.split()[1]) / COUNTED
        raise Trouble("callgrind counted nothing: is there no function `askBatch`?")
