"""The switch itself, with TAPs made inside the namespaces, or on veth pairs as the kernel bridge has them."""
import json
import subprocess
import tempfile

from lab import QUEUE
from peers import ADDRESSES, Missing, Pair


def knows(binary, setting):
    """Whether this version has the port setting."""
    said = subprocess.run([binary, "run", "--help"], capture_output=True, text=True).stdout
    return any(line.split()[:1] and line.split()[0].rstrip("†") == setting for line in said.splitlines())


def has_kind(binary, kind):
    """Whether this version has ports of the kind: one that has not refuses the file for it."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({"ports": {"one": {kind: "eth0"}}}, file)  # JSON is YAML
        file.flush()
        return subprocess.run([binary, "config", "validate", file.name], capture_output=True).returncode == 0


class Peer(Pair):
    settings = ""
    wrapper = ()  # a program that runs it

    def build(self):
        specs = [f"tap:{device},netns={space.name},name=p{number},txqueuelen={QUEUE}{self.settings}"
                 for number, (space, device) in enumerate(self.places())]
        for number, address in enumerate(ADDRESSES):
            specs[number] += f",address={address}/24"
        self.processes = [self.lab.switch(self.tag, specs, self.more(), self.wrapper)[0]]

    def more(self):
        """Further words of the command line."""
        return []

    def settle(self, addressed=True):
        super().settle(addressed)


class Plain(Peer):
    """Frames leave as they came."""

    settings = ",coalesce=off"

    def build(self):
        if not knows(self.lab.binary, "coalesce"):
            raise Missing("this version of tapswitch has no setting `coalesce`")
        super().build()


class Bare(Peer):
    """Between hosts that segment and checksum themselves."""

    offload = False


class Veth(Pair):
    """`netdev` ports in a namespace of its own, on the veth pairs that the kernel bridge joins."""

    def build(self):
        if not has_kind(self.lab.binary, "netdev"):
            raise Missing("this version of tapswitch has no ports `netdev`")
        middle = self.middle()
        self.veths(middle)
        for space, device in self.places():
            space.run("ip", "link", "set", device, "up")  # a port without a carrier is not up
        specs = [f"netdev:p{number}" for number in range(self.ports)]
        self.processes = [self.lab.switch(self.tag, specs, wrapper=middle.command())[0]]
