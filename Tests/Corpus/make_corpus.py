#!/usr/bin/python3
"""Writes the frames of this directory, with scapy (python3-scapy) as the judge of what is in them.

Each NAME.hex holds a comment that says what the frame is, a line `#: key=value ...` with what a parser has to find,
and the frame in hexadecimal. What is well formed is dissected again by scapy, and the expected values are read from
that; what is malformed names the fault that a parser has to report. The frames under offload/ are not made here:
they were read from TAPs, with the offload header that the kernel put in front.
"""

import pathlib
import struct

from scapy.all import (ARP, BOOTP, DHCP, DNS, DNSQR, DNSRR, EAPOL, GRE, IP, UDP, TCP, SCTP, STP, ICMP, IPv6, Dot1AD, Dot1Q,
                       Dot3, Ether, DHCP6_Solicit, DHCP6OptClientFQDN, DHCP6OptClientId, ICMPv6EchoRequest, ICMPv6ND_NA,
                       ICMPv6ND_NS, ICMPv6ND_RA, ICMPv6ND_RS, ICMPv6NDOptDstLLAddr, ICMPv6NDOptPrefixInfo,
                       ICMPv6NDOptSrcLLAddr, LLC, SNAP, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop,
                       IPv6ExtHdrRouting, PadN, Raw)
from scapy.contrib.igmp import IGMP
from scapy.contrib.lacp import LACP, SlowProtocol
from scapy.contrib.lldp import (LLDPDUChassisID, LLDPDUEndOfLLDPDU, LLDPDUPortID, LLDPDUSystemName, LLDPDUTimeToLive)
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


# What stations say of themselves. `station` is who says it, `has` what of it is to be believed, `host` what it calls itself.
def said(name, about, packet, has="", host="", **more):
    frame = bytes(packet)
    found = layer2(frame)
    if IP in packet or IPv6 in packet:
        found |= layer4(frame)
    else:
        found |= dict(ip="notIP")
    found |= dict(station=Ether(frame).src, has=has)
    if host:
        found["host"] = host
    write(name, about, frame, **(found | more))


ME, OTHER, ALL = ETHER["src"], ETHER["dst"], "ff:ff:ff:ff:ff:ff"
LOCAL = "fe80::5054:ff:feaa:1"
say = lambda **more: Ether(src=ME, dst=ALL, **more)
said("said-arp-request", "An ARP request in a VLAN", say() / Q(10) / ARP(op=1, hwsrc=ME, psrc="10.1.0.1", pdst="10.1.0.2"), "10.1.0.1")
said("said-arp-announcement", "An ARP announcement", say() / ARP(op=1, hwsrc=ME, psrc="10.1.0.1", pdst="10.1.0.1"), "10.1.0.1")
said("said-arp-probe", "An ARP probe: its sender has no address yet", say() / ARP(op=1, hwsrc=ME, psrc="0.0.0.0", pdst="10.1.0.1"))
said("said-arp-spoofed", "ARP in another's name", say() / ARP(op=2, hwsrc=OTHER, psrc="10.1.0.2", hwdst=ALL, pdst="10.1.0.9"))
said("said-arp-multicast", "ARP whose sender claims a group", say() / ARP(op=1, hwsrc=ME, psrc="224.0.0.1", pdst="10.1.0.2"))

multi = lambda last, **more: Ether(src=ME, dst=f"33:33:{last}", **more)
said("said-ns", "A neighbour solicitation", multi("ff:00:00:02") / IPv6(src=LOCAL, dst="ff02::1:ff00:2") / ICMPv6ND_NS(tgt="fe80::2") /
     ICMPv6NDOptSrcLLAddr(lladdr=ME), LOCAL)
said("said-dad", "Duplicate address detection", multi("ff:aa:00:01") / IPv6(src="::", dst="ff02::1:ffaa:1") / ICMPv6ND_NS(tgt=LOCAL), LOCAL)
said("said-na", "A neighbour advertisement", multi("00:00:00:01") / IPv6(src=LOCAL, dst="ff02::1") / ICMPv6ND_NA(R=0, S=0, tgt="fd00::1") /
     ICMPv6NDOptDstLLAddr(lladdr=ME), "fd00::1")
said("said-na-bare", "A neighbour advertisement without option", multi("00:00:00:01") / IPv6(src=LOCAL, dst="ff02::1") /
     ICMPv6ND_NA(R=0, S=1, tgt=LOCAL), LOCAL)
said("said-na-proxy", "A neighbour advertisement for another, without option", multi("00:00:00:01") / IPv6(src=LOCAL, dst="ff02::1") /
     ICMPv6ND_NA(R=0, S=1, tgt="fd00::7"))
said("said-na-spoofed", "A neighbour advertisement in another's name", multi("00:00:00:01") / IPv6(src=LOCAL, dst="ff02::1") /
     ICMPv6ND_NA(R=0, tgt="fd00::2") / ICMPv6NDOptDstLLAddr(lladdr=OTHER))
said("said-na-routed", "A neighbour advertisement that passed a router", multi("00:00:00:01") / IPv6(src=LOCAL, dst="ff02::1", hlim=254) /
     ICMPv6ND_NA(R=0, tgt="fd00::1") / ICMPv6NDOptDstLLAddr(lladdr=ME))
said("said-rs", "A router solicitation", multi("00:00:00:02") / IPv6(src=LOCAL, dst="ff02::2") / ICMPv6ND_RS() /
     ICMPv6NDOptSrcLLAddr(lladdr=ME), LOCAL)
said("said-ra", "A router advertisement", multi("00:00:00:01") / IPv6(src=LOCAL, dst="ff02::1") / ICMPv6ND_RA() /
     ICMPv6NDOptPrefixInfo(prefix="fd00::") / ICMPv6NDOptSrcLLAddr(lladdr=ME), LOCAL)
said("said-nd-zero", "A solicitation with an option of length 0", multi("00:00:00:02") / IPv6(src=LOCAL, dst="ff02::2") / ICMPv6ND_RS() /
     Raw(bytes(8)), LOCAL)

raw = lambda mac: bytes.fromhex(mac.replace(":", ""))
def dhcp(kind, mac=ME, server=False, options=(), **fields):
    ends = dict(src="10.1.0.254", dst="255.255.255.255") if server else dict(src="0.0.0.0", dst="255.255.255.255")
    ports = dict(sport=67, dport=68) if server else dict(sport=68, dport=67)
    return (IP(**ends) / UDP(**ports) / BOOTP(op=2 if server else 1, chaddr=raw(mac), xid=0x1234, **fields) /
            DHCP(options=[("message-type", kind), *options, "end"]))

said("said-dhcp-discover", "A DHCP client with a name", say() / dhcp("discover", options=[("hostname", b"web-1"), ("requested_addr", "10.1.0.5")]), "", "web-1")
said("said-dhcp-request", "A DHCP client that wants an address", say() / dhcp("request", options=[("requested_addr", "10.1.0.5"), ("hostname", b"web-1")]), "", "web-1")
said("said-dhcp-renew", "A DHCP client that renews what it has", say() / dhcp("request", ciaddr="10.1.0.5"), "10.1.0.5")
said("said-dhcp-ack", "A DHCP server that grants it", Ether(src=OTHER, dst=ALL) / dhcp("ack", server=True, yiaddr="10.1.0.5"))
said("said-dhcp-ack-other", "A DHCP server that grants another address", Ether(src=OTHER, dst=ALL) / dhcp("ack", server=True, yiaddr="10.1.0.6"))
said("said-dhcp-nak", "A DHCP server that refuses", Ether(src=OTHER, dst=ALL) / dhcp("nak", server=True))
said("said-dhcp-spoofed", "A DHCP request in another's name", say() / dhcp("request", mac=OTHER, ciaddr="10.1.0.2", options=[("hostname", b"evil")]))
said("said-dhcp-name", "A DHCP client whose name is no host name", say() / dhcp("discover", options=[("hostname", b"Bob\x27s \x1b[31mPC\xc3\xa9\x00x")]), "", "Bob-s---31mPC")
said("said-dhcp-long", "A DHCP client with a name of 255 octets", say() / dhcp("discover", options=[("hostname", b"a" * 255)]), "", "a" * 63)
said("said-dhcp6", "A DHCPv6 client with a name", multi("00:01:00:02") / IPv6(src=LOCAL, dst="ff02::1:2") / UDP(sport=546, dport=547) / DHCP6_Solicit(trid=5) /
     DHCP6OptClientId() / DHCP6OptClientFQDN(fqdn="web-1.example.org"), "", "web-1")

def answers(source, records, **more):
    count = len(records)
    packet = DNS(id=0, qr=1, aa=1, qd=None, an=None, ancount=count, **more)
    body = bytes(packet) + b"".join(bytes(DNSRR(rrname=name, type=kind, rclass=0x8001, ttl=ttl, rdata=data)) for name, kind, data, ttl in records)
    if ":" in source:
        return multi("00:00:00:fb") / IPv6(src=source, dst="ff02::fb", hlim=255) / UDP(sport=5353, dport=5353) / Raw(body)
    return Ether(src=ME, dst="01:00:5e:00:00:fb") / IP(src=source, dst="224.0.0.251", ttl=255) / UDP(sport=5353, dport=5353) / Raw(body)

said("said-mdns", "A host announces itself by multicast DNS", answers("10.1.0.1", [
    ("1.0.1.10.in-addr.arpa", "PTR", "Web1.local", 120), ("Web1.local", "A", "10.1.0.1", 120), ("Web1.local", "AAAA", LOCAL, 120)]),
     f"10.1.0.1+{LOCAL}", "Web1")
said("said-mdns6", "The same over IPv6", answers(LOCAL, [("web1.local", "A", "10.1.0.1", 120), ("web1.local", "AAAA", LOCAL, 120)]), f"10.1.0.1+{LOCAL}", "web1")
said("said-mdns-other", "A reflector repeats what another host announced", answers("10.1.0.1", [("web2.local", "A", "10.1.0.2", 120)]))
said("said-mdns-goodbye", "A host takes its address back", answers("10.1.0.1", [("web1.local", "A", "10.1.0.1", 0)]))
said("said-mdns-service", "Names of services are no hosts'", answers("10.1.0.1", [("a.b.local", "A", "10.1.0.1", 120), ("web1.lan", "A", "10.1.0.1", 120)]))
question = bytearray(bytes(answers("10.1.0.1", [("web1.local", "A", "10.1.0.1", 120)])))
question[44:46] = bytes(2)
said("said-mdns-asked", "Whoever asks with an answer he knows has said nothing of himself", Ether(bytes(question)))
compressed = struct.pack(">HHHHHH", 0, 0x8400, 0, 2, 0, 0) + b"\x04web1\x05local\x00" + struct.pack(">HHIH4s", 1, 0x8001, 120, 4, bytes([10, 1, 0, 1])) + \
    b"\xc0\x0c" + struct.pack(">HHIH4s", 1, 0x8001, 120, 4, bytes([10, 1, 0, 9]))
loop = struct.pack(">HHHHHH", 0, 0x8400, 0, 2, 0, 0) + b"\x04web1\xc0\x0c" + struct.pack(">HHIH4s", 1, 0x8001, 120, 4, bytes([10, 1, 0, 1]))
tell = lambda body: Ether(src=ME, dst="01:00:5e:00:00:fb") / IP(src="10.1.0.1", dst="224.0.0.251", ttl=255) / UDP(sport=5353, dport=5353) / Raw(body)
said("said-mdns-pointer", "Compressed names", tell(compressed), "10.1.0.1+10.1.0.9", "web1")
said("said-mdns-loop", "A name whose pointer leads to itself", tell(loop))
said("said-mdns-query", "A question is no answer", Ether(src=ME, dst="01:00:5e:00:00:fb") / IP(src="10.1.0.1", dst="224.0.0.251", ttl=255) /
     UDP(sport=5353, dport=5353) / DNS(id=0, qd=DNSQR(qname="web2.local")))

# protocols between neighbours
STP_GROUP = "01:80:c2:00:00:00"
bpdu = lambda **more: Dot3(src=ME, dst=STP_GROUP) / LLC(dsap=0x42, ssap=0x42, ctrl=3) / STP(
    rootid=0x8000, rootmac=ME, pathcost=4, bridgeid=0x8000, bridgemac=OTHER, portid=0x8001, **more)
def link(name, about, packet, type):
    """Frames that scapy builds and dissects in its own way: the layer-2 fields are those that were put in."""
    write(name, about, packet, dst=packet.dst, src=packet.src, type=f"{type:04x}", tags=0, ip="notIP")

link("stp-config", "E1: a configuration BPDU", bpdu(), 38)
link("stp-rapid", "A rapid spanning tree BPDU", Dot3(bytes(bpdu(version=2, bpdutype=2, bpduflags=0x3D)) + b"\0"), 38)
link("stp-tcn", "A topology change notification", Dot3(src=ME, dst=STP_GROUP, len=7) / LLC(dsap=0x42, ssap=0x42, ctrl=3) / Raw(bytes.fromhex("00000080")), 7)
link("stp-short", "E1: a BPDU of 3 octets", Dot3(src=ME, dst=STP_GROUP, len=6) / LLC(dsap=0x42, ssap=0x42, ctrl=3) / Raw(bytes(3)), 6)
link("pvst", "V8: a BPDU of a vendor", Dot3(src=ME, dst="01:00:0c:cc:cc:cd", len=43) / LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(OUI=0xC, code=0x10B) / STP(), 43)
link("cdp", "V8: a neighbour's announcement", Dot3(src=ME, dst="01:00:0c:cc:cc:cc", len=30) / LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(OUI=0xC, code=0x2000) / Raw(bytes(22)), 30)
link("pause", "PAUSE", Ether(src=ME, dst="01:80:c2:00:00:01", type=0x8808) / Raw(struct.pack(">HH", 1, 0xFFFF) + bytes(42)), 0x8808)
link("lacp", "E12: LACP", Ether(src=ME, dst="01:80:c2:00:00:02") / SlowProtocol() / LACP(actor_system=ME, actor_key=13), 0x8809)
link("eapol-start", "E12: 802.1X", Ether(src=ME, dst="01:80:c2:00:00:03") / EAPOL(version=2, type=1), 0x888E)
link("lldp", "LLDP", Ether(src=ME, dst="01:80:c2:00:00:0e", type=0x88CC) / LLDPDUChassisID(subtype=4, id=ME) / LLDPDUPortID(subtype=5, id=b"eth0") /
     LLDPDUTimeToLive(ttl=120) / LLDPDUSystemName(system_name=b"leaf-1") / LLDPDUEndOfLLDPDU(), 0x88CC)
link("lldp-lies", "E11: a length beyond the rest", Ether(src=ME, dst="01:80:c2:00:00:0e", type=0x88CC) / Raw(bytes.fromhex("03ff04")), 0x88CC)
link("lldp-empty", "E11: nothing but TLVs of length 0", Ether(src=ME, dst="01:80:c2:00:00:0e", type=0x88CC) / Raw(bytes.fromhex("0a00") * 700), 0x88CC)
link("cfm", "E12: connectivity fault management", Ether(src=ME, dst="01:80:c2:00:00:33", type=0x8902) / Raw(bytes(40)), 0x8902)
good("igmp", "A group member", ether() / IP(src="10.1.0.1", dst="239.1.2.3", ttl=1, proto=2) / IGMP(type=0x16, gaddr="239.1.2.3"))
good("unreachable4", "An ICMP error", ether() / IP(**V4) / ICMP(type=3, code=3) / IP(src="10.1.0.2", dst="10.1.0.1") / UDP(sport=5, dport=6))
good("dns4", "A question about a name", ether() / IP(**V4) / UDP(sport=1024, dport=53) / DNS(id=7, qd=DNSQR(qname="www.example.org", qtype="AAAA")))
