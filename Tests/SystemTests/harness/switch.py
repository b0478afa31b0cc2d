"""One `tapswitch run`: started, asked through its command line and its API, stopped, and its log judged."""
import json
import os
import re
import signal
import subprocess
import threading
import time

from . import http_unix, ledger, waiting

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BINARY = os.environ.get("TAPSWITCH") or os.path.normpath(os.path.join(HERE, "../../.build/release/tapswitch"))
STATE = "/run/tapswitch-state"  # of a switch that was given none, in this world only: never that of the machine
READY = re.compile(r"ready: (\d+) of (\d+) ports up")
ALARM = re.compile(r'^\S+ (warning|error|critical)\b|"level":"(warning|error|critical)"|Fatal error|Traceback|Sanitizer')


def environment(extra=None):
    kept = {key: value for key, value in os.environ.items()
            if key not in ("TAPSWITCH_SOCKET", "NOTIFY_SOCKET", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "LISTEN_FDS")}
    return {**kept, "LC_ALL": "C", "STATE_DIRECTORY": STATE, **(extra or {})}


def run_cli(*words, socket=None, timeout=30, env=None, **options):
    """(rc, stdout, stderr) of one command that is expected to end by itself."""
    extra = {**({"TAPSWITCH_SOCKET": socket} if socket else {}), **(env or {})}
    done = subprocess.run([BINARY, *map(str, words)], capture_output=True, text=True, timeout=timeout,
                          env=environment(extra), stdin=subprocess.DEVNULL, **options)
    return done.returncode, done.stdout, done.stderr


class Switch:
    """`allowed`: patterns of warnings and errors this test expects in the log."""

    def __init__(self, arguments, directory, name="lab", allowed=(), wrapper=(), env=None, socket=None, binary=None,
                 pass_fds=(), inside=None, own_socket=True):
        self.directory, self.name = directory, name
        self.socket = socket or os.path.join(directory, f"{name}.sock")
        self.allowed = [re.compile(pattern) for pattern in allowed]
        self.lines, self.ready_line, self.ready_after = [], None, None
        self.ports_removed = False
        self.state_file = os.path.join(self._state_directory(), f"{name}.fdb")
        own = ["--name", name] + (["--socket", self.socket] if own_socket else [])
        self.words = [*wrapper, binary or BINARY, "run", *own, *map(str, arguments)]
        self.began = time.monotonic()
        start = lambda: subprocess.Popen(  # noqa: E731
            self.words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=directory,
            env=environment({"STATE_DIRECTORY": os.path.dirname(self.state_file), **(env or {})}), pass_fds=pass_fds)
        if inside is None:
            self.process = start()
        else:
            with inside.entered():
                self.process = start()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _state_directory(self):
        """Where what was learned is kept: beside the socket, of the same owner."""
        path = os.path.join(self.directory, "state")
        if not os.path.isdir(path):
            os.mkdir(path, 0o700)
            owner = os.stat(self.directory)
            os.chown(path, owner.st_uid, owner.st_gid)
        return path

    @property
    def pid(self):
        return self.process.pid

    def _read(self):
        for raw in self.process.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            match = READY.search(line)
            if match and self.ready_line is None:
                self.ready_after = time.monotonic() - self.began
                self.ready_line = (int(match[1]), int(match[2]))
            self.lines.append(line)

    def log(self):
        return "\n".join(self.lines)

    def wait_ready(self, timeout=10):
        def settled():
            return self.ready_line is not None or self.process.poll() is not None
        waiting.until(settled, f"`ready:` of {' '.join(self.words)[:500]}\n{self.log()}", timeout, 0.002)
        if self.ready_line is None:
            self.reader.join(2)
        assert self.ready_line is not None, f"ended with {self.process.returncode} before it was ready:\n{self.log()}"
        return self

    # asking

    def cli(self, *words, timeout=30, env=None):
        result = run_cli(*words, socket=self.socket, timeout=timeout, env=env)
        if tuple(words[:2]) == ("port", "remove") and result[0] == 0:
            self.ports_removed = True
        return result

    def ok(self, *words, timeout=30):
        """Standard output of a command that must succeed in silence."""
        rc, out, err = self.cli(*words, timeout=timeout)
        assert rc == 0, f"tapswitch {' '.join(map(str, words))}: {rc}\n{out}{err}"
        assert err == "", f"tapswitch {' '.join(map(str, words))} says on stderr: {err}"
        return out

    def json(self, *words, timeout=30):
        text = self.ok(*words, "--json", timeout=timeout)
        try:
            return json.loads(text)
        except ValueError as problem:
            raise AssertionError(f"tapswitch {' '.join(map(str, words))} --json is not one JSON document: {problem}: "
                                 f"{text[:300]!r}") from None

    def fails(self, status, *words, saying=()):
        """The text of stderr of a command that must fail with `status` and say each of `saying`."""
        rc, out, err = self.cli(*words)
        assert rc == status, f"tapswitch {' '.join(map(str, words))}: {rc}, expected {status}\n{out}{err}"
        for part in saying:
            assert part in err, f"{part!r} is not in: {err}"
        return err

    def http(self, method, path, body=None, headers=None, timeout=10):
        return http_unix.request(self.socket, method, path, body, headers, timeout)

    def ports(self):
        return {port["name"]: port for port in self.json("port", "list")}

    def port(self, name):
        return self.json("port", "show", name)

    def received(self):
        """Frames received on all ports since the start."""
        return sum(port["counters"]["rx_frames"] for port in self.http("GET", "/v1/ports").json())

    def wait_received(self, before, what="a frame"):
        """Until the switch has read what was sent since it had received `before` frames."""
        waiting.until(lambda: self.received() > before, f"{what} is received", 5, 0.0005)

    def wait_state(self, name, state, timeout=5):
        return waiting.until(lambda: (p := self.port(name))["state"] == state and p,
                             f"port {name} is {state}; it is {self.ports().get(name)}", timeout, 0.05)

    def fdb(self, *words):
        return self.json("fdb", "list", *words)

    def where(self, mac):
        """Port of the dynamic, static or sticky entries of a MAC: {vlan: port}."""
        return {entry["vlan"]: entry["port"] for entry in self.fdb() if entry["mac"] == mac}

    def drops(self, port=None):
        """{reason: count} of one port, or of all together."""
        total = {}
        for entry in self.json("drops", *(["--port", port] if port else [])):
            total[entry["reason"]] = total.get(entry["reason"], 0) + entry["count"]
        return total

    def events(self, *words):
        """What is remembered of the past, oldest first."""
        return [json.loads(line) for line in self.ok("events", "--json", *words).splitlines()]

    def undelivered(self):
        """Drops, but for the group frames a host's stack sends while it is the first to be up."""
        return {reason: count for reason, count in self.drops().items() if reason != "no_destination"}

    # ending

    def alarms(self):
        return [line for line in list(self.lines)
                if ALARM.search(line) and not any(pattern.search(line) for pattern in self.allowed)]

    def check(self):
        """What holds at the end of every system test, while the switch is still running."""
        assert self.process.poll() is None, f"the switch ended with {self.process.returncode}:\n{self.log()[-4000:]}"
        ports = ledger.check(self)
        assert not self.alarms(), "unexpected warnings or errors in the log:\n  " + "\n  ".join(self.alarms())
        return ports

    def stop(self, signal_number=signal.SIGTERM, within=2.0):
        """Graceful: exit status 0 in under two seconds. Returns how long it took."""
        began = time.monotonic()
        self.process.send_signal(signal_number)
        try:
            self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still there {within} s after signal {signal_number}:\n"
                                 f"{self.log()[-4000:]}") from None
        took = time.monotonic() - began
        self.reader.join(2)
        assert self.process.returncode == 0, f"ended with {self.process.returncode}:\n{self.log()[-4000:]}"
        assert not self.alarms(), "unexpected warnings or errors in the log:\n  " + "\n  ".join(self.alarms())
        assert not os.path.lexists(self.socket), f"{self.socket} is left behind"
        return took

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(2)
