"""CPU time, of a switch's processes and of the whole machine, over a stretch of time."""
import os
import time

TICK = os.sysconf("SC_CLK_TCK")


def of_process(pid):
    """CPU seconds of all threads so far: to the nanosecond where the kernel keeps that, else in clock ticks."""
    try:
        total = 0
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
        return total / 1e9
    except (OSError, ValueError, IndexError):
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK


def of_machine():
    """CPU seconds so far of all that is not idle: user, nice, system, interrupts. Stolen time is not ours."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, irq, softirq = [int(field) for field in file.readline().split()[1:8]]
    return (user + nice + system + irq + softirq) / TICK


def resident(pid):
    """Resident memory, MiB."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    raise OSError(f"/proc/{pid}/status: no VmRSS")


class Meter:
    """`with Meter(pids) as meter: …`; afterwards `switch`, `machine` and `wall` are seconds. Without processes (a
    switch in the kernel) `switch` is None."""

    def __init__(self, pids):
        self.pids, self.switch, self.machine, self.wall = list(pids), None, 0.0, 0.0

    def __enter__(self):
        self.before = self.read()
        return self

    def __exit__(self, *_):
        switch, machine, wall = [after - before for after, before in zip(self.read(), self.before)]
        self.switch, self.machine, self.wall = (switch if self.pids else None), machine, wall

    def read(self):
        return sum(of_process(pid) for pid in self.pids), of_machine(), time.monotonic()

    def costs(self, gigabytes=None, frames=None):
        """{column: CPU seconds for each GB and each million frames}, as far as they were counted."""
        out = {}
        for amount, name in ((gigabytes, "GB"), (frames and frames / 1e6, "Mframe")):
            if amount:
                out[f"switch CPU s/{name}"] = None if self.switch is None else self.switch / amount
                out[f"machine CPU s/{name}"] = self.machine / amount
        return out
