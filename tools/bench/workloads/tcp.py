"""TCP by iperf3: one stream, four, and both directions at once."""
import json
import subprocess

from lab import Trouble
from meter import Meter
from peers import ADDRESSES
from workloads import Compared


def stream(lab, peer, seconds, *more):
    """What iperf3 says at the end of streams from a to b, and the meter of that time."""
    a, b = peer.ends
    server = lab.popen(*b.command("iperf3", "-s", "-4", "-1", "-B", ADDRESSES[1], "--forceflush"),
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        while b"listening" not in (line := server.stdout.readline()):
            if not line:
                raise Trouble("iperf3 -s does not start")
        with Meter(peer.pids) as meter:
            said = a.run("iperf3", "-c", ADDRESSES[1], "-t", max(1, round(seconds)), "-J", *more, timeout=seconds + 15)
        answer = json.loads(said)
        if "error" in answer:
            raise Trouble(f"iperf3: {answer['error']}")
        return answer["end"], meter
    finally:
        lab.end(server)
        server.stdout.close()


class One(Compared):
    name, title, unit = "tcp1", "one TCP stream between two namespaces, received", "Gbit/s"
    quick = True
    options = ()

    def sample(self, bench, peer):
        end, meter = stream(bench.lab, peer, bench.seconds, *self.options)
        sums = [end[key] for key in ("sum_received", "sum_received_bidir_reverse") if key in end]
        return (sum(one["bits_per_second"] for one in sums) / 1e9,
                {**meter.costs(gigabytes=sum(one["bytes"] for one in sums) / 1e9),
                 "sent again": sum(end[key].get("retransmits", 0) for key in ("sum_sent", "sum_sent_bidir_reverse") if key in end)})

    def require(self, result):
        result.require("TCP, one stream, of the relay with the same offloads", "relay", 0.97)
        result.require("TCP, one stream, of the kernel bridge over veth", "bridge", 0.80, aim=1.0)
        result.require("TCP, one stream, of Open vSwitch user space with TSO", "ovs-tso", 0.85, aim=1.0)
        result.require("TCP, one stream, times vde_switch", "vde", 6)


class Four(One):
    name, title = "tcp4", "four TCP streams between two namespaces, received together"
    quick = False
    options = ("-P", 4)

    def require(self, result):
        pass


class Both(Four):
    name, title = "tcp-both", "one TCP stream each way at once, received together"
    options = ("--bidir",)
