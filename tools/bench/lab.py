"""Where measurements take place: namespaces, processes, devices. What it makes bears our process number in its name,
and is gone when the laboratory closes, whatever happened."""
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.realpath(__file__))
QUEUE = 4096  # txqueuelen of every device, for all peers alike
OFFLOADS = ("tx", "sg", "tso", "gso", "gro", "tx-udp-segmentation")
BEGAN = time.monotonic()


class Trouble(Exception):
    """Something of the laboratory does not work: no measurement."""


def say(text):
    """A line of progress, with the time since the start."""
    took = int(time.monotonic() - BEGAN)
    print(f"  {took // 60:2d}:{took % 60:02d}  {text}", file=sys.stderr, flush=True)


def run(*words, timeout=30, env=None):
    """Output of a command; Trouble if it fails or takes too long."""
    words = [str(word) for word in words]
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, env=env)
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

    def batch(self, lines):
        """Many `ip` commands at once."""
        done = subprocess.run(self.command("ip", "-batch", "-"), input="\n".join(lines) + "\n", capture_output=True, text=True)
        if done.returncode:
            raise Trouble(f"ip -batch in {self.name}: {done.stderr.strip()}")

    def received(self):
        """{device: frames received so far}, as the kernel counts them."""
        out = {}
        for line in self.run("cat", "/proc/net/dev").splitlines()[2:]:
            device, _, figures = line.partition(":")
            out[device.strip()] = int(figures.split()[1])
        return out

    def offloads_off(self, device):
        """Switches off one by one what can be; sees that segmentation and checksums really are."""
        for name in OFFLOADS:
            subprocess.run(self.command("ethtool", "-K", device, name, "off"), capture_output=True)
        for line in self.run("ethtool", "-k", device).splitlines():
            key, _, value = line.strip().partition(": ")
            if key in ("tx-checksumming", "tcp-segmentation-offload", "generic-segmentation-offload") and value[:2] == "on":
                raise Trouble(f"{device}: {key} cannot be switched off")


class Lab:
    """Owns all that is made; `with Lab(binary) as lab:` takes it away again, also on Ctrl-C and SIGTERM."""

    def __init__(self, binary):
        self.binary, self.processes, self.namespaces, self.count = binary, [], [], 0
        self.directory = tempfile.mkdtemp(prefix=f"tapswitch-bench-{os.getpid()}-")

    def __enter__(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: sys.exit(143))
        return self

    def __exit__(self, *_):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C does not stop the tidying
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in list(self.processes):
            self.end(process)
        for namespace in list(self.namespaces):
            self.remove(namespace)
        shutil.rmtree(self.directory, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def tag(self):
        """A short name that nothing else of this laboratory has."""
        self.count += 1
        return f"t{self.count}"

    def namespace(self, name):
        made = Namespace(f"tsb{os.getpid()}-{name}")
        self.namespaces.append(made)
        return made

    def remove(self, namespace):
        if namespace in self.namespaces:
            self.namespaces.remove(namespace)
            subprocess.run(["ip", "netns", "delete", namespace.name], capture_output=True)

    def program(self, name):
        """The compiled form of NAME.c beside this file."""
        program = self.path(name)
        if not os.path.exists(program):
            run("cc", "-O2", "-Wall", "-o", program, os.path.join(HERE, f"{name}.c"), timeout=60)
        return program

    def popen(self, *words, stdin=subprocess.DEVNULL, **options):
        """A process that dies with us even if we are killed, and that Ctrl-C does not reach before us."""
        process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *[str(word) for word in words]],
                                   stdin=stdin, start_new_session=True, **options)
        self.processes.append(process)
        return process

    def start(self, *words, log, **options):
        """Starts a process whose output goes to the file `log` in our directory."""
        with open(self.path(log), "wb") as file:
            return self.popen(*words, stdout=file, stderr=file, **options)

    def end(self, process):
        if process in self.processes:
            self.processes.remove(process)
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(60)  # a switch with 1,000 devices takes its time
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def read_log(self, name):
        with open(self.path(name), errors="replace") as file:
            return file.read()

    def switch(self, tag, ports, more=(), wrapper=(), patience=60):
        """A tapswitch with these SPECs, ready; (process, seconds from start to `ready`)."""
        words = [*wrapper, self.binary, "run", "--name", f"tsb{os.getpid()}-{tag}", "--socket", self.path(f"{tag}.sock"), *more]
        for port in ports:
            words += ["--port", port]
        began = time.monotonic()
        process = self.popen(*words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        said = b""
        while b"ready:" not in said or not said.endswith(b"\n"):
            left = began + patience - time.monotonic()
            if left <= 0 or not select.select([process.stderr], [], [], left)[0]:
                raise Trouble(f"tapswitch is not ready after {patience} s: {said.decode(errors='replace').strip()}")
            more_said = os.read(process.stderr.fileno(), 65536)
            if not more_said:
                raise Trouble(f"tapswitch ended: {said.decode(errors='replace').strip()}")
            said += more_said
        took = time.monotonic() - began
        threading.Thread(target=process.stderr.read, daemon=True).start()  # or what it logs would fill the pipe
        if f"ready: {len(ports)} of {len(ports)} ports up".encode() not in said:
            raise Trouble(f"not every port is up: {said.decode(errors='replace').strip()}")
        return process, took
