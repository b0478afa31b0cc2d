"""BPDU guard, loop probe and the secure preset; rows E1, E8, E10 and E12 of the hostile-input table."""
import subprocess
import time

import pytest

from harness import vitals, waiting
from harness.bench import A
from harness.grid import Grid, access, tagged, Q
from harness.packets import LLC, STP, Dot3, mac, plain
from harness.switch import run_cli

STP_GROUP = "01:80:c2:00:00:00"


def bpdu(source=mac(0x77), **fields):
    return bytes(Dot3(src=source, dst=STP_GROUP) / LLC(dsap=0x42, ssap=0x42, ctrl=3) / STP(**fields))


def shut(grid, name, word):
    """The port is down, and says why, until when, and how to have it back now."""
    port = grid.switch.wait_state(name, "down")
    for part in (word, "comes back at", f"tapswitch port set {name} up=on"):
        assert part in port["reason"], port["reason"]
    assert port["reason"] in grid.switch.ok("port", "show", name)
    return port


def back(grid, name):
    """`port set NAME up=on` brings it back at once."""
    began = time.monotonic()
    grid.switch.ok("port", "set", name, "up=on")
    grid.switch.wait_state(name, "up")
    assert time.monotonic() - began < 3
    grid.hosts[name].look()


def test_bpdu_guard_shuts_the_port(lab):
    grid = Grid(lab, {"guest": "bpdu_guard=on", "b": "", "c": ""}, allowed=["guest"])
    grid.send(("guest", grid.frame("guest")))
    grid.wires["guest"].send(bpdu())
    shut(grid, "guest", "bpdu")
    assert grid.wires["b"].frames(quiet=0.1) == grid.wires["c"].frames(quiet=0.02) == []
    assert grid.drops("guest") == {"bpdu_guard": 1}
    assert grid.switch.where(grid.mac("guest")) == {}, "what was learned behind it is forgotten"
    assert any("guest" in line for line in grid.switch.lines if "bpdu" in line.lower()), "the log says so"
    event, = [event for event in grid.switch.events() if event["type"] == "bpdu_guard"]
    assert (event["port"], event["seconds"]) == ("guest", 60), event
    assert grid.reach("b", grid.frame()) == {"c"}, "the others are not touched"
    back(grid, "guest")
    assert grid.reach("guest", grid.frame("guest")) == {"b", "c"}
    grid.wires["guest"].send(bpdu())
    shut(grid, "guest", "bpdu")
    back(grid, "guest")


def test_without_a_guard_bpdus_pass(lab):
    grid = Grid(lab, {"a": "", "guarded": "bpdu_guard=on"}, allowed=["guarded"])
    grid.wires["a"].send(bpdu())
    assert grid.wires["guarded"].frames(wanted=1) == [bpdu()], "the guard is about what comes in"


@pytest.mark.long
def test_a_port_that_was_shut_comes_back_after_a_minute_then_two(lab):
    grid = Grid(lab, {"guest": "bpdu_guard=on", "b": ""}, allowed=["guest"])
    for seconds in (60, 120):
        grid.wires["guest"].send(bpdu())
        shut(grid, "guest", "bpdu")
        began = time.monotonic()
        grid.switch.wait_state("guest", "up", timeout=seconds + 10)
        assert seconds - 2 < time.monotonic() - began < seconds + 8
        time.sleep(1)


def test_E1_bpdus_that_lie_are_only_frames(bench):
    """0 to 34 bytes, wrong lengths, protocol, version, type: they pass like any, and nothing else happens."""
    whole, frames = bpdu(bench.mac(A)), []
    for length in range(35):
        frames.append(whole[:12] + (3 + length).to_bytes(2, "big") + whole[14:17] + whole[17:17 + length])
    for claimed in (0, 3, 4, 500, 1500, 1535):
        frames.append(whole[:12] + claimed.to_bytes(2, "big") + whole[14:])
    for fields in ({"proto": 7}, {"version": 255}, {"bpdutype": 0x55}, {"age": 20, "maxage": 20}, {"maxage": 0}):
        frames.append(bpdu(bench.mac(A), **fields))
    assert bench.send(frames) == [frames, frames]
    assert {port["state"] for port in bench.switch.json("port", "list")} == {"up"}


@pytest.mark.parametrize("length", [0, 4, 34, 35])
def test_E1_a_guard_heeds_the_address_whatever_the_frame_says(lab, length):
    grid = Grid(lab, {"guest": "bpdu_guard=on", "b": ""}, allowed=["guest"])
    grid.wires["guest"].send(bpdu()[:17 + length])
    shut(grid, "guest", "bpdu")
    assert grid.wires["b"].frames(quiet=0.05) == [] and grid.drops("guest") == {"bpdu_guard": 1}


def test_E10_tagged_bpdus_do_not_get_past_a_guard(lab):
    for tag in ((Q, 0), (Q, 10), (Q, 0), (Q, 1)):
        grid = Grid(lab, {"guest": "bpdu_guard=on", "b": ""}, allowed=["guest"])
        grid.wires["guest"].send(tagged(bpdu(), tag))
        waiting.until(lambda: grid.drops("guest"), "it is counted")
        assert grid.wires["b"].frames(quiet=0.05) == [] and grid.drops("guest") == {"bpdu_guard": 1}, tag


RESERVED = {"LACP": (2, b"\x88\x09\x01\x01"), "EAPOL": (3, b"\x88\x8e\x02\x01\x00\x00"),
            "LLDP": (14, b"\x88\xcc\x02\x07"), "CFM": (0x0F, b"\x89\x02\x20\x01"), "ELMI": (7, b"\x88\xee")}


@pytest.mark.parametrize("forward", [False, True])
def test_E12_reserved_groups(lab, forward):
    file = lab.write("reserved.yaml", f"forward_reserved: {'on' if forward else 'off'}\n")
    grid = Grid(lab, {"a": "", "b": ""}, ["--config", file])
    frames = [bytes.fromhex(f"0180c20000{last:02x}") + bytes.fromhex(mac(7).replace(":", "")) + body.ljust(50, b".")
              for last, body in RESERVED.values()]
    for frame in frames:
        grid.wires["a"].send(frame)
    if forward:
        assert grid.wires["b"].frames(wanted=len(frames)) == frames and grid.drops() == {}
    else:
        assert grid.wires["b"].frames(quiet=0.2) == [] and grid.drops("a") == {"reserved_address": len(frames)}


# loops


def cable(lab, program, space, one, other):
    """What connects two ports: everything that leaves one comes in at the other."""
    process = lab.background(subprocess.Popen([program("impair"), space.path, one, other, "1", "0", "0"],
                                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    assert process.stdout.readline() == "ready\n"
    return process


def looped(lab, options, **keywords):
    """A switch with a quiet host `c` and two ports in one namespace, to be cabled together."""
    space, c = lab.namespace(), lab.hosts(1, addresses=False)[0]
    ends = [lab.device(), lab.device()]
    specs = [f"tap:{device},netns={space.name},{options}" for device in ends]
    switch = lab.switch("--port", c.spec, *(word for spec in specs for word in ("--port", spec)), **keywords)
    c.look()
    return switch, c, space, ends


@pytest.mark.parametrize("kind", ["cable", "bridge"])
def test_a_loop_is_found_and_one_end_shut(lab, program, kind):
    """Before anybody has said a word: the switch hears its own probe."""
    switch, c, space, ends = looped(lab, "loop_probe=on,storm_broadcast=100,storm_multicast=100", allowed=[r"t\d+p\d+"])
    if kind == "cable":
        process = cable(lab, program, space, *ends)
    else:
        space.run("ip", "link", "add", "loop0", "type", "bridge")
        [space.run("ip", "link", "set", device, "master", "loop0") for device in ends]
        space.run("ip", "link", "set", "loop0", "up")

    def down():
        return [port for port in switch.json("port", "list") if port["state"] == "down"]
    shut_ports = waiting.until(down, "a port of the loop is shut", 30, 0.1)
    assert all("loop" in port["reason"].lower() and port["name"] in ends for port in shut_ports), shut_ports
    with c.wire() as wire:
        wire.send(plain(c.mac, "ff:ff:ff:ff:ff:ff"))
        assert wire.frames(quiet=0.3) == [], "the loop is open: nothing comes back"
    counters = switch.json("status")["counters"]
    assert counters["originated"] > 0 and counters["consumed"] > 0, counters
    found = [event for event in switch.events() if event["type"] == "loop_detected"]
    assert found and found[0]["seconds"] == 60 and {found[0]["port"], found[0]["other_port"]} == set(ends), found
    if kind == "cable":
        process.kill()
        process.wait()
    else:
        space.run("ip", "link", "del", "loop0")
        [space.run("ip", "link", "set", device, "up") for device in ends]
    for port in shut_ports:
        switch.ok("port", "set", port["name"], "up=on")
        switch.wait_state(port["name"], "up")
    time.sleep(3)
    assert down() == [], "without the loop nobody is shut"


def test_E8_two_ports_cabled_together_are_capped(lab, program):
    """No probe, only storm limits: the processor is not eaten, the command line answers, and it ends with the cable."""
    switch, c, space, ends = looped(lab, "storm_broadcast=200,storm_multicast=200,storm_unknown=200",
                                    allowed=["moved .* times within"])
    process = cable(lab, program, space, *ends)
    with c.wire() as wire:
        for number in range(5):
            wire.send(plain(c.mac, "ff:ff:ff:ff:ff:ff", 60, number))
    before, began = vitals.cpu_seconds(switch.pid), time.monotonic()
    time.sleep(3)
    for _ in range(3):
        asked = time.monotonic()
        assert switch.http("GET", "/v1/status").status == 200
        assert time.monotonic() - asked < 1
    used = (vitals.cpu_seconds(switch.pid) - before) / (time.monotonic() - began)
    process.kill()
    process.wait()
    assert used < 0.3, f"{used:.0%} of a processor for two cabled ports"
    passed = sum(switch.ports()[name]["counters"]["flooded"] for name in ends)
    assert passed < 2 * 200 * 8, passed


# secure


def test_secure_wants_an_access_vlan(lab):
    for more in ("", ",vlan=trunk", ",qinq=10"):
        spec = f"tap:{lab.device()},secure=on{more}"
        rc, _, err = run_cli("run", "--socket", lab.path("x"), "--port", spec, timeout=10)
        assert rc == 65 and "secure" in err and "vlan" in err, (spec, err)
    assert lab.here.links() == {}


def test_secure_does_all_it_says(lab):
    grid = Grid(lab, {"guest": "vlan=10,secure=on", "b": access(10), "c": access(10)}, allowed=["guest"])
    stations = [mac(number) for number in range(1, 6)]
    got = grid.send(*[("guest", grid.frame(one)) for one in stations])
    assert [set(one) for one in got] == [{"b", "c"}] * 4 + [set()]
    assert grid.send(("guest", tagged(grid.frame(stations[0]), (Q, 10)))) == [{}]
    assert grid.reach("b", grid.frame(destination=mac(99))) == {"c"}, "no unknown unicast to it"
    for last in (2, 3, 14):
        grid.send(("guest", grid.frame(stations[0], f"01:80:c2:00:00:{last:02x}")))
    counted = grid.drops("guest")
    assert counted == {"mac_limit": 1, "frame_type": 1, "reserved_address": 3}, counted
    grid.wires["guest"].send(bpdu(stations[0]))
    shut(grid, "guest", "bpdu")
    back(grid, "guest")
    grid.switch.ok("port", "set", "guest", "secure=off")
    assert grid.reach("guest", grid.frame(mac(50))) == {"b", "c"}
