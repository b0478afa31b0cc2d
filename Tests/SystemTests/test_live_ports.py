"""Ports added, changed and removed while others talk: not one frame of the others is lost."""
import json
import time

import pytest

from harness import traffic, waiting
from harness.packets import BROADCAST, mac, ours, plain


@pytest.fixture
def talk(lab):
    """A switch and three hosts, the first two in a steady exchange: 1,000 numbered frames a second each way."""
    switch, hosts = lab.network(3)
    hosts[0].ping(hosts[1].ip4)
    streams = [traffic.Stream(hosts[0], hosts[1], seed=1), traffic.Stream(hosts[1], hosts[0], seed=2)]
    yield switch, hosts, streams
    for stream in streams:
        stream.ending = True


def finish(streams, switch, hosts, least):
    """Every frame arrived, and the kernel dropped none before the switch could read."""
    sent = [stream.stop(least) for stream in streams]
    print(f"{sent} frames, none lost")
    for host in hosts[:2]:
        assert switch.ports()[host.port]["counters"]["kernel_drops"] == 0


def test_add_and_remove_under_traffic(lab, talk):
    switch, hosts, streams = talk
    for turn in range(10):
        new = lab.hosts(1, addresses=False)[0]
        added = switch.json("port", "add", new.spec)
        assert added["name"] == new.port and added["state"] == "up", added
        new.look()
        with new.wire() as wire, hosts[2].wire() as ear:
            sent = plain(new.mac, BROADCAST, 60, turn)
            wire.send(sent)
            assert ear.frames(wanted=1, keep=ours) == [sent]
        assert switch.where(new.mac) == {1: new.port}
        switch.ok("port", "remove", new.port)
        assert new.device not in new.space.links(), "the device of a removed port stays"
        assert switch.where(new.mac) == {}, "entries of a removed port stay"
    finish(streams, switch, hosts, 2000)
    assert set(switch.ports()) == {host.port for host in hosts}


def test_a_hundred_quick_adds_and_removes(lab, talk):
    """L9: commands one upon another are serialised; the last state is what remains."""
    switch, hosts, streams = talk
    space = lab.namespace()
    names = [lab.device() for _ in range(10)]
    for _ in range(10):
        for name in names:
            switch.ok("port", "add", f"tap:{name},netns={space.name}")
        assert set(space.links()) == set(names)
        for name in names:
            switch.ok("port", "remove", name)
        assert space.links() == {}
    finish(streams, switch, hosts, 1000)


def test_every_live_setting_of_this_issue(lab, talk):
    switch, hosts, streams = talk
    third = hosts[2]

    def device():
        return third.look()

    def addresses():
        return {f"{a['local']}/{a['prefixlen']}" for a in device()["addr_info"]}

    def settings():
        return switch.port(third.port)["settings"]

    switch.ok("port", "set", third.port, "mtu=1400", "txqueuelen=100", "comment=rack 7, left")
    assert device()["mtu"] == 1400 and device()["txqlen"] == 100
    assert switch.ports()[third.port]["mtu"] == 1400
    assert settings()["comment"] == "rack 7, left" and settings()["mtu"] == 1400
    switch.ok("port", "set", third.port, "address=10.7.0.50/24+10.8.0.1/24")
    assert addresses() == {"10.7.0.50/24", "10.8.0.1/24"}
    third.ip4 = "10.7.0.50"
    hosts[0].ping(third.ip4)
    switch.ok("port", "set", third.port, "routes=192.0.2.0/24+198.51.100.0/24@10.7.0.1")
    routes = {(r["dst"], r.get("gateway")) for r in json.loads(third.run("ip", "-j", "route").stdout)}
    assert {("192.0.2.0/24", None), ("198.51.100.0/24", "10.7.0.1")} <= routes, routes
    switch.ok("port", "set", third.port, "routes=192.0.2.0/24")
    routes = {r["dst"] for r in json.loads(third.run("ip", "-j", "route").stdout)}
    assert "192.0.2.0/24" in routes and "198.51.100.0/24" not in routes, routes
    switch.ok("port", "set", third.port, "up=off")
    off = switch.wait_state(third.port, "down")
    assert off["reason"]
    waiting.until(lambda: "LOWER_UP" not in device()["flags"], "the carrier goes")
    assert third.ping(hosts[0].ip4, check=False).returncode != 0
    switch.ok("port", "set", third.port, "up=on")
    switch.wait_state(third.port, "up")
    waiting.until(lambda: "LOWER_UP" in device()["flags"], "the carrier comes")
    third.run("ip", "neigh", "flush", "all")  # the ping without a carrier left an address that does not resolve
    third.ping(hosts[0].ip4)
    finish(streams, switch, hosts, 1000)


def test_carrier_off_takes_the_entries_and_counts_what_was_meant_for_it(lab):
    switch, (a, b, c) = lab.network(3, addresses=False)
    with a.wire() as wa, b.wire() as wb, c.wire() as wc:
        wb.send(plain(b.mac, BROADCAST))
        wa.drain(wanted=1), wc.drain(wanted=1)
        switch.ok("fdb", "add", mac(5), "--port", b.port)
        switch.ok("port", "set", b.port, "up=off")
        switch.wait_state(b.port, "down")
        wa.send(plain(a.mac, mac(5), 60, 1))
        assert wc.frames(keep=ours) == []
    assert sum(switch.drops().values()) == 1, switch.drops()


@pytest.mark.parametrize("setting", ["name=other", "mac=02:00:00:00:00:09", "netns=elsewhere", "persist=on"])
def test_settings_that_do_not_change_live(lab, setting):
    switch, (a, b) = lab.network(2)
    before = switch.port(a.port)
    err = switch.fails(65, "port", "set", a.port, setting)
    assert setting.split("=")[0] in err
    after = switch.port(a.port)
    assert after["settings"] == before["settings"] and after["state"] == "up"
    a.ping(b.ip4)


def test_all_keys_or_none(lab):
    switch, (a, b) = lab.network(2)
    before = switch.port(a.port)["settings"]
    switch.fails(65, "port", "set", a.port, "comment=new", "mtu=20")
    switch.fails(65, "port", "set", a.port, "comment=new", "colour=red", saying=("colour",))
    switch.fails(65, "port", "set", a.port, "comment=new", "mac=02:00:00:00:00:09")
    assert switch.port(a.port)["settings"] == before


def test_null_and_default_put_a_setting_back(lab):
    switch, (a, b) = lab.network(2)
    before = switch.port(a.port)["settings"]
    switch.ok("port", "set", a.port, "mtu=1300", "comment=x")
    answer = switch.http("PATCH", f"/v1/ports/{a.port}", {"mtu": None, "comment": None})
    assert answer.status == 200, answer.body
    assert switch.port(a.port)["settings"] == before
    waiting.until(lambda: a.look()["mtu"] == 1500, "the default MTU is back")


def test_a_removed_port_is_unknown(lab):
    switch, (a, b) = lab.network(2)
    switch.ok("port", "remove", a.port)
    for words in (("port", "show", a.port), ("port", "remove", a.port), ("port", "set", a.port, "up=off")):
        switch.fails(66, *words, saying=(a.port,))
    time.sleep(0.2)
    assert list(switch.ports()) == [b.port]


def test_traffic_to_a_port_that_is_being_removed(lab):
    """The ledger holds over removal: what was forwarded to a port that is gone stays in the books."""
    switch, (a, b, c) = lab.network(3)
    stream = traffic.Stream(a, b, rate=2000)
    time.sleep(0.5)
    switch.ok("port", "remove", b.port)
    stream.ending = True
    for thread in stream.threads:
        thread.join()
    a.ping(c.ip4)
