"""A host: a namespace whose one device is the far end of a port of the switch."""
import socket
import time

from . import wire


class Host:
    def __init__(self, space, device, number, ipv6, addresses, options):
        self.space, self.device, self.number = space, device, number
        self.ip4, self.ip6 = f"10.7.0.{number}", f"fd07::{number:x}"
        self.mac, self.mtu, self.index = None, None, None
        self.spec = f"tap:{device},netns={space.name}"
        if addresses:
            self.spec += f",address={self.ip4}/24" + (f"+{self.ip6}/64" if ipv6 else "")
        self.spec += f",{options}" if options else ""

    @property
    def port(self):
        return self.device

    def look(self):
        """Reads MAC, MTU and index of the device as it is now."""
        link = self.space.link(self.device)
        self.mac, self.mtu, self.index = link["address"], link["mtu"], link["ifindex"]
        return link

    def run(self, *words, **options):
        return self.space.run(*words, **options)

    def socket(self, family, kind, protocol=0):
        with self.space.entered():
            made = socket.socket(family, kind, protocol)
        made.settimeout(5)
        return made

    def wire(self, vnet=False):
        """A raw socket on the device."""
        return wire.Wire(self, vnet)

    def ping(self, address, count=2, size=56, check=True):
        words = ["ping", "-n", "-c", count, "-i", "0.01", "-W", "2", "-s", size]
        return self.run(*words, *(["-M", "do"] if ":" not in address else []), address, check=check)

    def counters(self):
        """rx and tx frames of the device, as the kernel counts them."""
        stats = self.space.link(self.device)["stats64"]
        return {"rx": stats["rx"]["packets"], "tx": stats["tx"]["packets"], "tx_dropped": stats["tx"]["dropped"]}

    def quiet(self, seconds=0.1):
        time.sleep(seconds)
