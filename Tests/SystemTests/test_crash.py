"""SIGKILL and restart, graceful stop, and which devices outlive which."""
import json
import signal
import time

import pytest

from harness import waiting


def state_of(host):
    """Everything about the device a restart must find again."""
    link = host.look()
    routes = json.loads(host.run("ip", "-j", "route").stdout)
    return {"index": link["ifindex"], "mac": link["address"], "mtu": link["mtu"], "queue": link["txqlen"],
            "addresses": sorted(info["local"] for info in link["addr_info"]),
            "routes": sorted((route["dst"], route.get("gateway", "")) for route in routes)}


def test_sigkill_and_restart_find_the_same_devices(lab):
    switch, hosts = lab.network(3, ipv6=True, options="routes=192.0.2.0/24")
    hosts[0].ping(hosts[1].ip4)
    hosts[1].run("ip", "route", "add", "203.0.113.0/24", "via", hosts[0].ip4)  # what the user hung on it stays, too
    before = [state_of(host) for host in hosts]
    switch.kill()
    assert [host.device in host.space.links() for host in hosts] == [True] * 3
    again = lab.switch(*(word for host in hosts for word in ("--port", host.spec)), name=switch.name,
                       socket=switch.socket)
    assert again.ready_line == (3, 3)
    assert [state_of(host) for host in hosts] == before
    for one in hosts:
        for other in hosts:
            if one is not other:
                one.ping(other.ip4, count=1)
                one.ping(other.ip6, count=1)
    again.check()
    again.stop()
    assert [host.space.links() for host in hosts] == [{}] * 3, "a graceful stop after a crash leaves devices behind"


def test_restart_ten_times_in_a_row(lab):
    hosts = lab.hosts(2)
    ports = [word for host in hosts for word in ("--port", host.spec)]
    for turn in range(10):
        switch = lab.switch(*ports, name="again")
        for host in hosts:
            host.look()
        hosts[0].ping(hosts[1].ip4, count=1)
        switch.stop() if turn % 2 else switch.kill()
    assert [host.space.links() for host in hosts] == [{}, {}]


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_graceful_stop_removes_what_the_switch_made(lab, signal_number):
    hosts = lab.hosts(3)
    hosts[1].spec += ",persist=on"
    switch = lab.switch(*(word for host in hosts for word in ("--port", host.spec)))
    switch.check()
    switch.stop(signal_number)
    assert [list(host.space.links()) for host in hosts] == [[], [hosts[1].device], []]
    lab.kept.add(hosts[1].device)


def test_persist_is_found_again_by_the_next_start(lab):
    host, other = lab.hosts(2)
    host.spec += ",persist=on"
    first = lab.switch("--port", host.spec, "--port", other.spec)
    host.look()
    index = host.index
    first.stop()
    second = lab.switch("--port", host.spec, "--port", other.spec)
    host.look(), other.look()
    assert host.index == index
    host.ping(other.ip4)
    second.ok("port", "remove", host.port)
    assert host.device in host.space.links(), "`persist=on` must also outlive `port remove`"
    lab.kept.add(host.device)


@pytest.mark.parametrize("after_crash", [False, True])
def test_a_device_made_by_the_user_stays(lab, after_crash):
    """`ip tuntap add`: attached to, used, and left alone by stop, by remove, and by a stop after a crash."""
    host, other = lab.hosts(2)
    host.run("ip", "tuntap", "add", host.device, "mode", "tap", "user", "65534")
    host.run("ip", "link", "set", host.device, "address", "02:00:00:00:77:01")
    switch = lab.switch("--port", host.spec, "--port", other.spec, name="crash")
    host.look(), other.look()
    host.ping(other.ip4)
    if after_crash:
        switch.kill()
        switch = lab.switch("--port", host.spec, "--port", other.spec, name="crash")
        host.ping(other.ip4)
    switch.check()
    switch.stop()
    assert host.device in host.space.links() and other.space.links() == {}
    lab.kept.add(host.device)


def test_mac_is_stable_and_differs_by_port_and_switch(lab):
    a, b = lab.hosts(2)
    seen = []
    for name in ("one", "one", "two"):
        switch = lab.switch("--port", a.spec, "--port", b.spec, name=name)
        a.look(), b.look()
        seen.append((a.mac, b.mac))
        switch.stop()
    assert seen[0] == seen[1], "the MAC changes from start to start"
    assert len({*seen[0], *seen[2]}) == 4, seen
    assert all(int(mac[:2], 16) & 3 == 2 for pair in seen for mac in pair), f"not locally administered: {seen}"


def test_mac_and_queue_of_the_spec(lab):
    host, = lab.hosts(1)
    host.spec += ",mac=02:12:34:56:78:9a,txqueuelen=500,mtu=1280"
    lab.switch("--port", host.spec)
    link = host.look()
    assert (link["address"], link["txqlen"], link["mtu"]) == ("02:12:34:56:78:9a", 500, 1280)


def test_default_queue_and_state(lab):
    switch, (a,) = lab.network(1)
    link = a.look()
    assert link["txqlen"] == 4096 and "UP" in link["flags"] and "LOWER_UP" in link["flags"]


def test_kernel_drops_are_shown_also_from_another_namespace(lab):
    switch, (a, b) = lab.network(2, addresses=False, options="txqueuelen=10")
    switch.process.send_signal(signal.SIGSTOP)
    try:
        with a.wire() as mouth:
            for _ in range(200):
                try:
                    mouth.send(b"\xff" * 6 + bytes.fromhex(a.mac.replace(":", "")) + b"\x88\xb5" + bytes(50))
                except OSError:
                    pass
        time.sleep(0.2)
    finally:
        switch.process.send_signal(signal.SIGCONT)
    lost = a.counters()["tx_dropped"]
    assert lost > 100
    waiting.until(lambda: switch.ports()[a.port]["counters"]["kernel_drops"] == lost, "kernel_drops are shown", 3)
    assert switch.ports()[b.port]["counters"]["kernel_drops"] == 0
    switch.check()


def test_stopped_for_five_seconds_and_continued(lab):
    """K11: what came meanwhile waits in the devices' queues; nothing bursts, nothing is forgotten."""
    switch, (a, b) = lab.network(2)
    a.ping(b.ip4)
    switch.process.send_signal(signal.SIGSTOP)
    time.sleep(5)
    switch.process.send_signal(signal.SIGCONT)
    a.ping(b.ip4)
    assert switch.json("status")["ports"]["up"] == 2
