"""Figures: what a workload hands back, and what programs read. The document made of them is also all that the table
and the pictures know."""
import os
import platform
import statistics
import subprocess
import time


class Row:
    """The samples of one line of a table, one a round. `x` places it on an axis; `columns` are further figures of the
    same rounds, {name: [value or None, …]}."""

    def __init__(self, key, title, samples=(), unit=None, x=None):
        self.key, self.title, self.unit, self.x = key, title, unit, x
        self.samples, self.columns = list(samples), {}

    def add(self, value, columns=None):
        self.samples.append(value)
        for name, figure in (columns or {}).items():
            self.columns.setdefault(name, []).append(figure)

    @property
    def median(self):
        return statistics.median(self.samples)


class Limit:
    """What must be reached: at least (or, with most=True, at most) `limit`. Without a value it was not measured."""

    def __init__(self, title, value, limit, most=False, aim=None):
        self.title, self.value, self.limit, self.most, self.aim = title, value, limit, most, aim

    @property
    def met(self):
        if self.value is None:
            return None
        return self.value <= self.limit if self.most else self.value >= self.limit


class Result:
    """One table. With `reference` every row is compared with that one, round by round: what disturbed both in a round
    cancels out."""

    def __init__(self, name, title, unit, rows, reference=None, axis=None):
        self.name, self.title, self.unit, self.axis = name, title, unit, axis
        self.rows = {row.key: row for row in rows if row.samples}
        self.reference = reference if reference in self.rows else None
        self.limits = []

    def ratios(self, other):
        """[reference / other, …], one a round."""
        if self.reference is None or other not in self.rows or other == self.reference:
            return []
        return [a / b for a, b in zip(self.rows[self.reference].samples, self.rows[other].samples) if b]

    def require(self, title, other, limit, most=False, aim=None):
        """The reference must be at least (at most) `limit` times the row `other`."""
        ratios = self.ratios(other)
        self.limits.append(Limit(title, statistics.median(ratios) if ratios else None, limit, most, aim))

    def require_row(self, title, key, limit, most=False):
        """The median of a row itself must be at least (at most) `limit`."""
        row = self.rows.get(key)
        self.limits.append(Limit(title, row.median if row else None, limit, most))


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


def spread(samples):
    return {"median": statistics.median(samples), "lowest": min(samples), "highest": max(samples), "samples": samples}


def column(values):
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def document(machine, given, results, skipped):
    """Everything as plain values, as it goes into the JSON file."""
    out = []
    for result in results:
        rows = []
        for row in result.rows.values():
            one = {"key": row.key, "title": row.title, "unit": row.unit or result.unit, **spread(row.samples)}
            if row.x is not None:
                one["x"] = row.x
            ratios = result.ratios(row.key)
            if ratios:
                one["ratio"] = spread(ratios)
            if row.columns:
                one["columns"] = {name: column(values) for name, values in row.columns.items()}
            rows.append(one)
        out.append({"name": result.name, "title": result.title, "unit": result.unit, "axis": result.axis,
                    "reference": result.reference, "rows": rows,
                    "limits": [{"title": one.title, "value": one.value, "limit": one.limit, "aim": one.aim,
                                "kind": "at most" if one.most else "at least", "met": one.met} for one in result.limits]})
    return {"machine": machine, "quick": given.quick, "rounds": given.rounds, "seconds": given.seconds,
            "queue": given.queue, "workloads": out, "skipped": skipped}
