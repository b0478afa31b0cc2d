"""One network namespace: made, entered for a moment by the calling thread, removed."""
import contextlib
import json
import os
import subprocess

from . import world

DIRECTORY = "/run/netns"


class Namespace:
    def __init__(self, name, ipv6=False):
        self.name, self.ipv6 = name, ipv6
        self.make()

    @property
    def path(self):
        return f"{DIRECTORY}/{self.name}"

    def make(self):
        """Creates it; silent by default, so that counts of frames are exact: no IPv6 unless asked for."""
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        with self.entered():
            for key, value in {
                "disable_ipv6": "0" if self.ipv6 else "1",
                "accept_dad": "0",
                "router_solicitations": "0",
                "accept_ra": "0",
            }.items():
                for scope in ("all", "default"):
                    with open(f"/proc/sys/net/ipv6/conf/{scope}/{key}", "w") as file:
                        file.write(value)
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)

    def remove(self):
        subprocess.run(["ip", "netns", "del", self.name], check=False, capture_output=True)

    @contextlib.contextmanager
    def entered(self):
        """The calling thread is inside; sockets opened and programs started here stay inside."""
        back = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        there = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            world.setns(there)
            yield self
        finally:
            world.setns(back)
            os.close(there)
            os.close(back)

    def run(self, *words, check=True, timeout=60):
        """A program inside; returns CompletedProcess with text."""
        with self.entered():
            done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError(f"in {self.name}: {' '.join(map(str, words))}: {done.returncode}\n"
                                 f"{done.stdout}{done.stderr}")
        return done

    def start(self, *words, **options):
        """A program inside, in the background."""
        with self.entered():
            return subprocess.Popen([str(word) for word in words], **options)

    def links(self):
        """Devices inside but lo: name → what `ip -j -d addr` says."""
        found = json.loads(self.run("ip", "-j", "-d", "addr").stdout or "[]")
        return {link["ifname"]: link for link in found if link.get("ifname") not in (None, "lo")}

    def link(self, device):
        found = json.loads(self.run("ip", "-j", "-d", "-s", "addr", "show", "dev", device).stdout)
        return next(link for link in found if link)


class Here:
    """The root of this world with the same manners as a Namespace."""
    name, path = "", "/proc/self/ns/net"

    @contextlib.contextmanager
    def entered(self):
        yield self

    run, start, links, link = Namespace.run, Namespace.start, Namespace.links, Namespace.link
