"""Two switches and a bad line between them: whatever is lost or overtaken, nothing arrives but what was sent.

The line is `programs/impair.c` between a TAP of each switch, in a namespace of its own: it loses and reorders frames by
a seed, and passes the others with their offload headers, so that both switches see the large frames the other made.
"""
import collections
import contextlib
import json
import random
import signal
import socket
import struct
import subprocess
import time

import pytest

from harness import checksums, traffic, waiting
from harness.checksums import TCP as TCP_NUMBER, UDP as UDP_NUMBER, Parsed
from harness.packets import BROADCAST, EXPERIMENTAL, IP, TCP, UDP, Dot1Q, Ether, IPv6, ours
from harness.wire import GSO_TCPV6, GSO_UDP_L4
from test_offload import SETTINGS, set_offloads

LOSS, REORDER = 10, 50  # frames in a thousand
LINES = [pytest.param(loss, reorder, seed, id=f"loss{loss}-reorder{reorder}-{seed or 'fresh'}")
         for loss, reorder, seed in ((0, 0, 11), (LOSS, 0, 12), (0, REORDER, 13), (LOSS, REORDER, 14),
                                     (LOSS, REORDER, None))]
MIXES = [("all-on", "all-on"), ("all-on", "all-off"), ("no-tso", "csum-only"), ("all-off", "all-off")]
SO_RCVBUFFORCE = 33


class Line:
    """The bad line, for the length of a block. `ways`, afterwards: what it did there and back."""

    def __init__(self, lab, program, ends, loss, reorder, seed):
        self.loss, self.reorder, self.fresh = loss, reorder, seed is None
        self.seed = random.SystemRandom().randrange(1 << 31) if seed is None else seed
        print(f"seed {self.seed}, {loss} of 1000 lost, {reorder} of 1000 delayed")
        middle, one, other = ends
        self.process = lab.background(subprocess.Popen(
            [program("impair"), middle.path, one, other, *map(str, (self.seed, loss, reorder))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))

    def __enter__(self):
        assert self.process.stdout.readline() == "ready\n"
        return self

    def __exit__(self, kind, *_):
        out, _ = self.process.communicate(timeout=10)
        print(out.strip())
        if kind is not None:
            return
        assert self.process.returncode == 0
        self.ways = json.loads(out)
        for way in self.ways:
            assert way["overrun"] == way["refused"] == 0, f"the line itself was too slow: {way}"
            assert self.loss or not way["lost"], way
            assert self.reorder or not way["delayed"], way
        if not self.fresh:
            assert bool(self.loss) == any(way["lost"] for way in self.ways), "nothing was lost"
            assert bool(self.reorder) == any(way["delayed"] for way in self.ways), "nothing was delayed"


def apart(lab, *options):
    """Two hosts, each behind a switch of its own, and where the line goes: (namespace, device, device)."""
    hosts = lab.hosts(2, ipv6=True, options=",".join(options))
    middle, ends, switches = lab.namespace(), [], []
    for host in hosts:
        ends.append(lab.device())
        far = ",".join((f"tap:{ends[-1]}", f"netns={middle.name}", *options))
        switches.append(lab.switch("--port", host.spec, "--port", far))
        assert switches[-1].ready_line == (2, 2), switches[-1].log()
        host.look()
        with host.space.entered(), open("/proc/sys/net/ipv4/tcp_rto_min_us", "w") as file:
            file.write("20000")  # a loss costs 20 ms, not 200
    return switches, hosts, (middle, *ends)


def restore_offloads(host):
    set_offloads(host, ["on" if word == "off" else word for word in SETTINGS["all-off"]])


def merged(switches):
    return sum(port["counters"]["merged"] for switch in switches for port in switch.ports().values())


def bad_checksums(host):
    """What the host's stack threw away for its checksums or headers."""
    lines = [line.split() for line in host.run("cat", "/proc/net/snmp", "/proc/net/snmp6").stdout.splitlines()]
    found = {line[0]: int(line[1]) for line in lines if len(line) == 2}
    for names, values in zip(lines, lines[1:]):
        if names[0] == values[0]:
            found.update({names[0] + name: int(value) for name, value in zip(names[1:], values[1:])})
    assert "Tcp:InCsumErrors" in found and "Udp6InCsumErrors" in found, found
    return {name: count for name, count in found.items() if count and name.endswith(("CsumErrors", "HdrErrors"))}


def judge_switches(switches, hosts, coalesce):
    assert [switch.undelivered() for switch in switches] == [{}, {}]
    assert [bad_checksums(host) for host in hosts] == [{}, {}]
    assert (merged(switches) > 0) == (coalesce == "on"), f"coalesce={coalesce}, {merged(switches)} merged"


def difference(sent, got, line):
    """What is wrong with `got`, as a sentence; None if the line explains it."""
    more = collections.Counter(got) - collections.Counter(sent)
    if more:
        one = next(iter(more))
        place = next(index for index, value in enumerate(got) if value == one)
        return (f"{sum(more.values())} of {len(got)} were never sent, or arrived twice, such as number {place}: "
                f"{one!r:.200}")
    if not line.loss and len(got) != len(sent):
        return f"{len(got)} of {len(sent)} arrived, and the line lost none"
    if len(got) < len(sent) // 4:  # one lost frame may have borne many
        return f"only {len(got)} of {len(sent)} arrived"
    if not line.reorder:
        rest = iter(sent)
        for place, value in enumerate(got):
            if not any(value == one for one in rest):
                return f"number {place} of {len(got)} is out of order, and the line keeps order: {value!r:.200}"
    return None


class Flow:
    """Datagrams of mixed sizes, some sent as one of many segments, with the sizes of neighbours often equal."""

    def __init__(self, client, server, version, seed):
        self.random, self.sent, self.got, self.size = random.Random(seed), [], [], 1
        self.largest = client.mtu - (28 if version == 4 else 48)
        self.name = f"UDP over IPv{version}, {client.device} to {server.device}"
        kind = traffic.family(version), socket.SOCK_DGRAM
        self.ear, self.mouth = server.socket(*kind), client.socket(*kind)
        self.ear.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        self.ear.bind((traffic.address(server, version), 0))
        self.mouth.connect(self.ear.getsockname()[:2])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ear.close()
        self.mouth.close()

    def send(self, first):
        for size in (1, 8000, self.largest) if first else ():
            if size <= self.largest:
                self.sent.append(self.random.randbytes(size))
                self.mouth.send(self.sent[-1])
        if self.random.random() < 0.25:
            self.size = self.random.randint(1, self.random.choice((20, 200, self.largest)))
        if self.random.random() < 0.03:
            segment = self.random.randint(200, self.largest)
            data = self.random.randbytes(segment * self.random.randint(1, min(30, 60_000 // segment) - 1)
                                         + self.random.randint(1, segment))
            self.sent += [data[at:at + segment] for at in range(0, len(data), segment)]
            self.mouth.sendmsg([data], [(traffic.SOL_UDP, traffic.UDP_SEGMENT, struct.pack("H", segment))])
        else:
            self.sent.append(self.random.randbytes(self.size))
            self.mouth.send(self.sent[-1])

    def receive(self, patience):
        """Until all are there, or none came for `patience` seconds."""
        self.ear.settimeout(patience)
        while len(self.got) < len(self.sent):
            try:
                self.got.append(self.ear.recv(1 << 16))
            except TimeoutError:
                return


def datagrams(hosts, line, seed, count):
    """Four flows at once, both ways and over both versions."""
    with contextlib.ExitStack() as stack:
        flows = [stack.enter_context(Flow(client, server, version, seed + client.number))
                 for client, server in (hosts, hosts[::-1]) for version in (4, 6)]
        for turn in range(count):  # fewer than a TAP's queue holds: what is missing was lost by the line or a switch
            for flow in flows:
                flow.send(turn == 0)
        for index, flow in enumerate(flows):
            flow.receive(3 if not line.loss else 0.15 if index == 0 else 0.02)
            wrong = difference(flow.sent, flow.got, line)
            assert wrong is None, f"{flow.name}, seed {line.seed}: {wrong}"


def exchange(hosts, line, count):
    """TCP and UDP, IPv4 and IPv6, there and back, with every mix of offloads."""
    for number, mix in enumerate(MIXES):
        print("offloads:", *mix)
        for host, setting in zip(hosts, mix):
            restore_offloads(host)
            set_offloads(host, SETTINGS[setting])
        for version in (4, 6):
            traffic.tcp(*hosts, version, 1 << 20, seed=line.seed + 10 * number + version)
        datagrams(hosts, line, line.seed + 10 * number, count)


@pytest.mark.parametrize("coalesce", ["on", "off"])
@pytest.mark.parametrize("loss, reorder, seed", LINES)
def test_streams_and_datagrams(lab, program, coalesce, loss, reorder, seed):
    switches, hosts, ends = apart(lab, f"coalesce={coalesce}")
    with Line(lab, program, ends, loss, reorder, seed) as line:
        exchange(hosts, line, 250)
    judge_switches(switches, hosts, coalesce)
    assert all(way["whole"] > 0 for way in line.ways), "no large frame crossed the line"


@pytest.mark.parametrize("loss, reorder, seed", [LINES[0], LINES[-1]])
def test_large_mtu(lab, program, loss, reorder, seed):
    switches, hosts, ends = apart(lab, "mtu=9000")
    with Line(lab, program, ends, loss, reorder, seed) as line:
        exchange(hosts, line, 100)
    judge_switches(switches, hosts, "on")


def tagged_frames(one, other, seed, count):
    """(frame, offload header, what must arrive of it) of a UDP and a TCP flow in VLAN 5, taking turns in short runs.

    What must arrive: the datagram; or sequence number and bytes. One frame in ten stands for several segments.
    """
    dice, number, sequence, frames = random.Random(seed), 0, 1000, []
    front = Ether(src=one.mac, dst=other.mac) / Dot1Q(vlan=5, prio=3)
    while len(frames) < count:
        udp, size = dice.random() < 0.5, dice.choice((48, 100, 1400))  # 48: the smallest segment of a stream
        for _ in range(dice.randint(1, 20)):
            segments = dice.randint(2, 20) if dice.random() < 0.1 else 1
            data = b"".join(struct.pack("!I", number + index) + dice.randbytes(size - 4) for index in range(segments))
            pieces = [data[at:at + size] for at in range(0, len(data), size)]
            if udp:
                frame = front / IP(src=one.ip4, dst=other.ip4, id=number & 0xFFFF, flags="DF") / UDP(sport=7, dport=9)
                expected = [(UDP_NUMBER, piece) for piece in pieces]
            else:
                frame = front / IPv6(src=one.ip6, dst=other.ip6) / TCP(sport=7, dport=9, seq=sequence, ack=1, flags="A")
                expected = [(TCP_NUMBER, sequence + index * size, piece) for index, piece in enumerate(pieces)]
                sequence += len(data)
            number += segments
            gso = 0 if segments == 1 else GSO_UDP_L4 if udp else GSO_TCPV6
            frames.append((*(checksums.with_partial(frame / data, gso, size) if gso or dice.random() < 0.5
                             else (bytes(frame / data), None)), expected))
    return frames


def taken_apart(received):
    """What arrived in a frame, in the words of `tagged_frames`."""
    parsed, frame = Parsed(received.frame), received.frame
    assert parsed.protocol in (UDP_NUMBER, TCP_NUMBER), received
    header = 8 if parsed.protocol == UDP_NUMBER else (frame[parsed.l4 + 12] >> 4) * 4
    data = frame[parsed.l4 + header:parsed.l3 + parsed.total]
    size = received.vnet[3] if received.vnet[1] else len(data)
    pieces = [data[at:at + size] for at in range(0, len(data), size)]
    if parsed.protocol == UDP_NUMBER:
        return [(UDP_NUMBER, piece) for piece in pieces]
    sequence = int.from_bytes(frame[parsed.l4 + 4:parsed.l4 + 8], "big")
    return [(TCP_NUMBER, sequence + index * size, piece) for index, piece in enumerate(pieces)]


@pytest.mark.parametrize("coalesce", ["on", "off"])
@pytest.mark.parametrize("loss, reorder, seed", [LINES[0], LINES[-1]])
def test_tagged(lab, program, coalesce, loss, reorder, seed):
    """The same in a VLAN, with frames of the test's own: this kernel may know no VLAN devices."""
    switches, (a, b), ends = apart(lab, f"coalesce={coalesce}")
    with Line(lab, program, ends, loss, reorder, seed) as line:
        with b.wire() as mouth, a.wire() as ear:  # both switches know b in the VLAN: what is flooded is not joined
            hello = bytes(Ether(src=b.mac, dst=BROADCAST) / Dot1Q(vlan=5, type=EXPERIMENTAL) / bytes(46))
            waiting.until(lambda: mouth.send(hello) and ear.drain(quiet=0.05, keep=ours), "b is heard")
        for one, other in ((a, b), (b, a)):
            frames = tagged_frames(one, other, line.seed, 250)
            with one.wire(vnet=True) as mouth, other.wire(vnet=True) as ear:
                for start in range(0, len(frames), 15):
                    for switch in switches:  # held until these are sent, so that it finds them as a batch
                        switch.process.send_signal(signal.SIGSTOP)
                    for frame, header, _ in frames[start:start + 15]:
                        mouth.send(frame, header)
                    for switch in switches:
                        switch.process.send_signal(signal.SIGCONT)
                    time.sleep(0.003)
                front = frames[0][0][:16]  # addresses and tag
                found = ear.drain(quiet=0.3, limit=5, keep=lambda received: received.frame[:16] == front)
                strange = [received for received in found if checksums.faults(received, other.mtu)]
                assert not strange, [(checksums.faults(received, other.mtu), received) for received in strange[:3]]
                sent = [piece for *_, expected in frames for piece in expected]
                got = [piece for received in found for piece in taken_apart(received)]
                for kind in (UDP_NUMBER, TCP_NUMBER):
                    wrong = difference([piece for piece in sent if piece[0] == kind],
                                       [piece for piece in got if piece[0] == kind], line)
                    assert wrong is None, f"protocol {kind}, to {other.device}, seed {line.seed}: {wrong}"
    assert all(way["tagged"] > 0 for way in line.ways), "no tagged frame crossed the line"
    judge_switches(switches, (a, b), coalesce)
