"""Round trip of an ICMP echo: alone, beside other datagrams at a rate that every peer carries, and beside a TCP stream at full
speed. By echo.c: ping prints whole microseconds, too coarse to compare 10 with 11."""
import subprocess
import time

from lab import Trouble
from meter import Meter
from peers import ADDRESSES
from report import Result
from workloads import numbers
from workloads.udp import PORT

INTERVAL, RATE, SIZE = 1000, 50000, 256
CONDITIONS = {
    "rtt": "round trip alone, a request each millisecond, p50",
    "rtt-udp": f"round trip beside {RATE:,} UDP datagrams of {SIZE} bytes a second, p50",
    "rtt-tcp": "round trip beside a TCP stream at full speed, p50",
}


class RoundTrip:
    name, title, quick = "rtt", "round trip, alone and under load", True

    def measure(self, bench):
        out = []
        for name, title in CONDITIONS.items():
            if bench.quick and name != "rtt":
                continue
            rows = bench.alternate(bench.wanted, bench.rounds, lambda peer, name=name: self.sample(bench, peer, name), "µs", label=name)
            result = Result(name, title, "µs", rows.values(), reference="tapswitch")
            if name == "rtt":
                result.require("round trip p50, of the relay's", "relay", 1.15, most=True)
            out.append(result)
        return out

    def sample(self, bench, peer, name):
        seconds, load = min(bench.seconds, 1), []
        try:
            load = self.load(bench, peer, name, seconds + 5)
            time.sleep(0.3 if load else 0)
            if any(process.poll() is not None for process in load):
                raise Trouble("the load does not start")
            with Meter(peer.pids) as meter:
                said = peer.ends[0].run(bench.lab.program("echo"), ADDRESSES[1], seconds, INTERVAL, timeout=seconds + 15)
        finally:
            for process in reversed(load):
                bench.lab.end(process)
                process.stdout.close()
        answers, p50, p90, p99, most, lost = numbers(said, "answers", "p50", "p90", "p99", "max", "lost")
        columns = {"p90": p90, "p99": p99, "highest": most, "lost": lost}
        if not load:  # what one round trip costs
            columns["switch CPU µs"] = None if meter.switch is None else meter.switch / answers * 1e6
        return p50, columns

    def load(self, bench, peer, name, seconds):
        """[receiver, sender] of what runs beside, if anything; they end by themselves too."""
        if name == "rtt":
            return []
        a, b = peer.ends
        if name == "rtt-udp":
            program = bench.lab.program("udp")
            words = [b.command(program, "receive", ADDRESSES[1], PORT, 0, 1), a.command(program, "send", ADDRESSES[1], PORT, SIZE, seconds, RATE)]
        else:
            words = [b.command("iperf3", "-s", "-4", "-1", "-B", ADDRESSES[1], "--forceflush"),
                     a.command("iperf3", "-c", ADDRESSES[1], "-t", int(seconds))]
        out = []
        for command in words:
            out.append(bench.lab.popen(*command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL))
            if not out[1:]:
                while (line := out[0].stdout.readline()) and b"listening" not in line:
                    pass
        return out
