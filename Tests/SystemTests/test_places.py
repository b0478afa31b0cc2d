"""Names, places and modes of the control socket; several switches side by side."""
import json
import os
import shutil
import stat
import threading

import pytest

from harness.switch import run_cli


def test_64_without_any_switch_or_with_several(lab, no_place):
    """No --switch is needed while one runs; with two, the names are shown."""
    assert run_cli("status")[0] == 69
    first = lab.switch("--port", f"tap:{lab.device()}", name="alpha", own_socket=False)
    first.socket = "/run/tapswitch/alpha.sock"
    assert stat.S_IMODE(os.stat("/run/tapswitch").st_mode) == 0o700
    assert stat.S_IMODE(os.stat(first.socket).st_mode) == 0o600
    rc, out, err = run_cli("status", "--json")
    assert rc == 0 and json.loads(out)["name"] == "alpha", (rc, out, err)
    second = lab.switch("--port", f"tap:{lab.device()}", name="beta", own_socket=False)
    second.socket = "/run/tapswitch/beta.sock"
    rc, out, err = run_cli("status")
    assert rc == 64 and "alpha" in err and "beta" in err and "--switch" in err, (rc, out, err)
    for name in ("alpha", "beta"):
        rc, out, err = run_cli("status", "--json", "--switch", name)
        assert rc == 0 and json.loads(out)["name"] == name, (rc, out, err)
    assert run_cli("status", "--switch", "gamma")[0] == 69
    second.stop()
    assert run_cli("status")[0] == 0


def test_the_default_name_is_switch0(lab):
    made = lab.switch("--port", f"tap:{lab.device()}", name="switch0", own_socket=False)
    made.socket = "/run/tapswitch/switch0.sock"
    assert made.json("status")["name"] == "switch0"


@pytest.mark.parametrize("name", ["UPPER", "-x", "", "a" * 32, "a/b", "ü", "a b", "../x"])
def test_bad_switch_names(lab, name):
    rc, out, err = run_cli("run", "--name", name, "--socket", lab.path("s.sock"), "--port", f"tap:{lab.device()}")
    assert rc in (64, 65) and err, (rc, out, err)
    assert lab.here.links() == {}


def test_a_live_switch_refuses_a_second_and_is_not_harmed(lab):
    switch, (a, b) = lab.network(2)
    before = [a.look()["ifindex"], b.look()["ifindex"]]
    for words in (("--name", switch.name, "--socket", switch.socket), ("--name", "else", "--socket", switch.socket)):
        rc, out, err = run_cli("run", *words, "--port", f"tap:{lab.device()}")
        assert rc not in (0, 64) and switch.socket in err, (rc, out, err)
    rc, out, err = run_cli("run", "--name", switch.name, "--socket", lab.path("other.sock"), "--port", a.spec)
    assert rc != 0 and a.device in err, (rc, out, err)
    assert [a.look()["ifindex"], b.look()["ifindex"]] == before
    assert lab.here.links() == {}
    a.ping(b.ip4)
    assert switch.json("status")["pid"] == switch.pid


def test_a_dead_socket_is_replaced(lab):
    switch, (a, b) = lab.network(2)
    switch.kill()
    assert stat.S_ISSOCK(os.stat(switch.socket).st_mode)
    again = lab.switch("--port", a.spec, "--port", b.spec, name=switch.name, socket=switch.socket)
    a.ping(b.ip4)
    assert again.json("status")["pid"] == again.pid


@pytest.mark.parametrize("kind", ["symlink", "dangling", "directory", "file", "fifo", "long"])
def test_L5_socket_paths_that_are_refused(lab, kind):
    path, device = lab.path("s.sock"), lab.device()
    if kind == "symlink":
        lab.write("victim", "precious")
        os.symlink(lab.path("victim"), path)
    elif kind == "dangling":
        os.symlink(lab.path("nowhere"), path)
    elif kind == "directory":
        os.mkdir(path)
    elif kind == "file":
        lab.write("s.sock", "precious")
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "long":
        path = lab.path("x" * 120 + ".sock")
    rc, out, err = run_cli("run", "--socket", path, "--port", f"tap:{device}")
    assert rc in (65, 77) and path in err, (rc, out, err)
    assert lab.here.links() == {}, "a device was made before the socket was tried"
    assert os.path.lexists(path) == (kind != "long")
    if kind in ("file", "symlink"):
        assert open(path).read() == "precious"
    if kind == "dangling":
        assert not os.path.exists(lab.path("nowhere"))


PLACE = "/run/tapswitch"


@pytest.fixture
def no_place():
    """Nothing at the default place: the switch makes it."""
    shutil.rmtree(PLACE, ignore_errors=True)


def test_L5_mode_right_from_birth(lab, no_place):
    """Under umask 0 a watcher never sees the socket with another mode than 0600, nor the directory than 0700."""
    seen, ending, path = set(), threading.Event(), f"{PLACE}/watched.sock"

    def watch():
        last = False
        while not last:
            last = ending.is_set()  # a last look when all is said to be there
            for what in (path, PLACE):
                try:
                    seen.add((what, stat.S_IMODE(os.lstat(what).st_mode)))
                except OSError:
                    pass
    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        made = lab.switch("--port", f"tap:{lab.device()}", name="watched", socket=path, own_socket=False,
                          wrapper=("sh", "-c", 'umask 0; exec "$0" "$@"'))
    finally:
        ending.set()
        watcher.join()
    assert seen == {(path, 0o600), (PLACE, 0o700)}, seen
    assert made.json("status")


def test_a_directory_that_is_not_there_is_not_made_elsewhere(lab):
    rc, out, err = run_cli("run", "--socket", lab.path("none", "s.sock"), "--port", f"tap:{lab.device()}")
    assert rc in (65, 66) and lab.path("none") in err and "mkdir" in err, (rc, out, err)


def test_L5_no_chmod_after_bind(lab):
    trace = lab.path("trace")
    made = lab.switch("--port", f"tap:{lab.device()}", wrapper=(
        "strace", "-D", "-f", "-qq", "-e", "trace=bind,chmod,fchmod,fchmodat,umask", "-o", trace))
    made.stop(within=5)
    with open(trace) as file:
        calls = file.read()
    assert made.socket in calls
    assert not [line for line in calls.splitlines() if "chmod" in line and ".sock" in line], calls


def test_socket_group(lab, no_place):
    path = f"{PLACE}/grouped.sock"
    lab.switch("--port", f"tap:{lab.device()}", "--socket-group", "nogroup", name="grouped", socket=path,
               own_socket=False)
    for where, mode in ((path, 0o660), (PLACE, 0o750)):
        found = os.stat(where)
        assert (stat.S_IMODE(found.st_mode), found.st_gid) == (mode, 65534), (where, oct(found.st_mode), found.st_gid)
    rc, out, err = run_cli("run", "--socket-group", "no-such-group", "--socket", lab.path("x.sock"), "--port",
                           f"tap:{lab.device()}")
    assert rc == 65 and "no-such-group" in err, (rc, out, err)
