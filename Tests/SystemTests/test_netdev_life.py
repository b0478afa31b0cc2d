"""Interfaces of `netdev` ports that are absent, come, go and change.

Rows K1 and K2: an interface is followed by its name, and nobody else loses a frame over it.
"""
import re

import pytest

from harness import card, traffic, waiting
from harness.packets import BROADCAST, ours, plain
from harness.switch import run_cli
from test_netdev import ABOUT_A_PORT
from test_recovery import still_at_rest


@pytest.fixture
def three(lab):
    """Three cards; the second and the third are in a steady exchange, of which nothing may be lost."""
    switch, hosts = card.network(lab, 3, allowed=[ABOUT_A_PORT])
    hosts[0].ping(hosts[1].ip4)
    stream = traffic.Stream(hosts[1], hosts[2])
    yield switch, *hosts
    assert stream.stop(500)


def states(switch, port):
    """States the port went through, as events tell."""
    return [event["type"].removeprefix("port_") for event in switch.events()
            if event.get("port") == port and event["type"] in ("port_up", "port_down", "port_waiting")]


# there and not there


def test_an_interface_that_is_absent_at_start(lab):
    middle = lab.namespace()
    there, absent = card.Card(lab, middle, 1).plug(), card.Card(lab, middle, 2)
    switch = lab.switch("--port", there.spec, "--port", absent.spec, inside=middle, allowed=[ABOUT_A_PORT])
    assert switch.ready_line == (1, 2), switch.log()
    shown = switch.port(absent.port)
    assert shown["state"] == "waiting" and absent.interface in shown["reason"] and shown["mtu"] is None, shown
    still_at_rest(switch)
    absent.plug()
    switch.wait_state(absent.port, "up")
    absent.ping(there.ip4)


def test_K1_deleted_and_made_again(three):
    switch, a, b, _ = three
    a.unplug()
    gone = switch.wait_state(a.port, "waiting")
    assert a.interface in gone["reason"], gone
    assert switch.where(a.mac) == {}, "entries of an interface that is gone stay"
    still_at_rest(switch)
    a.plug()
    switch.wait_state(a.port, "up")
    a.ping(b.ip4)
    went = states(switch, a.port)
    assert "waiting" in went and went[-1] == "up", went


def test_K1_deleted_and_made_again_at_once(three):
    """Another interface of the same name: the port is never left at the one that is gone."""
    switch, a, b, _ = three
    for _ in range(5):
        a.unplug()
        a.plug()
        waiting.until(lambda: a.ping(b.ip4, count=1, check=False).returncode == 0, "the new interface is attached")
    assert switch.port(a.port)["state"] == "up"


def test_K2_renamed(three):
    """The port has whichever interface bears the name."""
    switch, a, b, c = three
    def rename(old, new):
        for words in ((old, "down"), (old, "name", new), (new, "up")):  # kernels before 6.2 rename none that is up
            a.middle.run("ip", "link", "set", *words)
    rename(a.interface, "other0")
    gone = switch.wait_state(a.port, "waiting")
    assert a.interface in gone["reason"], gone
    before = switch.ports()[a.port]["counters"]["rx_frames"]
    with a.wire() as mouth:
        mouth.send(plain(a.mac, BROADCAST))
        still_at_rest(switch)
    assert switch.ports()[a.port]["counters"]["rx_frames"] == before, "the port hears an interface of another name"
    assert a.middle.link("other0")["promiscuity"] == 0
    rename("other0", a.interface)
    switch.wait_state(a.port, "up")
    a.ping(b.ip4)


def test_K2_another_interface_takes_the_name(lab):
    switch, (a, b) = card.network(lab, allowed=[ABOUT_A_PORT])
    other = card.Card(lab, a.middle, 9).plug()
    for old, new in ((a.interface, "away0"), (other.interface, a.interface)):
        for words in ((old, "down"), (old, "name", new), (new, "up")):
            a.middle.run("ip", "link", "set", *words)
    waiting.until(lambda: other.ping(b.ip4, count=1, check=False).returncode == 0, "the other one is attached")
    assert switch.where(other.mac) == {1: a.port}
    assert a.ping(b.ip4, count=1, check=False).returncode != 0


def test_K2_moved_to_another_namespace_and_back(lab, three):
    switch, a, b, _ = three
    elsewhere = lab.namespace()
    a.set("netns", elsewhere.name)
    switch.wait_state(a.port, "waiting")
    elsewhere.run("ip", "link", "set", a.interface, "up")
    still_at_rest(switch)
    assert switch.port(a.port)["state"] == "waiting"
    elsewhere.run("ip", "link", "set", a.interface, "netns", a.middle.name)
    a.set("up")
    switch.wait_state(a.port, "up")
    a.ping(b.ip4)


# down and up


def test_K2_down_and_up(three):
    switch, a, b, _ = three
    a.set("down")
    down = switch.wait_state(a.port, "down")
    assert "down" in down["reason"], down
    with b.wire() as mouth:
        for mark in range(5):
            mouth.send(plain(b.mac, BROADCAST, 60, mark))
    still_at_rest(switch)
    drops = switch.drops(a.port)
    assert set(drops) <= {"port_down"}, drops
    a.set("up")
    switch.wait_state(a.port, "up")
    a.ping(b.ip4)
    went = states(switch, a.port)
    assert "down" in went and "waiting" not in went and went[-1] == "up", went


def test_down_at_start(lab):
    middle, (a, b) = card.hosts(lab)
    a.set("down")
    switch = lab.switch("--port", a.spec, "--port", b.spec, inside=middle, allowed=[ABOUT_A_PORT])
    assert switch.ready_line == (1, 2) and switch.port(a.port)["state"] == "down", switch.log()
    a.set("up")
    switch.wait_state(a.port, "up")
    a.ping(b.ip4)


def test_a_cable_that_is_pulled(three):
    """Without a carrier no frame can pass: the port is not up."""
    switch, a, b, _ = three
    a.run("ip", "link", "set", a.device, "down")
    assert switch.wait_state(a.port, "down")["reason"]
    a.run("ip", "link", "set", a.device, "up")
    switch.wait_state(a.port, "up")
    a.ping(b.ip4)


def test_up_off_lets_nothing_pass_then_or_later(lab):
    """What came in while the port was off is not delivered when it is on again; the interface is not touched."""
    switch, (a, b) = card.network(lab, addresses=False)
    with a.wire() as wa, b.wire() as wb:
        switch.ok("port", "set", a.port, "up=off")
        assert switch.wait_state(a.port, "down")["reason"]
        assert "LOWER_UP" in a.near()["flags"] and "UP" in a.near()["flags"]
        for mark in range(3):
            wa.send(plain(a.mac, BROADCAST, 60, mark))
            wb.send(plain(b.mac, BROADCAST, 60, mark))
        assert wb.frames(keep=ours) == [] and wa.frames(keep=ours) == []
        still_at_rest(switch)
        switch.ok("port", "set", a.port, "up=on")
        switch.wait_state(a.port, "up")
        last = plain(a.mac, BROADCAST, 60, 99)
        wa.send(last)
        assert wb.frames(wanted=1, keep=ours) == [last]
        assert wa.frames(keep=ours) == []


# MTU


def test_an_mtu_that_is_not_the_interfaces(lab):
    """65 with the command that helps, and nothing is changed; the same MTU is accepted."""
    switch, (a, b) = card.network(lab)
    spare = card.Card(lab, a.middle, 9).plug()
    command = re.compile(rf"ip link set (dev )?{spare.interface} mtu 9000")
    err = switch.fails(65, "port", "add", f"{spare.spec},mtu=9000", saying=("mtu", "1500", "9000"))
    helps = command.search(err)
    assert helps, err
    with a.middle.entered():
        rc, _, err = run_cli("run", "--socket", lab.path("x"), "--port", f"{spare.spec},mtu=9000", timeout=10)
    assert rc == 65 and command.search(err), (rc, err)
    err = switch.fails(65, "port", "set", a.port, "mtu=9000")
    assert re.search(rf"ip link set (dev )?{a.interface} mtu 9000", err), err
    assert spare.near()["mtu"] == a.near()["mtu"] == 1500 and "mtu" not in switch.port(a.port)["settings"]
    a.middle.run(*helps[0].split())
    assert switch.json("port", "add", f"{spare.spec},mtu=9000")["mtu"] == 9000
    a.ping(b.ip4)


def test_an_interface_that_comes_with_another_mtu(lab):
    middle = lab.namespace()
    late = card.Card(lab, middle, 1, options="mtu=1400")
    switch = lab.switch("--port", late.spec, inside=middle, allowed=[ABOUT_A_PORT])
    late.plug()
    waiting.until(lambda: "mtu" in switch.port(late.port).get("reason", "").lower(), "the reason is the MTU")
    assert switch.port(late.port)["state"] != "up"


def test_K2_the_mtu_follows_the_interface(lab):
    switch, (a, b) = card.network(lab, allowed=[ABOUT_A_PORT])
    for one in (a, b):
        one.set("mtu", 9000)
        one.run("ip", "link", "set", one.device, "mtu", 9000)
        waiting.until(lambda: switch.ports()[one.port]["mtu"] == 9000, "the new MTU is seen")
    a.ping(b.ip4, size=8972)
    traffic.tcp(a, b, 4, 1 << 20, seed=1)
    a.set("mtu", 1000)
    waiting.until(lambda: switch.ports()[a.port]["mtu"] == 1000, "the smaller MTU is seen")
    with a.wire() as ear, b.wire() as mouth:
        mouth.send(plain(b.mac, BROADCAST, 1015))
        mouth.send(plain(b.mac, BROADCAST, 1014))
        assert [len(frame) for frame in ear.frames(wanted=1, keep=ours)] == [1014]
    assert switch.drops(a.port) == {"egress_mtu": 1}
