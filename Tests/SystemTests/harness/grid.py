"""Ports with VLAN settings, a naive model of who gets a frame and how, and a bench that asks the switch the same.

The model is written from 802.1Q (6.9, 8.6.2 to 8.6.4) and the contract; nothing of the switch is in it.
"""
import collections
import re

from .packets import BROADCAST, mac, plain

Q, AD = 0x8100, 0x88A8
PROBE = b"TSLP"  # in the switch's own frames, on ports with loop_probe
MARK = re.compile(rb"tapswitch-(\d{8})-")
ALL = frozenset(range(1, 4095))


def tagged(frame, *tags):
    """`frame` with tags in front, outermost first: (TPID, TCI)."""
    return frame[:12] + b"".join(tpid.to_bytes(2, "big") + tci.to_bytes(2, "big") for tpid, tci in tags) + frame[12:]


def outermost(frame):
    """(type, TCI or None): what stands behind the addresses."""
    return int.from_bytes(frame[12:14], "big"), int.from_bytes(frame[14:16], "big") if len(frame) >= 16 else None


class Member:
    """VLAN settings of one port, as text for the switch and as sets for the model."""

    def __init__(self, settings="", native=1, tagged=ALL, accept="all", tpid=Q, qinq=False):  # noqa: A002
        self.settings, self.native, self.tagged = settings, native, frozenset(tagged) - {native}
        self.accept, self.tpid, self.qinq = accept, tpid, qinq

    def __contains__(self, vlan):
        return vlan == self.native or vlan in self.tagged


def access(vlan):
    return Member(f"vlan={vlan}", vlan, (), "untagged")


def trunk(native=1, carries="all", accept="all", tpid=Q):
    """`carries` as it stands in SPEC: `all`, `10+20-29`."""
    found = set(ALL) if carries == "all" else set()
    for part in carries.split("+") if carries != "all" else ():
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    words = ["vlan=trunk", f"native={native or 'none'}", f"tagged={carries}"]
    words += [f"accept={accept}"] if accept != "all" else []
    words += [f"tpid={tpid:#x}"] if tpid != Q else []
    return Member(",".join(words), native, found, accept, tpid)


def tunnel(vlan):
    """A customer's port: everything is in one service VLAN."""
    return Member(f"qinq={vlan}", vlan, (), "all", Q, True)


def expected(members, sender, frame):
    """({name: what arrives there}, reasons of which one must be counted) of a flooded frame."""
    port, (kind, tci) = members[sender], outermost(frame)
    inner, kept, is_tagged, vlan = frame, 0, False, port.native
    if kind == port.tpid and not port.qinq:
        if tci & 0xFFF == 0xFFF:
            return {}, {"bad_tag"}
        inner, kept, is_tagged = frame[:12] + frame[16:], tci & 0xF000, tci & 0xFFF != 0
        vlan = tci & 0xFFF or port.native
    if port.accept not in ("all", "tagged" if is_tagged else "untagged"):
        return {}, {"frame_type"}
    if vlan == 0:
        return {}, {"vlan_not_allowed", "frame_type"}
    if vlan not in port:
        return {}, {"vlan_not_allowed"}
    out = {}
    for name, other in members.items():
        if name == sender or vlan not in other:
            continue
        hops = not other.qinq and outermost(inner)[0] == other.tpid  # an inner tag never becomes the outermost
        out[name] = inner if vlan == other.native and not hops else tagged(inner, (other.tpid, kept | vlan))
    return out, set() if out else {"no_destination"}


class Grid:
    """A switch with a silent host and a raw socket behind each named port."""

    def __init__(self, lab, ports, arguments=(), **options):
        """`ports`: name -> Member, or the settings as text."""
        self.members = {name: port for name, port in ports.items() if isinstance(port, Member)}
        self.hosts = {}
        for name, host in zip(ports, lab.hosts(len(ports), addresses=False)):
            settings = ports[name].settings if isinstance(ports[name], Member) else ports[name]
            host.spec += f",name={name}" + (f",{settings}" if settings else "")
            self.hosts[name] = host
        specs = [word for host in self.hosts.values() for word in ("--port", host.spec)]
        self.switch = lab.switch(*specs, *arguments, **options)
        assert self.switch.ready_line == (len(ports), len(ports)), self.switch.log()
        [host.look() for host in self.hosts.values()]
        self.wires = {name: lab.close_later(host.wire()) for name, host in self.hosts.items()}
        self.marks = 0

    def mac(self, name):
        return self.hosts[name].mac

    def frame(self, source=None, destination=BROADCAST, length=64):
        """An untagged frame with a mark of its own; the source is a fresh station, or a port's own."""
        self.marks += 1
        source = self.hosts[source].mac if source in self.hosts else source or mac(0x200000 + self.marks)
        destination = self.hosts[destination].mac if destination in self.hosts else destination
        return plain(source, destination, length, self.marks)

    def send(self, *batch, quiet=0.03):
        """Sends (port, frame)s, each when the one before is through; for each, {port: [what arrived]}."""
        arrived, by_mark = [collections.defaultdict(list) for _ in batch], {}
        for number, (name, frame) in enumerate(batch):
            before = self.switch.received()
            self.wires[name].send(frame)
            self.switch.wait_received(before, f"{frame.hex()} from {name}")
            by_mark[MARK.search(frame)[1]] = number
        for name, wire in self.wires.items():
            for frame in wire.frames(quiet=quiet, keep=lambda received: PROBE not in received.frame):
                found = MARK.search(frame)
                assert found and found[1] in by_mark, f"{name} got what nobody sent: {frame.hex()}"
                arrived[by_mark[found[1]]][name].append(frame)
        return [dict(one) for one in arrived]

    def reach(self, name, frame):
        """Names of the ports where a frame arrives, once each."""
        found, = self.send((name, frame))
        assert all(len(frames) == 1 for frames in found.values()), found
        return set(found)

    def remove(self, name):
        """Removes a port and what listens behind it."""
        self.wires.pop(name).close()
        self.hosts.pop(name)
        self.switch.ok("port", "remove", name)

    def counts(self, name):
        return self.switch.ports()[name]["counters"]

    def drops(self, name=None):
        return self.switch.drops(name)

    def fdb(self):
        """{(mac, vlan): port} of what is known."""
        return {(entry["mac"], entry["vlan"]): entry["port"] for entry in self.switch.fdb()}
