"""What a process holds: descriptors, threads, memory, wake-ups. From /proc."""
import os
import re


def _field(text, name):
    return int(re.search(rf"^{name}:\s+(\d+)", text, re.M)[1])


def read(pid):
    with open(f"/proc/{pid}/status") as file:
        status = file.read()
    return {"fds": len(os.listdir(f"/proc/{pid}/fd")), "threads": _field(status, "Threads"),
            "rss_kib": _field(status, "VmRSS")}


def grown(pid, before, fds=2, threads=2, rss_kib=16384):
    """What grew by more than allowed since `before`; empty if nothing did."""
    now, allowed = read(pid), {"fds": fds, "threads": threads, "rss_kib": rss_kib}
    return {key: (before[key], now[key]) for key in now if now[key] > before[key] + allowed[key]}


def wakeups(pid):
    """{thread id: (name, context switches so far)}: how often each thread went to sleep or was put aside."""
    found = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/status") as file:
                status = file.read()
        except FileNotFoundError:
            continue
        name = re.search(r"^Name:\s+(.*)$", status, re.M)[1]
        found[int(task)] = (name, _field(status, "voluntary_ctxt_switches") +
                            _field(status, "nonvoluntary_ctxt_switches"))
    return found


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
