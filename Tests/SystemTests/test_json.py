"""The JSON of every command against the contract, and golden output for people."""
import json
import os
import pty
import re
import subprocess
import time

import pytest

from harness import contract, switch as switches
from harness.packets import BROADCAST, mac, plain


@pytest.fixture
def busy(lab):
    """A switch with entries of every kind and drops of two kinds."""
    switch, hosts = lab.network(3, options="mtu=1400")
    hosts[0].ping(hosts[1].ip4)
    switch.ok("fdb", "add", mac(1), "--port", hosts[2].port)
    switch.ok("fdb", "add", mac(2), "--port", hosts[2].port, "--vlan", "30", "--sticky")
    with hosts[0].wire() as wire:
        wire.send(plain("01:00:00:00:00:01", BROADCAST))
        wire.send(plain(hosts[0].mac, "01:80:c2:00:00:03"))
    time.sleep(0.1)
    return switch, hosts


def test_port_list_and_show(busy):
    switch, hosts = busy
    ports = switch.json("port", "list")
    for port in ports:
        contract.port(port)
        assert (port["kind"], port["state"], port["mtu"]) == ("tap", "up", 1400)
        assert port["vlan"] == {"mode": "trunk", "native": 1, "tagged": "2-4094"}
        assert "template" not in port and "reason" not in port
    assert [port["name"] for port in ports] == [host.port for host in hosts]
    assert [port["target"] for port in ports] == [host.device for host in hosts]
    assert len({port["id"] for port in ports}) == 3
    shown = switch.port(hosts[0].port)
    contract.port(shown, shown=True)
    settings = shown["settings"]
    assert settings["tap"] == hosts[0].device and settings["netns"] == hosts[0].space.name, settings
    assert settings["mtu"] == 1400 and "name" not in settings, settings
    assert settings["address"] in (f"{hosts[0].ip4}/24", [f"{hosts[0].ip4}/24"]), settings


def test_status(busy):
    switch, hosts = busy
    value = switch.json("status")
    contract.status(value)
    assert value["name"] == switch.name and value["pid"] == switch.pid
    assert value["ports"] == {"total": 3, "up": 3}
    assert value["fdb"] == {"entries": len(switch.fdb()), "capacity": 65536}
    assert value["version"] == switches.run_cli("--version")[1].strip().split()[-1]


def test_fdb_list_and_show(busy):
    switch, hosts = busy
    entries = switch.fdb()
    for entry in entries:
        contract.entry(entry)
    kinds = {(entry["mac"], entry["vlan"]): (entry["kind"], entry["port"]) for entry in entries}
    assert kinds[(mac(1), 1)] == ("static", hosts[2].port)
    assert kinds[(mac(2), 30)] == ("sticky", hosts[2].port)
    assert kinds[(hosts[0].mac, 1)] == ("dynamic", hosts[0].port)
    shown = switch.json("fdb", "show", hosts[0].mac)
    for entry in shown if isinstance(shown, list) else [shown]:
        contract.entry(entry, shown=True)
    switch.fails(66, "fdb", "show", mac(99), saying=(mac(99),))


def test_vlan_list(busy):
    value = busy[0].json("vlan", "list")
    contract.vlans(value)
    assert value[0]["vlans"] == "1" and value[-1]["vlans"].endswith("4094")


def test_drops(busy):
    switch, hosts = busy
    value = switch.json("drops")
    for row in value:
        contract.drop(row)
    assert {(row["reason"], row["port"], row["count"]) for row in value} == {
        ("bad_source", hosts[0].port, 1), ("reserved_address", hosts[0].port, 1)}
    assert switch.json("drops", "--port", hosts[1].port) == []
    assert abs(contract.moment(value[0]["last_seen"]).timestamp() - time.time()) < 60
    switch.fails(66, "drops", "--port", "nobody", saying=("nobody",))


def test_port_add_returns_the_element(busy, lab):
    switch, _ = busy
    added = switch.json("port", "add", f"tap:{lab.device()}")
    contract.port(added, shown="settings" in added)
    assert added["state"] == "up"


def test_a_waiting_port(busy, lab):
    switch, _ = busy
    name = lab.device()
    switch.allowed.append(re.compile(name))
    added = switch.json("port", "add", f"tap:{name},netns=not-there")
    assert added["state"] == "waiting" and "not-there" in added["reason"], added
    contract.port(switch.ports()[name])
    assert switch.json("status")["ports"] == {"total": 4, "up": 3}


# for people

TABLES = [("port", "list"), ("fdb", "list"), ("vlan", "list"), ("drops",)]


@pytest.mark.parametrize("words", TABLES, ids=" ".join)
def test_tables_are_aligned_with_a_header(busy, words):
    switch, hosts = busy
    text = switch.ok(*words)
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    assert len(lines) >= 2 and "\x1b" not in text and "\t" not in text
    header = lines[0]
    assert header == header.upper() or header[0].isupper(), header
    starts = [match.start() for match in re.finditer(r"(?<!\S)(?=\S)", re.sub(r"(\S) (?=\S)", r"\1_", header))]
    assert len(starts) >= 2, header
    assert hosts[0].port in text


@pytest.mark.parametrize("words", [*TABLES, ("status",), ("port", "show")], ids=" ".join)
def test_colour_only_on_a_terminal_and_not_with_no_color(busy, words):
    switch, hosts = busy
    words = (*words, hosts[0].port) if words == ("port", "show") else words
    assert "\x1b" not in switch.ok(*words)

    def on_terminal(*more, **env):
        master, slave = pty.openpty()
        process = subprocess.Popen([switches.BINARY, *words, *more], stdout=slave, stderr=slave, stdin=slave,
                                   env=switches.environment({"TAPSWITCH_SOCKET": switch.socket, "TERM": "xterm",
                                                             **env}))
        os.close(slave)
        data = b""
        try:
            while piece := os.read(master, 65536):
                data += piece
        except OSError:
            pass
        os.close(master)
        assert process.wait(10) == 0, data
        return data

    assert b"\x1b[" not in on_terminal("--no-color")
    if words[0] in ("port", "status"):
        assert b"\x1b[" in on_terminal()
    plain_text = re.sub(rb"\x1b\[[0-9;]*m", b"", on_terminal()).replace(b"\r\n", b"\n").decode()
    assert plain_text.split()[:3] == switch.ok(*words).split()[:3]


GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")


@pytest.mark.parametrize("words", [*TABLES, ("status",), ("port", "show", "PORT"), ("fdb", "show", "MAC")],
                         ids=lambda words: "-".join(words).lower())
def test_golden_output(busy, words):
    """What people see, with what differs from run to run replaced. UPDATE_GOLDEN=1 writes the files anew."""
    switch, hosts = busy
    words = [{"PORT": hosts[0].port, "MAC": mac(1)}.get(word, word) for word in words]
    text = switch.ok(*words)
    for number, host in enumerate(hosts, 1):
        text = text.replace(host.mac, f"<mac of host {number}>").replace(host.space.name, f"<namespace {number}>")
        text = re.sub(rf"\b{host.device}\b", f"<port {number}>", text)
    text = text.replace(str(switch.pid), "<pid>").replace(switch.socket, "<socket>")
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", "<time>", text)
    text = re.sub(r"\b\d[\d.,]*", "<n>", text)
    text = re.sub(r"[ ]{2,}", "  ", re.sub(r" +$", "", text, flags=re.M))
    if words == ["fdb", "list"]:  # in the order of addresses, which differ from run to run
        first, *rows = text.splitlines(keepends=True)
        text = "".join([first, *sorted(rows)])
    path = os.path.join(GOLDEN, "-".join(word for word in words if word not in (hosts[0].port, mac(1))) + ".txt")
    if os.environ.get("UPDATE_GOLDEN"):
        os.makedirs(GOLDEN, exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
    with open(path) as file:
        assert text == file.read()


def test_json_is_one_document_on_one_stream(busy):
    switch, _ = busy
    for words in [*TABLES, ("status",), ("config", "show")]:
        text = switch.ok(*words, "--json")
        json.loads(text)
        assert text.endswith("\n")
