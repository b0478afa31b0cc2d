"""Rows K7, K9, K10, L2 and L10 where they touch configuration and state: clocks that jump, a kill at any moment,
documents without end, and texts that steer a terminal."""
import json
import os
import signal
import threading
import time

import pytest

from harness import http_unix, traffic, vitals, waiting
from harness.clocks import Clocks
from harness.documents import document, state
from harness.packets import BROADCAST, ours, plain
from harness.switch import run_cli

YEARS = 10 * 365 * 86400


@pytest.fixture
def clocks(lab, program):
    return Clocks(lab, program)


def test_K7_the_wall_clock_jumps_ten_years(lab, clocks):
    """Ageing and everything timed go by the other clock: nothing is forgotten, nothing hangs."""
    switch, (a, b) = lab.network(2, env=clocks.env)
    stream = traffic.Stream(a, b)
    a.ping(b.ip4)
    for jump in (YEARS, -YEARS, 0):
        clocks.set(real=jump)
        time.sleep(1.2)
        assert abs(time.strptime(switch.events()[-1]["time"][:4], "%Y").tm_year - time.gmtime().tm_year) <= 11
        ages = [entry["age_seconds"] for entry in switch.fdb()]
        assert len(ages) == 2 and max(ages) < 10, ages
        assert switch.json("status")["uptime_seconds"] < 60
        switch.ok("port", "set", b.port, f"comment={jump}")
    stream.stop(2000)
    clocks.set(real=-YEARS)
    switch.check()
    switch.stop()
    clocks.set()
    again = lab.switch("--port", a.spec, "--port", b.spec, name=switch.name, env=clocks.env)
    assert again.fdb() == [], "what was saved ten years ago has aged"
    again.check()
    clocks.set(real=YEARS)
    again.stop()
    clocks.set()
    last = lab.switch("--port", a.spec, "--port", b.spec, name=switch.name, env=clocks.env, allowed=["[.]fdb"])
    assert last.json("status")["ports"]["up"] == 2 and last.fdb() == []


def test_K7_hours_pass_at_once(lab, clocks):
    """A suspended machine: what should have aged has, once; no storm of timers, no lost frame afterwards."""
    switch, (a, b) = lab.network(2, env=clocks.env)
    a.ping(b.ip4)
    clocks.set(real=2 * 3600, monotonic=2 * 3600)
    time.sleep(0.5)
    assert switch.where(a.mac) == {}
    before = vitals.cpu_seconds(switch.pid)
    with a.wire() as mouth, b.wire() as ear:
        mouth.send(plain(a.mac, BROADCAST))
        assert len(ear.frames(wanted=1, keep=ours)) == 1
    time.sleep(2)
    assert vitals.cpu_seconds(switch.pid) - before < 0.5
    assert switch.where(a.mac) == {1: a.port}
    traffic.tcp(a, b, 4, 1 << 20, seed=1)
    assert len([event for event in switch.events() if event["type"] == "aged"]) <= 4


def ports_file(lab, *hosts):
    lines = (f"  {host.port}: {{ tap: {host.device}, netns: {host.space.name}, address: {host.ip4}/24 }}\n"
             for host in hosts)
    return lab.write("lab.yaml", "ports:\n" + "".join(lines))


def test_K9_sigkill_during_a_save_leaves_the_old_file_or_the_new(lab):
    host, = lab.hosts(1, options="persist=on")
    lab.kept.add(host.device)
    old = f"# by hand\nports:\n  web: {{ tap: {host.device}, netns: {host.space.name}, persist: on }}\n"
    seen = set()
    for turn in range(10):
        file = lab.write("lab.yaml", old)
        switch = lab.switch("--config", file, name="saving")
        switch.ok("port", "set", "web", "comment=" + "new " * 200)
        new = switch.ok("config", "show")
        client = http_unix.raw(switch.socket)
        client.sendall(b"POST /v1/config/save HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        time.sleep(0.0007 * turn)
        switch.kill()
        client.close()
        with open(file) as left:
            text = left.read()
        assert text in (old, new), f"half a file: {text[:200]!r}"
        seen.add(text == new)
        assert run_cli("config", "validate", file)[0] == 0
    print(f"old and new: {seen}")


def test_K9_sigkill_during_an_apply_and_the_next_start(lab):
    """The devices persist, the file is the old one: the next start has what it says, and nothing is in its way."""
    a, b = lab.hosts(2)
    file = ports_file(lab, a, b)
    extra = [lab.device() for _ in range(20)]
    for turn in range(6):
        switch = lab.switch("--config", file, name="applying")
        wanted = document(lab, switch, lambda data: data["ports"].update(
            {name: {"tap": name, "netns": a.space.name} for name in extra}))
        worker = threading.Thread(target=lambda: run_cli("config", "apply", wanted, socket=switch.socket))
        worker.start()
        time.sleep(0.03 + 0.02 * turn)
        switch.kill()
        worker.join()
    last = lab.switch("--config", file, name="applying")
    a.look(), b.look()
    a.ping(b.ip4)
    assert set(last.ports()) == {a.port, b.port}
    last.ok("config", "apply", wanted)
    assert {port["state"] for port in last.json("port", "list")} == {"up"}, "devices left by the kill are used again"
    last.check()
    last.stop()


def test_K10_a_second_switch_of_the_same_name_leaves_the_state_alone(lab):
    switch, (a, b) = lab.network(2)
    a.ping(b.ip4)
    rc, _, err = run_cli("run", "--name", switch.name, "--socket", switch.socket, "--port", f"tap:{lab.device()}",
                         env={"STATE_DIRECTORY": os.path.dirname(switch.state_file)})
    assert rc not in (0, 64) and err
    switch.check()
    switch.stop()
    again = lab.switch("--port", a.spec, "--port", b.spec, name=switch.name)
    assert len(again.fdb()) == 2


def test_K10_sighup_and_sigterm_together_under_load(lab):
    host, other = lab.hosts(2)
    file = ports_file(lab, host, other)
    switch = lab.switch("--config", file)
    stream = traffic.Stream(host, other, rate=2000)
    for _ in range(20):
        switch.process.send_signal(signal.SIGHUP)
        time.sleep(0.01)
    assert stream.stop(1000)
    switch.check()
    switch.process.send_signal(signal.SIGHUP)
    switch.stop()
    assert host.space.links() == {}


DOCUMENTS = [
    b"[" * 200_000, b'{"ports":' * 50_000, b'{"ageing":' + b"9" * 400_000 + b"}", b'{"ageing":1e999}',
    b'{"ageing":NaN}',
    b'{"ageing":9223372036854775808}', b'{"ageing":-0}', b'{"ageing":300,"ageing":400}', b'{"ports":{"a":null}}',
    b'{"ports":[]}', b'{"ports":{"\\ud800":{"tap":"x"}}}', b'{"ports":{"a":{"tap":"x\\u0000"}}}', b"\xff\xfe\x00",
    b"\xef\xbb\xbf[]",
    b'{"ports":{"a":{"tap":"x"}}} trailing', b"null", b"5", b'"x"', b"a: " * 50_000, b"- a\n" * 1000, b"x: &a [*a]",
    b'{"fdb":[{"mac":"02:00:00:00:00:01","port":"nobody"}]}', b'{"default_vlan":4095}',
    b'{"ports":{"a":{"tap":"x","vlan":0}}}',
    json.dumps({"ports": {f"p{n}": {"tap": "x", "colour": n} for n in range(3000)}}).encode(),
    json.dumps({f"k{n}": n for n in range(60_000)}).encode(),
]


@pytest.mark.parametrize("path", ["/v1/config/apply", "/v1/config/plan", "/v1/config/apply?confirm=5"])
def test_L2_documents_that_are_refused(lab, path):
    """Bounded in time and memory, a clear error, and nothing changed; then one of a hundred megabytes."""
    switch, _ = lab.network(2)
    before, held = state(switch), vitals.read(switch.pid)
    for body in DOCUMENTS:
        for kind in ("application/json", "application/yaml"):
            began = time.monotonic()
            answer = switch.http("POST", path, body, {"Content-Type": kind})
            assert answer.status in (400, 409, 413, 422), (body[:60], kind, answer.status, answer.body[:200])
            assert answer.problem()["detail"] and time.monotonic() - began < 3, body[:60]
            assert len(answer.body) < 1 << 16, "an error without end"
    with http_unix.raw(switch.socket, 10) as client:
        client.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {100 << 20}\r\n\r\n".encode())
        try:
            for _ in range(100):
                client.sendall(b"a" * (1 << 20))
        except OSError:
            pass
        said = http_unix.read_all(client)
        assert not said or b" 413 " in said.split(b"\r\n")[0], said[:200]
    assert state(switch) == before
    assert not vitals.grown(switch.pid, held, rss_kib=48 << 10), (held, vitals.read(switch.pid))


def test_L10_nothing_steers_a_terminal(lab):
    switch, (a, b) = lab.network(2)
    evil = "\x1b]0;owned\x07\x9b31m\u202e"
    wanted = document(lab, switch, lambda data: data["ports"][a.port].update(comment=evil.replace("\n", "")))
    outputs = [switch.cli(*words) for words in (
        ("config", "plan", wanted), ("config", "apply", wanted), ("config", "plan", wanted), ("events",),
        ("port", "show", a.port),
        ("config", "plan", lab.write("evil.yaml", f'ports: {{ "x\\e[31m": {{ tap: "a\\e[31m" }} }}\n')),
        ("config", "plan", lab.path("no\x1b[31m.yaml")), ("port", "show", evil), ("fdb", "show", evil))]
    for rc, out, err in outputs:
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(out + err), (rc, out, err)
    shown = switch.ok("config", "show")
    assert not {"\x1b", "\x07", "\x9b"} & set(shown)
    waiting.until(lambda: switch.json("status"), "it answers")
