"""What systemd sees: READY=1 when everything answers, a clean end, a unit that verifies."""
import os
import shutil
import signal
import socket
import subprocess
import time

import pytest

from harness import traffic

UNITS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../configs")


@pytest.mark.parametrize("abstract", [False, True])
def test_ready_is_told_once_the_socket_answers(lab, abstract):
    path = f"@tapswitch-{os.getpid()}" if abstract else lab.path("notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + path[1:] if abstract else path)
        manager.settimeout(5)
        host, = lab.hosts(1)
        switch = lab.switch("--port", host.spec, env={"NOTIFY_SOCKET": path}, ready=False)
        told = manager.recv(4096).decode().splitlines()
        while "READY=1" not in told:
            told += manager.recv(4096).decode().splitlines()
        assert switch.json("status")["ports"] == {"total": 1, "up": 1}, "READY=1 before the socket answers"
        switch.wait_ready()
        assert told.count("READY=1") == 1
        switch.process.send_signal(signal.SIGTERM)
        assert "STOPPING=1" in manager.recv(4096).decode().splitlines()
        assert switch.process.wait(2) == 0


def test_a_notify_socket_that_is_not_there_does_no_harm(lab):
    host, = lab.hosts(1)
    switch = lab.switch("--port", host.spec, env={"NOTIFY_SOCKET": lab.path("none")}, allowed=["(?i)notify"])
    assert switch.json("status")["name"]


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_K10_a_signal_under_load_ends_it_in_order(lab, signal_number):
    switch, (a, b) = lab.network(2)
    stream = traffic.Stream(a, b, rate=2000)
    time.sleep(0.5)
    took = switch.stop(signal_number)
    stream.ending = True
    [thread.join() for thread in stream.threads]
    assert took < 2 and a.space.links() == {} and b.space.links() == {}


def test_a_second_signal_does_not_tear_the_end(lab):
    switch, (a, b) = lab.network(2)
    switch.process.send_signal(signal.SIGTERM)
    try:
        switch.process.send_signal(signal.SIGTERM)
    except ProcessLookupError:
        pass
    assert switch.process.wait(2) in (0, -signal.SIGTERM)
    assert a.space.links() == {}


def test_signals_that_mean_nothing_are_survived(lab):
    switch, (a, b) = lab.network(2, allowed=["(?i)hup"])
    for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGWINCH, signal.SIGCHLD, signal.SIGURG):
        switch.process.send_signal(number)
        time.sleep(0.05)
    a.ping(b.ip4)


def test_the_unit_verifies():
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze")
    units = [name for name in os.listdir(UNITS) if name.endswith(".service")]
    assert units
    for name in units:
        done = subprocess.run(["systemd-analyze", "verify", os.path.join(UNITS, name)], capture_output=True, text=True)
        complaints = [line for line in done.stderr.splitlines() if "is not executable" not in line]
        assert complaints == [], complaints
        with open(os.path.join(UNITS, name)) as file:
            text = file.read()
        for line in ("Restart=on-failure", "NoNewPrivileges=", "ProtectSystem=strict", "LimitCORE=0",
                     "CapabilityBoundingSet=", "Type=notify"):
            assert line in text, line
