"""Where measurements take place: namespaces, processes, devices. What it makes bears our process number in its name,
and is gone when the laboratory closes, whatever happened."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

QUEUE = 4096  # txqueuelen of every device, for all peers alike
OFFLOADS = ("tx", "sg", "tso", "gso", "gro", "tx-udp-segmentation")


class Trouble(Exception):
    """Something of the laboratory does not work: no measurement."""


def say(text):
    print(f"  {text}", file=sys.stderr, flush=True)


def run(*words, timeout=30):
    """Output of a command; Trouble if it fails or takes too long."""
    words = [str(word) for word in words]
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Trouble(f"{' '.join(words)}: {error}") from error
    if done.returncode:
        raise Trouble(f"{' '.join(words)}: status {done.returncode}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


class Namespace:
    """A network namespace without IPv6, whose own chatter would wake an idle switch."""

    def __init__(self, name):
        self.name = name
        run("ip", "netns", "add", name)
        self.run("sh", "-c", "ip link set lo up; for i in all default; do "
                 "f=/proc/sys/net/ipv6/conf/$i/disable_ipv6; if [ -w $f ]; then echo 1 >$f; fi; done")

    def command(self, *words):
        return ["ip", "netns", "exec", self.name, *[str(word) for word in words]]

    def run(self, *words, **options):
        return run(*self.command(*words), **options)

    def offloads_off(self, device):
        """Switches off one by one what can be; sees that segmentation and checksums really are."""
        for name in OFFLOADS:
            subprocess.run(self.command("ethtool", "-K", device, name, "off"), capture_output=True)
        for line in self.run("ethtool", "-k", device).splitlines():
            key, _, value = line.strip().partition(": ")
            if key in ("tx-checksumming", "tcp-segmentation-offload", "generic-segmentation-offload") and value[:2] == "on":
                raise Trouble(f"{device}: {key} cannot be switched off")


class Lab:
    def __init__(self, binary):
        self.binary, self.processes, self.namespaces = binary, [], []
        self.directory = tempfile.mkdtemp(prefix="tapswitch-bench-")

    def __enter__(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: sys.exit(143))
        return self

    def __exit__(self, *_):
        for process in list(self.processes):
            self.end(process)
        for namespace in list(self.namespaces):
            self.remove(namespace)
        shutil.rmtree(self.directory, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def namespace(self, name):
        made = Namespace(f"tsb{os.getpid()}-{name}")
        self.namespaces.append(made)
        return made

    def remove(self, namespace):
        if namespace in self.namespaces:
            self.namespaces.remove(namespace)
            subprocess.run(["ip", "netns", "delete", namespace.name], capture_output=True)

    def start(self, *words, log):
        """Starts a process whose output goes to the file `log` in our directory."""
        with open(self.path(log), "wb") as file:
            process = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        self.processes.append(process)
        return process

    def end(self, process):
        if process in self.processes:
            self.processes.remove(process)
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def read_log(self, name):
        with open(self.path(name), errors="replace") as file:
            return file.read()

    def switch(self, tag, ports):
        """A tapswitch with these SPECs, ready; (process, seconds from start to `ready`)."""
        words = [self.binary, "run", "--name", f"tsb{os.getpid()}-{tag}", "--socket", self.path(f"{tag}.sock")]
        for port in ports:
            words += ["--port", port]
        began = time.monotonic()
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.processes.append(process)
        said = b""
        os.set_blocking(process.stderr.fileno(), True)
        while b"ready:" not in said:
            more = os.read(process.stderr.fileno(), 65536)
            if not more:
                raise Trouble(f"tapswitch ended: {said.decode(errors='replace').strip()}")
            said += more
        took = time.monotonic() - began
        wanted = f"ready: {len(ports)} of {len(ports)} ports up".encode()
        if wanted not in said:
            raise Trouble(f"not every port is up: {said.decode(errors='replace').strip()}")
        return process, took
