"""A VLAN sub-interface in user space, since a kernel may have no 8021q: a TAP in the host's namespace whose frames go
tagged to and from the host's device, with their offload headers, so that real TCP makes tagged GSO frames."""
import fcntl
import os
import select
import struct
import threading

from .host import Host
from .wire import NEEDS_CSUM, VNET

TUNSETIFF, TUNSETOFFLOAD = 0x400454CA, 0x400454D0
IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x0002, 0x1000, 0x4000
CSUM, TSO4, TSO6 = 1, 2, 4


class SubInterface(Host):
    """`with SubInterface(host, 10, number=2) as inner:` — `inner` is a host of its own address behind VLAN 10."""

    def __init__(self, host, vid, number, tpid=0x8100, priority=0):
        super().__init__(host.space, f"v{vid}n{number}", number, False, False, "")
        self.parent, self.tag = host, struct.pack(">HH", tpid, priority << 13 | vid)
        self.largest, self.gso, self.problems = 0, 0, []

    def __enter__(self):
        with self.space.entered():
            self.tap = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
        request = struct.pack("16sH22x", self.device.encode(), IFF_TAP | IFF_NO_PI | IFF_VNET_HDR)
        fcntl.ioctl(self.tap, TUNSETIFF, request)
        fcntl.ioctl(self.tap, TUNSETOFFLOAD, CSUM | TSO4 | TSO6)
        room = self.parent.look()["mtu"] - (0 if self.tag[:2] == b"\x81\x00" else 4)
        self.run("ip", "link", "set", self.device, "mtu", room, "up")
        self.run("ip", "addr", "add", f"{self.ip4}/24", "dev", self.device)
        self.look()
        self.wire_, self.stop = self.parent.wire(vnet=True), os.pipe()
        self.thread = threading.Thread(target=self._carry)
        self.thread.start()
        return self

    def __exit__(self, *_):
        os.write(self.stop[1], b"x")
        self.thread.join()
        self.wire_.close()
        [os.close(descriptor) for descriptor in (self.tap, *self.stop)]
        assert not self.problems, self.problems[:5]

    def _carry(self):
        while True:
            ready, _, _ = select.select([self.tap, self.wire_, self.stop[0]], [], [])
            if self.stop[0] in ready:
                return
            try:
                if self.tap in ready:
                    self._out(os.read(self.tap, 1 << 17))
                if self.wire_ in ready:
                    self._in(self.wire_.receive())
            except OSError as problem:
                self.problems.append(problem)

    def _out(self, data):
        header, frame = VNET.unpack(data[:VNET.size]), data[VNET.size:]
        self.wire_.send(frame[:12] + self.tag + frame[12:], self._moved(header, 4))

    def _in(self, received):
        frame = received.frame
        if frame[12:14] != self.tag[:2] or frame[14] & 15 != self.tag[2] & 15 or frame[15] != self.tag[3]:
            return
        self.largest, self.gso = max(self.largest, len(frame)), self.gso + bool(received.vnet[1])
        os.write(self.tap, VNET.pack(*self._moved(received.vnet, -4)) + frame[:12] + frame[16:])

    @staticmethod
    def _moved(header, by):
        flags, gso, length, size, start, offset = header
        if not flags & NEEDS_CSUM:
            return header
        return flags, gso, length + by if length else 0, size, start + by, offset
