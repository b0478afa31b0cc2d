"""An idle switch with three ports: wake-ups of the process and of its data-plane threads, resident memory."""
import os
import time

from lab import Trouble
from meter import resident
from report import Result, Row

THREAD = "dataplane-"


def switches(pid):
    """{thread name and number: context switches so far}. Each time a thread sleeps and is woken counts one."""
    out = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        path = f"/proc/{pid}/task/{task}"
        with open(f"{path}/comm", encoding="utf-8") as file:
            name = file.read().strip()
        with open(f"{path}/status", encoding="utf-8") as file:
            out[name, task] = next(int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt_switches:"))
    return out


class Idle:
    name, title, quick = "idle", "idle, three TAPs in three namespaces", False

    def measure(self, bench):
        spaces = [bench.lab.namespace(f"i{number}") for number in range(3)]
        process, _ = bench.lab.switch("idle", [f"tap:eth0,netns={space.name},name=p{index}" for index, space in enumerate(spaces)])
        time.sleep(3)  # what the devices say when they come up is over
        every, frames = Row("process", "wake-ups of the process", unit="a second"), Row("thread", f"wake-ups of {THREAD}…", unit="a second")
        memory = Row("memory", "resident memory", unit="MiB")
        for _ in range(max(2, bench.rounds // 3)):
            before, began = switches(process.pid), time.monotonic()
            time.sleep(4)
            after, took = switches(process.pid), time.monotonic() - began
            grown = {key: count - before.get(key, 0) for key, count in after.items()}
            if not any(name.startswith(THREAD) for name, _ in grown):
                raise Trouble(f"no thread {THREAD}…; there are {sorted(name for name, _ in grown)}")
            every.add(sum(grown.values()) / took)
            frames.add(sum(count for (name, _), count in grown.items() if name.startswith(THREAD)) / took)
            memory.add(resident(process.pid))
        bench.lab.end(process)
        for space in spaces:
            bench.lab.remove(space)
        result = Result(self.name, self.title, "", [every, frames, memory])
        result.require_row("idle wake-ups a second, process", "process", 3, most=True)
        result.require_row("idle wake-ups a second, data plane", "thread", 0, most=True)
        result.require_row("resident memory when idle, MiB", "memory", 40, most=True)
        return [result]
