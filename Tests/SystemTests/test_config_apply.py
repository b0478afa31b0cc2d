"""`config plan` and `apply`: a preview, all or nothing, and not a frame lost on ports that do not change."""
import json
import threading

import pytest

from harness import contract, traffic
from harness.documents import document, state
from harness.grid import Grid, access
from harness.packets import BROADCAST, mac, ours, plain
from harness.switch import run_cli


def test_plan_shows_a_diff_and_changes_nothing(lab):
    grid = Grid(lab, {"a": "mtu=1400", "b": access(10), "c": ""}, allowed=["[ac]"])
    new, before = lab.device(), state(grid.switch)

    def change(data):
        data["ports"]["a"]["mtu"] = 1300
        data["ports"]["b"]["vlan"] = 20
        data["ports"]["new"] = {"tap": new}
        del data["ports"]["c"]
        data["ageing"] = 100
        data.setdefault("fdb", []).append({"mac": mac(5), "port": "b", "vlan": 20})
    file = document(lab, grid.switch, change)
    value = grid.switch.json("config", "plan", file)
    contract.plan(value)
    changes = value["changes"]
    by_path = {one["path"]: one for one in changes}
    for path, old, value in (("ports.a.mtu", "1400", "1300"), ("ports.b.vlan", "10", "20"), ("ageing", "300", "100")):
        assert (str(by_path[path]["old"]), str(by_path[path]["new"])) == (old, value), changes
    assert any(path.startswith("ports.new") and one["old"] is None for path, one in by_path.items()), changes
    assert any(path.startswith("ports.c") and one["new"] is None for path, one in by_path.items()), changes
    assert any(path.startswith("fdb") and mac(5) in json.dumps(one) for path, one in by_path.items()), changes
    text = grid.switch.ok("config", "plan", file)
    lines = text.splitlines()
    for words in (("a", "mtu", "1400", "1300"), ("b", "vlan", "10", "20"), ("new",), ("c",), ("ageing", "300", "100"),
                  (mac(5),)):
        assert any(all(word in line for word in words) for line in lines), f"{words} are in no line of\n{text}"
    assert "\x1b" not in text
    assert state(grid.switch) == before and new not in lab.here.links()
    same = document(lab, grid.switch, name="same.json")
    assert grid.switch.json("config", "plan", same)["changes"] == []
    assert grid.switch.ok("config", "plan", same).strip(), "it says that nothing would change"
    rc, out, err = grid.switch.cli("config", "plan", lab.write("bad.yaml", "ports:\n  a: { tap: x, colour: red }\n"))
    assert rc == 65 and "bad.yaml:2" in err and "colour" in err, (rc, err)


def test_apply_does_what_plan_said_and_only_that(lab):
    grid = Grid(lab, {"a": "mtu=1400", "b": access(10), "c": access(10), "d": ""}, allowed=["[ad]"])
    new = lab.device()
    grid.send(("b", grid.frame(mac(1))), ("a", grid.frame(mac(2))))
    index = {name: host.index for name, host in grid.hosts.items()}

    def change(data):
        data["ports"]["a"]["mtu"] = 1300
        data["ports"]["new"] = {"tap": new, "vlan": 10}
        data["ports"]["c"]["mac_limit"] = 4
        del data["ports"]["d"]
        data.setdefault("fdb", []).append({"mac": mac(5), "port": "b"})
    file = document(lab, grid.switch, change)
    promised = grid.switch.json("config", "plan", file)["changes"]
    grid.switch.ports_removed = True
    grid.wires.pop("d").close()
    assert grid.switch.json("config", "apply", file)["changes"] == promised
    assert grid.switch.json("config", "plan", file)["changes"] == []
    assert set(grid.switch.ports()) == {"a", "b", "c", "new"} and grid.hosts["d"].space.links() == {}
    assert {name: grid.hosts[name].look()["ifindex"] for name in "abc"} == {name: index[name] for name in "abc"}
    assert grid.hosts["a"].mtu == 1300 and new in lab.here.links()
    assert grid.fdb().items() >= {((mac(1), 10), "b"), ((mac(2), 1), "a"), ((mac(5), 10), "b")}, "learned entries stay"
    assert grid.reach("c", grid.frame(destination=mac(1))) == {"b"}
    assert grid.switch.json("status")["unsaved"] is True
    with open(file) as wanted:
        assert grid.switch.json("config", "show")["ports"] == json.load(wanted)["ports"]


def test_apply_under_traffic_loses_nothing_on_untouched_ports(lab):
    """A pair in steady exchange, both ways, while 20 documents add, change and remove ports beside it."""
    switch, (a, b, c) = lab.network(3, allowed=[r"t\d+p\d+"])
    a.ping(b.ip4)
    streams = [traffic.Stream(a, b, rate=1500, seed=1), traffic.Stream(b, a, rate=1500, seed=2)]
    device, space = lab.device(), lab.namespace()
    switch.ports_removed = True

    def more(data):
        data["ports"]["extra"] = {"tap": device, "netns": space.name, "vlan": 20, "storm_broadcast": 100}
        data["ports"][c.port]["mtu"] = 1300
        data["ageing"] = 200
    files = [document(lab, switch, name="plain.json"), document(lab, switch, more, "more.json")]
    for turn in range(20):
        switch.ok("config", "apply", files[(turn + 1) % 2])
        assert ("extra" in switch.ports()) == (turn % 2 == 0)
    sent = [stream.stop(3000) for stream in streams]
    print(f"20 documents applied, {sum(sent)} frames between two untouched ports, 0 lost")
    for host in (a, b):
        assert switch.ports()[host.port]["counters"]["kernel_drops"] == 0


@pytest.mark.parametrize("fault", ["veth in the way", "device in use", "address the kernel refuses"])
def test_all_or_nothing(lab, fault):
    """What fails last takes back what was done before it; the error says what, and how to go on."""
    grid = Grid(lab, {"a": "comment=old", "b": access(10), "c": "mtu=1400"}, allowed=[".*"])
    other = lab.switch("--port", f"tap:{lab.device()},name=theirs")
    taken = other.ports()["theirs"]["target"]
    lab.here.run("ip", "link", "add", "veth-a", "type", "veth", "peer", "name", "veth-b")
    grid.send(("b", grid.frame(mac(1))))
    grid.switch.ok("fdb", "add", mac(2), "--port", "b")
    new, before = [lab.device(), lab.device()], state(grid.switch)

    def change(data):
        data["ports"]["a"]["comment"] = "new"
        data["ports"]["first"] = {"tap": new[0], "vlan": 10}
        del data["ports"]["c"]
        data["fdb"] = [{"mac": mac(3), "port": "first"}]
        data["ports"]["zz"] = {"veth in the way": {"tap": "veth-a"}, "device in use": {"tap": taken},
                               "address the kernel refuses": {"tap": new[1], "address": "fd00::1/64"}}[fault]
    file = document(lab, grid.switch, change)
    grid.switch.ports_removed = True
    rc, out, err = grid.switch.cli("config", "apply", file)
    named = {"veth in the way": "veth-a", "device in use": taken, "address the kernel refuses": "fd00::1"}[fault]
    assert rc == 65 and named in err, (rc, out, err)
    after = state(grid.switch)
    assert after[0] == before[0] and [one[0] for one in after[1]] == [one[0] for one in before[1]]
    assert set(after[2]) >= {one for one in before[2] if one[2] == "b"}, "what was learned on an untouched port stays"
    assert not set(new) & set(lab.here.links()), "what was made is gone again"
    assert {port["state"] for port in grid.switch.json("port", "list")} == {"up"}
    grid.hosts["c"].look()
    with grid.hosts["c"].wire() as wire, grid.hosts["a"].wire() as ear:
        wire.send(plain(grid.hosts["c"].mac, BROADCAST, 60, 7))
        assert len(ear.frames(wanted=1, keep=ours)) == 1, "the port that was removed and put back works"
    assert grid.hosts["c"].mtu == 1400


def test_show_recreates_every_setting(lab):
    """What `config show` prints starts a switch that shows the same, with all settings of ports in use."""
    settings = {
        "a": f"vlan=10,mac_limit=9,mac_limit_action=forward,allow_mac={mac(1)}+{mac(2)},isolated=on,group=red",
        "b": "vlan=trunk,native=none,tagged=5-7+20,tpid=0x88a8,accept=tagged,learning=off,flood=broadcast",
        "c": "qinq=30,storm_broadcast=100,storm_multicast=2Mbit,storm_unknown=5,rate_in=10Mbit,rate_out=1Gbit,"
             "burst=200000",
        "d": "vlan=20,secure=on", "e": "vlan=10,locked=on,bpdu_guard=on,loop_probe=on,flood=none"}
    grid = Grid(lab, settings)
    grid.switch.ok("fdb", "add", mac(1), "--port", "a")
    grid.switch.ok("fdb", "add", mac(3), "--port", "b", "--vlan", "6", "--sticky")
    shown, data = grid.switch.ok("config", "show"), grid.switch.json("config", "show")
    listed = [(port["name"], port["vlan"]) for port in grid.switch.json("port", "list")]
    assert run_cli("config", "validate", lab.write("again.yaml", shown))[0] == 0
    grid.switch.check()
    grid.switch.stop()
    again = lab.switch("--config", lab.path("again.yaml"), name=grid.switch.name)
    assert again.json("config", "show") == data and again.ok("config", "show") == shown
    assert [(port["name"], port["vlan"]) for port in again.json("port", "list")] == listed
    assert again.json("config", "plan", lab.path("again.yaml"))["changes"] == []


def test_L9_applies_and_commands_at_once_are_serialised(lab):
    switch, (a, b) = lab.network(2, allowed=[r"t\d+p\d+|extra"])
    stream, results = traffic.Stream(a, b), []
    devices, space = [lab.device() for _ in range(4)], lab.namespace()
    files = [document(lab, switch, lambda data, n=n: data["ports"].update({f"extra{n}": {
        "tap": devices[n], "netns": space.name}}), f"{n}.json") for n in range(4)]
    switch.ports_removed = True

    def work(number):
        for turn in range(5):
            comment = ("port", "set", b.port, f"comment={number}{turn}")
            results.append(switch.cli(*(("config", "apply", files[number]) if turn % 2 else comment)))
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert {rc for rc, _, _ in results} <= {0, 75}, [one for one in results if one[0] not in (0, 75)]
    assert sum(rc == 0 for rc, _, _ in results) >= 4
    extra = {name for name in switch.ports() if name.startswith("extra")}
    assert len(extra) == 1, f"one document won as a whole: {extra}"
    assert set(space.links()) == {devices[int(next(iter(extra))[-1])]}
    stream.stop(500)
