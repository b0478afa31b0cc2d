"""Raw frames in and out of a host's device: an AF_PACKET socket, with tags put back and offload headers on request."""
import select
import socket
import struct
import time

SOL_PACKET, ETH_P_ALL = 263, 0x0003
PACKET_AUXDATA, PACKET_VNET_HDR, PACKET_QDISC_BYPASS, PACKET_IGNORE_OUTGOING = 8, 15, 20, 23
SO_RCVBUFFORCE, SO_SNDBUFFORCE = 33, 32
VLAN_VALID, TPID_VALID = 0x10, 0x40
VNET = struct.Struct("<BBHHHH")  # flags, gso_type, hdr_len, gso_size, csum_start, csum_offset
NEEDS_CSUM, DATA_VALID = 1, 2
GSO_NONE, GSO_TCPV4, GSO_UDP, GSO_TCPV6, GSO_UDP_L4, GSO_ECN = 0, 1, 3, 4, 5, 0x80


class Received:
    """One frame as it arrived: bytes with the tag where it belongs, and the offload header if asked for."""

    def __init__(self, frame, vnet):
        self.frame, self.vnet = frame, vnet

    def __repr__(self):
        return f"<{len(self.frame)} {self.frame[:40].hex()} {self.vnet}>"


class Wire:
    def __init__(self, host, vnet=False):
        self.host, self.vnet = host, vnet
        with host.space.entered():
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            self.socket.bind((host.device, ETH_P_ALL))
        self.socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 8 << 20)
        if vnet:
            self.socket.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)

    def fileno(self):
        return self.socket.fileno()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, frame, header=None):
        """`frame`: bytes or a scapy packet. `header`: the ten bytes of a virtio header, packed or as a tuple."""
        data = bytes(frame)
        if self.vnet:
            header = header if isinstance(header, bytes) else VNET.pack(*(header or (0, 0, 0, 0, 0, 0)))
            data = header + data
        return self.socket.send(data)

    def receive(self):
        data, ancillary, _, _ = self.socket.recvmsg(1 << 17, 256)
        header = None
        if self.vnet:
            header, data = VNET.unpack(data[:VNET.size]), data[VNET.size:]
        for level, kind, value in ancillary:
            if level == SOL_PACKET and kind == PACKET_AUXDATA:
                status, _, _, _, _, tci, tpid = struct.unpack("<IIIHHHH", value[:20])
                if status & VLAN_VALID:
                    tag = struct.pack(">HH", tpid if status & TPID_VALID else 0x8100, tci)
                    data = data[:12] + tag + data[12:]
                    if header and header[0] & NEEDS_CSUM:  # the header speaks of the frame without its tag
                        header = (*header[:2], header[2] + 4, header[3], header[4] + 4, header[5])
        return Received(data, header)

    def drain(self, quiet=0.15, limit=5.0, wanted=None, keep=None, until=None):
        """Frames until none came for `quiet` seconds; but the first `wanted` of them, or one for which `until(frame)`
        holds, are waited for up to the limit. `keep(received)` picks."""
        found, end, awaited = [], time.monotonic() + limit, until is not None
        while time.monotonic() < end:
            patience = limit if awaited or (wanted is not None and len(found) < wanted) else quiet
            ready, _, _ = select.select([self.socket], [], [], min(patience, max(0, end - time.monotonic())))
            if not ready:
                break
            received = self.receive()
            awaited = awaited and not until(received.frame)
            if keep is None or keep(received):
                found.append(received)
        return found

    def frames(self, **options):
        return [received.frame for received in self.drain(**options)]
