"""Open vSwitch with dummy ports, in user space and with directories of its own: what it does with a frame, by command.

`netdev-dummy/receive` gives it a frame, `tx_pcap` files hold what it sent; flows are purged after each frame, so that
each is judged anew by what has been learned. `time/stop` and `time/warp` are its clock.
"""
import json
import os
import re
import shutil
import socket
import subprocess

from . import captures, waiting

SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"


def missing():
    """Why it cannot be used here; None if it can."""
    absent = [name for name in ("ovs-vswitchd", "ovsdb-server", "ovsdb-tool", "ovs-vsctl") if not shutil.which(name)]
    if absent or not os.path.exists(SCHEMA):
        return f"{', '.join(absent) or SCHEMA} is not there: apt-get install openvswitch-switch"
    return None


def columns(member):
    """The port's columns for the settings of a `grid.Member`."""
    def ranges(vlans):
        return ",".join(map(str, sorted(vlans)))
    if member.qinq:
        return ["vlan_mode=dot1q-tunnel", f"tag={member.native}", "other_config:qinq-ethtype=802.1q"]
    carried = [] if len(member.tagged) > 4000 else [f"trunks={ranges(member.tagged)}"]
    if not member.tagged:
        return ["vlan_mode=access", f"tag={member.native}"]
    if member.native:
        return ["vlan_mode=native-untagged", f"tag={member.native}", *carried]
    return ["vlan_mode=trunk", *carried]


class OpenVSwitch:
    def __init__(self, lab, members, isolated=(), ageing=300, capacity=65536):
        self.place, self.members = lab.path("ovs"), members
        os.mkdir(self.place)
        self.env = {**os.environ, "OVS_RUNDIR": self.place, "OVS_LOGDIR": self.place, "OVS_DBDIR": self.place}
        database, self.remote = f"{self.place}/db", f"unix:{self.place}/db.sock"
        self._run("ovsdb-tool", "create", database, SCHEMA)
        self._start(lab, "ovsdb-server", database, f"--remote=p{self.remote}", f"--unixctl={self.place}/server.ctl")
        waiting.until(lambda: os.path.exists(f"{self.place}/db.sock"), "ovsdb-server", 10)
        self._control("--no-wait", "init")
        self._start(lab, "ovs-vswitchd", self.remote, f"--unixctl={self.place}/switch.ctl", "--disable-system",
                    "--enable-dummy=override")
        waiting.until(lambda: os.path.exists(f"{self.place}/switch.ctl"), "ovs-vswitchd", 10)
        self._control("--no-wait", "set", "Open_vSwitch", ".", "other_config:vlan-limit=2")
        words = ["add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy", "fail_mode=standalone",
                 f"other_config:mac-aging-time={ageing}", f"other_config:mac-table-size={capacity}"]
        for name, member in members.items():
            protected = ["protected=true"] if name in isolated else []
            words += ["--", "add-port", "br0", name, *columns(member), *protected,
                      "--", "set", "interface", name, "type=dummy", f"options:tx_pcap={self.place}/{name}.pcap"]
        self._control(*words)
        self.socket = lab.close_later(socket.socket(socket.AF_UNIX))
        self.socket.settimeout(10)
        self.socket.connect(f"{self.place}/switch.ctl")
        self.identifier, self.decoder = 0, json.JSONDecoder()
        self.ask("time/stop")

    def _run(self, *words):
        done = subprocess.run(words, env=self.env, capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"

    def _control(self, *words):
        self._run("ovs-vsctl", "--timeout=20", f"--db={self.remote}", *words)

    def _start(self, lab, *words):
        with open(f"{self.place}/{words[0]}.out", "w") as log:
            lab.background(subprocess.Popen(words, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def ask(self, method, *parameters):
        """A command to the daemon over its control socket; some 70 microseconds."""
        self.identifier += 1
        request = {"id": self.identifier, "method": method, "params": [str(one) for one in parameters]}
        self.socket.sendall(json.dumps(request).encode())
        text = ""
        while True:
            text += self.socket.recv(1 << 16).decode()
            try:
                answer, _ = self.decoder.raw_decode(text)
            except ValueError:
                continue
            assert answer["error"] is None, f"{method} {parameters}: {answer['error']}"
            return answer["result"]

    def _looked_up(self):
        hit, missed = re.search(r"hit:(\d+) missed:(\d+)", self.ask("dpif/show")).groups()
        return int(hit) + int(missed)

    def send(self, port, frame):
        """Returns when the frame is through, so that the next one, at another port, cannot overtake it."""
        before = self._looked_up()
        self.ask("netdev-dummy/receive", port, frame.hex())
        waiting.until(lambda: self._looked_up() > before, f"Open vSwitch takes {frame.hex()} from {port}", 5, 0)
        self.ask("revalidator/purge")

    def warp(self, seconds):
        self.ask("time/warp", seconds * 1000, seconds * 20)
        self.ask("revalidator/wait")

    def sent(self):
        """{port: [frames]} of everything it sent so far."""
        return {name: [record.data for record in captures.read(f"{self.place}/{name}.pcap")[0]]
                for name in self.members}
