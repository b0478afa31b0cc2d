"""Instructions of the data plane for each frame, by callgrind, which counts those of the program and none of the kernel's. Unicast
from one TAP to another, UDP in bursts of 64, nothing merged; and what `decide` executes with 10 and with 1,000,000 addresses and random
destinations. The wrappers of the system calls in the C library are not counted as our own. tapswitch only."""
import glob
import re
import time

import lab as laboratory
import packages
from lab import Trouble, run
from peers import mac
from peers.tapswitch import Peer, knows
from report import Limit, Result, Row
from workloads import numbers
from workloads.learning import FIRST, fill
from workloads.scale import Large

FRAMES, RATE = 20000, 10000
WRAPPERS = re.compile(r"^(read|write|readv|writev|epoll_wait|epoll_pwait2?|__pthread_(en|dis)able_asynccancel|__libc_\w+|syscall)$")
DECIDE = re.compile(r"^\$s10BridgeCore.*6decide_4from")
SIZES = (10, 1000000)


def strip(bench):
    """The program without debugging information, which valgrind cannot read; names of functions stay."""
    out = bench.lab.path("tapswitch-stripped")
    run("objcopy", "--strip-debug", bench.lab.binary, out)
    return out


def functions(path):
    """{function: instructions, with those of what it calls}, and the instructions of each by itself, from a callgrind file."""
    known, own, calls, current, callee, called = {}, {}, {}, None, None, False

    def name(text):
        number, _, rest = text.partition(") ")
        return known.setdefault(number, rest) if rest else known[text.rstrip(")")]

    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("fn=("):
                current = name(line[4:].strip())
            elif line.startswith("cfn=("):
                callee = name(line[5:].strip())
            elif line.startswith("calls="):
                called = True
            elif current and re.match(r"[+*\-0-9]", line):
                cost = int(line.split()[1]) if len(line.split()) > 1 else 0
                if called:
                    calls.setdefault(current, []).append((callee, cost))
                    called = False
                else:
                    own[current] = own.get(current, 0) + cost
    total = {one: own.get(one, 0) + sum(cost for _, cost in calls.get(one, [])) for one in {*own, *calls}}
    return total, own


class Instructions:
    name, title, quick = "instructions", "instructions of the program for each frame (callgrind)", False

    def measure(self, bench):
        why = packages.need("valgrind=valgrind", "objcopy=binutils")
        if why:
            bench.skip(f"{self.name}: {why}")
            return []
        self.binary = strip(bench)
        unicast = Row("unicast", "unicast between two TAPs, nothing merged", unit="instructions")
        wrappers = Row("wrappers", "… system call wrappers of the C library beside", unit="instructions")
        _, own = self.count(bench, self.peer(bench, Peer, 2), ["udp"], None)
        apart = sum(cost for one, cost in own.items() if WRAPPERS.match(one))
        unicast.add((sum(own.values()) - apart) / FRAMES)
        wrappers.add(apart / FRAMES)
        for one, cost in sorted(own.items(), key=lambda item: -item[1])[:8]:
            laboratory.say(f"{self.name}: {cost / FRAMES:6.1f} {one[:100]}")
        rows, decided = [unicast, wrappers], {}
        for size in SIZES:
            total, _ = self.count(bench, self.peer(bench, Large, 3), ["random"], size)
            cost = sum(cost for one, cost in total.items() if DECIDE.match(one)) / FRAMES
            if cost:
                decided[size] = cost
                rows.append(Row(f"decide-{size}", f"decide, {size:,} addresses", [cost], unit="instructions"))
        result = Result(self.name, self.title, "instructions", rows)
        result.require_row("own instructions per frame, unicast between TAPs", "unicast", 300, most=True)
        ratio = decided[SIZES[1]] / decided[SIZES[0]] if len(decided) == 2 else None
        if ratio is None:
            bench.skip(f"{self.name}: no function `decide` in the profile; is it inlined?")
        result.limits.append(Limit("instructions of decide with 1,000,000 entries, of those with 10", ratio, 1.2, most=True))
        return [result]

    def peer(self, bench, kind, ports):
        """A switch under callgrind, which does not count yet."""
        binary, bench.lab.binary = bench.lab.binary, self.binary
        tag = bench.lab.tag()
        self.out = bench.lab.path(f"{tag}.callgrind")
        settings = ",coalesce=off" if knows(binary, "coalesce") else ""
        traced = type("Traced", (kind,), {"settings": settings, "wrapper": [
            "valgrind", "--tool=callgrind", "--instr-atstart=no", "--separate-threads=yes", f"--callgrind-out-file={self.out}"]})
        try:
            return traced(bench.lab, tag, ports)
        finally:
            bench.lab.binary = binary

    def count(self, bench, peer, options, addresses):
        """What `functions` says about the thread that moved FRAMES frames."""
        a, b = peer.ends
        to, pid = f"to={mac(b)}", peer.pids[0]
        if addresses:
            laboratory.say(f"{self.name}: teaching {addresses:,} addresses")
            fill(bench, peer, addresses, 40000)
            to = f"to={FIRST}*{addresses}"
        before = b.received()["eth0"]
        run("callgrind_control", "-i", "on", pid)
        said = a.run(bench.lab.program("raw"), "eth0", f"from={mac(a)}", to, f"count={FRAMES}", f"rate={RATE}", *options, timeout=60)
        time.sleep(0.5)
        run("callgrind_control", "-i", "off", pid)
        arrived = b.received()["eth0"] - before
        if arrived < 0.99 * numbers(said, "sent")[0]:
            raise Trouble(f"of {FRAMES} frames only {arrived} arrived under callgrind")
        peer.close()
        return max((functions(path) for path in glob.glob(f"{self.out}-*")), key=lambda pair: sum(pair[1].values()))
