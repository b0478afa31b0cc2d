"""Several worker threads: ports spread over them, one table, nothing lost, nothing out of order."""
import os
import threading

from harness import traffic, waiting
from harness.traffic import Stream


def start(lab, count, workers):
    hosts = lab.hosts(count)
    file = lab.write("workers.yaml", f"workers: {workers}\n")
    switch = lab.switch("--config", file, *(word for host in hosts for word in ("--port", host.spec)))
    for host in hosts:
        host.look()
    return switch, hosts


def threads(switch):
    names = [open(f"/proc/{switch.pid}/task/{task}/comm").read().strip() for task in os.listdir(f"/proc/{switch.pid}/task")]
    return sorted(name for name in names if name.startswith("dataplane-"))


def test_as_many_threads_as_asked_for(lab):
    switch, hosts = start(lab, 2, 4)
    assert threads(switch) == [f"dataplane-{number}" for number in range(4)]
    assert switch.json("config", "show")["workers"] == 4
    hosts[0].ping(hosts[1].ip4)


def test_streams_and_connections_between_all(lab):
    switch, hosts = start(lab, 4, 3)
    pairs = [(one, other) for one in hosts for other in hosts if one is not other]
    streams = [Stream(one, other, rate=300, seed=number) for number, (one, other) in enumerate(pairs)]
    problems = []

    def connect(one, other, seed):
        try:
            traffic.tcp(one, other, 4, 2 << 20, seed)
        except Exception as problem:  # noqa: BLE001
            problems.append(problem)
    running = [threading.Thread(target=connect, args=(one, other, number)) for number, (one, other) in enumerate(pairs[:6])]
    [thread.start() for thread in running]
    [thread.join() for thread in running]
    for stream in streams:
        stream.stop(300)
    assert not problems, problems
    assert {entry["mac"]: entry["port"] for entry in switch.fdb()} == {host.mac: host.port for host in hosts}


def test_what_one_hears_all_know(lab):
    """Unicast to a station behind another worker's port is not seen on a third."""
    switch, (a, b, c) = start(lab, 3, 3)
    a.ping(b.ip4)
    waiting.until(lambda: {a.mac, b.mac} <= {entry["mac"] for entry in switch.fdb()}, "both are known")
    before = switch.ports()[c.port]["counters"]["tx_frames"]
    a.ping(b.ip4, count=5)
    quiet = switch.ports()[c.port]["counters"]["tx_frames"] - before
    assert quiet <= 2, "only what the hosts say to all by themselves"


def test_ports_come_and_go_beside_a_stream(lab):
    switch, (a, b) = start(lab, 2, 3)
    stream = Stream(a, b, rate=1000)
    for _ in range(5):
        name = lab.device()
        switch.ok("port", "add", f"tap:{name}")
        switch.ok("port", "remove", name)
    stream.stop(1000)


def test_idle_workers_sleep(lab):
    switch, _ = start(lab, 2, 4)
    lab.hosts(0)

    def switches():
        found = {}
        for task in os.listdir(f"/proc/{switch.pid}/task"):
            name = open(f"/proc/{switch.pid}/task/{task}/comm").read().strip()
            status = open(f"/proc/{switch.pid}/task/{task}/status").read()
            if name.startswith("dataplane-"):
                found[name] = int(status.split("voluntary_ctxt_switches:")[1].split()[0])
        return found
    for host in lab.namespaces:
        host.run("true")
    waiting.until(lambda: (lambda first: (threading.Event().wait(3), switches() == first)[1])(switches()),
                  "three seconds without a wake-up", 25)
