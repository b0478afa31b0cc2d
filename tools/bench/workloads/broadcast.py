"""Broadcasts from one port to 2, 16 and 64 others at saturation: copies that arrive. The frames are of a type that no switch
merges and no host answers."""
import subprocess
import time

from lab import Trouble
from meter import Meter
from report import Result
from workloads import numbers

PEERS = ("tapswitch", "bridge", "ovs", "vde")


class Broadcast:
    name, title, quick = "broadcast", "broadcasts to 2, 16 and 64 ports at saturation, copies received", False

    def measure(self, bench):
        out = []
        keys = [key for key in bench.wanted if key in PEERS]
        for ports in (2, 16, 64):
            made = {}

            def make(key, ports=ports, made=made):
                made[key] = bench.fresh(key, ports + 1)
                return made[key]

            name = f"broadcast-{ports}"
            rows = bench.alternate(keys, min(bench.rounds, 3), lambda peer: self.sample(bench, peer), "1000 copies/s", make, name)
            out.append(Result(name, f"broadcasts to {ports} ports at saturation, copies received", "1000/s", rows.values(),
                              reference="tapswitch"))
            for peer in filter(None, made.values()):
                peer.close()
        return out

    def sample(self, bench, peer):
        a, b = peer.ends
        sender = bench.lab.popen(*a.command(bench.lab.program("raw"), "eth0", "seconds=1.6"), stdout=subprocess.PIPE, text=True)
        try:
            time.sleep(0.4)
            with Meter(peer.pids) as meter:
                before = b.received()
                time.sleep(1)
                after = b.received()
            said = sender.communicate(timeout=10)[0]
        except subprocess.TimeoutExpired as error:
            raise Trouble("raw does not end") from error
        finally:
            bench.lab.end(sender)
        copies = sum(count - before[device] for device, count in after.items() if device.startswith("eth"))
        if not copies:
            raise Trouble("no broadcast arrived")
        sent, took = numbers(said, "sent", "seconds")
        return copies / meter.wall / 1000, {**meter.costs(frames=copies), "sent 1000/s": sent / took / 1000}
