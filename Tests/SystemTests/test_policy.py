"""Table policy: who may speak, who may be reached, what is learned (rows D5, C13 to C17)."""
import json

import pytest

from harness.grid import Grid, access
from harness.packets import BROADCAST, mac

STATION, OTHER = mac(0x1234), mac(0x1235)


def test_locked_passes_only_known_sources(lab):
    grid = Grid(lab, {"guest": "locked=on", "b": "", "c": ""})
    assert grid.reach("guest", grid.frame(STATION)) == set()
    assert grid.drops() == {"locked": 1} and grid.fdb() == {}
    grid.switch.ok("fdb", "add", STATION, "--port", "guest")
    assert grid.reach("guest", grid.frame(STATION)) == {"b", "c"}
    grid.switch.ok("fdb", "add", OTHER, "--port", "b")
    assert grid.reach("guest", grid.frame(OTHER)) == set(), "it is known, but somewhere else"
    assert grid.drops("guest") == {"locked": 2}
    assert grid.switch.where(OTHER) == {1: "b"}
    assert grid.reach("b", grid.frame(destination=STATION)) == {"guest"}, "locked is about what comes from the port"
    grid.switch.ok("port", "set", "guest", "locked=off")
    assert grid.reach("guest", grid.frame(mac(3))) == {"b", "c"}


def test_D5_allow_mac_keeps_a_gateway_s_address_safe(lab):
    grid = Grid(lab, {"guest": f"allow_mac={mac(1)}+{mac(2)}", "gateway": "", "c": ""})
    grid.send(("gateway", grid.frame("gateway")))
    assert grid.reach("guest", grid.frame(grid.mac("gateway"))) == set()
    assert grid.reach("guest", grid.frame(mac(9), "gateway")) == set()
    assert grid.drops("guest") == {"source_not_allowed": 2}
    assert grid.switch.where(grid.mac("gateway")) == {1: "gateway"} and grid.switch.where(mac(9)) == {}
    for number in (1, 2):
        assert grid.reach("guest", grid.frame(mac(number))) == {"gateway", "c"}
    grid.switch.ok("port", "set", "guest", f"allow_mac={mac(9)}")
    assert grid.reach("guest", grid.frame(mac(9), "gateway")) == {"gateway"}
    assert grid.reach("guest", grid.frame(mac(1))) == set()


@pytest.mark.parametrize("action", ["drop", "forward", "shutdown"])
def test_mac_limit(lab, action):
    settings = "mac_limit=4" + (f",mac_limit_action={action}" if action != "drop" else "")
    grid = Grid(lab, {"guest": settings, "b": ""}, allowed=["guest"])
    for _ in range(2):
        got = grid.send(*[("guest", grid.frame(mac(number))) for number in range(4)])
        assert [set(one) for one in got] == [{"b"}] * 4
    assert grid.reach("guest", grid.frame(mac(5))) == ({"b"} if action == "forward" else set())
    assert grid.switch.where(mac(5)) == {}
    assert grid.drops("guest") == ({} if action == "forward" else {"mac_limit": 1})
    if action == "shutdown":
        down = grid.switch.wait_state("guest", "down")
        assert "mac_limit" in down["reason"] and "up=on" in down["reason"], down["reason"]
        grid.switch.ok("port", "set", "guest", "up=on")
        grid.switch.wait_state("guest", "up")
    elif action == "drop":
        grid.switch.ok("fdb", "flush", "--port", "guest")
    if action != "forward":
        assert grid.reach("guest", grid.frame(mac(6))) == {"b"}, "there is room again"


def test_learning_off(lab):
    grid = Grid(lab, {"a": "learning=off", "b": "", "c": ""})
    assert grid.reach("a", grid.frame(STATION)) == {"b", "c"}
    assert grid.fdb() == {}
    assert grid.reach("b", grid.frame(destination=STATION)) == {"a", "c"}
    grid.switch.ok("port", "set", "a", "learning=on")
    grid.send(("a", grid.frame(STATION)))
    assert grid.reach("b", grid.frame(destination=STATION)) == {"a"}


KINDS = {"unicast": mac(99), "multicast": "01:00:5e:01:02:03", "broadcast": BROADCAST}


@pytest.mark.parametrize("takes", [("unicast",), ("multicast", "broadcast"), ("broadcast",), ()], ids="+".join)
def test_the_three_kinds_of_flooding(lab, takes):
    grid = Grid(lab, {"a": "", "quiet": f"flood={'+'.join(takes) or 'none'}", "c": ""})
    for kind, destination in KINDS.items():
        assert ("quiet" in grid.reach("a", grid.frame(destination=destination))) == (kind in takes), kind
    grid.send(("quiet", grid.frame(STATION)))
    assert grid.reach("a", grid.frame(destination=STATION)) == {"quiet"}, "a known station is no flooding"
    grid.remove("c")
    for kind, destination in KINDS.items():
        grid.reach("a", grid.frame(destination=destination))
    lost = len(set(KINDS) - set(takes))
    assert grid.drops("a") == ({"flood_off": lost} if lost else {})


def test_isolated_ports_do_not_reach_one_another(lab):
    grid = Grid(lab, {"one": "isolated=on", "two": "isolated=on", "up": ""})
    assert grid.reach("one", grid.frame("one")) == {"up"}
    assert grid.reach("two", grid.frame("two")) == {"up"}
    assert grid.reach("up", grid.frame("up")) == {"one", "two"}
    assert grid.reach("one", grid.frame("one", "two")) == set()
    assert grid.drops() == {"isolated": 1}
    assert grid.reach("up", grid.frame("up", "two")) == {"two"}
    grid.switch.ok("port", "set", "up", "up=off")
    assert grid.reach("one", grid.frame("one")) == set()
    assert grid.drops("one").get("isolated") == 2, grid.drops("one")
    grid.switch.ok("port", "set", "two", "isolated=off")
    assert grid.reach("one", grid.frame("one", "two")) == {"two"}


def test_groups(lab):
    """Ports of one group do not reach other groups' isolated ports."""
    grid = Grid(lab, {"red": "group=red", "red1": "group=red,isolated=on", "blue1": "group=blue,isolated=on",
                      "blue2": "group=blue,isolated=on", "any": ""})
    assert grid.reach("red", grid.frame("red")) == {"red1", "any"}
    assert grid.reach("any", grid.frame("any")) == {"red", "red1", "blue1", "blue2"}
    assert not grid.reach("blue1", grid.frame("blue1")) & {"blue2", "red1"}
    assert {"red", "any"} <= grid.reach("red1", grid.frame("red1")) <= {"red", "any"}
    assert grid.reach("red", grid.frame("red", "blue1")) == set()
    assert grid.drops("red") == {"isolated": 1}


def test_secure_settings_are_shown_expanded(lab):
    grid = Grid(lab, {"guest": "vlan=10,secure=on", "b": access(10)})
    shown = json.dumps(grid.switch.port("guest")) + grid.switch.ok("port", "show", "guest")
    for word in ("mac_limit", "bpdu_guard", "loop_probe", "storm_broadcast", "storm_multicast", "storm_unknown",
                 "1000"):
        assert word in shown, (word, shown)
