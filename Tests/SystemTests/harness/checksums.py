"""Full verification of a received frame: lengths, IPv4 header checksum, TCP/UDP checksum or what the offload header
promises of it. Written from the RFCs and virtio_net.h, with nothing of the switch in it."""
import struct

from .wire import GSO_ECN, GSO_NONE, GSO_TCPV4, GSO_TCPV6, GSO_UDP_L4, NEEDS_CSUM

TCP, UDP = 6, 17
FIELD = {TCP: 16, UDP: 6}


def ones(data, start=0):
    """Ones' complement sum (RFC 1071), not inverted."""
    if len(data) & 1:
        data += b"\0"
    total = start + sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


class Parsed:
    """The layers of a TCP or UDP frame without extension headers; `None` fields for anything else."""

    def __init__(self, frame):
        self.tags, at = [], 14
        kind = int.from_bytes(frame[12:14], "big")
        while kind in (0x8100, 0x88A8):
            self.tags.append((kind, int.from_bytes(frame[at:at + 2], "big")))
            kind, at = int.from_bytes(frame[at + 2:at + 4], "big"), at + 4
        self.kind, self.l3, self.l4, self.protocol = kind, at, None, None
        if kind == 0x0800 and len(frame) >= at + 20:
            self.l4, self.protocol = at + (frame[at] & 15) * 4, frame[at + 9]
            self.total = int.from_bytes(frame[at + 2:at + 4], "big") or len(frame) - at
            self.addresses = frame[at + 12:at + 20]
        elif kind == 0x86DD and len(frame) >= at + 40:
            self.l4, self.protocol = at + 40, frame[at + 6]
            self.total = (int.from_bytes(frame[at + 4:at + 6], "big") + 40) if frame[at + 4:at + 6] != b"\0\0" \
                else len(frame) - at
            self.addresses = frame[at + 8:at + 40]

    def pseudo(self, length):
        """Pseudo header sum for `length` octets of layer 4."""
        return ones(self.addresses + struct.pack(">IBBH", length, 0, 0, self.protocol))


def faults(received, mtu):
    """Everything wrong with a received TCP/UDP frame, as sentences. Frames of other kinds pass."""
    frame, header = received.frame, received.vnet or (0, 0, 0, 0, 0, 0)
    p, wrong = Parsed(frame), []
    if p.protocol not in FIELD:
        return wrong
    flags, gso, hdr_len, gso_size, start, offset = header
    if p.kind == 0x0800 and ones(frame[p.l3:p.l4]) != 0xFFFF:
        wrong.append("IPv4 header checksum")
    end = p.l3 + p.total
    if end > len(frame):
        return [*wrong, f"IP says {p.total} octets, the frame has {len(frame) - p.l3}"]
    field = p.l4 + FIELD[p.protocol]
    header_end = p.l4 + (8 if p.protocol == UDP else (frame[p.l4 + 12] >> 4) * 4)
    if flags & NEEDS_CSUM:
        if (start, offset) != (p.l4, FIELD[p.protocol]):
            wrong.append(f"checksum at {start}+{offset}, layer 4 is at {p.l4}")
        partial = int.from_bytes(frame[field:field + 2], "big")
        if partial not in (p.pseudo(end - p.l4), p.pseudo(0)):
            wrong.append(f"partial checksum {partial:#x}, pseudo header sums up to {p.pseudo(end - p.l4):#x}")
    elif not (p.protocol == UDP and frame[field:field + 2] == b"\0\0" and p.kind == 0x0800):
        if ones(frame[p.l4:end], p.pseudo(end - p.l4)) != 0xFFFF:
            wrong.append("TCP/UDP checksum")
    kind = gso & ~GSO_ECN
    if kind == GSO_NONE:
        if p.total > mtu:
            wrong.append(f"{p.total} octets over MTU {mtu}, not marked as GSO")
    else:
        expected = {(TCP, 0x0800): GSO_TCPV4, (TCP, 0x86DD): GSO_TCPV6}.get((p.protocol, p.kind), GSO_UDP_L4)
        if kind != expected:
            wrong.append(f"gso_type {gso}, expected {expected}")
        if not flags & NEEDS_CSUM:
            wrong.append("GSO without NEEDS_CSUM")
        if not 0 < gso_size <= mtu - (header_end - p.l3):
            wrong.append(f"gso_size {gso_size} with MTU {mtu}")
        if hdr_len and hdr_len < header_end:
            wrong.append(f"hdr_len {hdr_len}, headers end at {header_end}")
    return wrong


def with_partial(frame, gso=GSO_NONE, gso_size=0):
    """(bytes, offload header) of a TCP/UDP frame as a host's stack hands it down: the checksum left to the device."""
    data = bytearray(bytes(frame))
    p = Parsed(data)
    field = p.l4 + FIELD[p.protocol]
    data[field:field + 2] = p.pseudo(p.l3 + p.total - p.l4).to_bytes(2, "big")
    header_end = p.l4 + (8 if p.protocol == UDP else (data[p.l4 + 12] >> 4) * 4)
    return bytes(data), (NEEDS_CSUM, gso, header_end if gso else 0, gso_size, p.l4, FIELD[p.protocol])
