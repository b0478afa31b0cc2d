"""Rows K1 and K2: devices and namespaces that go, come back, move and change under the switch."""
import time

import pytest

from harness import traffic, vitals, waiting
from harness.packets import BROADCAST, ours, plain

ABOUT_A_PORT = r"t\d+p\d+"  # warnings about a port by its name are what these tests provoke


def still_at_rest(switch, seconds=1.0):
    """No busy loop: a lost device must not cost processor time."""
    before = vitals.cpu_seconds(switch.pid)
    time.sleep(seconds)
    used = vitals.cpu_seconds(switch.pid) - before
    assert used < 0.2 * seconds, f"{used} s of processor time in {seconds} s"


def test_K1_device_deleted_underneath(lab):
    switch, (a, b, c) = lab.network(3, allowed=[ABOUT_A_PORT])
    a.ping(c.ip4)
    stream = traffic.Stream(b, c)
    a.run("ip", "link", "del", a.device)
    gone = switch.wait_state(a.port, "waiting")
    assert gone["reason"]
    assert switch.where(a.mac) == {}, "entries of a device that is gone stay"
    still_at_rest(switch)
    switch.ok("port", "set", a.port, "up=on")
    switch.wait_state(a.port, "up")
    a.look()
    a.ping(c.ip4)
    assert stream.stop(1000)


def test_K1_a_device_of_that_name_that_appears_is_attached(lab):
    """A TAP deleted in a living namespace waits for a device of that name."""
    switch, (a, b) = lab.network(2, allowed=[ABOUT_A_PORT])
    a.run("ip", "link", "del", a.device)
    switch.wait_state(a.port, "waiting")
    a.run("ip", "tuntap", "add", a.device, "mode", "tap")
    a.run("ip", "link", "set", a.device, "up")
    a.run("ip", "addr", "replace", f"{a.ip4}/24", "dev", a.device)
    switch.wait_state(a.port, "up")
    a.look()
    a.ping(b.ip4)
    lab.kept.add(a.device)  # made by the user: a graceful stop leaves it


def test_K1_namespace_deleted_and_back(lab):
    switch, (a, b, c) = lab.network(3, allowed=[ABOUT_A_PORT])
    stream = traffic.Stream(b, c)
    a.ping(b.ip4)
    a.space.remove()
    switch.wait_state(a.port, "waiting")
    still_at_rest(switch)
    a.space.make()
    switch.wait_state(a.port, "up")
    a.look()
    assert {info["local"] for info in a.look()["addr_info"] if info["family"] == "inet"} == {a.ip4}
    a.ping(b.ip4)
    assert stream.stop(1000)


def test_a_namespace_that_is_absent_at_start(lab):
    switch_host = lab.hosts(1)[0]
    missing = lab.hosts(1)[0]
    missing.space.remove()
    switch = lab.switch("--port", switch_host.spec, "--port", missing.spec, allowed=[ABOUT_A_PORT])
    assert switch.ready_line == (1, 2), switch.log()
    assert switch.port(missing.port)["state"] == "waiting" and switch.port(missing.port)["reason"]
    missing.space.make()
    switch.wait_state(missing.port, "up")
    missing.ping(switch_host.ip4)


def test_K2_device_down_and_up(lab):
    switch, (a, b, c) = lab.network(3, allowed=[ABOUT_A_PORT])
    a.ping(b.ip4)
    stream = traffic.Stream(b, c)
    a.run("ip", "link", "set", a.device, "down")
    down = switch.wait_state(a.port, "down")
    assert "down" in down["reason"], down["reason"]
    with b.wire() as mouth:
        for mark in range(5):
            mouth.send(plain(b.mac, BROADCAST, 60, mark))
    still_at_rest(switch)
    drops = switch.drops(a.port)
    assert set(drops) <= {"port_down"}, drops
    a.run("ip", "link", "set", a.device, "up")
    a.run("ip", "addr", "replace", f"{a.ip4}/24", "dev", a.device)
    switch.wait_state(a.port, "up")
    a.ping(b.ip4)
    assert stream.stop(1000)


def test_K2_rename_keeps_the_port(lab):
    switch, (a, b) = lab.network(2, allowed=[ABOUT_A_PORT])
    a.ping(b.ip4)
    a.run("ip", "link", "set", a.device, "name", "renamed0", check=False).check_returncode()
    a.ping(b.ip4)
    time.sleep(0.3)
    assert switch.port(a.port)["state"] == "up"
    a.run("ip", "tuntap", "add", a.device, "mode", "tap")  # the old name, taken by another
    time.sleep(0.3)
    a.ping(b.ip4)
    assert switch.port(a.port)["state"] == "up"
    a.run("ip", "link", "del", a.device)
    a.ping(b.ip4)
    assert switch.port(a.port)["state"] == "up"


def test_K2_device_moved_to_another_namespace_keeps_working(lab):
    """`ip link set tap0 netns c`: the port stays; the device is down until somebody brings it up there."""
    switch, (a, b) = lab.network(2, allowed=[ABOUT_A_PORT])
    other = lab.namespace()
    a.run("ip", "link", "set", a.device, "netns", other.name)
    switch.wait_state(a.port, "down")
    other.run("ip", "addr", "add", f"{a.ip4}/24", "dev", a.device)
    other.run("ip", "link", "set", a.device, "up")
    a.space = other
    switch.wait_state(a.port, "up")
    a.ping(b.ip4)
    a.run("ip", "link", "del", a.device)
    switch.wait_state(a.port, "waiting")


def test_K2_mtu_changed_by_the_user_is_what_counts(lab):
    switch, (a, b) = lab.network(2, addresses=False, allowed=[ABOUT_A_PORT])
    a.run("ip", "link", "set", a.device, "mtu", 1000)
    waiting.until(lambda: switch.ports()[a.port]["mtu"] == 1000, "the new MTU is seen")
    with a.wire() as ear, b.wire() as mouth:
        mouth.send(plain(b.mac, BROADCAST, 1015))
        mouth.send(plain(b.mac, BROADCAST, 1014))
        assert [len(frame) for frame in ear.frames(wanted=1, keep=ours)] == [1014]
    assert switch.drops(a.port) == {"egress_mtu": 1}


def test_K2_offloads_toggled_under_traffic(lab):
    switch, (a, b) = lab.network(2)
    for turn, value in enumerate(("off", "on", "off", "on")):
        a.run("ethtool", "-K", a.device, "tx", value, "tso", value, "gso", value)
        traffic.tcp(a, b, 4, 1 << 20, seed=turn)


BAD_NAMES = ["a/b", "with space", "sixteen-letters-", ".", "..", "../x", "a%d", "tab\tname", "nl\nname", "a:b", "",
             "umlaut-ü-\udcff"]


@pytest.mark.parametrize("name", BAD_NAMES, ids=range(len(BAD_NAMES)))
def test_K3_device_names_are_refused_before_anything_is_done(lab, name):
    switch, (a, b) = lab.network(2)
    rc, _, err = switch.cli("port", "add", f"tap:{name}")
    assert rc == 65, f"{rc}: {err}"
    assert err and "\n\n" not in err
    assert len(switch.ports()) == 2 and lab.here.links() == {}


def test_K3_a_device_that_is_no_tap(lab):
    switch, (a, b) = lab.network(2)
    for kind, words in (("veth", ("type", "veth", "peer", "name", "peer0")), ("br0", ("type", "bridge"))):
        lab.here.run("ip", "link", "add", "taken0", *words)
        rc, _, err = switch.cli("port", "add", "tap:taken0")
        assert rc == 65 and "taken0" in err, f"{kind}: {rc}: {err}"
        lab.here.run("ip", "link", "del", "taken0")
    lab.here.run("ip", "tuntap", "add", "taken0", "mode", "tun")
    rc, _, err = switch.cli("port", "add", "tap:taken0")
    assert rc == 65 and "taken0" in err, f"tun: {rc}: {err}"
    lab.kept.add("taken0")


def test_K3_a_device_in_use_by_another_program(lab):
    first, (a, b) = lab.network(2)
    second = lab.switch("--port", f"tap:{lab.device()}")
    with a.space.entered():
        other = lab.switch("--port", f"tap:{a.device}", ready=False)
    other.process.wait(5)
    other.reader.join(2)
    assert other.process.returncode in (65, 1) and a.device in other.log() and "in use" in other.log().lower(), \
        (other.process.returncode, other.log())
    a.ping(b.ip4)
    rc, _, err = second.cli("port", "add", f"tap:{a.device},netns={a.space.name}")
    assert rc == 65 and a.device in err, (rc, err)
