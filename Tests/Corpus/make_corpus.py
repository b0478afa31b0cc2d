#!/usr/bin/python3
"""Writes the frames of this directory, with scapy (python3-scapy) as the judge of what is in them.

Each NAME.hex holds a comment that says what the frame is, a line `#: key=value ...` with what a parser has to find,
and the frame in hexadecimal. What is well formed is dissected again by scapy, and the expected values are read from
that; what is malformed names the fault that a parser has to report. The frames under offload/ are not made here:
they were read from TAPs, with the offload header that the kernel put in front.
"""

import pathlib
import struct

from scapy.all import (ARP, GRE, IP, UDP, TCP, SCTP, ICMP, IPv6, Dot1AD, Dot1Q, Ether, ICMPv6EchoRequest, LLC, SNAP,
                       IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN, Raw)
from scapy.layers.ipsec import AH
from scapy.layers.vxlan import VXLAN

HERE = pathlib.Path(__file__).parent
ETHER = dict(dst="52:54:00:aa:00:02", src="52:54:00:aa:00:01")
V4 = dict(src="10.1.0.1", dst="10.1.0.2")
V6 = dict(src="fd00::1", dst="fd00::2")
TAGS = {0x8100, 0x88A8, 0x9100}


def write(name, about, frame, **expected):
    frame = bytes(frame)
    lines = [f"# {about}", "#: " + " ".join(f"{key}={value}" for key, value in expected.items())]
    lines += [frame[i:i + 32].hex() for i in range(0, len(frame), 32)]
    (HERE / f"{name}.hex").write_text("\n".join(lines) + "\n")


def layer2(frame):
    """dst, src, tags, outer tag and type as scapy dissects them."""
    ether = Ether(frame)
    found = dict(dst=ether.dst, src=ether.src)
    tags, layer = [], ether
    while isinstance(layer.payload, (Dot1Q, Dot1AD)):
        tags.append((layer.type, layer.payload.prio << 13 | layer.payload.id << 12 | layer.payload.vlan))
        layer = layer.payload
    found["type"] = f"{layer.type if hasattr(layer, 'type') else layer.len:04x}"
    found["tags"] = len(tags)
    if tags:
        found["tpid"], found["tci"] = f"{tags[0][0]:04x}", f"{tags[0][1]:04x}"
    return found


def layer4(frame):
    """Offsets of IP and what it carries, walked along scapy's layers."""
    layer, offset = Ether(frame), 0
    while not isinstance(layer, (IP, IPv6)):
        offset += len(layer) - len(layer.payload)
        layer = layer.payload
    found = dict(version=layer.version, network=offset, fragment="whole")
    if isinstance(layer, IP):
        found["end"] = offset + layer.len
        found["transport"] = offset + layer.ihl * 4
        found["protocol"] = layer.proto
        if layer.frag:
            found["fragment"] = "later"
        elif layer.flags.MF:
            found["fragment"] = "first"
        return found
    found["end"] = offset + 40 + layer.plen
    found["protocol"] = layer.nh
    offset += 40
    layer = layer.payload
    while isinstance(layer, (IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, AH)):
        offset += len(layer) - len(layer.payload)
        found["protocol"] = layer.nh
        if isinstance(layer, IPv6ExtHdrFragment):
            if layer.offset:
                found["fragment"] = "later"
                break
            if layer.m:
                found["fragment"] = "first"
        layer = layer.payload
    found["transport"] = offset
    return found


def good(name, about, packet, pad=0, **more):
    frame = bytes(packet)
    found = layer2(frame) | layer4(frame) | more
    write(name, about, frame + bytes(pad), **found)


def plain(name, about, frame, **more):
    """A frame without IP in it, or whose IP is not to be found."""
    frame = bytes(frame)
    write(name, about, frame, **(layer2(frame) | dict(ip="notIP") | more))


def bad(name, about, fault, packet):
    """A frame whose Ethernet header is good and whose IP is not."""
    frame = bytes(packet)
    write(name, about, frame, **(layer2(frame) | dict(ip=fault)))


def ether(**more):
    return Ether(**ETHER, **more)


TCP4 = IP(**V4, id=7) / TCP(sport=1024, dport=80, seq=1, flags="PA", options=[("Timestamp", (1, 2)), ("NOP", None), ("NOP", None)]) / Raw(b"tcp over four")
UDP4 = IP(**V4, id=8) / UDP(sport=1024, dport=53) / Raw(b"udp over fou")
TCP6 = IPv6(**V6) / TCP(sport=1024, dport=80, seq=1) / Raw(b"tcp over six!")
UDP6 = IPv6(**V6) / UDP(sport=1024, dport=53) / Raw(b"udp over six")

# A1, A2: short ones
MINIMAL = bytes(ether(type=0x88B5))
for length in (0, 1, 13):
    write(f"runt-{length}", f"A1: {length} octets", MINIMAL[:length], fault="runt")
for length in (14, 15, 59):
    plain(f"short-{length}", f"A2: a frame of {length} octets, which is forwarded as it is", MINIMAL + bytes(range(length - 14)))

# A8: lengths that lie, LLC and SNAP
for length in (0, 1, 46, 1500, 1501, 1535):
    plain(f"length-{length}", f"A8: 802.3 length {length} in front of 40 octets",
          bytes(ether(type=length)) + bytes(LLC(dsap=0x42, ssap=0x42, ctrl=3)) + bytes(37))
for number, packet in ((0x800, UDP4), (0x86DD, UDP6), (0x806, ARP())):
    body = bytes(LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(code=number)) + bytes(packet)
    plain(f"snap-{number:04x}", f"A8: LLC/SNAP with type {number:04x} inside", bytes(ether(type=len(body))) + body)

# A9: padding is legal
good("padded-60", "A9: padded to the minimum", ether() / IP(**V4, id=9) / UDP(sport=1, dport=2) / Raw(b"x"), pad=17)
good("padded-1514", "A9: a short packet padded to the MTU", ether() / UDP4, pad=1514 - len(ether() / UDP4))
good("padded6-1514", "A9: the same with IPv6", ether() / UDP6, pad=1514 - len(ether() / UDP6))

# plain IP
good("tcp4", "TCP over IPv4", ether() / TCP4, l4sum="tcp", header=32, sport=1024, dport=80)
good("udp4", "UDP over IPv4", ether() / UDP4, l4sum="udp", sport=1024, dport=53)
good("udp4-odd", "UDP of an odd length", ether() / UDP4 / Raw(b"!"), l4sum="udp")
good("icmp4", "ICMP", ether() / IP(**V4) / ICMP() / Raw(b"ping"))
good("sctp4", "SCTP", ether() / IP(**V4) / SCTP(sport=1, dport=2) / Raw(b"data"))
good("options4", "IPv4 with 40 octets of options", ether() / IP(**V4, options=[b"\x07\x27\x04" + bytes(36)]) / UDP(sport=5, dport=6) / Raw(b"o"), l4sum="udp")
good("first4", "A first fragment", ether() / IP(**V4, flags="MF") / UDP(sport=5, dport=6, len=4000) / Raw(bytes(1464)))
good("later4", "A later fragment", ether() / IP(**V4, flags="MF", frag=185, proto=17) / Raw(bytes(1480)))
good("last4", "The last fragment", ether() / IP(**V4, frag=370, proto=17) / Raw(bytes(100)))
good("tcp6", "TCP over IPv6", ether() / TCP6, l4sum="tcp", header=20, sport=1024, dport=80)
good("udp6", "UDP over IPv6", ether() / UDP6, l4sum="udp", sport=1024, dport=53)
good("icmp6", "ICMPv6", ether() / IPv6(**V6) / ICMPv6EchoRequest(data=b"ping"))
good("proto-0", "A11: IPv4 protocol 0", ether() / IP(**V4, proto=0) / Raw(bytes(30)))
good("proto-255", "A11: IPv4 protocol 255", ether() / IP(**V4, proto=255) / Raw(bytes(30)))

# A10: IPv4 that lies
bad("ihl-4", "A10: header length 16", "headerLength", ether() / IP(**V4, ihl=4, len=40) / Raw(bytes(20)))
bad("ihl-0", "A10: header length 0", "headerLength", ether() / IP(**V4, ihl=0, len=40) / Raw(bytes(20)))
bad("ihl-beyond", "A10: a header of 60 octets in a packet of 30", "truncated", ether() / IP(**V4, ihl=15, len=30) / Raw(bytes(10)))
bad("total-19", "A10: total length below the header's", "packetLength", ether() / IP(**V4, ihl=5, len=19) / Raw(bytes(20)))
bad("total-0", "A10: total length 0", "packetLength", ether() / IP(**V4, ihl=5, len=0) / Raw(bytes(20)))
bad("total-beyond", "A10: total length beyond the frame", "packetLength", ether() / IP(**V4, ihl=5, len=41) / Raw(bytes(20)))
bad("version-0", "A10: version 0", "version", ether(type=0x800) / IP(**V4, version=0, ihl=5, len=40) / Raw(bytes(20)))
bad("version-6-as-4", "A10: IPv6 under the type of IPv4", "version", bytes(ether(type=0x800)) + bytes(UDP6))
bad("ip4-truncated", "A10: 19 octets of IPv4", "truncated", bytes(ether(type=0x800)) + bytes(UDP4)[:19])
bad("ip6-truncated", "A10: 39 octets of IPv6", "truncated", bytes(ether(type=0x86DD)) + bytes(UDP6)[:39])
bad("payload6-beyond", "A10: IPv6 payload length beyond the frame", "packetLength", ether() / IPv6(**V6, nh=17, plen=21) / Raw(bytes(20)))

# A11: extension headers
HOP = IPv6ExtHdrHopByHop(options=[PadN(optdata=bytes(4))])
DEST = IPv6ExtHdrDestOpt(options=[PadN(optdata=bytes(4))])
good("hop6", "Hop-by-hop options", ether() / IPv6(**V6) / HOP / UDP(sport=5, dport=6) / Raw(b"h"), l4sum="udp", extensions=1)
good("routing6", "Routing header", ether() / IPv6(**V6) / IPv6ExtHdrRouting(addresses=["fd00::2"], segleft=0) / TCP(), extensions=1)
good("chain6", "Hop-by-hop, destination options, routing, AH", ether() / IPv6(**V6) / HOP / DEST /
     IPv6ExtHdrRouting(addresses=["fd00::2"], segleft=0) / AH(spi=1, seq=1, icv=bytes(12), nh=6, payloadlen=4) / TCP(), extensions=4)
good("eight6", "A11: eight extension headers", ether() / IPv6(**V6) / HOP / DEST / DEST / DEST / DEST / DEST / DEST / DEST / UDP(), extensions=8)
good("first6", "A first fragment", ether() / IPv6(**V6) / IPv6ExtHdrFragment(m=1, id=3) / UDP(len=4000) / Raw(bytes(1440)), extensions=1)
good("later6", "A later fragment", ether() / IPv6(**V6) / IPv6ExtHdrFragment(offset=181, id=3, nh=60) / Raw(bytes(100)), extensions=1)
good("atomic6", "A fragment that is all there is", ether() / IPv6(**V6) / IPv6ExtHdrFragment(id=3) / UDP(sport=5, dport=6) / Raw(b"a"), l4sum="udp", extensions=1)
chain = bytes(IPv6ExtHdrDestOpt(nh=60, options=[PadN(optdata=bytes(4))]))
for count in (9, 100):
    bad(f"extensions-{count}", f"A11: {count} extension headers", "extensions",
        ether() / IPv6(**V6, nh=60, plen=8 * count) / Raw(chain * count))
bad("hop-255", "A11: hop-by-hop options of 2048 octets in a packet of 60", "truncated",
    ether() / IPv6(**V6, nh=0, plen=20) / Raw(b"\x11\xff" + bytes(18)))
bad("jumbo-short", "A11: a jumbogram that is not there", "packetLength",
    ether() / IPv6(**V6, nh=0, plen=0) / Raw(struct.pack(">BBBBI", 17, 0, 0xC2, 4, 70000) + bytes(40)))
bad("jumbo-small", "A11: a jumbo payload length below 65536", "packetLength",
    ether() / IPv6(**V6, nh=0, plen=0) / Raw(struct.pack(">BBBBI", 17, 0, 0xC2, 4, 48) + bytes(40)))

# A12: MPLS
for count in (1, 200):
    labels = b"".join(struct.pack(">I", 0x00064000 | (0x100 if i == count - 1 else 0) | 64) for i in range(count))
    write(f"mpls-{count}", f"A12: {count} MPLS labels, at which a parser stops", bytes(ether(type=0x8847)) + labels + bytes(UDP4),
          dst=ETHER["dst"], src=ETHER["src"], type="8847", tags=0, ip="notIP")

# V: VLAN tags
Q = lambda vid, tpid=0x8100, **more: (Dot1AD if tpid == 0x88A8 else Dot1Q)(vlan=vid, **more)
good("vlan-tcp4", "A tag", ether() / Q(100, prio=5) / TCP4, l4sum="tcp")
good("vlan-udp6", "A tag", ether() / Q(4094, id=1) / UDP6, l4sum="udp")
good("qinq-udp4", "V2: a service tag and a customer tag", ether() / Q(10, 0x88A8) / Q(20) / UDP4, l4sum="udp")
good("tags-4", "V2: four tags", ether() / Q(1, 0x88A8) / Q(2, 0x88A8) / Q(3) / Q(4) / UDP4, l4sum="udp")
good("vid-0", "V3: VID 0 with a priority", ether() / Q(0, prio=6) / UDP4)
good("vid-0-0-20", "V3: VID 0 twice, then VID 20", ether() / Q(0) / Q(0) / Q(20) / UDP4)
good("vid-4095", "V4: the reserved VID", ether() / Q(4095) / UDP4)
front = bytes(ether(type=0x8100))
for length in (14, 15, 16, 17):
    write(f"tag-cut-{length}", f"V1: a tag cut off at {length} octets", (front + bytes(4))[:length], fault="truncatedTag")
write("tag-cut-inner", "V1: the second tag cut off", front + bytes.fromhex("0064810000"), fault="truncatedTag")
for count in (5, 8, 370):
    stack = b"".join(struct.pack(">HH", (0x8100, 0x88A8, 0x9100)[i % 3], i + 1) for i in range(count))
    frame = front[:12] + stack + struct.pack(">H", 0x800) + bytes(UDP4)
    write(f"tags-{count}", f"V2: {count} tags, of which four are looked at", frame, dst=ETHER["dst"], src=ETHER["src"],
          tags=4, tpid="8100", tci="0001", type=f"{(0x8100, 0x88A8, 0x9100)[4 % 3]:04x}", ip="notIP")

# ARP
ask = ARP(op=1, hwsrc=ETHER["src"], psrc="10.1.0.1", hwdst="00:00:00:00:00:00", pdst="10.1.0.2")
plain("arp-request", "ARP", Ether(dst="ff:ff:ff:ff:ff:ff", src=ETHER["src"]) / ask, arp="1",
      sha=ask.hwsrc, spa="0a010001", tha=ask.hwdst, tpa="0a010002")
tell = ARP(op=2, hwsrc=ETHER["dst"], psrc="10.1.0.2", hwdst=ETHER["src"], pdst="10.1.0.1")
plain("arp-reply", "ARP, padded", bytes(Ether(dst=ETHER["src"], src=ETHER["dst"]) / tell) + bytes(18), arp="2",
      sha=tell.hwsrc, spa="0a010002", tha=tell.hwdst, tpa="0a010001")
for field, value in (("hwlen", 0), ("hwlen", 255), ("plen", 0), ("plen", 16), ("hwtype", 6), ("ptype", 0x86DD)):
    # built whole and then patched: scapy would shape the addresses after the lengths
    wire = bytearray(bytes(ether(type=0x806)) + bytes(ask))
    position, size = dict(hwtype=(14, 2), ptype=(16, 2), hwlen=(18, 1), plen=(19, 1))[field]
    wire[position:position + size] = value.to_bytes(size, "big")
    write(f"arp-{field}-{value}", f"ARP with {field} {value}", wire, dst=ETHER["dst"], src=ETHER["src"], type="0806",
          tags=0, ip="notIP", arp="version")
write("arp-short", "ARP of 27 octets", bytes(ether(type=0x806)) + bytes(ask)[:27], dst=ETHER["dst"], src=ETHER["src"],
      type="0806", tags=0, ip="notIP", arp="truncated")

# tunnels: one IP layer is looked at
good("ipip", "IPv4 in IPv4", ether() / IP(**V4) / UDP4)
good("sit", "IPv6 in IPv4", ether() / IP(**V4) / UDP6)
good("gre", "GRE", ether() / IP(**V4) / GRE(proto=0x800) / TCP4)
good("vxlan", "VXLAN", ether() / IP(**V4) / UDP(sport=9, dport=4789) / VXLAN(vni=5) / ether() / TCP4)
