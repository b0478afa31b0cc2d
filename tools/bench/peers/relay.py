"""relay.c: the floor for any user-space switch between two TAPs. It opens them in a namespace of its own, from where
each is moved to its host."""
import os
import time

import lab as laboratory
from peers import Pair

HERE = os.path.dirname(os.path.realpath(__file__))


class Peer(Pair):
    def __init__(self, lab, tag, offload):
        super().__init__(lab, tag)
        program = lab.path("relay")
        if not os.path.exists(program):
            laboratory.run("gcc", "-O2", "-o", program, os.path.join(HERE, "../relay.c"), timeout=60)
        middle = lab.namespace(f"{tag}-m")
        process = lab.start(*middle.command(program, "eth0", "eth1", "offload", laboratory.QUEUE), log=f"{tag}.log")
        deadline = time.monotonic() + 5
        while "eth1:" not in middle.run("cat", "/proc/net/dev"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise laboratory.Trouble(f"relay: {lab.read_log(f'{tag}.log')}")
            time.sleep(0.02)
        for device, end in zip(("eth0", "eth1"), self.ends):
            middle.run("ip", "link", "set", device, "netns", end.name, "name", "eth0")
        self.settle(offload)
