"""The command line: exit statuses, errors that say what to do, names of switches and sockets."""
import json
import re
import socket
import subprocess
import time

import pytest

from harness import http_unix, switch as switches, waiting
from harness.switch import run_cli

CLIENT = [("status",), ("port", "list"), ("port", "show"), ("port", "add"), ("port", "set"), ("port", "remove"),
          ("fdb", "list"), ("fdb", "show"), ("fdb", "add"), ("fdb", "remove"), ("fdb", "flush"), ("vlan", "list"),
          ("drops",), ("events",)]
OTHER = [("run",), ("config", "validate"), ("config", "show"), ("config", "save"),
         ("config", "plan"), ("config", "apply"), ("config", "confirm")]
GROUPS = [(), ("port",), ("fdb",), ("vlan",), ("config",)]


@pytest.mark.parametrize("words", CLIENT + OTHER + GROUPS, ids=" ".join)
def test_help_of_every_subcommand(words):
    rc, out, err = run_cli(*words, "--help")
    assert rc == 0 and err == "" and "USAGE" in out.upper() and len(out) > 100, (rc, out, err)
    if words in CLIENT:
        for option in ("--switch", "--socket", "--json", "--no-color"):
            assert option in out, f"{option} is not in\n{out}"


def test_help_of_run_names_every_option():
    out = run_cli("run", "--help")[1]
    for option in ("--config", "--name", "--port", "--ageing", "--capture", "--socket", "--socket-group", "--listen",
                   "--log-level", "--log-format"):
        assert option in out, option


def test_help_shows_the_settings_of_a_port():
    text = run_cli("port", "add", "--help")[1] + run_cli("run", "--help")[1]
    for setting in ("mtu", "netns", "address", "routes", "txqueuelen", "persist", "vlan", "native", "tagged", "accept",
                    "tpid", "qinq", "learning", "flood", "mac_limit", "mac_limit_action", "allow_mac", "locked",
                    "isolated", "group", "storm_broadcast", "storm_multicast", "storm_unknown", "rate_in", "rate_out",
                    "burst", "bpdu_guard", "loop_probe", "secure"):
        assert setting in text, f"{setting} is in neither --help\n{text}"


def test_version():
    rc, out, err = run_cli("--version")
    assert rc == 0 and err == "" and out.strip() and any(part[0].isdigit() for part in out.split()), (rc, out)


@pytest.mark.parametrize("words", [
    ("--nonsense",), ("nonsense",), ("port",), ("port", "nonsense"), ("port", "show"), ("port", "add"), ("fdb", "add"),
    ("fdb", "list", "--vlan"), ("fdb", "add", "02:00:00:00:00:01"), ("run", "--port"), ("run", "--nonsense"),
    ("status", "too", "many"), ("run", "--ageing"), ("config", "validate"), ("port", "set")], ids=" ".join)
def test_64_for_the_command_line_itself(words):
    rc, out, err = run_cli(*words, socket="/nowhere/at/all.sock")
    if words == ("port",):
        assert rc in (0, 64), (rc, out, err)
        return
    assert rc == 64 and err and not out, (rc, out, err)


@pytest.mark.parametrize("words", [("status",), ("port", "list"), ("fdb", "list", "--json")], ids=" ".join)
def test_69_when_nobody_answers(lab, words):
    gone = lab.path("gone.sock")
    assert run_cli(*words, socket=gone)[0] == 69
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(lab.path("dead.sock"))
    dead.close()
    rc, out, err = run_cli(*words, socket=lab.path("dead.sock"))
    assert rc == 69 and out == "" and "dead.sock" in err and "tapswitch run" in err, (rc, out, err)


def test_errors_as_problem_json(lab):
    switch, (a, b) = lab.network(2)
    for words, status, code in ((("port", "show", "nobody"), 404, 66), (("port", "add", a.spec), 409, 65),
                                (("port", "set", a.port, "mtu=1"), None, 65),
                                (("fdb", "show", "02:00:00:00:00:99"), 404, 66),
                                (("fdb", "add", "01:00:00:00:00:01", "--port", a.port), None, 65)):
        rc, out, err = switch.cli(*words, "--json")
        assert rc == code and out == "", (words, rc, out, err)
        value = json.loads(err)
        assert set(value) >= {"type", "title", "status", "detail"}, value
        assert value["status"] == status if status else 400 <= value["status"] < 500, value
    rc, out, err = run_cli("status", "--json", socket=lab.path("gone.sock"))
    assert rc == 69 and "detail" in json.loads(err)


def test_a_name_in_use_shows_the_same_spec_with_a_name(lab):
    switch, (a, b) = lab.network(2)
    other = lab.namespace()
    err = switch.fails(65, "port", "add", f"tap:{a.device},netns={other.name}")
    shown = re.search(rf"tap:{a.device},\S*name=([A-Za-z0-9_.-]+)\S*", err)
    assert shown and f"netns={other.name}" in shown[0], err
    switch.ok("port", "add", shown[0])
    assert set(switch.ports()) == {a.port, b.port, shown[1]}


def test_same_port_twice(lab):
    device = lab.device()
    rc, out, err = run_cli("run", "--socket", lab.path("s.sock"), "--port", f"tap:{device}", "--port", f"tap:{device}")
    assert rc == 65 and device in err, (rc, out, err)
    rc, out, err = run_cli("run", "--socket", lab.path("s.sock"), "--port", f"tap:{device}", "--port",
                           f"tap:{device},name=other")
    assert rc == 65 and device in err, (rc, out, err)
    assert lab.here.links() == {}


def test_75_for_the_sixty_fifth_client(lab):
    switch, _ = lab.network(1)
    clients = [lab.close_later(http_unix.raw(switch.socket)) for _ in range(64)]
    for client in clients:
        client.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\n")
    time.sleep(0.3)
    rc, out, err = switch.cli("status")
    assert rc == 75 and err, (rc, out, err)
    [client.close() for client in clients]
    waiting.until(lambda: switch.cli("status")[0] == 0, "it answers again", 3, 0.1)


def test_log_level_and_format(lab):
    made = lab.switch("--port", f"tap:{lab.device()}", "--log-format", "json", "--log-level", "debug")
    made.check()
    made.stop()
    lines = [line for line in made.lines if not switches.READY.fullmatch(line.strip())]
    assert lines
    for line in lines:
        value = json.loads(line)
        assert isinstance(value, dict) and "level" in value, value
    for words in (("--log-level", "loud"), ("--log-format", "xml")):
        rc, out, err = run_cli("run", *words, "--socket", lab.path("x.sock"))
        assert rc == 64 and words[1] in err, (rc, out, err)


def test_terminal_escapes_are_not_shown_raw(lab):
    """L10: what a port's comment holds must not steer the terminal."""
    switch, (a, b) = lab.network(2)
    rc, _, err = switch.cli("port", "set", a.port, "comment=\x1b[31mred\x07")
    assert "\x1b" not in err
    for words in (("port", "list"), ("port", "show", a.port), ("status",)):
        assert "\x1b" not in switch.ok(*words) and "\x07" not in switch.ok(*words)


def test_output_to_a_closed_pipe(lab):
    switch, _ = lab.network(2)
    done = subprocess.run(f"{switches.BINARY} port list --json | true", shell=True, capture_output=True, text=True,
                          env=switches.environment({"TAPSWITCH_SOCKET": switch.socket}))
    assert "rror" not in done.stderr and "Fatal" not in done.stderr, done.stderr
