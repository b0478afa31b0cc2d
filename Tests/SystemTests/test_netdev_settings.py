"""How a `netdev` port is written, refused, shown, saved and read again."""
import json

import pytest

from harness import card, contract
from harness.switch import run_cli

# SPEC, exit status, what the error must mention
ERRORS = [
    ("netdev", 64, ()),
    ("netdev:", 65, ()),
    ("NETDEV:eth1", 65, ("NETDEV", "netdev")),
    ("netdev:sixteen-letters-", 65, ("sixteen-letters-", "15")),
    ("netdev:a/b", 65, ("a/b",)),
    ("netdev:../x", 65, ("../x",)),
    ("netdev:a b", 65, ("a b",)),
    ("netdev:eth%d", 65, ("eth%d",)),
    ("netdev:eth1,mtu=67", 65, ("mtu", "67", "68")),
    ("netdev:eth1,mtu=65522", 65, ("mtu", "65521")),
    ("netdev:eth1,colour=red", 65, ("colour",)),
    ("netdev:eth1,comment=a,comment=b", 65, ("comment", "twice")),
]
OF_OTHER_KINDS = ["mac=02:00:00:00:00:09", "netns=web", "address=10.0.0.1/24", "routes=192.0.2.0/24", "txqueuelen=100",
                  "persist=on", "napi=on", "rps_cpus=0", "peer=127.0.0.1:1", "clients=4"]
ERRORS += [(f"netdev:eth1,{words}", 65, (words.split("=")[0],)) for words in OF_OTHER_KINDS]


@pytest.fixture(scope="module")
def where(tmp_path_factory):
    return str(tmp_path_factory.mktemp("netdev"))


@pytest.mark.parametrize("spec, status, says", ERRORS, ids=[spec for spec, _, _ in ERRORS])
def test_spec_errors_of_run(where, spec, status, says):
    rc, out, err = run_cli("run", "--socket", f"{where}/s.sock", "--port", spec, timeout=10)
    assert rc == status and out == "" and "ready:" not in err, (rc, out, err)
    assert err.strip() and all(word in err for word in says), f"{says} not all in: {err}"


def test_spec_errors_of_port_add(lab):
    switch, hosts = card.network(lab)
    for spec, status, says in ERRORS:
        err = switch.fails(status, "port", "add", spec, saying=says)
        assert "ready:" not in err
    assert set(switch.ports()) == {host.port for host in hosts}


@pytest.mark.parametrize("words", OF_OTHER_KINDS)
def test_settings_of_other_kinds_by_file_api_and_command(lab, words):
    key, _, value = words.partition("=")
    switch, (a,) = card.network(lab, 1)
    file = lab.write("lab.yaml", f"ports:\n  nic: {{ netdev: eth1, {key}: {json.dumps(value)} }}\n")
    rc, out, err = run_cli("config", "validate", file)
    assert rc == 65 and f"lab.yaml:2: ports.nic.{key}" in out + err, (rc, out, err)
    switch.fails(65, "port", "set", a.port, words, saying=(key,))
    for method, path, body in (("POST", "/v1/ports", {"netdev": "eth1", key: value}),
                               ("PATCH", f"/v1/ports/{a.port}", {key: value})):
        answer = switch.http(method, path, body)
        assert answer.status in (400, 422) and key in answer.problem()["detail"], (answer.status, answer.body)
    assert switch.port(a.port)["settings"] == {"netdev": a.interface}


def test_an_interface_has_one_port(lab):
    """Refused in one command line, in a file, live and by the API, also as another kind and while it is absent."""
    for other in ("netdev", "tap"):
        file = lab.write("two.yaml", f"ports:\n  one: {{ netdev: absent0 }}\n  two: {{ {other}: absent0 }}\n")
        for words in (("config", "validate", file), ("run", "--config", file, "--socket", lab.path("x")),
                      ("run", "--socket", lab.path("x"), "--port", "netdev:absent0,name=one",
                       "--port", f"{other}:absent0,name=two")):
            rc, out, err = run_cli(*words, timeout=10)
            assert rc == 65 and "absent0" in out + err and "one" in out + err, (words, rc, out, err)
    assert lab.here.links() == {}
    switch, (a, b) = card.network(lab)
    for other in ("netdev", "tap"):
        switch.fails(65, "port", "add", f"{other}:{a.interface},name=other", saying=(a.interface,))
    answer = switch.http("POST", "/v1/ports", {"name": "other", "netdev": a.interface})
    assert answer.status in (400, 409, 422) and a.interface in answer.problem()["detail"], answer.body
    assert set(switch.ports()) == {a.port, b.port}
    a.ping(b.ip4)


def test_list_and_show(lab):
    switch, (a, tap) = card.network(lab, 1, 1, allowed=["absent0"])
    switch.ok("port", "set", a.port, "comment=uplink")
    switch.ok("port", "add", "netdev:absent0,name=late")
    listed = {port["name"]: port for port in switch.json("port", "list")}
    [contract.port(port) for port in listed.values()]
    shown = listed[a.port]
    assert (shown["kind"], shown["target"], shown["state"], shown["mtu"]) == ("netdev", a.interface, "up", 1500), shown
    assert shown["offload"] == {"checksum": True, "tso4": True, "tso6": True, "uso": shown["offload"]["uso"]}, shown
    assert shown["counters"]["kernel_drops"] == 0
    late = listed["late"]
    assert (late["kind"], late["target"], late["state"], late["mtu"]) == ("netdev", "absent0", "waiting", None), late
    contract.port(switch.port(a.port), shown=True)
    assert switch.port(a.port)["settings"] == {"netdev": a.interface, "comment": "uplink"}
    text = switch.ok("port", "show", a.port)
    assert "netdev" in text and a.interface in text and "uplink" in text, text
    rows = [line for line in switch.ok("port", "list").splitlines() if "netdev" in line]
    assert len(rows) == 2 and any("waiting" in row for row in rows), rows
    assert switch.json("status")["ports"] == {"total": 3, "up": 2}


def test_help_and_schemas_know_the_kind(lab):
    switch, _ = card.network(lab, 1)
    for words in (("run", "--help"), ("port", "add", "--help")):
        rc, out, _ = run_cli(*words)
        assert rc == 0 and "netdev" in out, out
    assert '"netdev"' in json.dumps(switch.http("GET", "/openapi.json").json())


def test_a_file_is_read_shown_and_read_again(lab):
    """The contract's own example; `config show` starts another switch that shows the same."""
    middle, (a, b) = card.hosts(lab, addresses=False)
    file = lab.write("lab.yaml", f"""
name: lab0
ports:
  nic: {{ netdev: {a.interface}, vlan: trunk, native: none, tagged: [10, 20-29] }}
  vm1: {{ netdev: {b.interface}, vlan: 10, mtu: 1500 }}
""")
    first = lab.switch("--config", file, name="lab0", inside=middle)
    ports = first.ports()
    assert ports["nic"]["vlan"] == {"mode": "trunk", "native": None, "tagged": "10,20-29"}, ports["nic"]
    assert ports["vm1"]["vlan"] == {"mode": "access", "native": 10, "tagged": ""}, ports["vm1"]
    shown, data = first.ok("config", "show"), first.json("config", "show")
    assert data["ports"]["nic"]["netdev"] == a.interface and data["ports"]["vm1"]["netdev"] == b.interface, data
    for name in ports:
        assert first.port(name)["settings"] == data["ports"][name]
    first.check()
    first.stop()
    for name, text in (("again.yaml", shown), ("again.json", json.dumps(data))):
        again = lab.switch("--config", lab.write(name, text), name="lab0", inside=middle)
        assert again.ok("config", "show") == shown and again.json("config", "show") == data
        again.check()
        again.stop()


def test_apply_plugs_and_unplugs(lab):
    """A file applied to a running switch: the port of one interface goes, that of another comes."""
    switch, (a, b) = card.network(lab, allowed=["absent0"])
    data = switch.json("config", "show")
    spare = card.Card(lab, a.middle, 9).plug()
    data["ports"]["spare"] = {"netdev": spare.interface}
    data["ports"]["late"] = {"netdev": "absent0"}
    del data["ports"][a.port]
    switch.ports_removed = True
    file = lab.write("wanted.json", json.dumps(data))
    assert switch.json("config", "plan", file)["changes"]
    switch.ok("config", "apply", file)
    assert {name: port["state"] for name, port in switch.ports().items()} == {
        b.port: "up", "spare": "up", "late": "waiting"}
    spare.ping(b.ip4)
    assert a.near()["promiscuity"] == 0 and spare.near()["promiscuity"] == 1


def test_the_api_adds_changes_and_removes(lab):
    switch, (b,) = card.network(lab, 1, allowed=["absent0"])
    a = card.Card(lab, b.middle, 8).plug()
    made = switch.http("POST", "/v1/ports", {"netdev": a.interface})
    assert made.status == 201, made.body
    contract.port(made.json(), shown="settings" in made.json())
    assert (made.json()["name"], made.json()["kind"], made.json()["state"]) == (a.interface, "netdev", "up")
    a.ping(b.ip4)
    changed = switch.http("PATCH", f"/v1/ports/{a.port}", {"comment": "left", "mac_limit": 4})
    assert changed.status == 200, changed.body
    settings = switch.http("GET", f"/v1/ports/{a.port}").json()["settings"]
    assert settings == {"netdev": a.interface, "comment": "left", "mac_limit": 4}
    assert switch.http("DELETE", f"/v1/ports/{a.port}").status in (200, 204)
    switch.ports_removed = True
    again = switch.http("POST", "/v1/ports", {"name": "copy", **settings})  # the settings are what POST takes
    assert again.status == 201 and switch.port("copy")["settings"] == settings, again.body
    late = switch.http("POST", "/v1/ports", {"name": "late", "netdev": "absent0"})
    assert late.status == 201 and late.json()["state"] == "waiting" and late.json()["reason"], late.body
