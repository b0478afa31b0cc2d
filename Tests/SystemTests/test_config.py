"""Configuration files: read, refused with file, line and key, shown, saved, and read again."""
import json
import os
import re

import pytest

from harness.switch import run_cli

# YAML, line of the error, what the sentence must hold
ERRORS = [
    ("name: lab\nports:\n  web: { tap: tap-web, colour: red }\n", 3, ("ports.web.colour", "unknown")),
    ("name: lab\nports:\n  web:\n    tap: tap-web\n    mut: 1500\n", 5, ("ports.web.mut", "did you mean", "mtu")),
    ("name: lab\ncolour: red\n", 2, ("colour",)),
    ("agein: 300\n", 1, ("agein", "ageing")),
    ("ageing: 9\n", 1, ("ageing", "9", "10")),
    ("ageing: 0\n", 1, ("ageing", "10")),
    ("ageing: -5\n", 1, ("ageing",)),
    ("ageing: 1000001\n", 1, ("ageing", "1000000")),
    ("ageing: never\n", 1, ("ageing", "never")),
    ("ageing: .nan\n", 1, ("ageing", ".nan")),
    ("ageing: [300]\n", 1, ("ageing",)),
    ("table_size: 1048577\n", 1, ("table_size", "1048576")),
    ("default_vlan: 4095\n", 1, ("default_vlan",)),
    ("forward_reserved: yes\n", 1, ("forward_reserved", "yes")),
    ("name: UPPER\n", 1, ("name", "UPPER")),
    ("ports:\n  web: { tap: sixteen-letters- }\n", 2, ("ports.web.tap", "sixteen-letters-")),
    ("ports:\n  web: { tap: a, netdev: b }\n", 2, ("ports.web",)),
    ("ports:\n  web: { mtu: 1500 }\n", 2, ("ports.web", "tap")),
    ("ports:\n  web: tap0\n", 2, ("ports.web",)),
    ("ports:\n  - tap: tap0\n", (1, 2), ("ports",)),
    ("ports: 5\n", 1, ("ports",)),
    ("ports:\n  web: { tap: a, mtu: 67 }\n", 2, ("ports.web.mtu", "67", "68")),
    ("ports:\n  web: { tap: a, mtu: big }\n", 2, ("ports.web.mtu", "big")),
    ("ports:\n  web: { tap: a, up: yes }\n", 2, ("ports.web.up", "yes")),
    ("ports:\n  web: { tap: a, mac: 1:2 }\n", 2, ("ports.web.mac",)),
    ("ports:\n  web: { tap: a, address: [10.0.0.1/24, 10.0.0.2] }\n", 2, ("ports.web.address", "10.0.0.2")),
    ("ports:\n  web: { tap: a, clients: 4 }\n", 2, ("ports.web.clients",)),
    ("ports:\n  web: { tap: a }\n  web: { tap: b }\n", 3, ("web",)),
    ("ports:\n  web: { tap: a, tap: b }\n", 2, ("tap",)),
    ("ports:\n  one: { tap: a }\n  two: { tap: a }\n", 3, ("a",)),
    ("ports:\n  'a/b': { tap: a }\n", 2, ("a/b",)),
    ("name: lab\nname: lab\n", 2, ("name",)),
    ("ports: &x\n  web: { tap: a }\n", 1, ("anchor",)),
    ("ports:\n  web: &w { tap: a }\n  db: *w\n", 2, ()),
    ("ports:\n  web: { tap: a\n", (2, 3), ()),
    ("ports:\n\tweb: { tap: a }\n", 2, ()),
    ("name: lab\n---\nname: two\n", 2, ()),
    ("- a\n- b\n", 1, ()),
    ("just text\n", 1, ()),
    ("ports:\n  web: { tap: !!python/object:os.system a }\n", 2, ()),
    ("fdb:\n  - { mac: 52:54:00:12:34:56, port: nobody }\nports:\n  web: { tap: a }\n", 2, ("nobody",)),
    ("fdb:\n  - { mac: 01:00:00:00:00:01, port: web }\nports:\n  web: { tap: a }\n", 2, ("01:00:00:00:00:01",)),
    ("fdb:\n  - { mac: xyz, port: web }\nports:\n  web: { tap: a }\n", 2, ("xyz",)),
    ("fdb:\n  - { mac: 52:54:00:12:34:56, port: web, vlan: 4095 }\nports:\n  web: { tap: a }\n", 2, ("4095",)),
    ("fdb:\n  - { mac: 52:54:00:12:34:56 }\n", 2, ("port",)),
]


@pytest.mark.parametrize("text, line, says", ERRORS, ids=range(len(ERRORS)))
def test_errors_name_file_line_key_and_what_is_allowed(tmp_path, text, line, says):
    file = tmp_path / "lab.yaml"
    file.write_text(text)
    for words in (("config", "validate", str(file)), ("run", "--config", str(file), "--socket", f"{tmp_path}/s.sock")):
        rc, out, err = run_cli(*words, timeout=10)
        assert rc == 65 and "ready:" not in err, (words, rc, out, err)
        found = re.search(r"lab\.yaml:(\d+)\b", out + err)
        lines = line if isinstance(line, tuple) else (line,)
        assert found and int(found[1]) in lines, f"{words}: not lab.yaml:{line} in: {out}{err}"
        assert all(word in out + err for word in says), f"{says} not all in: {out}{err}"


def test_files_that_cannot_be_read(tmp_path):
    missing = str(tmp_path / "none.yaml")
    for words in (("config", "validate", missing), ("run", "--config", missing, "--socket", f"{tmp_path}/s")):
        rc, out, err = run_cli(*words, timeout=10)
        assert rc == 66 and missing in err, (rc, out, err)
    rc, out, err = run_cli("config", "validate", str(tmp_path))
    assert rc in (65, 66) and str(tmp_path) in err, (rc, out, err)
    for number, data in enumerate((b"\xff\xfe\x00", b"name: \xff\n", b"name: a\x00b\n", b"a: " * 100_000,
                                   b"[" * 100_000, b"{a: " * 20_000)):
        file = tmp_path / f"bad{number}.yaml"
        file.write_bytes(data)
        rc, out, err = run_cli("config", "validate", str(file), timeout=20)
        assert rc == 65 and f"bad{number}.yaml" in out + err, (number, rc, out[:200], err[:200])


def test_validate_accepts_what_is_right_and_changes_nothing(lab):
    file = lab.write("lab.yaml", f"ageing: 30\nports:\n  one: {{ tap: {lab.device()} }}\n")
    rc, out, err = run_cli("config", "validate", file)
    assert rc == 0, (rc, out, err)
    assert lab.here.links() == {}
    empty = lab.write("empty.yaml", "")
    assert run_cli("config", "validate", empty)[0] in (0, 65)


def test_json_is_read_too(lab):
    device = lab.device()
    file = lab.write("lab.json", json.dumps({"ageing": 20, "ports": {"one": {"tap": device, "mtu": 1400}}}))
    switch = lab.switch("--config", file)
    assert switch.ports()["one"]["mtu"] == 1400


def test_scalars_are_typed_by_the_table(lab):
    """`010` is ten, an unquoted MAC is text and not a sexagesimal number, `off` is off, lists come in two spellings."""
    one, two = lab.device(), lab.device()
    file = lab.write("lab.yaml", f"""
ageing: 010
ports:
  123: {{ tap: {one}, mac: 02:12:34:56:11:22, mtu: 01400, comment: on, up: off, address: 10.1.0.1/24+10.1.1.1/24 }}
  no: {{ tap: {two}, address: [10.2.0.1/24, "10.2.1.1/24"], comment: 1e3, txqueuelen: 2k }}
""")
    switch = lab.switch("--config", file)
    assert set(switch.ports()) == {"123", "no"}
    first, second = switch.port("123")["settings"], switch.port("no")["settings"]
    assert first["mac"] == "02:12:34:56:11:22" and first["mtu"] == 1400 and first["comment"] == "on"
    assert switch.port("123")["state"] == "down"
    assert second["comment"] == "1e3" and second["txqueuelen"] == 2000
    assert {info["local"] for info in lab.here.link(one)["addr_info"]} >= {"10.1.0.1", "10.1.1.1"}
    assert {info["local"] for info in lab.here.link(two)["addr_info"]} >= {"10.2.0.1", "10.2.1.1"}


def test_port_adds_to_config_and_the_same_name_is_an_error(lab):
    one, two = lab.device(), lab.device()
    file = lab.write("lab.yaml", f"ports:\n  {one}: {{ tap: {one} }}\n")
    rc, _, err = run_cli("run", "--config", file, "--socket", lab.path("x"), "--port", f"tap:{one},mtu=1400")
    assert rc == 65 and one in err, (rc, err)
    switch = lab.switch("--config", file, "--port", f"tap:{two}")
    assert set(switch.ports()) == {one, two}
    assert switch.json("status")["unsaved"] in (True, False)


def test_show_starts_the_same_switch_again(lab):
    """Round trip: `config show` of a running switch starts another that shows the same."""
    a, b = lab.hosts(2)
    file = lab.write("lab.yaml", f"""
name: lab0
ageing: 77
ports:
  web: {{ tap: {a.device}, netns: {a.space.name}, address: {a.ip4}/24, mtu: 1400, comment: "a: b, #c 'd'" }}
  db: {{ tap: {b.device}, netns: {b.space.name}, address: [{b.ip4}/24], routes: [192.0.2.0/24], txqueuelen: 100 }}
fdb:
  - {{ mac: 52:54:00:12:34:56, port: db, vlan: 10 }}
  - {{ mac: 52:54:00:12:34:57, port: web }}
""")
    first = lab.switch("--config", file)
    first.ok("port", "add", f"tap:{lab.device()},name=extra,comment=added live")
    first.ok("fdb", "add", "52:54:00:12:34:58", "--port", "extra", "--vlan", "20")
    shown, data = first.ok("config", "show"), first.json("config", "show")
    assert data["ageing"] == 77 and set(data["ports"]) == {"web", "db", "extra"}, data
    assert {(entry["mac"], entry["port"]) for entry in data["fdb"]} == {
        ("52:54:00:12:34:56", "db"), ("52:54:00:12:34:57", "web"), ("52:54:00:12:34:58", "extra")}
    settings = {name: first.port(name)["settings"] for name in data["ports"]}
    assert data["ports"] == settings, "`port show` settings are not what stands under `ports:`"
    first.check()
    first.stop()
    again = lab.switch("--config", lab.write("again.yaml", shown), name="lab0")
    assert again.ok("config", "show") == shown and again.json("config", "show") == data
    again.check()
    again.stop()
    third = lab.switch("--config", lab.write("again.json", json.dumps(data)), name="lab0")
    assert third.json("config", "show") == data


def test_save_writes_atomically_and_clears_unsaved(lab):
    one, two = lab.device(), lab.device()
    file = lab.write("lab.yaml", f"# by hand\nname: lab0\nports:\n  {one}: {{ tap: {one} }}\n")
    switch = lab.switch("--config", file)
    assert switch.json("status")["unsaved"] is False
    switch.ok("port", "add", f"tap:{two}")
    assert switch.json("status")["unsaved"] is True
    assert "unsaved" in switch.ok("status").lower()
    inode = os.stat(file).st_ino
    switch.ok("config", "save")
    assert switch.json("status")["unsaved"] is False
    assert os.stat(file).st_ino != inode, "written in place, not put in place"
    assert os.listdir(lab.directory) and not [name for name in os.listdir(lab.directory) if "tmp" in name.lower()]
    with open(file) as saved:
        assert saved.read() == switch.ok("config", "show")
    assert run_cli("config", "validate", file)[0] == 0


def test_save_without_a_file_of_its_own(lab):
    switch, (a, b) = lab.network(2)
    err = switch.fails(65, "config", "save")
    assert "--config" in err or "FILE" in err, err
    target = lab.path("out.yaml")
    switch.ok("config", "save", target)
    with open(target) as saved:
        assert saved.read() == switch.ok("config", "show")
    os.symlink(lab.path("elsewhere"), lab.path("link.yaml"))
    rc, _, err = switch.cli("config", "save", lab.path("link.yaml"))
    assert not os.path.exists(lab.path("elsewhere")), (rc, err)
    rc, _, err = switch.cli("config", "save", lab.path("no", "such", "dir.yaml"))
    assert rc in (66, 65, 77) and err, (rc, err)


def test_static_entries_of_the_file(lab):
    device = lab.device()
    file = lab.write("lab.yaml", f"ports:\n  one: {{ tap: {device} }}\n"
                     "fdb:\n  - { mac: 52:54:00:12:34:56, port: one }\n")
    switch = lab.switch("--config", file)
    assert switch.fdb() == [{"mac": "52:54:00:12:34:56", "vlan": 1, "port": "one", "kind": "static",
                             "age_seconds": None, "moves": 0, "addresses": []}]


def test_settings_of_later_issues_are_never_silently_ignored(lab):
    """A setting of the contract is refused by name as long as it does nothing."""
    for setting in ("vlan=10", "rate_in=1Mbit", "locked=on", "isolated=on", "storm_broadcast=100", "qinq=5"):
        key, value = setting.split("=")
        file = lab.write("later.yaml", f"ports:\n  one: {{ tap: {lab.device()}, {key}: {value} }}\n")
        rc, out, err = run_cli("config", "validate", file)
        assert rc == 0 or (rc == 65 and key in out + err), (setting, rc, out, err)
