"""Hosts behind interfaces that exist already: one end of a veth pair is the host's, the other, in the namespace of the
switch, is the interface of a `netdev` port. Also a TAP as a hypervisor holds it."""
import fcntl
import os
import select
import struct
import time

from . import waiting, wire
from .grid import Grid, Member
from .host import Host
from .packets import mac
from .subinterface import CSUM, IFF_NO_PI, IFF_TAP, IFF_VNET_HDR, TSO4, TSO6, TUNSETIFF, TUNSETOFFLOAD

TUN = "/dev/net/tun"
NOTHING = (0, 0, 0, 0, 0, 0)  # an offload header that asks for nothing


class Card(Host):
    """`device` is the host's end, `interface` the switch's, in the namespace `middle`."""

    def __init__(self, lab, middle, number, ipv6=False, addresses=True, options="", interface=None):
        super().__init__(lab.namespace(ipv6), "eth0", number, ipv6, addresses, "")
        self.middle, self.interface = middle, interface or lab.device()
        self.ipv6, self.addressed = ipv6, addresses
        self.spec = f"netdev:{self.interface}" + (f",{options}" if options else "")

    @property
    def port(self):
        return self.interface

    def plug(self):
        """Makes the pair, both ends up. The host's MAC is the same each time."""
        self.middle.run("ip", "link", "add", self.interface, "type", "veth", "peer", "name", self.device, "address",
                        mac(0x700000 + self.number), "netns", self.space.name)
        self.middle.run("ip", "link", "set", self.interface, "up")
        self.run("ip", "link", "set", self.device, "up")
        if self.addressed:
            self.run("ip", "addr", "add", f"{self.ip4}/24", "dev", self.device)
            if self.ipv6:
                self.run("ip", "addr", "add", f"{self.ip6}/64", "dev", self.device, "nodad")
        waiting.until(lambda: self.near()["operstate"] == "UP", f"{self.interface} is up")
        self.look()
        return self

    def unplug(self):
        """Deletes the interface, and with it the host's."""
        self.middle.run("ip", "link", "del", self.interface)

    def set(self, *words):
        """`ip link set` of the interface."""
        self.middle.run("ip", "link", "set", self.interface, *words)

    def near(self):
        """The interface as it is now."""
        return self.middle.link(self.interface)

    def near_wire(self, vnet=False):
        """A raw socket on the interface, beside the switch's."""
        return wire.Wire(Host(self.middle, self.interface, 0, False, False, ""), vnet)

    def near_offloads(self, words):
        if words:
            self.middle.run("ethtool", "-K", self.interface, *words)


def hosts(lab, cards=2, taps=0, ipv6=False, addresses=True, options="", settings=()):
    """Cards, plugged, and then hosts behind TAPs. `settings`: those of each port, `options` of all."""
    middle, found = lab.namespace(), []
    for number in range(cards + taps):
        words = ",".join(word for word in (options, settings[number] if settings else "") if word)
        if number < cards:
            found.append(Card(lab, middle, number + 1, ipv6, addresses, words).plug())
        else:
            found.append(Host(lab.namespace(ipv6), lab.device(), number + 1, ipv6, addresses, words))
    return middle, found


def network(lab, cards=2, taps=0, ipv6=False, addresses=True, options="", settings=(), arguments=(), **keywords):
    """A switch in a namespace of its own and hosts behind its ports: first cards, then TAPs."""
    middle, found = hosts(lab, cards, taps, ipv6, addresses, options, settings)
    ports = [word for host in found for word in ("--port", host.spec)]
    switch = lab.switch(*ports, *arguments, inside=middle, **keywords)
    assert switch.ready_line == (len(found), len(found)), f"not every port is up: {switch.ready_line}\n{switch.log()}"
    [host.look() for host in found]
    return switch, found


class CardGrid(Grid):
    """A Grid whose ports are `netdev`, but for those whose name begins with `tap`."""

    def __init__(self, lab, ports, arguments=(), **options):
        self.members = {name: port for name, port in ports.items() if isinstance(port, Member)}
        middle, self.hosts, specs = lab.namespace(), {}, []
        for number, (name, port) in enumerate(ports.items(), 1):
            words = f"name={name}," + (port.settings if isinstance(port, Member) else port)
            if name.startswith("tap"):
                host = Host(lab.namespace(), lab.device(), number, False, False, words.rstrip(","))
            else:
                host = Card(lab, middle, number, False, False, words.rstrip(",")).plug()
            self.hosts[name] = host
            specs += ["--port", host.spec]
        self.switch = lab.switch(*specs, *arguments, inside=middle, **options)
        assert self.switch.ready_line == (len(ports), len(ports)), self.switch.log()
        [host.look() for host in self.hosts.values()]
        self.wires = {name: lab.close_later(host.wire()) for name, host in self.hosts.items()}
        self.marks = 0


class Hypervisor:
    """A TAP made and held as a hypervisor does it, with an offload header on each frame; the guest is the test."""

    def __init__(self, lab, space, name, offload=CSUM | TSO4 | TSO6):
        self.space, self.name = space, name
        with space.entered():
            self.tap = os.open(TUN, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
        fcntl.ioctl(self.tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
        fcntl.ioctl(self.tap, TUNSETOFFLOAD, offload)
        space.run("ip", "link", "set", name, "up")
        lab.kept.add(name)  # it is not the switch's
        lab.close_later(self)

    def send(self, frame, header=NOTHING):
        os.write(self.tap, wire.VNET.pack(*header) + bytes(frame))

    def drain(self, marker, wanted=1, quiet=0.1, limit=5.0):
        """What the guest received that holds `marker`: `wanted` are waited for, then until none came for `quiet`."""
        found, end = [], time.monotonic() + limit
        while time.monotonic() < end:
            ready, _, _ = select.select([self.tap], [], [], quiet if len(found) >= wanted else limit)
            if not ready:
                break
            data = os.read(self.tap, 1 << 17)
            if marker in data:
                found.append(wire.Received(data[wire.VNET.size:], wire.VNET.unpack(data[:wire.VNET.size])))
        return found

    def frames(self, marker=b"tapswitch-", **options):
        return [received.frame for received in self.drain(marker, **options)]

    def close(self):
        """The hypervisor ends: the device goes."""
        tap, self.tap = self.tap, None
        if tap is not None:
            os.close(tap)
