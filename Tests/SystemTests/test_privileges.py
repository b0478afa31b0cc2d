"""Without root, and with some rights missing: what works, and what the errors say to do."""
import json
import os
import shutil
import stat
import subprocess

import pytest

from harness import switch as switches, waiting, world
from harness.host import Host
from harness.packets import BROADCAST, ours, plain
from harness.switch import BINARY

NOBODY = 65534
AS_NOBODY = ("setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", "--inh-caps=-all",
             "--bounding-set=-all", "--no-new-privs")


@pytest.fixture
def unprivileged(lab):
    """A directory of nobody with a binary nobody can execute."""
    directory = lab.path("nobody")
    os.mkdir(directory)
    shutil.copy2(BINARY, f"{directory}/tapswitch")
    os.chmod(f"{directory}/tapswitch", 0o755)
    os.chown(directory, NOBODY, NOBODY)
    yield directory
    world.tun_mode(0o666)


def start(lab, directory, *ports, ready=True, **options):
    made = switches.Switch([word for port in ports for word in ("--port", port)], directory, name="user",
                           wrapper=AS_NOBODY, binary=f"{directory}/tapswitch", **options)
    lab.switches.append(made)
    return made.wait_ready() if ready else made


def refused(made, status=77):
    made.process.wait(10)
    made.reader.join(2)
    assert made.process.returncode == status, (made.process.returncode, made.log())
    assert made.ready_line is None
    return made.log()


def owned_tap(space, name, address, owner=NOBODY):
    space.run("ip", "tuntap", "add", name, "mode", "tap", "user", owner)
    space.run("ip", "addr", "add", address, "dev", name)
    space.run("ip", "link", "set", name, "up")


def test_an_unprivileged_owner_switches_between_persistent_devices(lab, unprivileged):
    space, (one, two) = lab.namespace(), (lab.device(), lab.device())
    lab.kept |= {one, two}
    for name, address in ((one, "10.7.1.1/24"), (two, "10.7.1.2/24")):
        owned_tap(space, name, address)
    made = start(lab, unprivileged, f"tap:{one}", f"tap:{two}", inside=space, env={"HOME": unprivileged})
    assert made.ready_line == (2, 2), made.log()
    with space.entered():
        made.check()
    for name in (one, two):
        assert made.port(name)["offload"]["checksum"] is True
    left, right = Host(space, one, 1, False, False, ""), Host(space, two, 2, False, False, "")
    left.look()
    with left.wire() as mouth, right.wire() as ear:
        sent = plain(left.mac, BROADCAST)
        mouth.send(sent)
        assert ear.frames(wanted=1, keep=ours) == [sent]
    made.stop()
    assert {one, two} <= set(space.links()), "devices of the user must survive the switch"


def test_making_a_device_without_the_right_names_capability_and_commands(lab, unprivileged):
    name = lab.device()
    text = refused(start(lab, unprivileged, f"tap:{name}", ready=False))
    assert "CAP_NET_ADMIN" in text
    assert "ip tuntap add" in text and name in text and "user" in text, text
    assert "setcap" in text and "cap_net_admin" in text.lower(), text


def test_a_namespace_without_the_right_names_cap_sys_admin(lab, unprivileged):
    host, = lab.hosts(1)
    text = refused(start(lab, unprivileged, host.spec, ready=False))
    assert "CAP_SYS_ADMIN" in text, text


def container(lab, uid):
    """A process in a user and a network namespace that are user `uid`'s own."""
    words = [str(uid) if word == str(NOBODY) else word for word in AS_NOBODY]
    made = lab.background(subprocess.Popen([*words, "unshare", "-Urn", "sleep", "60"]))
    waiting.until(lambda: open(f"/proc/{made.pid}/comm").read() == "sleep\n", "the container is there")
    return made


def test_rootless_containers_of_the_same_user_need_no_right(lab, unprivileged):
    """Namespaces under a user namespace of nobody's own (what rootless containers are), switched by nobody."""
    containers = [container(lab, NOBODY), container(lab, NOBODY)]
    made = start(lab, unprivileged, *(f"tap:tap0,name=c{n},netns=pid:{one.pid},address=10.7.9.{n}/24,mtu=9000"
                                      for n, one in enumerate(containers, 1)), env={"HOME": unprivileged},
                 allowed=[r"port c\d:"])
    assert made.ready_line == (2, 2), made.log()

    def inside(one, *words):
        return subprocess.run(["nsenter", "-t", str(one.pid), "-U", "-n", "--preserve-credentials", *words],
                              capture_output=True, text=True, timeout=20)
    ask = ("import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5); "
           "s.connect(('10.7.9.2', 9)); s.send(b'?'); s.recv(1)")
    assert "ConnectionRefusedError" in inside(containers[0], "python3", "-c", ask).stderr  # the other one answers
    made.ok("port", "set", "c1", "mtu=1400")
    assert json.loads(inside(containers[0], "ip", "-j", "link", "show", "tap0").stdout)[0]["mtu"] == 1400
    containers[1].terminate()
    containers[1].wait()
    made.wait_state("c2", "waiting")
    assert made.ports()["c1"]["state"] == "up"


def test_a_rootless_container_of_somebody_else_is_refused(lab, unprivileged):
    other = container(lab, 1)
    text = refused(start(lab, unprivileged, f"tap:tap0,netns=pid:{other.pid}", ready=False))
    assert f"process {other.pid}" in text and "setcap" in text, text


def test_root_with_net_admin_only_cannot_enter_namespaces(lab):
    host, = lab.hosts(1)
    made = switches.Switch(["--port", host.spec], lab.directory, name="capless",
                           wrapper=("setpriv", "--bounding-set=-all,+net_admin,+net_raw"))
    lab.switches.append(made)
    text = refused(made)
    assert "CAP_SYS_ADMIN" in text, text
    assert host.space.links() == {}


def test_net_admin_alone_is_enough_in_the_own_namespace(lab):
    name = lab.device()
    made = switches.Switch(["--port", f"tap:{name},address=10.7.3.1/24,mtu=1400"], lab.directory, name="admin",
                           wrapper=("setpriv", "--bounding-set=-all,+net_admin"))
    lab.switches.append(made)
    made.wait_ready()
    assert made.ready_line == (1, 1), made.log()
    assert lab.here.link(name)["mtu"] == 1400


def test_a_device_of_somebody_else(lab, unprivileged):
    space, name = lab.namespace(), lab.device()
    lab.kept.add(name)
    owned_tap(space, name, "10.7.1.1/24", owner=1)
    text = refused(start(lab, unprivileged, f"tap:{name}", ready=False, inside=space))
    assert name in text and "ip tuntap" in text, text


def test_dev_net_tun_that_may_not_be_opened(lab, unprivileged):
    world.tun_mode(0o600)
    text = refused(start(lab, unprivileged, f"tap:{lab.device()}", ready=False))
    assert "/dev/net/tun" in text, text


def test_no_dev_net_tun(lab):
    os.rename(world.TUN, world.TUN + ".away")
    try:
        made = lab.switch("--port", f"tap:{lab.device()}", ready=False)
        made.process.wait(10)
        made.reader.join(2)
    finally:
        os.rename(world.TUN + ".away", world.TUN)
    assert made.process.returncode in (1, 77) and "/dev/net/tun" in made.log() and "modprobe tun" in made.log(), \
        (made.process.returncode, made.log())


def test_settings_a_mere_owner_cannot_make(lab, unprivileged):
    """mtu, address and queue length want CAP_NET_ADMIN: 77, and nothing was changed before."""
    space, name = lab.namespace(), lab.device()
    lab.kept.add(name)
    owned_tap(space, name, "10.7.1.1/24")
    text = refused(start(lab, unprivileged, f"tap:{name},address=10.7.9.9/24", ready=False, inside=space))
    assert "CAP_NET_ADMIN" in text and name in text, text
    assert {info["local"] for info in space.link(name)["addr_info"]} == {"10.7.1.1"}


def test_a_missing_right_stops_run_before_anything_is_changed(lab, unprivileged):
    space, one, two = lab.namespace(), lab.device(), lab.device()
    lab.kept.add(one)
    owned_tap(space, one, "10.7.1.1/24")
    refused(start(lab, unprivileged, f"tap:{one}", f"tap:{two}", ready=False, inside=space))
    assert set(space.links()) == {one}


def test_sockets_of_ordinary_users(lab, unprivileged):
    """$XDG_RUNTIME_DIR/tapswitch/NAME.sock; without it a private directory in the temporary one."""
    space, name = lab.namespace(), lab.device()
    lab.kept.add(name)
    owned_tap(space, name, "10.7.1.1/24")
    runtime = lab.path("runtime")
    os.mkdir(runtime, 0o700)
    os.chown(runtime, NOBODY, NOBODY)
    for env, expected in (({"XDG_RUNTIME_DIR": runtime}, f"{runtime}/tapswitch/user.sock"),
                          ({"TMPDIR": unprivileged}, None)):
        made = start(lab, unprivileged, f"tap:{name}", inside=space, own_socket=False, env=env)
        done = subprocess.run([*AS_NOBODY, f"{unprivileged}/tapswitch", "status", "--json"], capture_output=True,
                              text=True, env=switches.environment(env))
        assert done.returncode == 0, done.stderr
        if expected is None:
            found = [os.path.join(top, file) for top, _, files in os.walk(unprivileged) for file in files
                     if file == "user.sock"]
            assert len(found) == 1, found
            expected = found[0]
        assert stat.S_IMODE(os.stat(expected).st_mode) == 0o600
        assert stat.S_IMODE(os.stat(os.path.dirname(expected)).st_mode) == 0o700
        made.socket = expected
        made.stop()


def test_L7_another_user_is_refused(lab):
    """L7: the socket's mode keeps others out; the client says 77."""
    switch, _ = lab.network(1)
    os.chmod(lab.directory, 0o755)
    shutil.copy2(BINARY, lab.path("tapswitch"))
    done = subprocess.run([*AS_NOBODY, lab.path("tapswitch"), "status", "--socket", switch.socket],
                          capture_output=True, text=True, env=switches.environment())
    assert done.returncode == 77, (done.returncode, done.stderr)
    assert switch.socket in done.stderr
