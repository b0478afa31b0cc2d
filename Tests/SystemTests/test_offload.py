"""Offloads on and off in every combination of two ports: payloads by hash, and every checksum verified on arrival."""
import threading

import pytest

from harness import checksums, traffic
from harness.packets import mac, ours, plain
from harness.wire import NEEDS_CSUM

ON = ()
SETTINGS = {
    "all-on": ON,
    "all-off": ("tx", "off", "sg", "off", "tso", "off", "gso", "off", "gro", "off", "tx-udp-segmentation", "off"),
    "no-tso": ("tso", "off", "tx-udp-segmentation", "off", "gso", "off"),
    "csum-only": ("tx-tcp-segmentation", "off", "tx-tcp6-segmentation", "off", "tx-udp-segmentation", "off"),
}


class Inspector:
    """Looks at every frame that arrives at a host while the block runs, offload header and all."""

    def __init__(self, host):
        self.host, self.wire = host, host.wire(vnet=True)
        self.ending, self.seen, self.faults, self.partial, self.largest = False, 0, [], 0, 0
        self.thread = threading.Thread(target=self._watch)

    def _watch(self):
        while True:
            found = self.wire.drain(quiet=0.1, limit=1)
            for received in found:
                self.seen += 1
                self.partial += bool(received.vnet[0] & NEEDS_CSUM)
                self.largest = max(self.largest, len(received.frame))
                self.faults += [(fault, received) for fault in checksums.faults(received, self.host.mtu)]
            if self.ending and not found:
                return

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending = True
        self.thread.join()
        self.wire.close()
        assert not self.faults, f"{self.host.device}: {len(self.faults)} of {self.seen}: {self.faults[:5]}"
        assert self.seen > 0


def set_offloads(host, words):
    if words:
        host.run("ethtool", "-K", host.device, *words)


@pytest.mark.parametrize("left", SETTINGS)
@pytest.mark.parametrize("right", SETTINGS)
@pytest.mark.parametrize("coalesce", ["on", "off"])
def test_every_combination_of_two_ports(lab, left, right, coalesce):
    switch, (a, b) = lab.network(2, ipv6=True, options=f"coalesce={coalesce}")
    set_offloads(a, SETTINGS[left])
    set_offloads(b, SETTINGS[right])
    with Inspector(a) as at_a, Inspector(b) as at_b:
        for version in (4, 6):
            traffic.tcp(a, b, version, 600_000, seed=version)
            for one, other in ((a, b), (b, a)):
                traffic.udp(one, other, version, count=20, size=1400, seed=one.number)
                traffic.udp(one, other, version, count=3, size=30_000, seed=one.number, segment=1000)
    # What the switch joins has a partial checksum, whatever the sender's was.
    joins = coalesce == "on"
    assert joins or (at_b.partial > 0) == (left != "all-off"), f"{at_b.partial} of {at_b.seen} with partial checksum"
    assert joins or (at_a.partial > 0) == (right != "all-off"), f"{at_a.partial} of {at_a.seen} with partial checksum"
    if left == "all-on":
        assert at_b.largest > 20_000, f"GSO frames do not pass whole: largest {at_b.largest}"
    assert switch.undelivered() == {}


def test_offload_of_a_tap_is_everything(lab):
    switch, (a, b) = lab.network(2)
    for port in switch.json("port", "list"):
        offload = port["offload"]
        assert set(offload) == {"checksum", "tso4", "tso6", "uso"}, offload
        assert offload["checksum"] is True and offload["tso4"] is True and offload["tso6"] is True, offload


def test_segments_are_counted(lab):
    """A GSO frame is one frame and as many segments as it stands for."""
    switch, (a, b) = lab.network(2)
    traffic.udp(a, b, 4, count=1, size=10, seed=1)
    before = switch.ports()
    traffic.udp(a, b, 4, count=10, size=30_000, seed=3, segment=1000)
    after = switch.ports()
    growth = {port: {key: after[port]["counters"][key] - before[port]["counters"][key]
                     for key in ("rx_frames", "rx_segments", "rx_bytes", "tx_frames", "tx_segments", "tx_bytes")}
              for port in after}
    assert growth[a.port] == {"rx_frames": 10, "rx_segments": 300, "rx_bytes": 10 * (30_000 + 42), "tx_frames": 0,
                              "tx_segments": 0, "tx_bytes": 0}, growth
    assert growth[b.port] == {"tx_frames": 10, "tx_segments": 300, "tx_bytes": 10 * (30_000 + 42), "rx_frames": 0,
                              "rx_segments": 0, "rx_bytes": 0}, growth


def test_gso_is_judged_by_its_segments(lab):
    """GSO frames of 1,460-byte segments pass a port of MTU 1500; a plain frame that is too long does not."""
    small, large = lab.hosts(2)
    small.spec += ",mtu=1500"
    large.spec += ",mtu=9000"
    switch = lab.switch("--port", small.spec, "--port", large.spec)
    small.look(), large.look()
    for one, other in ((small, large), (large, small)):
        traffic.tcp(one, other, 4, 1 << 20, seed=one.number)  # TCP agrees on 1460
    assert switch.undelivered() == {}
    with small.wire() as ear, large.wire() as mouth:
        mouth.send(plain(large.mac, mac(5), 14 + 1501))
        mouth.send(plain(large.mac, mac(5), 14 + 1500, 1))
        assert [len(frame) for frame in ear.frames(wanted=1, keep=ours)] == [1514]
    assert switch.drops(small.port) == {"egress_mtu": 1}


@pytest.mark.parametrize("kind", ["vxlan", "ipip", "gretap", "geneve"])
def test_tunnels_between_hosts_pass(lab, kind):
    """A host may tunnel over the switch: whatever its kernel leaves to the device in the inner packet is legitimate."""
    switch, (a, b) = lab.network(2)
    for one, far in ((a, b.ip4), (b, a.ip4)):
        words = {"vxlan": ("id", 5, "dstport", 4789, "remote", far, "local", one.ip4),
                 "geneve": ("id", 5, "remote", far),
                 "ipip": ("remote", far, "local", one.ip4),
                 "gretap": ("remote", far, "local", one.ip4)}[kind]
        if one.run("ip", "link", "add", "inner", "type", kind, *words, check=False).returncode != 0:
            pytest.skip(f"this kernel has no {kind}")
        one.run("ip", "addr", "add", f"10.99.0.{one.number}/24", "dev", "inner")
        one.run("ip", "link", "set", "inner", "up")
    for one in (a, b):
        one.ip4 = f"10.99.0.{one.number}"
    a.ping(b.ip4)
    traffic.tcp(a, b, 4, 2 << 20, seed=1)
    traffic.udp(a, b, 4, count=10, size=1000, seed=2)
    assert switch.undelivered() == {}
