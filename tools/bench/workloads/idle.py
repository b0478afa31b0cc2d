"""An idle switch with three ports: wake-ups of the process and of its data-plane thread, resident memory.
Thresholds: none by the thread, 3 a second in the process, 40 MiB."""
import os
import time

from lab import Trouble
from report import Result, Series, Threshold

TITLE = "idle, three TAPs in three namespaces"
THREAD = "dataplane-0"


def field(path, name):
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith(name + ":"):
                return int(line.split()[1])
    raise Trouble(f"{path}: no {name}")


def switches(pid):
    """{thread name and number: context switches so far}. Each time a thread sleeps and is woken counts one."""
    out = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        path = f"/proc/{pid}/task/{task}"
        with open(f"{path}/comm", encoding="utf-8") as file:
            out[file.read().strip(), task] = field(f"{path}/status", "voluntary_ctxt_switches")
    return out


def measure(lab, rounds, seconds):
    spaces = [lab.namespace(f"i{number}") for number in range(3)]
    process, _ = lab.switch("idle", [f"tap:eth0,netns={space.name},name=p{index}" for index, space in enumerate(spaces)])
    time.sleep(3)  # what the devices say when they come up is over
    every, frames, resident = [], [], []
    for _ in range(max(2, rounds // 3)):
        before, began = switches(process.pid), time.monotonic()
        time.sleep(max(seconds, 4))
        after, took = switches(process.pid), time.monotonic() - began
        grown = {key: count - before.get(key, 0) for key, count in after.items()}
        if not any(name == THREAD for name, _ in grown):
            raise Trouble(f"no thread {THREAD}; there are {sorted(name for name, _ in grown)}")
        every.append(sum(grown.values()) / took)
        frames.append(sum(count for (name, _), count in grown.items() if name == THREAD) / took)
        resident.append(field(f"/proc/{process.pid}/status", "VmRSS") / 1024)
    lab.end(process)
    series = [Series("wake-ups of the process", "a second", every), Series(f"wake-ups of {THREAD}", "a second", frames),
              Series("resident memory", "MiB", resident)]
    limits = [("idle wake-ups a second, process", 3), (f"idle wake-ups a second, {THREAD}", 0), ("resident memory, MiB", 40)]
    return Result("idle", TITLE, series, thresholds=[
        Threshold(title, one.median, limit, most=True) for one, (title, limit) in zip(series, limits)])
