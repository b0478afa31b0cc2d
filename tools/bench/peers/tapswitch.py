"""The switch itself, with two TAPs made inside the namespaces."""
import lab as laboratory
from peers import ADDRESSES, Pair


class Peer(Pair):
    def __init__(self, lab, tag, offload):
        super().__init__(lab, tag)
        lab.switch(tag, [f"tap:eth0,netns={end.name},name=p{number},address={address}/24,txqueuelen={laboratory.QUEUE}"
                         for number, (end, address) in enumerate(zip(self.ends, ADDRESSES))])
        self.settle(offload, addressed=True)
