"""UDP at saturation: a sender that sends what it can, and what of it reaches a receiver. By udp.c, since iperf3 makes a
system call and some arithmetic of every datagram, and would measure itself."""
import subprocess

from lab import Trouble
from meter import Meter
from peers import ADDRESSES
from workloads import Compared, numbers

PORT, WARM = 5001, 0.3


def trial(lab, peer, size, seconds, rate=0, warm=0.0):
    """One stream of datagrams from a to b: {sent, received, late, window, seconds of the window}, and the meter."""
    a, b = peer.ends
    program = lab.program("udp")
    receiver = lab.popen(*b.command(program, "receive", ADDRESSES[1], PORT, warm, seconds), stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True)
    try:
        if "listening" not in (line := receiver.stdout.readline()):
            raise Trouble(f"udp receive: {line.strip()}")
        with Meter(peer.pids) as meter:
            sent = a.run(program, "send", ADDRESSES[1], PORT, size, seconds + warm + (0.2 if warm else 0), rate, timeout=seconds + 15)
        said = receiver.communicate(timeout=15)[0]
    except subprocess.TimeoutExpired as error:
        raise Trouble("udp receive does not end") from error
    finally:
        lab.end(receiver)
        receiver.stdout.close()
    out = dict(zip(("sent", "took"), numbers(sent, "sent", "seconds")))
    return {**out, **dict(zip(("received", "late", "window", "seconds"), numbers(said, "received", "late", "window", "seconds")))}, meter


class Small(Compared):
    name, unit = "udp-18", "1000/s"
    quick = True
    size = 18

    @property
    def title(self):
        return f"UDP datagrams of {self.size} bytes at saturation, received"

    def sample(self, bench, peer):
        got, meter = trial(bench.lab, peer, self.size, min(bench.seconds, 1.5), warm=WARM)
        if not got["window"]:
            raise Trouble("nothing arrived")
        return got["window"] / got["seconds"] / 1000, {
            **meter.costs(gigabytes=got["received"] * self.size / 1e9 if self.size > 1000 else None, frames=got["received"]),
            "sent 1000/s": got["sent"] / got["took"] / 1000, "out of order": got["late"]}

    def require(self, result):
        result.require("UDP 18 bytes received at saturation, times the kernel bridge", "bridge", 1.8)
        result.require("UDP 18 bytes received at saturation, times vde_switch", "vde", 1.4)
        result.require("UDP 18 bytes received at saturation, times Open vSwitch", "ovs", 1.4)
        result.require("UDP 18 bytes received at saturation, times Open vSwitch with TSO", "ovs-tso", 1.4)


class Middle(Small):
    name, size, quick = "udp-256", 256, False
    peers = ("tapswitch", "tapswitch-plain", "relay", "bridge", "ovs", "vde")  # TSO is nothing for UDP

    def require(self, result):
        pass


class Large(Middle):
    name, size = "udp-1400", 1400
