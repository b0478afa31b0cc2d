"""The switch as three hosts see it: everybody reaches everybody, and unicast is seen by nobody else."""
import time

import pytest

from harness import traffic, waiting
from harness.packets import BROADCAST, mac, ours, plain


@pytest.mark.parametrize("version", [4, 6])
def test_ping_both_ways_between_three_hosts(lab, version):
    switch, hosts = lab.network(3, ipv6=True)
    for one in hosts:
        for other in hosts:
            if one is not other:
                one.ping(other.ip4 if version == 4 else other.ip6)


@pytest.mark.parametrize("version", [4, 6])
def test_tcp_both_ways_between_three_hosts(lab, version):
    switch, hosts = lab.network(3, ipv6=True)
    for one in hosts:
        for other in hosts:
            if one is not other:
                traffic.tcp(one, other, version, 2 << 20, seed=one.number * 8 + other.number)
    assert switch.undelivered() == {}


@pytest.mark.parametrize("mtu", [9000, 65521])
def test_jumbo_frames(lab, mtu):
    switch, (a, b, c) = lab.network(3, ipv6=True, options=f"mtu={mtu}")
    assert {host.mtu for host in (a, b, c)} == {mtu}
    assert {port["mtu"] for port in switch.json("port", "list")} == {mtu}
    a.ping(b.ip4, size=mtu - 28)
    c.ping(a.ip6, size=mtu - 48)
    traffic.tcp(a, c, 4, 4 << 20, seed=mtu)
    traffic.udp(b, c, 6, count=50, size=mtu - 48, seed=mtu)


def test_unicast_is_not_seen_on_the_third_once_learned(lab):
    switch, (a, b, c) = lab.network(3)
    a.ping(b.ip4)
    with c.wire() as ear:
        traffic.tcp(a, b, 4, 1 << 20, seed=1)
        traffic.tcp(b, a, 4, 1 << 20, seed=2)
        heard = [frame for frame in ear.frames() if not frame[0] & 1]
    assert heard == [], f"{len(heard)} unicast frames between two hosts reached the third"


def test_unknown_unicast_and_broadcast_reach_everybody_else_once(lab):
    switch, (a, b, c) = lab.network(3, addresses=False)
    with a.wire() as wa, b.wire() as wb, c.wire() as wc:
        for mark, destination in enumerate((mac(99), BROADCAST, "01:00:5e:01:02:03", "33:33:00:00:00:01")):
            sent = plain(a.mac, destination, 100, mark)
            wa.send(sent)
            assert wb.frames(wanted=1, keep=ours) == [sent]
            assert wc.frames(wanted=1, keep=ours) == [sent]
        assert wa.frames(keep=ours) == [], "frames came back to where they came from"
    counters = switch.ports()[a.port]["counters"]
    assert counters["flooded"] == 4 and counters["flood_copies"] == 8 and counters["forwarded"] == 0, counters


def test_fdb_list_holds_each_mac_on_its_port(lab):
    switch, hosts = lab.network(3)
    for host in hosts:
        host.ping(hosts[(host.number) % 3].ip4, count=1)
    for host in hosts:
        assert switch.where(host.mac) == {1: host.port}
    for entry in switch.fdb():
        assert set(entry) == {"mac", "vlan", "port", "kind", "age_seconds", "moves", "addresses"}, entry
        assert entry["kind"] == "dynamic" and entry["moves"] == 0 and 0 <= entry["age_seconds"] < 10, entry
    assert {entry["mac"] for entry in switch.fdb("--port", hosts[0].port)} == {hosts[0].mac}
    assert switch.fdb("--vlan", "2") == []


def test_a_mac_that_moves_is_found_at_its_new_port(lab):
    switch, (a, b, c) = lab.network(3, addresses=False)
    roaming = mac(77)
    with a.wire() as wa, b.wire() as wb, c.wire() as wc:
        for turn, (wire, host) in enumerate([(wa, a), (wb, b), (wa, a), (wb, b)]):
            wire.send(plain(roaming, BROADCAST, 64, turn))
            assert len(wc.frames(wanted=1, keep=ours)) == 1
            assert switch.where(roaming) == {1: host.port}
        wc.send(plain(c.mac, roaming, 64, 50))
        assert len(wb.frames(wanted=1, keep=lambda r: b"-00000050-" in r.frame)) == 1
        assert [f for f in wa.frames(keep=ours) if b"-00000050-" in f] == []
    shown = switch.json("fdb", "show", roaming)
    shown = shown if isinstance(shown, dict) else shown[0]
    assert shown["moves"] == 3, shown
    assert [(step["from"], step["to"]) for step in shown["history"]] == [
        (a.port, b.port), (b.port, a.port), (a.port, b.port)], shown


def test_ageing_of_ten_seconds_put_off_by_traffic(lab):
    """C18, C19: the silent entry goes after its time and not before; the one that is heard stays."""
    switch, (a, b) = lab.network(2, addresses=False, arguments=["--ageing", "10"])
    silent, heard = mac(1), mac(2)
    with a.wire() as wa:
        wa.send(plain(silent, BROADCAST))
        wa.send(plain(heard, BROADCAST))
        waiting.until(lambda: switch.where(silent), "learned")
        learned = time.monotonic()
        while time.monotonic() - learned < 8.5:
            wa.send(plain(heard, BROADCAST))
            assert switch.where(silent) == {1: a.port}, "gone before its time"
            time.sleep(0.5)
        waiting.until(lambda: switch.where(silent) == {}, "the entry ages", 5)
        assert 9 <= time.monotonic() - learned <= 13
        assert switch.where(heard) == {1: a.port}


def test_udp_in_order_and_once(lab):
    """C4, C5: no reordering, no duplicates, through learning, for one pair of addresses."""
    switch, (a, b) = lab.network(2, addresses=False)
    with a.wire() as wa, b.wire() as wb:
        for mark in range(2000):
            wa.send(plain(a.mac, b.mac, 200, mark))
            if mark == 1000:
                wb.send(plain(b.mac, a.mac, 60, 9))
        marks = [frame[24:32] for frame in wb.frames(wanted=2000, keep=ours)]
    assert marks == [b"%08d" % mark for mark in range(2000)]
