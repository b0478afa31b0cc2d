"""VLANs between namespaces: who receives what, with which tag, for every kind of port and every tag (C23 to C30).

Rows V3 to V9 of the hostile-input table on ports with VLAN settings; those of an unconfigured switch are in
test_hostile_vlan.
"""
import itertools
import random

import pytest

from harness import contract, traffic
from harness.grid import AD, Q, Grid, access, expected, tagged, trunk, tunnel
from harness.packets import mac
from harness.subinterface import SubInterface
from harness.switch import run_cli
from test_offload import Inspector

PORTS = {
    "acc10": access(10), "acc20": access(20), "ten": access(10),
    "trunk": trunk(10, "20+30-39"), "all": trunk(1, "all"), "bare": trunk(0, "all"), "few": trunk(0, "10+20"),
    "only": trunk(10, "20-35", accept="tagged"), "none": trunk(20, "10", accept="untagged"),
    "ad": trunk(0, "all", tpid=AD), "adn": trunk(30, "10+20", tpid=AD), "qinq": tunnel(20), "cust": tunnel(35),
}
TAGS = [(), ((Q, 0),), ((Q, 0xE000),), ((Q, 1),), ((Q, 10),), ((Q, 0x700A),), ((Q, 20),), ((Q, 30),), ((Q, 35),),
        ((Q, 40),), ((Q, 4094),), ((Q, 4095),), ((AD, 10),), ((AD, 0xA014),), ((AD, 0),), ((AD, 4095),),
        ((0x9100, 20),), ((Q, 10), (Q, 20)), ((Q, 0), (Q, 20)), ((Q, 0), (Q, 0), (Q, 20)), ((AD, 20), (Q, 10)),
        ((Q, 20), (AD, 10)), ((Q, 30), (Q, 4095)), ((AD, 0), (Q, 20)), ((Q, 20), (Q, 20), (Q, 20))]


@pytest.mark.parametrize("senders", [list(PORTS)[start::3] for start in range(3)], ids=" ".join)
def test_every_cell(lab, senders):
    """Each kind of port sends each stack of tags; every port gets what the model says, and drops are counted so."""
    grid = Grid(lab, PORTS)
    for sender in senders:
        before, reasons = grid.drops(sender), []
        batch = [(sender, tagged(grid.frame(), *tags)) for tags in TAGS]
        for tags, (_, frame), got in zip(TAGS, batch, grid.send(*batch)):
            wanted, reason = expected(PORTS, sender, frame)
            shown = {name: [one[12:24].hex() for one in frames] for name, frames in got.items()}
            assert got == {name: [one] for name, one in wanted.items()}, \
                f"{sender} sends {tags}: arrived {shown}, expected { {n: f[12:24].hex() for n, f in wanted.items()} }"
            reasons += [reason] if reason else []
        counted = grid.drops(sender)
        grown = {key: count - before.get(key, 0) for key, count in counted.items() if count > before.get(key, 0)}
        assert sum(grown.values()) == len(reasons), (sender, grown, reasons)
        sure = [next(iter(one)) for one in reasons if len(one) == 1]
        assert all(grown.get(one, 0) >= sure.count(one) for one in set(sure)), (sender, grown, reasons)


@pytest.mark.parametrize("seed", [1, 2, None])
def test_random_settings(lab, seed):
    """Eight ports of random settings, random tags: the same model."""
    seed = random.SystemRandom().randrange(1 << 32) if seed is None else seed
    print(f"seed {seed}")
    dice = random.Random(seed)

    def port():
        kind, vlan = dice.random(), dice.choice((5, 6, 7))
        if kind < 0.3:
            return access(vlan)
        if kind < 0.45:
            return tunnel(vlan)
        native, carries = dice.choice((0, 1, 5, 6, 4094)), dice.choice(("all", "5-7", "6", "5+7+4094"))
        kinds = ("all", "all", "tagged", "untagged") if native else ("all", "tagged")
        return trunk(native, carries, dice.choice(kinds), dice.choice((Q, Q, AD)))

    members = {f"p{number}": port() for number in range(8)}
    print({name: one.settings for name, one in members.items()})
    grid = Grid(lab, members)
    batch = []
    for _ in range(80):
        tags = [(dice.choice((Q, Q, Q, AD)), dice.choice((0, 0x6000)) | dice.choice((0, 1, 5, 6, 7, 8, 4094, 4095)))
                for _ in range(dice.choice((0, 1, 1, 1, 2, 3)))]
        batch.append((dice.choice(list(members)), tagged(grid.frame(), *tags)))
    for (sender, frame), got in zip(batch, grid.send(*batch)):
        wanted = {name: [one] for name, one in expected(members, sender, frame)[0].items()}
        assert got == wanted, f"seed {seed}, {sender} sends {frame[12:28].hex()}: {got}, expected {wanted}"


def test_V3_V6_an_inner_tag_never_chooses_a_vlan(lab):
    """Double tags, outer one VID 0 or the native VLAN of the way: nobody of the inner VLAN hears of it."""
    grid = Grid(lab, {"attacker": access(10), "trunk": trunk(10, "20"), "far": trunk(10, "20"), "victim": access(20)})
    zeros = [tagged(grid.frame(), *[(Q, 0)] * count, (Q, 20)) for count in (1, 2, 5)]
    for frame, got in zip(zeros, grid.send(*[("attacker", frame) for frame in zeros])):
        assert "victim" not in got
        assert all(one[14:16] != b"\x00\x14" for frames in got.values() for one in frames), got
    double = tagged(grid.frame(), (Q, 10), (Q, 20))
    got, = grid.send(("trunk", double))
    assert set(got) == {"attacker", "far"}
    assert got["far"] == [double], "it leaves with its own tag in front, not with the inner one"


def test_V5_a_tag_on_an_access_port_is_dropped(lab):
    grid = Grid(lab, {"a": access(10), "b": access(20), "t": trunk(0)})
    frames = [tagged(grid.frame(), (Q, vid)) for vid in (1, 10, 20, 4094)]
    assert grid.send(*[("a", frame) for frame in frames]) == [{}] * 4
    assert grid.drops("a") == {"frame_type": 4}
    assert grid.fdb() == {}, "C17: what is not admitted is not learned"


def test_V4_C24_vid_4095_and_0_are_not_to_be_had(lab):
    for words in ("vlan=4095", "vlan=0", "vlan=trunk,native=0", "vlan=trunk,native=4095", "qinq=0", "qinq=4095",
                  "vlan=trunk,tagged=0", "vlan=trunk,tagged=4090-4095", "vlan=4096", "vlan=-1", "vlan=ten"):
        rc, out, err = run_cli("run", "--socket", lab.path("x"), "--port", f"tap:{lab.device()},{words}", timeout=10)
        assert rc == 65 and words.split(",")[-1].split("=")[1].split("-")[-1] in err, (words, rc, err)
    assert lab.here.links() == {}


CONTRADICTIONS = ["vlan=10,native=5", "vlan=10,tagged=20", "vlan=10,accept=tagged", "vlan=trunk,tagged=10+5-20",
                  "vlan=trunk,tagged=20-10", "vlan=trunk,tagged=10+10", "vlan=trunk,native=none,accept=untagged",
                  "vlan=10,qinq=20", "vlan=trunk,qinq=20", "qinq=20,native=5", "tpid=0x9100", "tpid=8100h",
                  "accept=some", "vlan=trunk,tagged=", "vlan=trunk,tagged=10+", "vlan=trunk,native=maybe"]


@pytest.mark.parametrize("words", CONTRADICTIONS)
def test_contradictory_settings_are_refused_and_change_nothing(lab, words):
    switch, (a, b) = lab.network(2, addresses=False)
    before = switch.json("config", "show")
    err = switch.fails(65, "port", "add", f"tap:{lab.device()},{words}")
    assert words.split("=")[0] in err or words.split(",")[-1].split("=")[0] in err, err
    if not words.endswith("="):  # there, `KEY=` puts the default back
        switch.fails(65, "port", "set", a.port, *words.split(","))
    assert switch.json("config", "show") == before and lab.here.links() == {}


def test_V7_other_tpid_is_untagged(lab):
    """C28: 88a8 goes to the PVID, and is dropped where there is none."""
    grid = Grid(lab, {"native": trunk(10, "20"), "bare": trunk(0, "10+20"), "ten": access(10)})
    frame = tagged(grid.frame(), (AD, 20), (Q, 5))
    got, = grid.send(("native", frame))
    assert got == {"ten": [frame], "bare": [tagged(frame, (Q, 10))]}
    assert grid.send(("bare", tagged(grid.frame(), (AD, 20)))) == [{}]
    assert sum(grid.drops("bare").values()) == 1


def test_V8_protocols_of_others_are_only_frames(lab):
    """GVRP/MVRP, DTP, VTP, CDP, PVST+: not acted on, flooded in their VLAN as any group frame."""
    grid = Grid(lab, {"a": trunk(1, "10"), "b": trunk(1, "10"), "c": access(10)})
    groups = ["01:80:c2:00:00:20", "01:80:c2:00:00:21", "01:00:0c:cc:cc:cc", "01:00:0c:cc:cc:cd"]
    batch = [("a", frame) for group in groups for frame in (
        grid.frame(destination=group), tagged(grid.frame(destination=group), (Q, 10)))]
    assert [set(got) for got in grid.send(*batch)] == [{"b"}, {"b", "c"}] * 4


def test_V9_C29_priority_is_kept_from_trunk_to_trunk(lab):
    grid = Grid(lab, {"a": trunk(1, "10"), "b": trunk(1, "10"), "s": trunk(1, "10", tpid=AD), "c": access(10)})
    plain = [grid.frame() for _ in range(16)]
    for value, frame, got in zip(range(16), plain, grid.send(*[("a", tagged(one, (Q, value << 12 | 10)))
                                                              for value, one in enumerate(plain)])):
        assert got == {"b": [tagged(frame, (Q, value << 12 | 10))], "s": [tagged(frame, (AD, value << 12 | 10))],
                       "c": [frame]}, value


def test_unicast_is_filtered_by_vlan_too(lab):
    """C22, C26, C27: known stations, one table for each VLAN, members only."""
    grid = Grid(lab, {"a": access(10), "b": access(20), "t": trunk(0, "10+20"), "c": access(10)})
    station = mac(7)
    grid.send(("t", tagged(grid.frame(station), (Q, 20))), ("c", grid.frame(station)))
    assert grid.fdb().items() >= {((station, 20), "t"), ((station, 10), "c")}
    assert grid.reach("a", grid.frame("a", station)) == {"c"}
    assert grid.reach("b", grid.frame("b", station)) == {"t"}
    grid.switch.ok("fdb", "add", mac(8), "--port", "t", "--vlan", "20")
    assert grid.reach("b", grid.frame("b", mac(8))) == {"t"}
    assert grid.reach("a", grid.frame("a", mac(8))) == {"c", "t"}, "in VLAN 10 it is unknown"
    rc, _, err = grid.switch.cli("fdb", "add", mac(9), "--port", "a", "--vlan", "20")
    assert rc in (0, 65), err
    grid.switch.ok("fdb", "add", mac(9), "--port", "a")
    assert grid.switch.where(mac(9)).get(10) == "a", "without --vlan: the access VLAN"
    grid.switch.fails(65, "fdb", "add", mac(9), "--port", "t")  # no native VLAN to take


def test_settings_change_live(lab):
    grid = Grid(lab, {"a": access(10), "b": access(20), "t": trunk(1, "all")})
    assert grid.reach("a", grid.frame("a")) == {"t"}
    grid.switch.ok("port", "set", "a", "vlan=20")
    assert grid.reach("a", grid.frame("a")) == {"b", "t"}
    assert [entry["vlan"] for entry in grid.switch.fdb() if entry["mac"] == grid.mac("a")] == [20]
    grid.switch.ok("port", "set", "t", "tagged=10", "native=none")
    assert grid.reach("a", grid.frame("a")) == {"b"}
    shown = grid.switch.ports()
    assert shown["a"]["vlan"] == {"mode": "access", "native": 20, "tagged": ""}
    assert shown["t"]["vlan"]["mode"] == "trunk" and shown["t"]["vlan"]["tagged"] == "10"


def test_vlan_list_and_a_native_vlan_in_the_list(lab):
    grid = Grid(lab, {"a": access(10), "t": trunk(10, "5-12+20"), "n": trunk(0, "2-9")})
    value = grid.switch.json("vlan", "list")
    contract.vlans(value)
    assert value == [
        {"vlans": "2-4", "ports": [{"port": "n", "tagged": True}]},
        {"vlans": "5-9", "ports": [{"port": "t", "tagged": True}, {"port": "n", "tagged": True}]},
        {"vlans": "10", "ports": [{"port": "a", "tagged": False}, {"port": "t", "tagged": False}]},
        {"vlans": "11-12", "ports": [{"port": "t", "tagged": True}]},
        {"vlans": "20", "ports": [{"port": "t", "tagged": True}]}] or value[3]["vlans"] == "11-12,20", value
    assert grid.switch.ports()["t"]["vlan"] == {"mode": "trunk", "native": 10, "tagged": "5-9,11-12,20"}


def test_C30_every_vlan_is_usable(lab):
    grid = Grid(lab, {"a": trunk(1), "b": trunk(1), "c": access(4094)})
    frames = [tagged(grid.frame(mac(5)), (Q, vid)) for vid in range(2, 4095)]
    for start in range(0, len(frames), 500):
        for frame in frames[start:start + 500]:
            grid.wires["a"].send(frame)
        assert grid.wires["b"].frames(wanted=len(frames[start:start + 500])) == frames[start:start + 500]
    assert len(grid.wires["c"].frames(wanted=1)) == 1
    assert len(grid.switch.where(mac(5))) == 4093


# default_vlan and its warning


def test_some_ports_with_and_some_without_settings_warn_by_name(lab):
    grid = Grid(lab, {"web": access(10), "forgotten": ""}, allowed=["forgotten"])
    assert any("forgotten" in line for line in grid.switch.lines if " warning" in line), grid.switch.log()
    assert grid.reach("web", grid.frame()) == {"forgotten"}
    file = lab.write("some.yaml", f"ports:\n  web: {{ tap: {lab.device()}, vlan: 10 }}\n"
                     f"  other: {{ tap: {lab.device()} }}\n")
    rc, out, err = run_cli("config", "validate", file)
    assert rc == 0 and "other" in out + err, (rc, out, err)


@pytest.mark.parametrize("first, second", itertools.combinations_with_replacement(("vlan: 10", "vlan: trunk"), 2))
def test_no_warning_when_all_have_settings_or_none_has(lab, first, second):
    for settings in ((first, second), ("comment: a", "comment: b")):
        file = lab.write("all.yaml", "ports:\n" + "".join(
            f"  p{number}: {{ tap: {lab.device()}, {one} }}\n" for number, one in enumerate(settings)))
        rc, out, err = run_cli("config", "validate", file)
        assert rc == 0 and "warn" not in (out + err).lower(), (settings, out, err)


def test_default_vlan_is_what_a_port_without_settings_is(lab):
    file = lab.write("default.yaml", "default_vlan: 20\n")
    grid = Grid(lab, {"plain": "", "twenty": access(20), "ten": access(10)}, ["--config", file], allowed=["plain"])
    assert grid.reach("plain", grid.frame("plain")) == {"twenty"}
    assert grid.switch.where(grid.mac("plain")) == {20: "plain"}
    assert grid.switch.ports()["plain"]["vlan"] == {"mode": "access", "native": 20, "tagged": ""}
    assert "vlan" not in grid.switch.port("plain")["settings"]


# offloads through tags


@pytest.mark.parametrize("tpid, near", [(Q, access(10)), (AD, tunnel(10)), (Q, trunk(10, "20"))], ids=["access", "qinq",
                                                                                                         "native"])
def test_tcp_with_offloads_between_tagged_and_untagged(lab, tpid, near):
    """Real TCP: GSO frames lose their tag on the way to one port and get one on the way to the other."""
    far, host = lab.hosts(2)
    far.spec = f"tap:{far.device},netns={far.space.name},{trunk(0, 'all', tpid=tpid).settings}"
    host.spec += f",{near.settings}"
    switch = lab.switch("--port", far.spec, "--port", host.spec)
    far.look(), host.look()
    with SubInterface(far, 10, number=9, tpid=tpid, priority=5) as inner, Inspector(host) as seen:
        host.ping(inner.ip4)
        traffic.tcp(host, inner, 4, 4 << 20, seed=1)
        traffic.tcp(inner, host, 4, 4 << 20, seed=2)
        traffic.udp(host, inner, 4, count=20, size=1400, seed=3)
    assert inner.gso > 10 and inner.largest > 10_000, (inner.gso, inner.largest)
    assert seen.largest > 10_000, seen.largest
    assert switch.undelivered() == {}
