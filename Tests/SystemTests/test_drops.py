"""The ledger: every reason with its count, its meaning, its remedy and its last frame; both equations under a mix."""
import json
import random
import subprocess
import time

import pytest

from harness import contract, ledger, waiting
from harness.grid import Grid, Q, access, tagged, trunk
from harness.packets import BROADCAST, UDP, IP, mac

FAR = mac(0x9999)
FLOOD = 300

# Reason: settings of the port that sends, of the other, frames, and whose reason it is. Frames: functions of a grid.
REASONS = {
    "bad_source": ("", "", lambda g: [g.frame("01:00:00:00:00:01")], "a"),
    "bad_tag": ("", "", lambda g: [tagged(g.frame("a"), (Q, 4095))], "a"),
    "vlan_not_allowed": ("vlan=trunk,native=1,tagged=10", "vlan=trunk", lambda g: [tagged(g.frame("a"), (Q, 11))], "a"),
    "frame_type": ("vlan=10", "vlan=10", lambda g: [tagged(g.frame("a"), (Q, 10))], "a"),
    "reserved_address": ("", "", lambda g: [g.frame("a", "01:80:c2:00:00:0e")], "a"),
    "pause": ("", "", lambda g: [g.frame("a", "01:80:c2:00:00:01")], "a"),
    "mac_limit": ("mac_limit=1", "", lambda g: [g.frame(mac(1)), g.frame(mac(2))], "a"),
    "locked": ("locked=on", "", lambda g: [g.frame("a")], "a"),
    "source_not_allowed": (f"allow_mac={mac(1)}", "", lambda g: [g.frame("a")], "a"),
    "bpdu_guard": ("bpdu_guard=on", "", lambda g: [g.frame("a", "01:80:c2:00:00:00")], "a"),
    "storm_broadcast": ("storm_broadcast=1", "", lambda g: [g.frame("a")] * FLOOD, "a"),
    "storm_multicast": ("storm_multicast=1", "", lambda g: [g.frame("a", "01:00:5e:00:00:09")] * FLOOD, "a"),
    "storm_unknown": ("storm_unknown=1", "", lambda g: [g.frame("a", FAR)] * FLOOD, "a"),
    "rate_in": ("rate_in=8kbit,burst=2000", "", lambda g: [g.frame("a", length=1000)] * 20, "a"),
    "same_port": ("", "", lambda g: [g.frame("a"), g.frame(mac(5), "a")], "a"),
    "isolated": ("isolated=on", "isolated=on", lambda g: [g.frame("a")], "a"),
    "flood_off": ("", "flood=none", lambda g: [g.frame("a")], "a"),
    "no_destination": ("vlan=10", "vlan=20", lambda g: [g.frame("a")], "a"),
    "egress_mtu": ("mtu=2000", "mtu=1000", lambda g: [g.frame("a", length=1500)], "b"),
    "rate_out": ("", "rate_out=8kbit,burst=2000", lambda g: [g.frame("a", length=1000)] * 20, "b"),
}


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_told_with_its_last_frame(lab, reason):
    settings_a, settings_b, frames, whose = REASONS[reason]
    grid = Grid(lab, {"a": settings_a, "b": settings_b}, allowed=["a"])
    sent = frames(grid)
    for frame in sent:
        grid.wires["a"].send(frame)
    row = waiting.until(lambda: next((one for one in grid.switch.json("drops") if one["reason"] == reason), None),
                        f"{reason} is counted", 3)
    grid.switch.check()
    rows = grid.switch.json("drops")
    row, = rows
    contract.drop(row)
    assert row["port"] == whose and 1 <= row["count"] <= len(sent), row
    assert row["meaning"].endswith(".") and row["remedy"].endswith("."), row
    assert abs(contract.moment(row["last_seen"]).timestamp() - time.time()) < 30
    last = row["last_frame"]
    assert isinstance(last, str) and last.strip() and "\n" not in last and len(last) < 200, last
    destination, source = (":".join(f"{octet:02x}" for octet in sent[-1][at:at + 6]) for at in (0, 6))
    assert source in last, (source, last)
    assert destination in last or (destination == BROADCAST and "broadcast" in last.lower()), (destination, last)
    text = grid.switch.ok("drops")
    for part in (reason, row["meaning"], last, whose):
        assert part in " ".join(text.split()) or part in text, f"{part!r} is not in\n{text}"
    assert grid.switch.ok("drops", "--port", "b" if whose == "a" else "a").strip().count(reason) == 0


def test_port_down_is_told_on_the_destination(lab):
    grid = Grid(lab, {"a": "", "b": "", "c": ""}, allowed=["b"])
    grid.switch.ok("fdb", "add", FAR, "--port", "b")
    grid.switch.ok("port", "set", "b", "up=off")
    grid.switch.wait_state("b", "down")
    grid.send(("a", grid.frame("a", FAR)))
    row, = grid.switch.json("drops")
    assert (row["reason"], row["port"], row["count"]) == ("port_down", "b", 1) and grid.mac("a") in row["last_frame"]


def test_the_last_frame_is_decoded_and_is_the_last(lab):
    grid = Grid(lab, {"a": "vlan=10", "b": access(10)})
    kinds = {
        "ARP": (b"\x08\x06" + bytes.fromhex("0001080006040001") + bytes(20), ()),
        "10.1.2.3": (bytes(IP(src="10.1.2.3", dst="10.9.8.7") / UDP(sport=4242, dport=53)), ("10.9.8.7", "4242", "53")),
    }
    head = bytes.fromhex(BROADCAST.replace(":", "") + grid.mac("a").replace(":", ""))
    for word, (body, more) in kinds.items():
        frame = head + b"\x81\x00\x00\x63" + (body if body[:2] == b"\x08\x06" else b"\x08\x00" + body)
        grid.wires["a"].send(frame.ljust(64, b"\0"))
        def last():
            return next((row["last_frame"] for row in grid.switch.json("drops") if row["reason"] == "frame_type"), "")
        line = waiting.until(lambda: word in last() and last(), f"{word} in the last frame: {last()}", 3)
        assert "99" in line and all(part in line for part in more), line


def test_a_hostile_frame_steers_no_terminal(lab):
    """L10: what a guest sends is shown, and never raw."""
    grid = Grid(lab, {"a": "vlan=10", "b": access(10)})
    for kind in (b"\x08\x06", b"\x08\x00", b"\x86\xdd", b"\x88\xcc", b"\x00\x20"):
        grid.wires["a"].send(grid.frame("a")[:12] + b"\x81\x00\x00\x63" + kind + b"\x1b[31m\x07\x9b\r\n" * 9)
    text = waiting.until(lambda: grid.switch.ok("drops"), "drops", 2)
    assert not set("\x1b\x07\x9b\r") & set(text)
    json.loads(grid.switch.ok("drops", "--json"))


def test_reasons_are_by_port(lab):
    grid = Grid(lab, {"a": access(10), "b": access(10), "t": trunk(0, "10")})
    for name, count in (("a", 3), ("b", 2)):
        for _ in range(count):
            grid.send((name, tagged(grid.frame(name), (Q, 10))))
    rows = {(row["reason"], row["port"]): row["count"] for row in grid.switch.json("drops")}
    assert rows == {("frame_type", "a"): 3, ("frame_type", "b"): 2}
    assert [row["port"] for row in grid.switch.json("drops", "--port", "b")] == ["b"]
    assert set(grid.counts("a")["drops"]) == {"frame_type"}


def test_both_equations_under_a_mix_of_everything(lab, program):
    """Every policy at once, real streams, noise, changes in between: the books balance at each rest."""
    settings = {"a": "vlan=10,mac_limit=20,storm_broadcast=500", "b": "vlan=trunk,native=10,tagged=20,rate_in=20Mbit",
                "c": "vlan=trunk,native=none,tagged=all,isolated=on", "d": "qinq=20,isolated=on,storm_unknown=100",
                "e": "vlan=10,locked=on", "f": f"vlan=20,allow_mac={mac(1)}+{mac(2)},rate_out=8Mbit",
                "g": "vlan=10,flood=broadcast,learning=off", "h": "vlan=10,secure=on"}
    grid = Grid(lab, settings, allowed=[".*"])
    seed = random.SystemRandom().randrange(1 << 32)
    dice = random.Random(seed)
    print(f"seed {seed}")
    stations = [mac(number) for number in range(1, 30)] + [host.mac for host in grid.hosts.values()]
    targets = [*stations, BROADCAST, "01:00:5e:00:00:01", "01:80:c2:00:00:0e", "01:80:c2:00:00:01"]
    storm = lab.background(subprocess.Popen([program("flood"), grid.hosts["a"].space.path, grid.hosts["a"].device, "4"],
                                            stdout=subprocess.PIPE))
    for turn in range(4):
        for _ in range(1500):
            name = dice.choice(list(grid.wires))
            tags = [(Q, dice.choice((0, 10, 20, 30, 4095)) | dice.choice((0, 0xE000)))
                    for _ in range(dice.choice((0, 0, 1, 2)))]
            frame = grid.frame(dice.choice(stations), dice.choice(targets), dice.choice((60, 400, 1400)))
            grid.wires[name].send(tagged(frame, *tags))
        [wire.drain(quiet=0, limit=0.05) for wire in grid.wires.values()]
        grid.switch.ok("port", "set", "c", f"isolated={'off' if turn % 2 else 'on'}")
        grid.switch.ok("port", "set", "g", f"learning={'on' if turn % 2 else 'off'}")
    storm.communicate(timeout=20)
    ports = ledger.check(grid.switch)
    reasons = set().union(*(port["counters"]["drops"] for port in ports.values()))
    seen = {"frame_type", "vlan_not_allowed", "mac_limit", "locked", "source_not_allowed", "bad_tag"}
    assert seen <= reasons, seen - reasons
    assert sum(row["count"] for row in grid.switch.json("drops")) == sum(
        sum(port["counters"]["drops"].values()) for port in ports.values())
