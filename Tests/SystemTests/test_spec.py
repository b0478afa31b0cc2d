"""Every kind of SPEC error: exit status, and what the sentence says. Nothing is made, nothing is lost."""
import pytest

from harness.switch import run_cli

# SPEC, exit status, what the error must mention
ERRORS = [
    ("tap0", 64, ("KIND", "tap:tap0")),
    ("", 64, ()),
    (":tap0", 64, ()),
    ("tap", 64, ()),
    ("tap:", 65, ()),
    ("nonsense:tap0", 65, ("nonsense", "tap")),
    ("TAP:tap0", 65, ("TAP",)),
    ("tap:tap0,", 65, ()),
    ("tap:tap0,mtu", 65, ("mtu", "=")),
    ("tap:tap0,mtu=", 65, ("mtu",)),
    ("tap:tap0,colour=red", 65, ("colour",)),
    ("tap:tap0,mut=1500", 65, ("mut", "mtu")),
    ("tap:tap0,mtu=1500,mtu=1400", 65, ("mtu", "twice")),
    ("tap:tap0,peer=127.0.0.1:1", 65, ("peer",)),
    ("tap:tap0,clients=4", 65, ("clients",)),
    ("tap:tap0,mtu=67", 65, ("mtu", "67", "68")),
    ("tap:tap0,mtu=65522", 65, ("mtu", "65522", "65521")),
    ("tap:tap0,mtu=abc", 65, ("mtu", "abc")),
    ("tap:tap0,mtu=-1", 65, ("mtu",)),
    ("tap:tap0,mtu=99999999999999999999", 65, ("mtu",)),
    ("tap:tap0,txqueuelen=0", 65, ("txqueuelen",)),
    ("tap:tap0,txqueuelen=65537", 65, ("txqueuelen", "65536")),
    ("tap:tap0,up=yes", 65, ("up", "yes", "on", "off")),
    ("tap:tap0,up=true", 65, ("up", "true")),
    ("tap:tap0,persist=1", 65, ("persist",)),
    ("tap:tap0,mac=xx", 65, ("mac", "xx")),
    ("tap:tap0,mac=01:00:00:00:00:01", 65, ("mac", "01:00:00:00:00:01")),
    ("tap:tap0,mac=00:00:00:00:00:00", 65, ("mac",)),
    ("tap:tap0,mac=ff:ff:ff:ff:ff:ff", 65, ("mac",)),
    ("tap:tap0,address=10.0.0.1", 65, ("address", "10.0.0.1")),
    ("tap:tap0,address=10.0.0.1/33", 65, ("address", "33")),
    ("tap:tap0,address=10.0.0.256/24", 65, ("address",)),
    ("tap:tap0,address=fd00::1/129", 65, ("address",)),
    ("tap:tap0,address=10.0.0.1/24+", 65, ("address",)),
    ("tap:tap0,address=fe80::1%25eth0/64", 65, ("address",)),
    ("tap:tap0,routes=10.0.0.0", 65, ("routes",)),
    ("tap:tap0,routes=10.0.0.0/8@x", 65, ("routes", "x")),
    ("tap:tap0,routes=10.0.0.0/8@fd00::1", 65, ("routes",)),
    ("tap:tap0,name=", 65, ("name",)),
    ("tap:tap0,name=a/b", 65, ("name", "a/b")),
    ("tap:tap0,name=" + "n" * 33, 65, ("name", "32")),
    ("tap:tap0,name=../x", 65, ("name",)),
    ("tap:tap0,netns=", 65, ("netns",)),
    ("tap:tap0,netns=pid:abc", 65, ("netns", "abc")),
    ("tap:tap0,netns=pid:-1", 65, ("netns",)),
    ("tap:sixteen-letters-", 65, ("sixteen-letters-", "15")),
    ("tap:a/b", 65, ("a/b",)),
    ("tap:a b", 65, ("a b",)),
    ("tap:tap%d", 65, ("tap%d",)),
    ("tap:tap0,comment=a,b", 65, ("b",)),
]


@pytest.fixture(scope="module")
def where(tmp_path_factory):
    return str(tmp_path_factory.mktemp("spec"))


@pytest.mark.parametrize("spec, status, says", ERRORS, ids=[spec or "empty" for spec, _, _ in ERRORS])
def test_spec_errors_of_run(where, spec, status, says):
    rc, out, err = run_cli("run", "--socket", f"{where}/s.sock", "--port", spec, timeout=10)
    assert rc == status and out == "" and "ready:" not in err, (rc, out, err)
    assert err.strip() and all(word in err for word in says), f"{says} not all in: {err}"


def test_spec_errors_of_port_add(lab):
    """The same by the API side: same status, same words, and the switch as it was."""
    switch, (a, b) = lab.network(2)
    before = switch.json("port", "list")
    for spec, status, says in ERRORS:
        rc, out, err = switch.cli("port", "add", spec)
        assert rc == status and out == "", (spec, rc, out, err)
        assert all(word in err for word in says), f"{spec}: {says} not all in: {err}"
    assert [port["name"] for port in switch.json("port", "list")] == [port["name"] for port in before]
    assert lab.here.links() == {}


def test_good_ports_beside_a_bad_one_are_not_made(lab):
    device = lab.device()
    rc, _, err = run_cli("run", "--socket", lab.path("s.sock"), "--port", f"tap:{device}", "--port", "tap:x,mtu=1")
    assert rc == 65 and lab.here.links() == {}


def test_kinds_of_later_issues_say_so(where):
    """A kind of the contract that is not there yet is refused with a sentence, not half made."""
    for spec in ("stream:unix:/tmp/x.sock", "udp:127.0.0.1:1,peer=127.0.0.1:2", "vde:/tmp/x", "tun:t0"):
        rc, out, err = run_cli("run", "--socket", f"{where}/s.sock", "--port", spec, timeout=10)
        assert rc == 65 and spec.split(":")[0] in err, (spec, rc, out, err)


def test_commas_are_written_twice(lab):
    switch, (a, b) = lab.network(2)
    device = lab.device()
    switch.ok("port", "add", f"tap:{device},comment=a,,b=c+d,mtu=1400")
    settings = switch.port(device)["settings"]
    assert (settings["comment"], settings["mtu"]) == ("a,b=c+d", 1400)


def test_sizes_and_lists(lab):
    switch, _ = lab.network(1)
    device, space = lab.device(), lab.namespace(ipv6=True)
    switch.ok("port", "add", f"tap:{device},netns={space.name},mtu=9k,txqueuelen=1Ki,address=10.0.0.1/24+fd00::1/64")
    link = space.link(device)
    assert (link["mtu"], link["txqlen"]) == (9000, 1024)
    assert {info["local"] for info in link["addr_info"]} >= {"10.0.0.1", "fd00::1"}


def test_an_address_the_kernel_refuses_names_its_reason(lab):
    switch, _ = lab.network(1)
    err = switch.fails(65, "port", "add", f"tap:{lab.device()},address=fd00::1/64")  # IPv6 is off in this namespace
    assert "fd00::1/64" in err and "disabled" in err, err
    assert lab.here.links() == {} and len(switch.ports()) == 1
