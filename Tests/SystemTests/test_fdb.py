"""The MAC table by command and by real frames: static, sticky, removed, flushed."""
import time

import pytest

from harness import waiting
from harness.packets import BROADCAST, mac, ours, plain

STATION = mac(0x1234)


@pytest.fixture
def three(lab):
    switch, hosts = lab.network(3, addresses=False)
    wires = [lab.close_later(host.wire()) for host in hosts]
    return switch, hosts, wires


def heard(switch, wires, frame, sender):
    """Indexes of the ports where the frame arrives."""
    before = switch.received()
    wires[sender].send(frame)
    switch.wait_received(before)
    return [index for index, wire in enumerate(wires) if frame in wire.frames(quiet=0.05, keep=ours)]


def vid(frame, number):
    return frame[:12] + b"\x81\x00" + number.to_bytes(2, "big") + frame[12:]


def test_a_static_entry_directs_frames_before_anything_was_heard(three):
    switch, hosts, wires = three
    switch.ok("fdb", "add", STATION, "--port", hosts[1].port)
    assert heard(switch, wires, plain(hosts[0].mac, STATION), 0) == [1]
    switch.ok("fdb", "remove", STATION)
    assert heard(switch, wires, plain(hosts[0].mac, STATION, 60, 2), 0) == [1, 2]


@pytest.mark.parametrize("kind", ["static", "sticky"])
def test_such_entries_do_not_move_and_their_frames_still_pass(three, kind):
    """A frame from such a source on another port is forwarded but teaches nothing."""
    switch, hosts, wires = three
    switch.ok("fdb", "add", STATION, "--port", hosts[1].port, *(["--sticky"] if kind == "sticky" else []))
    assert heard(switch, wires, plain(STATION, BROADCAST, 60, 1), 0) == [1, 2]
    shown, = [entry for entry in switch.fdb() if entry["mac"] == STATION]
    assert (shown["port"], shown["kind"], shown["moves"]) == (hosts[1].port, kind, 0)
    assert heard(switch, wires, plain(hosts[2].mac, STATION, 60, 2), 2) == [1]


def test_sticky_ages_and_static_does_not(lab):
    switch, hosts = lab.network(2, addresses=False, arguments=["--ageing", "10"])
    switch.ok("fdb", "add", mac(1), "--port", hosts[0].port, "--sticky")
    switch.ok("fdb", "add", mac(2), "--port", hosts[0].port)
    time.sleep(13)
    assert {entry["mac"]: entry["kind"] for entry in switch.fdb()} == {mac(2): "static"}


def test_vlan_of_add_and_remove(three):
    switch, hosts, wires = three
    switch.ok("fdb", "add", STATION, "--port", hosts[1].port)
    switch.ok("fdb", "add", STATION, "--port", hosts[2].port, "--vlan", "20")
    switch.ok("fdb", "add", STATION, "--port", hosts[2].port, "--vlan", "30")
    assert switch.where(STATION) == {1: hosts[1].port, 20: hosts[2].port, 30: hosts[2].port}
    assert heard(switch, wires, vid(plain(hosts[0].mac, STATION), 20), 0) == [2]
    switch.ok("fdb", "remove", STATION, "--vlan", "20")
    assert switch.where(STATION) == {1: hosts[1].port, 30: hosts[2].port}
    switch.ok("fdb", "remove", STATION)
    assert switch.where(STATION) == {}
    switch.fails(66, "fdb", "remove", STATION, saying=(STATION,))
    switch.fails(66, "fdb", "remove", STATION, "--vlan", "20")


def test_add_over_a_dynamic_entry_and_over_itself(three):
    switch, hosts, wires = three
    heard(switch, wires, plain(STATION, BROADCAST), 0)
    assert switch.where(STATION) == {1: hosts[0].port}
    switch.ok("fdb", "add", STATION, "--port", hosts[1].port)
    assert switch.where(STATION) == {1: hosts[1].port}
    assert heard(switch, wires, plain(hosts[2].mac, STATION, 60, 2), 2) == [1]
    rc, _, err = switch.cli("fdb", "add", STATION, "--port", hosts[1].port)
    assert rc in (0, 65), err
    assert len([entry for entry in switch.fdb() if entry["mac"] == STATION]) == 1


@pytest.mark.parametrize("words, status", [
    (("01:00:5e:00:00:01",), 65), (("ff:ff:ff:ff:ff:ff",), 65), (("00:00:00:00:00:00",), 65), (("02:00:00",), 65),
    (("nonsense",), 65), (("02:00:00:00:00:01:02",), 65), ((STATION, "--vlan", "0"), 65),
    ((STATION, "--vlan", "4095"), 65), ((STATION, "--vlan", "x"), 64)])
def test_entries_that_are_refused(three, words, status):
    switch, hosts, _ = three
    rc, out, err = switch.cli("fdb", "add", *words, "--port", hosts[0].port)
    assert rc == status or (status == 64 and rc == 65), (rc, out, err)
    assert err
    switch.fails(66, "fdb", "add", STATION, "--port", "nobody", saying=("nobody",))
    assert [entry for entry in switch.fdb() if entry["kind"] != "dynamic"] == []


def test_macs_are_read_in_any_usual_spelling(three):
    switch, hosts, _ = three
    switch.ok("fdb", "add", STATION.upper(), "--port", hosts[0].port)
    assert switch.where(STATION) == {1: hosts[0].port}
    switch.ok("fdb", "remove", STATION.upper())


def test_flush_takes_dynamic_entries_only(three):
    switch, hosts, wires = three

    def learn():
        for index in (0, 1):
            heard(switch, wires, plain(mac(index + 1), BROADCAST), index)
            heard(switch, wires, vid(plain(mac(index + 1), BROADCAST), 20), index)

    def dynamic():
        return {(entry["mac"], entry["vlan"]) for entry in switch.fdb() if entry["kind"] == "dynamic"}

    switch.ok("fdb", "add", STATION, "--port", hosts[0].port)
    switch.ok("fdb", "add", mac(77), "--port", hosts[0].port, "--sticky", "--vlan", "20")
    learn()
    assert dynamic() == {(mac(1), 1), (mac(2), 1), (mac(1), 20), (mac(2), 20)}
    switch.ok("fdb", "flush", "--port", hosts[0].port, "--vlan", "20")
    assert dynamic() == {(mac(1), 1), (mac(2), 1), (mac(2), 20)}
    switch.ok("fdb", "flush", "--port", hosts[1].port)
    assert dynamic() == {(mac(1), 1)}
    learn()
    switch.ok("fdb", "flush", "--vlan", "20")
    assert dynamic() == {(mac(1), 1), (mac(2), 1)}
    switch.ok("fdb", "flush")
    assert dynamic() == set()
    assert {(entry["mac"], entry["kind"]) for entry in switch.fdb()} == {(STATION, "static"), (mac(77), "sticky")}
    assert heard(switch, wires, plain(hosts[2].mac, mac(1), 60, 9), 2) == [0, 1], "a flushed address is unknown again"
    switch.fails(66, "fdb", "flush", "--port", "nobody", saying=("nobody",))


@pytest.mark.parametrize("how", ["up=off", "device"])
def test_what_was_learned_on_a_port_that_goes_down_is_forgotten(three, how):
    """Whoever was behind it may turn up elsewhere, and is flooded to until he does. Static and sticky entries stay."""
    switch, hosts, wires = three
    gone = hosts[1]
    switch.ok("fdb", "add", STATION, "--port", gone.port)
    switch.ok("fdb", "add", mac(77), "--port", gone.port, "--sticky")
    heard(switch, wires, plain(mac(1), BROADCAST), 0)
    heard(switch, wires, plain(mac(2), BROADCAST), 1)
    if how == "device":
        gone.space.run("ip", "link", "set", gone.device, "down")
    else:
        switch.ok("port", "set", gone.port, "up=off")
    waiting.until(lambda: switch.port(gone.port)["state"] == "down", "it is down")
    waiting.until(lambda: switch.where(mac(2)) == {}, "what was learned there is forgotten")
    assert switch.where(mac(1)) == {1: hosts[0].port}, "the others' addresses stay"
    assert {entry["kind"] for entry in switch.fdb("--port", gone.port)} == {"static", "sticky"}


def test_static_entries_go_with_their_port(lab):
    switch, hosts = lab.network(2, addresses=False)
    switch.ok("fdb", "add", STATION, "--port", hosts[0].port)
    switch.ok("port", "remove", hosts[0].port)
    assert switch.fdb() == []


def test_D1_ten_thousand_sources_from_one_port_leave_the_others_entries(three):
    switch, hosts, wires = three
    heard(switch, wires, plain(hosts[1].mac, BROADCAST), 1)
    for number in range(10_000):
        wires[0].send(plain(mac(0x100000 + number), BROADCAST, 60, number))
        if number % 500 == 0:
            time.sleep(0.02)
    time.sleep(0.3)
    assert switch.where(hosts[1].mac) == {1: hosts[1].port}
    assert switch.json("status")["fdb"]["entries"] >= 9_000
    assert len(switch.fdb()) == switch.json("status")["fdb"]["entries"]
    wires[1].drain(), wires[2].drain()
