"""Rows M1 and M3: a capture that cannot be written must never stand in the way of a frame."""
import ctypes
import os
import re
import signal
import time

import pytest

from harness import captures, traffic, waiting, world
from harness.packets import BROADCAST, plain

CAPTURE_TROUBLE = r"(?i)capture"  # a warning that a capture cannot be written is what these tests provoke


@pytest.fixture
def small_disk(lab):
    """A file system of one MiB in this world only."""
    path = lab.path("disk")
    os.mkdir(path)
    world.mount("tmpfs", path, "tmpfs", 0, "size=1m")
    yield path
    ctypes.CDLL(None).umount2(path.encode(), 2)


def lost(switch):
    """Captured frames lost, from what `status` tells people."""
    text = switch.ok("status")
    numbers = [int(number.replace(",", "")) for number in re.findall(r"([\d,]+)\s+lost|lost[:\s]+([\d,]+)", text)
               for number in number if number]
    assert numbers, f"`status` says nothing about lost captures:\n{text}"
    return max(numbers)


@pytest.mark.parametrize("suffix", ["pcap", "pcapng"])
def test_M1_disk_full(lab, small_disk, suffix):
    path = f"{small_disk}/all.{suffix}"
    switch, (a, b) = lab.network(2, arguments=["--capture", path], allowed=[CAPTURE_TROUBLE])
    with open(f"{small_disk}/ballast", "wb") as ballast:
        ballast.write(bytes(600_000))
    stream = traffic.Stream(a, b, rate=2000, size=1000)
    waiting.until(lambda: os.statvfs(small_disk).f_bavail == 0 or stream.sent > 3000, "the disk is full", 10)
    time.sleep(1.5)
    whole, _ = captures.read(path)
    assert whole
    captures.tcpdump(path)
    waiting.until(lambda: lost(switch) > 0, "lost captures are shown", 3)
    os.unlink(f"{small_disk}/ballast")
    sent = stream.stop(2000)
    print(f"{sent} frames forwarded, none lost")
    assert switch.drops() == {}
    with a.wire() as mouth:
        marker = plain(a.mac, BROADCAST, 80, 424242)

        def written():
            mouth.send(marker)
            return any(record.data == marker for record in captures.read(path)[0])
        waiting.until(written, "writing resumes when space returns", 15, 0.3)
    records, _ = captures.read(path)
    assert len(captures.tshark(path, "frame.number")) == len(records)
    switch.check()
    # Asked until it holds: hosts still verify addresses with a frame or two, and a frame is on disk a moment later.
    waiting.until(lambda: len(captures.read(path)[0]) + lost(switch) == switch.received(),
                  "every frame is written or counted as lost", 5, 0.3)


def test_M1_file_size_limit(lab):
    """RLIMIT_FSIZE: SIGXFSZ must not end the switch."""
    path = lab.path("limited.pcap")
    switch, (a, b) = lab.network(2, arguments=["--capture", path], allowed=[CAPTURE_TROUBLE],
                                 wrapper=("prlimit", "--fsize=100000:100000"))
    traffic.udp(a, b, 4, count=400, size=1000, seed=1)
    time.sleep(1.2)
    assert 0 < os.path.getsize(path) <= 100_000
    captures.read(path)
    assert lost(switch) > 0


def refused(lab, path, *words, status=(65,)):
    host, = lab.hosts(1)
    made = lab.switch("--port", host.spec, "--capture", path, ready=False)
    made.process.wait(10)
    made.reader.join(2)
    assert made.process.returncode in status, (made.process.returncode, made.log())
    for word in (path, *words):
        assert word in made.log(), f"{word!r} is not in {made.log()}"
    assert host.space.links() == {}, "a device was made before the capture was tried"


def test_M1_directory_that_is_not_there(lab):
    refused(lab, lab.path("nowhere", "all.pcap"), status=(65, 66))


def test_M1_a_directory_as_file(lab):
    os.mkdir(lab.path("all.pcap"))
    refused(lab, lab.path("all.pcap"))


def test_M1_a_fifo(lab):
    os.mkfifo(lab.path("all.pcap"))
    refused(lab, lab.path("all.pcap"))


def test_M1_a_device(lab):
    refused(lab, "/dev/full")


def test_M1_another_suffix(lab):
    refused(lab, lab.path("all.txt"), ".pcap")


@pytest.mark.parametrize("dangling", [False, True])
def test_M1_never_through_a_symbolic_link(lab, dangling):
    target = lab.path("secret")
    if not dangling:
        lab.write("secret", "precious")
    os.symlink(target, lab.path("all.pcap"))
    refused(lab, lab.path("all.pcap"))
    assert not os.path.exists(target) if dangling else open(target).read() == "precious"


def test_M1_a_read_only_file_system(lab, small_disk):
    world.mount("none", small_disk, None, 0x20 | 1)  # MS_REMOUNT | MS_RDONLY
    refused(lab, f"{small_disk}/all.pcap", status=(1, 65, 77))


def test_the_file_deleted_underneath(lab):
    """logrotate and rm happen: forwarding goes on, nothing is said but perhaps a warning."""
    path = lab.path("all.pcap")
    switch, (a, b) = lab.network(2, arguments=["--capture", path], allowed=[CAPTURE_TROUBLE])
    a.ping(b.ip4)
    time.sleep(1.1)
    os.unlink(path)
    traffic.tcp(a, b, 4, 1 << 20, seed=1)
    switch.check()


def test_capture_never_blocks_forwarding(lab):
    """More than a disk takes: 200 MB of GSO frames pass whole and fast, captured or counted as lost."""
    path = lab.path("all.pcapng")
    switch, (a, b) = lab.network(2, arguments=["--capture", path], allowed=[CAPTURE_TROUBLE])
    for seed in range(5):
        traffic.tcp(a, b, 4, 20 << 20, seed=seed)
    assert switch.drops() == {}
    a.ping(b.ip4)
    switch.check()
    switch.stop(signal.SIGTERM)
    records, _ = captures.read(path)
    assert records
