"""Figures: what a workload hands back, and how people and programs read it."""
import os
import platform
import statistics
import subprocess
import time


class Series:
    """The samples of one peer in one workload."""

    def __init__(self, peer, unit, samples):
        self.peer, self.unit, self.samples = peer, unit, samples

    @property
    def median(self):
        return statistics.median(self.samples)


class Ratio:
    """Two peers compared round by round: the noise that both met in a round cancels out."""

    def __init__(self, title, above, below):
        self.title = title
        self.samples = [a / b for a, b in zip(above.samples, below.samples)]

    @property
    def median(self):
        return statistics.median(self.samples)


class Threshold:
    """What must be reached. `limit` is the least (or, with most=True, the most) that will do."""

    def __init__(self, title, value, limit, most=False):
        self.title, self.value, self.limit, self.most = title, value, limit, most

    @property
    def met(self):
        return self.value <= self.limit if self.most else self.value >= self.limit


class Result:
    def __init__(self, name, title, series, ratios=(), thresholds=()):
        self.name, self.title = name, title
        self.series, self.ratios, self.thresholds = list(series), list(ratios), list(thresholds)


def machine(binary):
    """What the figures were measured on."""
    model = "unknown"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    version = subprocess.run([binary, "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    return {"kernel": platform.release(), "architecture": platform.machine(), "cpu": model, "cores": os.cpu_count(),
            "load": round(os.getloadavg()[0], 2), "tapswitch": version,
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def table(machine, given, results):
    print(f"{machine['tapswitch']}, Linux {machine['kernel']}, {machine['cores']} × {machine['cpu']}, "
          f"load {machine['load']}; {given.rounds} rounds of {given.seconds:g} s")
    for result in results:
        print(f"\n{result.title}\n")
        print(f"  {'':36}{'median':>10}{'lowest':>10}{'highest':>10}")
        for one in result.series:
            print(f"  {one.peer:36}{one.median:10.2f}{min(one.samples):10.2f}{max(one.samples):10.2f}  {one.unit}")
        for one in result.ratios:
            print(f"  {one.title:36}{one.median:10.2f}{min(one.samples):10.2f}{max(one.samples):10.2f}  ratio, round by round")
    print()
    for result in results:
        for one in result.thresholds:
            print(f"  {'met   ' if one.met else 'MISSED'}  {one.title}: {one.value:.2f} "
                  f"({'at most' if one.most else 'at least'} {one.limit:g})")


def document(machine, given, results):
    def spread(one):
        return {"median": one.median, "lowest": min(one.samples), "highest": max(one.samples), "samples": one.samples}

    return {"machine": machine, "quick": given.quick, "rounds": given.rounds, "seconds": given.seconds, "workloads": [
        {"name": result.name, "title": result.title,
         "series": [{"peer": one.peer, "unit": one.unit, **spread(one)} for one in result.series],
         "ratios": [{"title": one.title, **spread(one)} for one in result.ratios],
         "thresholds": [{"title": one.title, "value": one.value, "limit": one.limit,
                         "kind": "at most" if one.most else "at least", "met": one.met} for one in result.thresholds]}
        for result in results]}
