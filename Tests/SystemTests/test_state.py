"""A restart without loss of what was learned: saved on a graceful stop, checked at start, ignored if it is damaged."""
import os
import signal
import time

import pytest

from harness import traffic
from harness.clocks import Clocks
from harness.packets import BROADCAST, mac, ours, plain

COUNT = 50


def start(lab, hosts, *arguments, **options):
    made = lab.switch(*(word for host in hosts for word in ("--port", host.spec)), *arguments, name="kept", **options)
    [host.look() for host in hosts]
    return made


@pytest.fixture
def learned(lab):
    """Two hosts, 50 stations behind the first, a graceful stop: (hosts, entries, when it stopped, the file)."""
    hosts = lab.hosts(2, addresses=False, options="persist=on")
    lab.kept.update(host.device for host in hosts)
    switch = start(lab, hosts)
    with hosts[0].wire() as mouth, hosts[1].wire() as ear:
        for number in range(COUNT):
            mouth.send(plain(mac(number), BROADCAST, 60, number))
        ear.drain(wanted=COUNT)
    switch.ok("fdb", "add", mac(900), "--port", hosts[0].port)
    entries = switch.fdb()
    assert len(entries) == COUNT + 1
    switch.check()
    switch.stop()
    assert os.path.getsize(switch.state_file) > COUNT * 8 and os.stat(switch.state_file).st_mode & 0o777 == 0o600
    return hosts, entries, time.monotonic(), switch.state_file


def dynamic(switch):
    return {entry["mac"]: entry for entry in switch.fdb() if entry["kind"] == "dynamic"}


def test_entries_are_back_with_ages_that_went_on(lab, learned):
    hosts, entries, stopped, _ = learned
    time.sleep(3)
    switch = start(lab, hosts)
    away, found = time.monotonic() - stopped, dynamic(switch)
    assert set(found) == {mac(number) for number in range(COUNT)}
    for entry in entries:
        if entry["kind"] == "dynamic":
            now = found[entry["mac"]]
            assert (now["port"], now["vlan"]) == (entry["port"], entry["vlan"])
            assert -2 <= now["age_seconds"] - entry["age_seconds"] - away <= 3, (entry, now)
    with hosts[1].wire() as mouth, hosts[0].wire() as ear:
        mouth.send(plain(hosts[1].mac, mac(7)))
        assert len(ear.frames(wanted=1, keep=ours)) == 1
    assert switch.ports()[hosts[1].port]["counters"]["forwarded"] == 1, "it is known from the first frame on"


def test_what_aged_meanwhile_is_not_back(lab, program):
    clocks = Clocks(lab, program)
    hosts = lab.hosts(2, addresses=False, options="persist=on")
    lab.kept.update(host.device for host in hosts)

    def begin(seconds):
        clocks.set(real=seconds, monotonic=seconds)
        return start(lab, hosts, "--ageing", "100", env=clocks.env)

    switch = begin(0)
    with hosts[0].wire() as mouth, hosts[1].wire() as ear:
        mouth.send(plain(mac(1), BROADCAST))
        ear.drain(wanted=1)
        switch.stop()
        switch = begin(70)
        assert set(dynamic(switch)) == {mac(1)}
        mouth.send(plain(mac(2), BROADCAST))
        ear.drain(wanted=1, keep=ours)
    clocks.set(real=110, monotonic=110)
    assert set(dynamic(switch)) == {mac(2)}, "an age goes on where it was, it does not begin anew"
    switch.stop()
    switch = begin(150)
    assert set(dynamic(switch)) == {mac(2)}
    switch.stop()
    assert dynamic(begin(180)) == {}


def test_ports_that_are_gone_and_vlans_that_are_others(lab, learned):
    hosts, _, _, _ = learned
    new = lab.hosts(1, addresses=False)
    switch = start(lab, [hosts[1], *new])
    assert dynamic(switch) == {}, "entries of a port that is gone are left out"
    switch.stop()
    for host in hosts:
        host.spec += ",vlan=20"
    assert dynamic(start(lab, hosts)) == {}, "nothing comes back into a VLAN that the port is not in"


def test_live_and_static_entries_win(lab, learned):
    hosts, _, _, _ = learned
    ports = (f"  {host.port}: {{ tap: {host.device}, netns: {host.space.name}, persist: on }}\n" for host in hosts)
    file = lab.write("fdb.yaml", f"ports:\n{''.join(ports)}fdb:\n  - {{ mac: {mac(3)}, port: {hosts[1].port} }}\n")
    switch = start(lab, [], "--config", file)
    assert switch.where(mac(3)) == {1: hosts[1].port}
    assert len(dynamic(switch)) == COUNT - 1


DAMAGE = {
    "empty": lambda data: b"",
    "truncated": lambda data: data[:len(data) // 2],
    "cut by one": lambda data: data[:-1],
    "longer": lambda data: data + b"\0",
    "one bit": lambda data: data[:len(data) // 2] + bytes([data[len(data) // 2] ^ 4]) + data[len(data) // 2 + 1:],
    "zeros": lambda data: bytes(len(data)),
    "foreign": lambda data: b"SQLite format 3\0" + data[16:],
    "newer": lambda data: data[:8] + (99).to_bytes(4, "little") + data[12:],
    "huge counts": lambda data: data[:12] + b"\xff" * 8 + data[20:],
    "text": lambda data: b"{\"entries\": []}\n",
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_file_is_ignored_with_one_line(lab, learned, kind):
    hosts, _, _, file = learned
    with open(file, "rb") as saved:
        data = saved.read()
    with open(file, "wb") as saved:
        saved.write(DAMAGE[kind](data))
    switch = start(lab, hosts, allowed=["kept.fdb"])
    assert dynamic(switch) == {} and switch.where(mac(900)) == {}
    told = [line for line in switch.lines if "kept.fdb" in line]
    assert len(told) == 1 and "ignored" in told[0], switch.log()
    with hosts[0].wire() as mouth, hosts[1].wire() as ear:
        mouth.send(plain(mac(1), BROADCAST))
        ear.drain(wanted=1)
    switch.check()
    switch.stop()
    assert set(dynamic(start(lab, hosts))) == {mac(1)}, "the next stop writes a good one"


@pytest.mark.parametrize("kind", ["directory", "symlink", "fifo", "writable by all"])
def test_a_file_that_is_no_file_of_ours(lab, learned, kind):
    hosts, _, _, file = learned
    if kind == "writable by all":
        os.chmod(file, 0o666)
    else:
        os.rename(file, lab.path("aside"))
        {"directory": os.mkdir, "fifo": os.mkfifo,
         "symlink": lambda path: os.symlink(lab.path("aside"), path)}[kind](file)
    switch = start(lab, hosts, allowed=["kept.fdb"])
    assert dynamic(switch) == {} and len([line for line in switch.lines if "kept.fdb" in line]) == 1, switch.log()


def test_sigkill_breaks_nothing_and_brings_back_nothing_old(lab, learned):
    """After a crash what was saved before it would be wrong: an empty table is right."""
    hosts, _, _, file = learned
    switch = start(lab, hosts)
    assert len(dynamic(switch)) == COUNT
    switch.kill()
    again = start(lab, hosts)
    assert dynamic(again) == {} or set(dynamic(again)) <= {mac(number) for number in range(COUNT)}
    with hosts[0].wire() as mouth, hosts[1].wire() as ear:
        mouth.send(plain(mac(1), BROADCAST))
        assert len(ear.frames(wanted=1, keep=ours)) == 1
    again.check()
    again.stop()


def test_K9_sigkill_during_the_stop_leaves_a_whole_file_or_none(lab):
    hosts = lab.hosts(2, addresses=False, options="persist=on")
    lab.kept.update(host.device for host in hosts)
    for turn in range(8):
        switch = start(lab, hosts, allowed=["kept.fdb"])
        with hosts[0].wire() as mouth:
            for number in range(2000):
                mouth.send(plain(mac(number), mac(0xFFFF)))
        time.sleep(0.1)
        switch.process.send_signal(signal.SIGTERM)
        time.sleep(0.002 * turn)
        switch.kill()
        again = start(lab, hosts)
        assert not [line for line in again.lines if "kept.fdb" in line], "half a file was left"
        again.kill()
    with hosts[1].wire() as ear:
        ear.drain()


def test_no_place_to_keep_it_is_told_and_harms_nothing(lab):
    hosts = lab.hosts(2)
    blocked = lab.write("blocked", "a file, where a directory is wanted")
    switch = start(lab, hosts, allowed=["(?i)saved"], env={"STATE_DIRECTORY": f"{blocked}/state"})
    hosts[0].ping(hosts[1].ip4)
    switch.check()
    switch.stop()
    assert any("not saved" in line for line in switch.lines), switch.log()


def test_a_large_table_is_kept_within_the_time_of_a_stop(lab):
    hosts = lab.hosts(2, addresses=False, options="persist=on")
    lab.kept.update(host.device for host in hosts)
    switch = start(lab, hosts, allowed=["events are missing"])
    with hosts[0].wire() as mouth:
        for number in range(50_000):
            mouth.send(plain(mac(number), mac(0xFFFFFF)))
            if number % 500 == 0:
                time.sleep(0.005)
    time.sleep(0.5)
    held = switch.json("status")["fdb"]["entries"]
    assert held > 40_000
    switch.check()
    took = switch.stop()
    again = start(lab, hosts)
    print(f"{held} entries: stopped in {took:.2f} s, ready after {again.ready_after:.2f} s")
    assert again.ready_after < 2 and again.json("status")["fdb"]["entries"] >= held - 10


def test_a_restart_under_traffic(lab):
    """The stations go on talking to each other where they left off; nobody else hears their frames."""
    hosts = lab.hosts(3, options="persist=on")
    lab.kept.update(host.device for host in hosts)
    first = start(lab, hosts)
    hosts[0].ping(hosts[1].ip4)
    first.check()
    first.stop()
    second = start(lab, hosts)
    assert {hosts[0].mac, hosts[1].mac} <= set(dynamic(second))
    with hosts[2].wire() as ear:
        traffic.tcp(hosts[0], hosts[1], 4, 1 << 20, seed=1)
        assert [frame for frame in ear.frames() if not frame[0] & 1] == []
