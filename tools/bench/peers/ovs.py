"""Open vSwitch in user space: its daemons with a database and sockets of their own in a namespace of their own, an ordinary
learning bridge (`datapath_type=netdev`, `fail_mode=standalone`) on TAPs, which were faster than veth pairs, with and without TSO; and
on veth pairs, which it opens by AF_PACKET, as it does network cards."""
import os
import time

from lab import Trouble, run
from peers import TABLE, Missing, Pair

SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"


class Peer(Pair):
    packages = ("ovs-vswitchd=openvswitch-switch",)
    most = 100
    segmenting = False
    kind = "tap"  # of its ports

    def build(self):
        if not os.path.exists(SCHEMA):
            raise Missing(f"{SCHEMA} is not there")
        middle, place = self.middle(), self.lab.path(f"{self.tag}.ovs")
        os.mkdir(place)
        database, self.remote = f"{place}/db", f"unix:{place}/db.sock"
        self.env = {**os.environ, "OVS_RUNDIR": place, "OVS_LOGDIR": place, "OVS_DBDIR": place}
        run("ovsdb-tool", "create", database, SCHEMA, env=self.env)
        server = self.lab.start("ovsdb-server", database, f"--remote=p{self.remote}", f"--unixctl={place}/server.ctl",
                                log=f"{self.tag}-db.log", env=self.env)
        self.await_(lambda: os.path.exists(f"{place}/db.sock"), server, f"{self.tag}-db.log")
        self.control("--no-wait", "init")
        self.control("--no-wait", "set", "Open_vSwitch", ".", f"other_config:userspace-tso-enable={str(self.segmenting).lower()}")
        daemon = self.lab.start(*middle.command("ovs-vswitchd", self.remote, f"--unixctl={place}/switch.ctl", "--disable-system"),
                                log=f"{self.tag}.log", env=self.env)
        self.processes = [server, daemon]
        self.await_(lambda: os.path.exists(f"{place}/switch.ctl"), daemon, f"{self.tag}.log")
        self.attach(middle)

    @property
    def pids(self):
        return [self.processes[1].pid]

    def attach(self, middle):
        self.add_ports()
        self.move(middle)

    def add_ports(self):
        words = ["add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev", "fail_mode=standalone",
                 f"other_config:mac-table-size={TABLE}"]
        for number in range(self.ports):
            words += ["--", "add-port", "br0", f"p{number}", "--", "set", "interface", f"p{number}", f"type={self.kind}"]
        self.control(*words)

    def control(self, *words):
        return run("ovs-vsctl", "--timeout=20", f"--db={self.remote}", *words, env=self.env)

    def await_(self, ready, process, log):
        deadline = time.monotonic() + 10
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise Trouble(f"Open vSwitch: {self.lab.read_log(log)}")
            time.sleep(0.02)


class Segmenting(Peer):
    segmenting = True


class Veth(Peer):
    """On veth pairs, as the kernel bridge has them. Without TSO it knows nothing of checksums that a sender left to the device, so the
    hosts make them themselves, as its documentation asks for."""

    kind = "system"
    offload = False

    def attach(self, middle):
        self.veths(middle)
        self.add_ports()


class SegmentingVeth(Veth):
    segmenting = True
    offload = True
