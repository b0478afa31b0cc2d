"""A thousand ports, an idle switch, a quick start: the figures the issue promises."""
import json
import statistics
import time

import pytest

from harness import traffic, vitals, waiting
from harness.host import Host
from harness.packets import BROADCAST, mac, ours, plain


def test_a_thousand_taps(lab):
    """They come up, they switch, and are gone in under two seconds at a graceful stop."""
    space = lab.namespace()
    names = [lab.device() for _ in range(1000)]
    switch = lab.switch(*(word for name in names for word in ("--port", f"tap:{name},netns={space.name}")), ready=False)
    switch.wait_ready(60)
    print(f"ready after {switch.ready_after:.2f} s, {vitals.read(switch.pid)}")
    assert switch.ready_line == (1000, 1000)
    assert switch.json("status")["ports"] == {"total": 1000, "up": 1000}
    first, last = (Host(space, names[index], 1, False, False, "") for index in (0, 999))
    first.look(), last.look()
    with first.wire() as wa, last.wire() as wb:
        sent = plain(first.mac, BROADCAST)
        wa.send(sent)
        assert wb.frames(wanted=1, keep=ours) == [sent]
        wb.send(plain(last.mac, first.mac, 60, 2))
        assert len(wa.frames(wanted=1, keep=ours)) == 1
    assert switch.ports()[names[0]]["counters"]["flood_copies"] == 999
    began = time.monotonic()
    switch.ok("port", "add", f"tap:{lab.device()},netns={space.name}")
    print(f"one more in {time.monotonic() - began:.2f} s")
    switch.check()
    took = switch.stop()
    assert space.links() == {}
    print(f"gone in {took:.2f} s")


@pytest.mark.long
def test_a_thousand_adds_take_seconds_not_minutes(lab):
    switch, hosts = lab.network(2)
    space = lab.namespace()
    began = time.monotonic()
    for _ in range(1000):
        answer = switch.http("POST", "/v1/ports", {"name": (name := lab.device()), "tap": name, "netns": space.name})
        assert answer.status == 201, answer.body
    took = time.monotonic() - began
    print(f"1,000 adds in {took:.1f} s")
    assert took < 20
    hosts[0].ping(hosts[1].ip4)
    switch.stop(within=2)


def test_idle_switch_sleeps(lab):
    """3 ports, 20 s: no wake-up of the data plane, at most 3 a second in all, under 40 MiB."""
    switch, hosts = lab.network(3)
    switch.json("port", "list")
    time.sleep(3)  # what starting up left to do is done
    before = vitals.wakeups(switch.pid)
    time.sleep(20)
    after = vitals.wakeups(switch.pid)
    woken = {f"{name}/{task}": count - before.get(task, (name, 0))[1] for task, (name, count) in after.items()}
    print(woken, vitals.read(switch.pid))
    workers = {name: count for name, count in woken.items()
               if any(part in name.lower() for part in ("worker", "dataplane", "data-plane", "data plane"))}
    assert workers, f"no thread is named after the data plane: {list(woken)}"
    assert set(workers.values()) == {0}, woken
    assert sum(woken.values()) <= 60, woken
    assert vitals.read(switch.pid)["rss_kib"] < 40 << 10


def test_start_to_ready_in_under_100_ms(lab):
    hosts = lab.hosts(3)
    took = []
    for _ in range(5):
        switch = lab.switch(*(word for host in hosts for word in ("--port", host.spec)))
        took.append(switch.ready_after)
        switch.stop()
    print([f"{seconds * 1000:.0f} ms" for seconds in took])
    assert statistics.median(took) < 0.1


def test_a_command_takes_no_time(lab):
    switch, _ = lab.network(3)
    took = []
    for _ in range(10):
        began = time.monotonic()
        switch.json("status")
        took.append(time.monotonic() - began)
    print(f"{statistics.median(took) * 1000:.0f} ms")
    assert statistics.median(took) < 0.25


@pytest.mark.long
def test_D1_a_full_table_keeps_the_others_entries(lab):
    """70,000 sources from one port into a table of 65,536: the entries of the others survive."""
    switch, (a, b, c) = lab.network(3, addresses=False)
    with a.wire() as wa, b.wire() as wb:
        for number in range(100):
            wb.send(plain(mac(number), BROADCAST))
        time.sleep(0.2)
        for number in range(70_000):
            wa.send(plain(mac(0x100000 + number), mac(0), 60))
            if number % 1000 == 0:
                time.sleep(0.02)
        time.sleep(0.5)
        for number in range(100):
            wb.send(plain(mac(number), BROADCAST))
    status = switch.json("status")
    assert status["fdb"]["entries"] <= status["fdb"]["capacity"] == 65536
    kept = [entry for entry in switch.fdb("--port", b.port)]
    assert len(kept) >= 100


@pytest.mark.long
def test_table_of_a_million(lab):
    host, other = lab.hosts(2, addresses=False)
    file = lab.write("big.json", json.dumps({"table_size": 1048576, "ports": {
        host.device: {"tap": host.device, "netns": host.space.name},
        other.device: {"tap": other.device, "netns": other.space.name}}}))
    switch = lab.switch("--config", file)
    assert switch.json("status")["fdb"]["capacity"] == 1048576
    host.look(), other.look()
    with host.wire() as mouth:
        for number in range(200_000):
            mouth.send(plain(mac(number), mac(0xFFFFFF), 60))
            if number % 500 == 0:
                time.sleep(0.005)
    waiting.until(lambda: switch.json("status")["fdb"]["entries"] > 180_000, "learned", 20)
    began = time.monotonic()
    assert len(switch.json("fdb", "list", timeout=60)) > 180_000
    print(f"dump of 200,000 entries in {time.monotonic() - began:.1f} s")


@pytest.mark.long
def test_soak_of_adds_removes_and_traffic(lab):
    """Two minutes of change: nothing grows, nothing is lost between the two that stay."""
    switch, (a, b) = lab.network(2)
    space = lab.namespace()
    stream = traffic.Stream(a, b, rate=1000)
    time.sleep(2)
    before, end = None, time.monotonic() + 120
    while time.monotonic() < end:
        name = lab.device()
        switch.ok("port", "add", f"tap:{name},netns={space.name}")
        switch.ok("port", "set", name, "up=off")
        switch.ok("port", "remove", name)
        if before is None and time.monotonic() > end - 110:
            before = vitals.read(switch.pid)
    assert not vitals.grown(switch.pid, before, fds=1, threads=1, rss_kib=4096), (before, vitals.read(switch.pid))
    print(f"{stream.stop(100_000)} frames, none lost")
