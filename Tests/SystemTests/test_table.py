"""The MAC table under attack: rows D1, D2, D4, D6, D7 of the hostile-input table, and D8 of the configuration."""
import json
import subprocess
import time

import pytest

from harness import contract, waiting
from harness.grid import Grid
from harness.packets import mac
from harness.switch import run_cli

STATION = mac(0x1234)
FULL = ["MAC table is full", "events are missing"]


def test_D1_a_flood_of_sources_stays_within_the_limit(lab):
    grid = Grid(lab, {"guest": "mac_limit=100", "b": "", "c": ""})
    grid.send(("b", grid.frame(STATION)))
    frames = [grid.frame(mac(0x300000 + number)) for number in range(5000)]
    for start in range(0, len(frames), 500):
        for frame in frames[start:start + 500]:
            grid.wires["guest"].send(frame)
        time.sleep(0.02)
    waiting.until(lambda: grid.counts("guest")["rx_frames"] + grid.counts("guest")["kernel_drops"] >= 5000, "all read")
    held = [entry for entry in grid.switch.fdb("--port", "guest")]
    assert len(held) == 100 and grid.switch.where(STATION) == {1: "b"}
    assert grid.drops("guest")["mac_limit"] == grid.counts("guest")["rx_frames"] - 100


def test_D2_each_port_keeps_its_share_of_a_full_table(lab):
    file = lab.write("small.yaml", "table_size: 512\n")
    grid = Grid(lab, {f"p{number}": "" for number in range(9)}, ["--config", file], allowed=FULL)
    quiet = [mac(0x500000 + number) for number in range(20)]
    grid.send(*[("p8", grid.frame(one)) for one in quiet])
    for turn in range(4):
        for number in range(8):
            for index in range(128):
                grid.wires[f"p{number}"].send(grid.frame(mac(number << 16 | turn << 8 | index), mac(0x7777)))
            time.sleep(0.01)
    time.sleep(0.3)
    entries, held = grid.switch.fdb(), {}
    for entry in entries:
        held[entry["port"]] = held.get(entry["port"], 0) + 1
    assert len(entries) <= 512 and grid.switch.json("status")["fdb"]["capacity"] >= len(entries)
    assert held["p8"] == 20, f"the quiet port loses none to those that hold more: {held}"
    assert min(held[f"p{number}"] for number in range(8)) >= 512 // 9 // 2, held
    [wire.drain(quiet=0.01) for wire in grid.wires.values()]


def test_D4_a_victim_s_address_claimed_over_and_over(lab):
    """Static, sticky and locked never move; a dynamic entry is pinned, its moves are counted and told."""
    grid = Grid(lab, {"victim": "", "thief": "", "c": ""}, allowed=[".*"])
    grid.switch.ok("fdb", "add", mac(1), "--port", "victim")
    grid.switch.ok("fdb", "add", mac(2), "--port", "victim", "--sticky")
    grid.send(("victim", grid.frame(mac(3))))
    for _ in range(20):
        claims = [("thief", grid.frame(mac(number))) for number in (1, 2, 3)]
        grid.send(*claims, ("victim", grid.frame(mac(3))), quiet=0.002)
    assert grid.reach("c", grid.frame(destination=mac(1))) == {"victim"}
    assert grid.reach("c", grid.frame(destination=mac(2))) == {"victim"}
    shown = grid.switch.json("fdb", "show", mac(3))
    shown = shown[0] if isinstance(shown, list) else shown
    assert 5 <= shown["moves"] <= 7, f"not damped after 5 in 10 s: {shown}"
    assert shown["history"] and all({step["from"], step["to"]} == {"victim", "thief"} for step in shown["history"])
    assert grid.switch.where(mac(1)) == grid.switch.where(mac(2)) == {1: "victim"}
    told, = [event for event in grid.switch.events() if event["type"] == "pinned"]
    assert told["mac"] == mac(3) and {told["port"], told["other_port"]} == {"victim", "thief"}, told
    assert told["moves"] == shown["moves"] and told["within_seconds"] == 10 and told["seconds"] == 30, (told, shown)


def test_the_log_is_not_the_guests_to_fill(lab):
    """Twenty thousand new addresses, and three hundred that go to and fro: a line now and then, not one each."""
    grid = Grid(lab, {"a": "", "b": "", "c": ""}, allowed=[".*"])
    for number in range(20_000):
        grid.wires["a"].send(grid.frame(mac(0x600000 + number), mac(0x7777)))
        if number % 200 == 0:
            time.sleep(0.01)
    for turn in range(8):
        for number in range(300):
            grid.wires["ab"[turn % 2]].send(grid.frame(mac(number), mac(0x7777)))
        time.sleep(0.1)
    time.sleep(0.5)
    assert len(grid.switch.lines) < 60, f"{len(grid.switch.lines)} lines, such as {grid.switch.lines[-5:]}"
    [wire.drain(quiet=0.01) for wire in grid.wires.values()]


def test_D6_the_cap_is_on_the_whole_table_not_on_each_vlan(lab):
    file = lab.write("small.yaml", "table_size: 512\n")
    grid = Grid(lab, {"a": "", "b": ""}, ["--config", file], allowed=FULL)
    for vid in range(2, 4095):
        frame = grid.frame(mac(vid & 7), mac(0x7777))
        grid.wires["a"].send(frame[:12] + b"\x81\x00" + vid.to_bytes(2, "big") + frame[12:])
    waiting.until(lambda: grid.counts("a")["rx_frames"] >= 4093, "all are read")
    assert 256 <= len(grid.switch.fdb()) <= 512
    grid.wires["b"].drain()


def test_D7_dump_and_flush_while_thousands_are_learned(lab, program):
    """The table may be read and emptied during learning; the data path does not stall."""
    grid = Grid(lab, {"flood": "", "a": "", "b": ""}, allowed=FULL)
    hosts = grid.hosts
    pair = lab.background(subprocess.Popen(
        [program("pair"), hosts["a"].space.path, hosts["a"].device, hosts["b"].space.path, hosts["b"].device, "500",
         "5"],
        stdout=subprocess.PIPE, text=True))
    number, end, dumps = 0, time.monotonic() + 4, 0
    while time.monotonic() < end:
        for _ in range(1000):
            number += 1
            grid.wires["flood"].send(grid.frame(mac(0x400000 + number), mac(0x7777)))
        entries = grid.switch.http("GET", "/v1/fdb").json()
        assert len({(entry["mac"], entry["vlan"]) for entry in entries}) == len(entries), "an entry twice"
        [contract.entry(entry) for entry in entries[:20]]
        dumps += 1
        if dumps % 3 == 0:
            grid.switch.ok("fdb", "flush", "--port", "flood")
    result = json.loads(pair.communicate(timeout=20)[0])
    print(f"{number} learned, {dumps} dumps: {result}")
    assert result["received"] == result["sent"] and result["doubled"] == 0, result


@pytest.mark.parametrize("value, right", [("10", True), ("1000000", True), ("0", False), ("9", False), ("-1", False),
                                          ("1000001", False), (".nan", False), ("1e999", False), ("never", False)])
def test_D8_ageing_live_and_in_files(lab, value, right):
    switch, _ = lab.network(1)
    file = lab.write("age.yaml", switch.ok("config", "show").replace("ageing: 300", "") + f"\nageing: {value}\n")
    assert (run_cli("config", "validate", file)[0] == 0) == right
    rc, out, err = switch.cli("config", "apply", file)
    assert rc == (0 if right else 65), (rc, out, err)
    assert switch.json("config", "show").get("ageing", 300) == (int(value) if right else 300)
