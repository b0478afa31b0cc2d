"""Frames of one flow are joined on their way to a port: what arrives is what was sent, checksums included."""
import socket
import struct

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from harness import traffic, waiting
from harness.packets import ours
from test_offload import SETTINGS, Inspector, set_offloads


def merged(switch, host):
    return switch.ports()[host.port]["counters"]["merged"]


def burst(mouth, ear, count, size=18):
    """Datagrams as fast as they go; all must arrive, in order.

    A ping first: while an address is being resolved the sending kernel holds datagrams back, and lets those that come
    after the answer overtake them.
    """
    mouth.ping(ear.ip4)
    with ear.socket(socket.AF_INET, socket.SOCK_DGRAM) as server, mouth.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        server.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)
        server.bind((ear.ip4, 0))
        server.settimeout(3)
        client.connect(server.getsockname())
        sent = [struct.pack("!I", number).ljust(size, b".") for number in range(count)]
        for data in sent:
            client.send(data)
        assert [server.recv(2048) for _ in sent] == sent


@pytest.mark.parametrize("offload", ["all-on", "all-off"])
@pytest.mark.parametrize("size", [18, 1400])
def test_udp_in_bursts(lab, offload, size):
    switch, (a, b) = lab.network(2)
    set_offloads(a, SETTINGS[offload])
    with Inspector(b) as at_b:
        for _ in range(5):
            burst(a, b, 2000, size)
    assert merged(switch, b) > 100
    assert at_b.largest > 2 * size, "nothing was joined"
    assert switch.undelivered() == {}


@pytest.mark.parametrize("version", [4, 6])
def test_tcp_from_a_host_without_offloads(lab, version):
    switch, (a, b) = lab.network(2, ipv6=True)
    for host in (a, b):
        set_offloads(host, SETTINGS["all-off"])
    traffic.tcp(a, b, version, 8 << 20, seed=version)
    assert merged(switch, a) + merged(switch, b) > 100
    assert switch.undelivered() == {}


def test_it_can_be_switched_off_and_on_live(lab):
    switch, (a, b) = lab.network(2)
    switch.ok("port", "set", b.port, "coalesce=off")
    burst(a, b, 2000)
    assert merged(switch, b) == 0
    assert switch.json("config", "show")["ports"][b.port]["coalesce"] is False
    switch.ok("port", "set", b.port, "coalesce=on")
    burst(a, b, 2000)
    assert merged(switch, b) > 0


def test_a_bad_checksum_is_never_made_good(lab):
    """Frames with wrong checksums among good ones of their flow: they arrive as wrong as they were sent."""
    switch, (a, b) = lab.network(2)
    good = [bytes(Ether(src=a.mac, dst=b.mac) / IP(src=a.ip4, dst=b.ip4, id=100 + n, flags="DF") / UDP(sport=7, dport=9)
                  / (b"tapswitch-%08d-" % n)) for n in range(40)]
    frames = [frame if n % 5 != 3 else frame[:-1] + b"?" for n, frame in enumerate(good)]
    b.ping(a.ip4)
    with a.wire() as mouth, b.wire(vnet=True) as ear, b.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((b.ip4, 9))
        server.settimeout(2)
        for _ in range(20):
            for frame in frames:
                mouth.send(frame)
            heard = [server.recv(100) for n in range(40) if n % 5 != 3]
            assert heard == [good[n][42:] for n in range(40) if n % 5 != 3]
        bad = {frame for n, frame in enumerate(frames) if n % 5 == 3}
        alone = [one.frame for one in ear.drain(quiet=0.3, limit=3) if one.frame in bad]
        assert len(alone) == 20 * len(bad), "each by itself, with no bit changed"
        server.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.recv(100)
    waiting.until(lambda: merged(switch, b) > 0, "good ones were joined", 1)
