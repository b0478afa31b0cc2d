"""The test bench of the hostile rows: three ports, what goes in at the first, what comes out at the other two."""
from . import vitals
from .packets import BROADCAST, mac, plain

A, B, C = 0, 1, 2


class Bench:
    """Three ports, MAC of B known, and a wire on each: what goes in at A, what comes out where."""

    def __init__(self, lab, arguments=(), **options):
        self.switch, self.hosts = lab.network(3, addresses=False, arguments=arguments, **options)
        self.wires = [lab.close_later(host.wire()) for host in self.hosts]
        self.wires[B].send(plain(self.hosts[B].mac, BROADCAST, 60, 0))
        self.wires[A].drain(wanted=1)
        self.wires[C].drain(wanted=1)
        self.before = vitals.read(self.switch.pid)

    def mac(self, which):
        return self.hosts[which].mac

    def send(self, frames, settle=0.05):
        """Sends at A; returns what arrived at B and at C. Nothing that should not arrive may come within `settle`
        seconds behind the last frame, either."""
        for frame in frames:
            self.wires[A].send(frame)
        end = plain(mac(0xEEEEEE), BROADCAST, 60, 99999999)  # behind all of them, to know that they are through
        self.wires[A].send(end)
        got = [self.wires[which].frames(quiet=settle, limit=10, until=lambda frame: frame == end) for which in (B, C)]
        for arrived in got:
            assert end in arrived, "the frame behind the hostile ones did not arrive"
            arrived.remove(end)
        assert self.wires[A].frames(quiet=0.02) == [], "a frame came back to the port it came from"
        grown = vitals.grown(self.switch.pid, self.before)
        assert not grown, f"grown: {grown}"
        return got

    def dropped(self):
        return self.switch.drops(self.hosts[A].port)

    def passes_to_b(self, frames):
        """Each frame, addressed to B, arrives there alone and unchanged."""
        assert self.send(frames) == [[bytes(frame) for frame in frames], []]
        assert self.switch.drops() == {}
