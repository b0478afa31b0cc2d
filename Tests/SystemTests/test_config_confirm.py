"""The way back: `apply --confirm` that nobody confirms is undone; SIGHUP applies the file."""
import json
import os
import re
import signal
import time

import pytest

from harness import traffic, waiting
from harness.documents import document, state
from harness.packets import mac


def test_an_apply_that_nobody_confirms_is_undone(lab):
    """Somebody cuts off his own access, and gets back in."""
    switch, (a, b, c) = lab.network(3, allowed=[r"t\d+p\d+", "nobody confirmed it in time"])
    before, made = switch.json("config", "show"), a.look()["address"]
    file = document(lab, switch, lambda data: data["ports"].pop(a.port))
    switch.ports_removed = True
    began = time.monotonic()
    switch.ok("config", "apply", file, "--confirm", "2")
    assert time.monotonic() - began < 1.5, "it returns at once"
    assert a.port not in switch.ports() and a.space.links() == {}
    assert any("confirm" in line.lower() for line in switch.lines) or "confirm" in switch.ok("status").lower()
    waiting.until(lambda: a.port in switch.ports() and switch.ports()[a.port]["state"] == "up", "it is undone", 5, 0.05)
    assert 1.5 < time.monotonic() - began < 4.5
    assert switch.json("config", "show") == before and a.look()["address"] == made
    a.ping(b.ip4)
    rc, _, err = switch.cli("config", "confirm")
    assert rc in (65, 66) and "confirm" in err, "there is nothing to confirm any more"
    time.sleep(0.5)
    assert switch.json("config", "show") == before


def test_confirm_keeps_it(lab):
    switch, (a, b, c) = lab.network(3, allowed=[r"t\d+p\d+"])
    file = document(lab, switch, lambda data: data["ports"][c.port].update(comment="kept"))
    switch.ok("config", "apply", file, "--confirm", "2")
    assert switch.json("status")["unconfirmed_seconds"] in (1, 2) and "config confirm" in switch.ok("status")
    switch.ok("config", "confirm")
    assert "unconfirmed_seconds" not in switch.json("status") and "config confirm" not in switch.ok("status")
    time.sleep(3)
    assert switch.port(c.port)["settings"]["comment"] == "kept"
    switch.ok("port", "set", c.port, "comment=again")


def test_75_while_a_confirm_is_pending(lab):
    switch, (a, b) = lab.network(2)
    file = document(lab, switch, lambda data: data["ports"][a.port].update(comment="maybe"))
    other = document(lab, switch, lambda data: data.update(ageing=100), "other.json")
    switch.ok("config", "apply", file, "--confirm", "4")
    pending = state(switch)
    for words in (("config", "apply", other), ("config", "apply", other, "--confirm", "9"),
                  ("port", "set", a.port, "up=off"), ("port", "add", f"tap:{lab.device()}"),
                  ("port", "remove", b.port), ("fdb", "add", mac(1), "--port", a.port)):
        err = switch.fails(75, *words)
        assert "confirm" in err, (words, err)
    assert state(switch) == pending
    switch.ok("config", "plan", other)
    assert switch.http("POST", "/v1/config/apply", json.loads(open(other).read())).status == 423
    switch.ok("config", "confirm")
    switch.ok("config", "apply", other)


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "99999999999999999999", "1.5"])
def test_seconds_of_confirm_that_are_refused(lab, seconds):
    switch, (a,) = lab.network(1)
    rc, _, err = switch.cli("config", "apply", document(lab, switch), "--confirm", seconds)
    assert rc in (64, 65) and err, (rc, err)


def test_a_graceful_stop_during_a_confirm_and_a_file_that_is_not_touched(lab):
    """`apply` never writes the file; whoever stops before confirming starts with the file as it was."""
    host, = lab.hosts(1)
    text = f"name: lab0\nports:\n  web: {{ tap: {host.device}, netns: {host.space.name}, comment: filed }}\n"
    file = lab.write("lab.yaml", text)
    switch = lab.switch("--config", file, name="lab0")
    wanted = document(lab, switch, lambda data: data["ports"]["web"].update(comment="tried"))
    switch.ok("config", "apply", wanted, "--confirm", "60")
    switch.check()
    switch.stop()
    with open(file) as kept:
        assert kept.read() == text
    again = lab.switch("--config", file, name="lab0")
    assert again.port("web")["settings"]["comment"] == "filed"


# SIGHUP


def hup(switch, wait, what="the file is applied"):
    switch.process.send_signal(signal.SIGHUP)
    return waiting.until(wait, f"{what}\n{switch.log()[-2000:]}", 5, 0.05)


def test_sighup_applies_the_file_and_logs_what_it_removes(lab):
    a, b, c = lab.hosts(3)
    line = "  {0.port}: {{ tap: {0.device}, netns: {0.space.name}, address: {0.ip4}/24{1} }}\n"
    file = lab.write("lab.yaml", "name: lab0\nports:\n" + line.format(a, "") + line.format(b, "") + line.format(c, ""))
    switch = lab.switch("--config", file, allowed=[c.port, "live"])
    [host.look() for host in (a, b, c)]
    switch.ok("port", "add", f"tap:{lab.device()},name=live")
    stream = traffic.Stream(a, b)
    lab.write("lab.yaml", "name: lab0\nageing: 77\nports:\n" + line.format(a, "") + line.format(b, ", comment: x"))
    switch.ports_removed = True
    hup(switch, lambda: set(switch.ports()) == {a.port, b.port})
    assert switch.json("config", "show")["ageing"] == 77 and switch.port(b.port)["settings"]["comment"] == "x"
    for name in (c.port, "live"):
        assert any(name in said and "remov" in said.lower() for said in switch.lines), (name, switch.log())
    assert switch.json("status")["unsaved"] is False
    print(f"{stream.stop(1000)} frames, none lost")
    lab.write("lab.yaml", "ports:\n  a: { tap: x, colour: red }\n")
    before = state(switch)
    switch.allowed.append(re.compile("lab.yaml|colour"))
    hup(switch, lambda: any("colour" in said for said in switch.lines), "the wrong file is told")
    os.unlink(file)
    hup(switch, lambda: any("lab.yaml" in said for said in switch.lines[-5:]), "the missing file is told")
    assert state(switch) == before, "a file that is wrong changes nothing"
    a.ping(b.ip4)
