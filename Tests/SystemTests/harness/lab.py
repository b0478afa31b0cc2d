"""A laboratory of one test: namespaces with hosts, switches, temporary files; taken down whatever happens."""
import itertools
import os
import shutil
import signal
import tempfile

from . import namespace, switch as switches
from .host import Host

_count = itertools.count(1)


class Lab:
    def __init__(self, label):
        self.number, self.label = next(_count), label
        self.directory = tempfile.mkdtemp(prefix="tapswitch-test-")
        os.chmod(self.directory, 0o755)
        self.here = namespace.Here()
        self.namespaces, self.switches, self.processes, self.closing = [], [], [], []
        self._devices, self._spaces = itertools.count(), itertools.count()
        self.kept = set()  # devices that a graceful stop is to leave alone

    # names: unique in the run, 15 characters at most

    def device(self):
        return f"t{self.number}p{next(self._devices)}"

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    # things

    def namespace(self, ipv6=False):
        made = namespace.Namespace(f"ts-{os.getpid()}-{self.number}-{next(self._spaces)}", ipv6)
        self.namespaces.append(made)
        return made

    def hosts(self, count, ipv6=False, addresses=True, options=""):
        """Hosts that are still without a device: `host.spec` is what makes it."""
        return [Host(self.namespace(ipv6), self.device(), index + 1, ipv6, addresses, options)
                for index in range(count)]

    def switch(self, *arguments, ready=True, **options):
        made = switches.Switch(arguments, self.directory, **{"name": f"lab{len(self.switches)}", **options})
        self.switches.append(made)
        if ready:
            made.wait_ready()
        return made

    def network(self, count=3, ipv6=False, addresses=True, options="", arguments=(), **keywords):
        """A running switch and `count` hosts behind its ports."""
        hosts = self.hosts(count, ipv6, addresses, options)
        ports = [word for host in hosts for word in ("--port", host.spec)]
        made = self.switch(*ports, *arguments, **keywords)
        assert made.ready_line == (count, count), f"not every port is up: {made.ready_line}\n{made.log()}"
        for host in hosts:
            host.look()
        return made, hosts

    def background(self, process):
        self.processes.append(process)
        return process

    def close_later(self, thing):
        self.closing.append(thing)
        return thing

    # the end

    def finish(self):
        """The checks that end every test that got that far."""
        for made in self.switches:
            if made.process.poll() is None:
                made.check()
        for made in self.switches:
            if made.process.poll() is None:
                made.stop()
        if any(made.process.returncode == -signal.SIGKILL for made in self.switches):
            return  # after a crash devices are to stay; the tests that crash look for themselves
        left = [(space.name, name) for space in [*self.namespaces, self.here] if os.path.exists(space.path)
                for name, link in space.links().items()
                if link.get("linkinfo", {}).get("info_kind") == "tun" and name not in self.kept]
        assert not left, f"devices left behind by a graceful stop: {left}"

    def clean(self):
        for thing in self.closing:
            try:
                thing.close()
            except OSError:
                pass
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()
        for made in self.switches:
            made.kill()
        for space in self.namespaces:
            space.remove()
        for name in self.here.links():
            self.here.run("ip", "link", "del", name, check=False)
        shutil.rmtree(self.directory, ignore_errors=True)
