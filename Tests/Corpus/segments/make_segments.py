#!/usr/bin/python3
"""Writes segments.hex: frames that stand for several, and their segments as scapy builds them.

    make_segments.py            writes the file
    make_segments.py --kernel   writes nothing; has the running kernel cut the same frames and compares (as root, in a
                                network namespace of its own: from a TAP through a bridge to a TAP without offloads)

Each case is a comment with its name, a line with offload header and frame, and one line for each segment, all in
hexadecimal.
"""

import ctypes
import fcntl
import os
import pathlib
import select
import struct
import subprocess
import sys

from scapy.all import (IP, TCP, UDP, Dot1AD, Dot1Q, Ether, IPOption_NOP, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop,
                       IPv6ExtHdrRouting, PadN, Raw)

HERE = pathlib.Path(__file__).parent
ETHER = dict(dst="52:54:00:aa:00:02", src="52:54:00:aa:00:01")
TCP_OPTIONS = [("NOP", None), ("NOP", None), ("Timestamp", (0x01020304, 0xF0E0D0C0))]


def v4(index, **more):
    return IP(src="10.1.0.1", dst="10.1.0.2", id=(0xFFFE + index) & 0xFFFF, flags="DF", tos=2, ttl=61, **more)


def v6():
    return IPv6(src="fd00::1", dst="fd00::2", fl=0xABCDE, tc=2, hlim=61)


def tcp(flags="A", options=(), seq=0xFFFFFF80):
    def make(index, size, last):
        mine = flags if last else flags.replace("F", "").replace("P", "")
        mine = mine if index == 0 else mine.replace("C", "")
        return TCP(sport=49153, dport=80, seq=(seq + index * size) & 0xFFFFFFFF, ack=0x01020304, window=65244,
                   flags=mine, options=list(options))
    make.whole = TCP(sport=49153, dport=80, seq=seq, ack=0x01020304, window=65244, flags=flags, options=list(options))
    return make


def udp():
    def make(index, size, last):
        return UDP(sport=49153, dport=53)
    make.whole = UDP(sport=49153, dport=53)
    return make


def tag(vid):
    return Dot1Q(vlan=vid, prio=5)


PLAIN4 = lambda index: v4(index)
PLAIN6 = lambda index: v6()
CASES = {
    # name: (tags, IP by index, transport, payload, segment size)
    "tcp4": ([], PLAIN4, tcp(), 500, 100),
    "tcp4-remainder": ([], PLAIN4, tcp("PA", TCP_OPTIONS), 473, 100),
    "tcp4-fin": ([], PLAIN4, tcp("FPA", TCP_OPTIONS), 301, 100),
    "tcp4-cwr": ([], PLAIN4, tcp("CPA"), 300, 100),
    "tcp4-cwr-ece": ([], PLAIN4, tcp("CEFPA"), 201, 100),
    "tcp4-odd": ([], PLAIN4, tcp("PA"), 400, 77),
    "tcp4-floor": ([], PLAIN4, tcp("PA"), 193, 48),
    "tcp4-options": ([], lambda i: v4(i, options=[IPOption_NOP()] * 8), tcp("PA"), 300, 128),
    "tcp4-tag": ([tag(100)], PLAIN4, tcp("PA", TCP_OPTIONS), 300, 100),
    "tcp4-qinq": ([Dot1AD(vlan=7), tag(100)], PLAIN4, tcp("PA"), 300, 100),
    "tcp4-tags-4": ([tag(1), tag(2), tag(3), tag(4)], PLAIN4, tcp("PA"), 200, 90),
    "tcp6": ([], PLAIN6, tcp(), 500, 100),
    "tcp6-fin": ([], PLAIN6, tcp("CFPA", TCP_OPTIONS), 333, 100),
    "tcp6-tag": ([tag(100)], PLAIN6, tcp("PA"), 300, 99),
    "tcp6-hop": ([], lambda i: v6() / IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 12)]), tcp("PA"), 300, 100),
    "tcp6-options": ([], lambda i: v6() / IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 4)]), tcp("PA"), 300, 100),
    "tcp6-routing": ([], lambda i: v6() / IPv6ExtHdrRouting(type=4, segleft=1, addresses=["fd00::9"]), tcp("PA"), 300,
                     100),
    "udp4": ([], PLAIN4, udp(), 400, 100),
    "udp4-remainder": ([], PLAIN4, udp(), 401, 100),
    "udp4-tag": ([tag(100)], PLAIN4, udp(), 333, 99),
    "udp6": ([], PLAIN6, udp(), 400, 100),
    "udp6-remainder": ([], PLAIN6, udp(), 355, 99),
    "udp6-hop": ([], lambda i: v6() / IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)]), udp(), 300, 140),
}


def build(tags, ip, transport, payload):
    packet = Ether(**ETHER)
    for each in tags:
        packet /= each.copy()
    return packet / ip / transport.copy() / Raw(payload)


def case(tags, ip, transport, octets, size):
    """Offload header and frame, and the segments."""
    payload = bytes((i * 7 + i // 256 * 13) & 0xFF for i in range(octets))
    parts = [payload[i:i + size] for i in range(0, octets, size)]
    segments = [bytes(build(tags, ip(i), transport(i, size, i == len(parts) - 1), part))
                for i, part in enumerate(parts)]

    whole = build(tags, ip(0), transport.whole, payload)
    is_udp, is_v4 = UDP in whole, IP in whole
    layer = whole[UDP] if is_udp else whole[TCP]
    start = len(whole) - len(layer)
    field = start + (6 if is_udp else 16)
    frame = bytearray(bytes(whole))
    # the pseudo header's sum, got back from the checksum that scapy made of it and the rest
    checksum = struct.unpack_from(">H", frame, field)[0]
    struct.pack_into(">H", frame, field, 0)
    rest = bytes(frame[start:]) + b"\0" * (len(layer) & 1)
    total = (~checksum & 0xFFFF) + 0xFFFF * len(rest) - sum(struct.unpack(f">{len(rest) // 2}H", rest))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    struct.pack_into(">H", frame, field, total)
    kind = 5 if is_udp else 1 if is_v4 else 4
    if not is_udp and "C" in str(layer.flags):
        kind |= 0x80
    header = start + (8 if is_udp else layer.dataofs * 4 if layer.dataofs else frame[start + 12] >> 4 << 2)
    return struct.pack("<BBHHHHH", 1, kind, header, size, start, field - start, 0) + bytes(frame), segments


def write():
    lines = ["# What segments.hex holds is said in make_segments.py"]
    for name, arguments in CASES.items():
        frame, segments = case(*arguments)
        lines += [f"# {name}", frame.hex(), *(each.hex() for each in segments)]
    (HERE / "segments.hex").write_text("\n".join(lines) + "\n")


# ---- the kernel as the judge

def tap(name, offloads):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, 0x400454CA, struct.pack("16sH22x", name.encode(), 0x0002 | 0x1000 | 0x4000))  # TUNSETIFF
    fcntl.ioctl(fd, 0x400454D8, struct.pack("i", 12))  # TUNSETVNETHDRSZ
    fcntl.ioctl(fd, 0x400454D0, offloads)  # TUNSETOFFLOAD
    return fd


def kernel():
    if ctypes.CDLL(None, use_errno=True).unshare(0x40000000) != 0:  # CLONE_NEWNET
        sys.exit("no network namespace of one's own: run this as root")
    giver, taker = tap("giver", 0x7F), tap("taker", 0)
    for command in ("link add between type bridge mcast_snooping 0", "link set giver master between",
                    "link set taker master between"):
        subprocess.run(["ip", *command.split()], check=True)
    for device in ("giver", "taker", "between"):
        path = pathlib.Path(f"/proc/sys/net/ipv6/conf/{device}/disable_ipv6")
        if path.exists():
            path.write_text("1")
        subprocess.run(["ip", "link", "set", device, "up"], check=True)
    differ = 0
    for name, arguments in CASES.items():
        frame, expected = case(*arguments)
        os.write(giver, frame)
        got = []
        while select.select([taker], [], [], 0.3)[0]:
            got.append(os.read(taker, 70000))
            if len(got) == len(expected):
                break
        # the offload header asks for nothing any more
        same = [each[12:] for each in got] == expected and all(not any(each[:10]) for each in got)
        differ += not same
        print(f"{name}: {len(got)} of {len(expected)} segments, {'the same' if same else 'DIFFERENT'}")
        if not same:
            for mine, theirs in zip(expected, got):
                print(f"  scapy  {mine[:100].hex()}\n  kernel {theirs[12:112].hex()} offload {theirs[:12].hex()}")
    sys.exit(1 if differ else 0)


if __name__ == "__main__":
    kernel() if "--kernel" in sys.argv[1:] else write()
