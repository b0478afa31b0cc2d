"""The switch itself, with TAPs made inside the namespaces."""
import subprocess

from lab import QUEUE
from peers import ADDRESSES, Missing, Pair


def knows(binary, setting):
    """Whether this version has the port setting."""
    said = subprocess.run([binary, "run", "--help"], capture_output=True, text=True).stdout
    return any(line.split()[:1] and line.split()[0].rstrip("†") == setting for line in said.splitlines())


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
