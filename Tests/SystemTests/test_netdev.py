"""Ports `netdev:IF`: frames between veth pairs, as the stand-in of network cards, and to TAPs.

Rows K4, K11 and V3 to V7 on this kind. Hypervisors' TAPs are in test_netdev_hypervisor, interfaces that come and go in
test_netdev_life, rights and what the host does beside the switch in test_netdev_host, settings in
test_netdev_settings.
"""
import itertools
import signal
import threading

import pytest

from harness import card, traffic, waiting
from harness.grid import AD, Q, access, expected, tagged, trunk, tunnel
from harness.packets import BROADCAST, mac, ours, plain
from harness.subinterface import SubInterface
from test_offload import SETTINGS, Inspector, set_offloads
from test_vlan_grid import TAGS

ABOUT_A_PORT = r"t\d+p\d+"
NEAR = {"on": (), "off": SETTINGS["all-off"], "gro": ("gro", "on")}
OTHERS = {"netdev": {"cards": 2}, "tap": {"cards": 1, "taps": 1}}


# real traffic, offloads on and off


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("far", ["all-on", "all-off"])
@pytest.mark.parametrize("near", NEAR)
def test_payloads_and_checksums(lab, near, far, other):
    """Ping, TCP and UDP both ways; `far` are the offloads of the hosts, `near` those of the switch's interfaces."""
    switch, (a, b) = card.network(lab, **OTHERS[other], ipv6=True)
    for host in (a, b):
        set_offloads(host, SETTINGS[far])
        if isinstance(host, card.Card):
            host.near_offloads(NEAR[near])
    with Inspector(a) as at_a, Inspector(b) as at_b:
        for version, (one, two) in itertools.product((4, 6), ((a, b), (b, a))):
            one.ping(traffic.address(two, version))
            traffic.tcp(one, two, version, 600_000, seed=version)
            traffic.udp(one, two, version, count=20, size=1400, seed=one.number)
            traffic.udp(one, two, version, count=3, size=30_000, seed=one.number, segment=1000)
        a.ping(b.ip4, size=1472)
    if (near, far) == ("on", "all-on"):
        for seen in (at_a, at_b):
            assert seen.largest > 20_000, f"GSO frames do not pass whole: largest {seen.largest}"
    assert switch.undelivered() == {}
    for host in (a, b):
        assert switch.where(host.mac) == {1: host.port}


def test_without_coalescing_gso_frames_still_pass_whole(lab):
    switch, (a, b) = card.network(lab, options="coalesce=off")
    with Inspector(b) as seen:
        traffic.tcp(a, b, 4, 4 << 20, seed=1)
    assert seen.largest > 20_000 and switch.undelivered() == {}


def test_several_workers(lab):
    """A port's reader is one worker, those that send through it are all."""
    file = lab.write("workers.yaml", "workers: 3\n")
    switch, (a, b, c) = card.network(lab, 2, 1, arguments=["--config", file])
    for one, two in itertools.permutations((a, b, c), 2):
        traffic.tcp(one, two, 4, 1 << 20, seed=one.number)
    assert switch.undelivered() == {}


def test_a_gso_frame_is_one_frame_and_counts_its_segments(lab):
    switch, (a, b) = card.network(lab)
    traffic.udp(a, b, 4, count=1, size=10, seed=1)
    before = switch.ports()
    traffic.udp(a, b, 4, count=10, size=30_000, seed=3, segment=1000)
    after = switch.ports()
    for port, way in ((a.port, "rx"), (b.port, "tx")):
        grown = {key: after[port]["counters"][key] - before[port]["counters"][key]
                 for key in (f"{way}_frames", f"{way}_segments", f"{way}_bytes")}
        assert grown == {f"{way}_frames": 10, f"{way}_segments": 300, f"{way}_bytes": 10 * (30_000 + 42)}, (port, grown)


def test_two_switches_in_a_row(lab):
    """A TAP of one switch is the `netdev` of another: whatever passes one end passes the other."""
    between, middle = lab.device(), lab.namespace()
    (tap,), far = lab.hosts(1), card.Card(lab, middle, 2).plug()
    first = lab.switch("--port", f"tap:{between}", "--port", tap.spec, inside=middle)
    second = lab.switch("--port", f"netdev:{between}", "--port", far.spec, inside=middle, allowed=[ABOUT_A_PORT])
    assert first.ready_line == (2, 2) and second.ready_line == (2, 2), first.log() + second.log()
    tap.look()
    with Inspector(tap), Inspector(far):
        for one, two in ((tap, far), (far, tap)):
            one.ping(two.ip4)
            traffic.tcp(one, two, 4, 2 << 20, seed=one.number)
    assert first.undelivered() == {} and second.undelivered() == {}


# tags: the kernel takes the outermost one off and tells it beside the frame


PORTS = {"acc": access(10), "trunk": trunk(10, "20+30-39"), "bare": trunk(0), "ad": trunk(0, tpid=AD),
         "qinq": tunnel(20), "tap": trunk(1)}


@pytest.mark.parametrize("sender", PORTS)
def test_tags_pass_as_on_any_port(lab, sender):
    """Untagged, 802.1Q, 802.1ad, priority tags, two and three tags: every port gets what the model says."""
    grid = card.CardGrid(lab, PORTS)
    batch, dropped = [(sender, tagged(grid.frame(), *tags)) for tags in TAGS], 0
    for tags, (_, frame), got in zip(TAGS, batch, grid.send(*batch)):
        wanted, reasons = expected(PORTS, sender, frame)
        shown = {name: [one[12:28].hex() for one in frames] for name, frames in got.items()}
        assert got == {name: [one] for name, one in wanted.items()}, \
            f"{sender} sends {tags}: arrived {shown}, expected { {n: f[12:28].hex() for n, f in wanted.items()} }"
        dropped += bool(reasons)
    assert sum(grid.drops(sender).values()) == dropped, grid.drops(sender)
    assert set(grid.drops()) == set(grid.drops(sender)), f"others dropped, too: {grid.drops()}"


def test_frames_of_full_length_keep_room_for_their_tag(lab):
    """The MTU does not count tags: 1,500 octets of payload pass with one, in and out."""
    grid = card.CardGrid(lab, {"trunk": trunk(0, "10"), "other": trunk(0, "10"), "acc": access(10)})
    whole = grid.frame(length=1514)
    assert grid.send(("trunk", tagged(whole, (Q, 10)))) == [{"other": [tagged(whole, (Q, 10))], "acc": [whole]}]
    back = grid.frame(length=1514)
    assert grid.send(("acc", back)) == [{name: [tagged(back, (Q, 10))] for name in ("trunk", "other")}]
    assert grid.drops() == {}


def test_a_tag_that_makes_a_frame_too_long_for_the_kernel_is_counted(lab):
    """A packet socket has room for one 802.1Q tag and no other: what it refuses is an egress drop; the port stays."""
    grid = card.CardGrid(lab, {"acc": access(10), "q": trunk(0, "10"), "ad": trunk(0, "10", tpid=AD)}, allowed=[" ad:"])
    whole, short = grid.frame(length=1514), grid.frame(length=1510)
    first, second = grid.send(("acc", whole), ("acc", short))
    assert first == {"q": [tagged(whole, (Q, 10))]} or set(first) == {"q", "ad"}, first
    assert second == {"q": [tagged(short, (Q, 10))], "ad": [tagged(short, (AD, 10))]}
    dropped = grid.drops("ad")
    assert set(dropped) <= {"egress_mtu"} and sum(dropped.values()) == 2 - len(first), dropped
    assert grid.switch.port("ad")["state"] == "up"


@pytest.mark.parametrize("tpid", [Q, AD], ids=["8021q", "8021ad"])
def test_tagged_streams_between_trunks_keep_their_offloads(lab, tpid):
    member = trunk(0, "10", tpid=tpid)
    switch, (a, b) = card.network(lab, addresses=False, settings=[member.settings] * 2)
    with SubInterface(a, 10, 8, tpid) as left, SubInterface(b, 10, 9, tpid, priority=5) as right:
        for one, two in ((left, right), (right, left)):
            one.ping(two.ip4)
            traffic.tcp(one, two, 4, 2 << 20, seed=one.number)
            traffic.udp(one, two, 4, count=20, size=1400, seed=one.number)
    for end in (left, right):
        assert end.gso > 10 and end.largest > 10_000, (end.gso, end.largest)
    assert switch.undelivered() == {}


@pytest.mark.parametrize("other", OTHERS)
def test_tagged_streams_to_an_access_port(lab, other):
    """A GSO frame loses its tag on the way to one port and gets one on the way to the other."""
    switch, (far, host) = card.network(lab, **OTHERS[other], addresses=False,
                                       settings=[trunk(0, "10").settings, access(10).settings])
    host.run("ip", "addr", "add", f"{host.ip4}/24", "dev", host.device)
    with SubInterface(far, 10, number=9) as inner, Inspector(host) as seen:
        for one, two in ((host, inner), (inner, host)):
            one.ping(two.ip4)
            traffic.tcp(one, two, 4, 2 << 20, seed=one.number)
    assert inner.gso > 10 and inner.largest > 10_000 and seen.largest > 10_000, (inner.largest, seen.largest)
    assert switch.undelivered() == {}


# what the switch hears on an interface, and what it must not


def test_K4_own_transmissions_are_not_heard_back(lab):
    """No echo: what a port sends is nothing it received, moves no address, is no `same_port`."""
    switch, hosts = card.network(lab, cards=2, taps=1, addresses=False)
    wires = [lab.close_later(host.wire()) for host in hosts]
    sent = {}
    for turn in range(20):
        for host, wire in zip(hosts, wires):
            for target in (BROADCAST, mac(0x9999), hosts[turn % 3].mac):
                if target != host.mac:
                    sent[host.port] = sent.get(host.port, 0) + 1
                    before = switch.received()
                    wire.send(plain(host.mac, target, 60, turn))
                    switch.wait_received(before)
    for host, wire in zip(hosts, wires):
        assert not [frame for frame in wire.frames(keep=ours) if frame[6:12].hex(":") == host.mac], "a frame came back"
        assert switch.ports()[host.port]["counters"]["rx_frames"] == sent[host.port]
        assert switch.where(host.mac) == {1: host.port}
    assert switch.drops() == {} and all(entry["moves"] == 0 for entry in switch.fdb())
    assert not [event for event in switch.events() if event["type"] == "moved"]


def test_what_the_host_itself_sends_through_the_interface_is_not_heard(lab):
    switch, (a, b) = card.network(lab, addresses=False)
    with a.near_wire() as beside, a.wire() as at_a, b.wire() as at_b:
        frame = plain(mac(0x4444), BROADCAST)
        beside.send(frame)
        assert at_a.frames(wanted=1, keep=ours) == [frame]
        assert at_b.frames(keep=ours) == []
    assert switch.received() == 0 and switch.where(mac(0x4444)) == {}


def test_promiscuous_as_long_as_there_is_a_port(lab):
    """Frames for anybody come in; the interface is left as it was."""
    switch, (a, b) = card.network(lab, addresses=False)
    before = {key: a.near()[key] for key in ("flags", "mtu", "address", "txqlen")}
    assert a.near()["promiscuity"] == 1
    with a.wire() as mouth, b.wire() as ear:
        for number, target in enumerate((mac(0x1234), "01:00:5e:01:02:03", "33:33:00:00:00:09")):
            mouth.send(plain(a.mac, target, 60, number))
            assert len(ear.frames(wanted=1, keep=ours)) == 1, target
    switch.ok("port", "remove", a.port)
    after = a.near()
    assert after["promiscuity"] == 0 and before == {key: after[key] for key in before}, (before, after)
    switch.stop()
    assert b.near()["promiscuity"] == 0 and "LOWER_UP" in b.near()["flags"]


def test_nothing_of_other_interfaces_comes_in_while_a_port_is_attached(lab):
    switch, (a, b) = card.network(lab, addresses=False)
    other, ending = card.Card(lab, a.middle, 9, addresses=False).plug(), threading.Event()

    def storm():
        with other.wire() as mouth:
            while not ending.is_set():
                mouth.send(plain(other.mac, BROADCAST))

    with b.wire() as ear:
        thread = threading.Thread(target=storm)
        thread.start()
        try:
            for _ in range(20):
                switch.ok("port", "remove", a.port)
                switch.ok("port", "add", a.spec)
                assert switch.ports()[a.port]["counters"]["rx_frames"] == 0
        finally:
            ending.set()
            thread.join()
        assert ear.frames() == []
    assert switch.where(other.mac) == {}


def test_K11_what_was_lost_before_the_switch_could_read_is_counted(lab):
    """rx_frames and kernel_drops are all that was sent; reading the count does not lose it."""
    switch, (a, b) = card.network(lab, addresses=False)
    frame, sent = plain(a.mac, mac(5), 1514), 80_000  # more than any receive buffer of a port holds
    switch.process.send_signal(signal.SIGSTOP)
    try:
        with a.wire() as mouth:
            for _ in range(sent):
                mouth.send(frame)
    finally:
        switch.process.send_signal(signal.SIGCONT)

    def counts():
        counters = switch.ports()[a.port]["counters"]
        return counters["rx_frames"], counters["kernel_drops"]
    waiting.until(lambda: sum(counts()) == sent, f"rx_frames + kernel_drops = {sent}; {counts()}", 20, 0.2)
    received, lost = counts()
    assert lost > 0 and received > 0, (received, lost)
    assert counts() == (received, lost) and switch.ports()[b.port]["counters"]["kernel_drops"] == 0
