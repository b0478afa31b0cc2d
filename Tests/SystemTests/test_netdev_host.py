"""`netdev` ports and the host they are on: which right they need, and interfaces that the host uses, too."""
import re
import subprocess

import pytest

from harness import card, switch as switches, traffic, waiting
from harness.packets import mac, plain
from test_privileges import AS_NOBODY, refused, start, unprivileged  # noqa: F401


# rights


def test_an_ordinary_user_is_told_of_cap_net_raw(lab, unprivileged):  # noqa: F811
    middle, (a,) = card.hosts(lab, 1)
    text = refused(start(lab, unprivileged, a.spec, ready=False, inside=middle))
    assert "CAP_NET_RAW" in text and a.interface in text, text
    assert "setcap" in text and "cap_net_raw" in text, text
    assert a.near()["promiscuity"] == 0


def with_rights(lab, middle, rights, *ports):
    """A switch of root's with nothing but these capabilities."""
    made = switches.Switch([word for port in ports for word in ("--port", port)], lab.directory, name="some",
                           inside=middle, wrapper=("setpriv", f"--bounding-set=-all,{rights}"))
    lab.switches.append(made)
    return made


def test_cap_net_raw_alone_is_enough(lab):
    middle, (a, b) = card.hosts(lab)
    switch = with_rights(lab, middle, "+net_raw", a.spec, b.spec).wait_ready()
    switch.allowed.append(re.compile("have room for"))  # where net.core.rmem_max is as small as it is by default
    assert switch.ready_line == (2, 2), switch.log()
    a.ping(b.ip4)
    traffic.tcp(a, b, 4, 1 << 20, seed=1)


def test_the_missing_right_stops_run_before_anything_is_made(lab):
    middle, (a,) = card.hosts(lab, 1)
    text = refused(with_rights(lab, middle, "+net_admin", f"tap:{lab.device()}", a.spec))
    assert "CAP_NET_RAW" in text and set(middle.links()) == {a.interface}, text


def test_the_missing_right_when_a_port_is_added(lab):
    middle, (a,) = card.hosts(lab, 1)
    switch = with_rights(lab, middle, "+net_admin", f"tap:{lab.device()}").wait_ready()
    switch.fails(77, "port", "add", a.spec, saying=("CAP_NET_RAW",))
    assert a.port not in switch.ports()


READ_AND_SEND = """
import socket, sys
frame, found = bytes.fromhex(sys.argv[1]), b""
def wire(name):
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88b5))
    made.bind((name, 0x88b5))
    made.settimeout(5)
    return made
ear, mouth = wire("b1"), wire("a1")
mouth.send(frame)
while found != frame:
    found = ear.recv(2048)
"""


def test_inside_unshare_without_root(lab, unprivileged):  # noqa: F811
    """`unshare -rn`: an ordinary user switches between interfaces of a namespace of its own."""
    make = ("echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6; for i in a b; do ip link add ${i}0 type veth peer "
            "name ${i}1; ip link set ${i}0 up; ip link set ${i}1 up; done; exec \"$0\" \"$@\"")
    made = switches.Switch(["--port", "netdev:a0", "--port", "netdev:b0"], unprivileged, name="user",
                           wrapper=(*AS_NOBODY, "unshare", "-Urn", "sh", "-c", make),
                           binary=f"{unprivileged}/tapswitch", env={"HOME": unprivileged})
    lab.switches.append(made)
    made.wait_ready()
    made.allowed.append(re.compile("have room for"))
    assert made.ready_line == (2, 2), made.log()
    done = subprocess.run(["nsenter", "-t", str(made.pid), "-n", "/usr/bin/python3", "-c",
                           READ_AND_SEND, plain(mac(1), mac(2)).hex()], capture_output=True, text=True,
                          timeout=20)
    assert done.returncode == 0, done.stderr
    assert made.where(mac(1)) == {1: "a0"}


# interfaces that the host uses, too


def said(switch, interface):
    """Warnings about the interface."""
    return [line for line in switch.lines if " warning " in line and interface in line]


def told(lab, middle, interface, command):
    """A switch warns with `command` (a pattern); that command run, another switch does not. What it said, first."""
    first = lab.switch("--port", f"netdev:{interface}", inside=middle, allowed=[re.escape(interface)])
    lines = said(first, interface)
    found = next((match for line in lines if (match := re.search(f"sudo ({command})", line))), None)
    assert found, f"no {command} in: {lines}\n{first.log()}"
    assert first.ready_line == (1, 1), "a warning does not keep the port from working"
    first.check()
    first.stop()
    middle.run("sh", "-c", found[1])
    return lines


def test_a_warning_where_the_interface_has_addresses(lab):
    middle, (a,) = card.hosts(lab, 1)
    middle.run("ip", "addr", "add", "192.0.2.1/24", "dev", a.interface)
    lines = told(lab, middle, a.interface, f"ip addr(ess)? flush (dev )?{a.interface}")
    assert len(lines) == 1, lines
    assert said(lab.switch("--port", a.spec, inside=middle), a.interface) == []


@pytest.mark.parametrize("suffix", ["", ".10"], ids=["plain", "dotted"])
def test_a_warning_where_ipv6_configures_itself(lab, suffix):
    """`sysctl` takes a dot for a slash, so an interface with one in its name needs another spelling."""
    middle = lab.namespace(ipv6=True)
    a = card.Card(lab, middle, 1, addresses=False, interface=lab.device() + suffix).plug()
    inner = re.escape(a.interface.replace(".", "/"))  # or all with slashes, and then the dot stays
    told(lab, middle, a.interface, f"sysctl -w ['\"]?(net\\.ipv6\\.conf\\.['\"]?{inner}['\"]?\\.disable_ipv6|"
                                   f"net/ipv6/conf/{re.escape(a.interface)}/disable_ipv6)=1['\"]?")
    assert said(lab.switch("--port", a.spec, inside=middle), a.interface) == []


def test_a_warning_where_the_interface_is_in_a_bridge(lab):
    middle, (a,) = card.hosts(lab, 1)
    middle.run("ip", "link", "add", "br0", "type", "bridge")
    middle.run("ip", "link", "set", a.interface, "master", "br0")
    lines = told(lab, middle, a.interface, f"ip link set (dev )?{a.interface} nomaster")
    assert len(lines) == 1, lines
    assert "master" not in a.near()
    assert said(lab.switch("--port", a.spec, inside=middle), a.interface) == []


def test_a_warning_when_the_port_is_added_and_none_for_a_clean_interface(lab):
    switch, (a, b) = card.network(lab, allowed=[r"192\.0\.2\.|flush"])
    assert said(switch, a.interface) == said(switch, b.interface) == []
    late = card.Card(lab, a.middle, 9).plug()
    a.middle.run("ip", "addr", "add", "192.0.2.1/24", "dev", late.interface)
    switch.ok("port", "add", late.spec)
    waiting.until(lambda: len(said(switch, late.interface)) == 1, "the warning")
