"""Resident memory of a switch with 64 ports and 65,536 addresses, after frames have passed. tapswitch only."""
from meter import resident
from report import Result, Row
from workloads.learning import entries, teach

PORTS, ADDRESSES = 64, 65536


class Memory:
    name, title, quick = "memory", f"resident memory with {PORTS} ports and {ADDRESSES:,} addresses", False

    def measure(self, bench):
        empty, full = Row("empty", f"{PORTS} ports, no traffic yet"), Row("full", f"{PORTS} ports, {ADDRESSES:,} addresses offered")
        for _ in range(min(bench.rounds, 3)):
            peer = bench.fresh("tapswitch", PORTS)
            empty.add(resident(peer.pids[0]))
            for _ in range(2):  # twice, in case a frame was lost
                teach(bench, peer, ADDRESSES, 100000)
            full.add(resident(peer.pids[0]), {"in the table": entries(bench, peer)})
            peer.close()
        result = Result(self.name, self.title, "MiB", [empty, full])
        result.require_row("resident memory, 64 ports and 65,536 entries, MiB", "full", 48, most=True)
        return [result]
