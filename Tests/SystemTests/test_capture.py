"""`run --capture FILE`: every frame the switch receives, in files other tools read, also while they are written."""
import os
import signal
import time

import pytest

from harness import captures, traffic, waiting
from harness.packets import BROADCAST, ours, plain

BOTH = pytest.mark.parametrize("suffix", ["pcap", "pcapng"])


def captured(lab, suffix, count=3, **options):
    path = lab.path(f"all.{suffix}")
    switch, hosts = lab.network(count, arguments=["--capture", path], **options)
    return path, switch, hosts


@BOTH
def test_every_received_frame_is_in_the_file_unchanged(lab, suffix):
    path, switch, (a, b, c) = captured(lab, suffix, addresses=False)
    sent = []
    with a.wire() as wa, b.wire() as wb, c.wire() as ear:
        for mark in range(200):
            for host, wire in ((a, wa), (b, wb)):
                frame = plain(host.mac, BROADCAST if mark % 2 else (b if host is a else a).mac, 60 + mark * 7, mark)
                wire.send(frame)
                sent.append((frame, host.port))
        wa.send(plain("01:00:00:00:00:01", BROADCAST))  # received, then dropped: in the file all the same
        ear.drain(wanted=100)
    began = time.time_ns()
    switch.check()
    switch.stop()
    records, names = captures.read(path)
    mine = [record for record in records if b"tapswitch-" in record.data]
    assert len(mine) == 401
    if names:
        assert set(names) == {a.port, b.port, c.port}
        got = {(record.data, names[record.interface]) for record in mine}
        assert got >= set(sent)
    else:
        assert {record.data for record in mine} >= {frame for frame, _ in sent}
    assert all(record.length == len(record.data) for record in mine)
    times = [record.time_ns for record in records]
    assert all(abs(began - moment) < 60 * 10**9 for moment in times), "time stamps are not those of the wall clock"
    assert len(captures.tcpdump(path)) == len(captures.tshark(path, "frame.number")) == len(records)
    assert captures.capinfos(path)["Number of packets"] == str(len(records))
    if suffix == "pcapng":
        assert any(moment % 1000 for moment in times), "no nanoseconds"


@BOTH
def test_the_file_can_be_read_while_it_is_written(lab, suffix):
    path, switch, (a, b, c) = captured(lab, suffix)
    for turn in range(3):
        a.ping(b.ip4, count=3)
        end = time.monotonic() + 1
        while True:
            lines = captures.tcpdump(path, "icmp")
            if len(lines) == 6 * (turn + 1):
                break
            assert time.monotonic() < end, f"{len(lines)} of {6 * (turn + 1)} on disk after a second"
            time.sleep(0.05)
    assert len(captures.tshark(path, "frame.number", only="icmp")) == 18
    captures.read(path)


@BOTH
def test_gso_frames_have_the_length_the_wire_would_not(lab, suffix):
    """Frames of up to 64 KiB and more are whole, and every length field says so."""
    path, switch, (a, b) = captured(lab, suffix, count=2, ipv6=True, options="mtu=65521")
    a.ping(b.ip4, size=65521 - 28 - 20)
    with a.wire() as wa, b.wire() as wb:
        largest = plain(a.mac, BROADCAST, 65535)
        tagged = largest[:12] + b"\x81\x00\x00\x05" + largest[12:]
        wa.send(largest), wa.send(tagged)
        assert [len(frame) for frame in wb.frames(wanted=2, keep=ours)] == [65535, 65539]
    switch.check()
    switch.stop()
    records, _ = captures.read(path)
    big = {len(record.data): record for record in records if b"tapswitch-" in record.data}
    assert set(big) == {65535, 65539}
    assert all(record.length == length for length, record in big.items())
    assert big[65535].data == largest and big[65539].data == tagged
    assert {length for length, in captures.tshark(path, "frame.len", only="frame.len > 65534")} >= {"65535", "65539"}


@BOTH
def test_tcp_with_offload_reassembles(lab, suffix):
    path, switch, (a, b) = captured(lab, suffix, count=2)
    traffic.tcp(a, b, 4, 3_000_000, seed=5)
    switch.check()
    switch.stop()
    rows = captures.tshark(path, "ip.src", "tcp.len", only="tcp")
    sent = sum(int(length) for source, length in rows if source == a.ip4)
    assert sent >= 3_000_000
    assert max(int(length) for _, length in rows) > 10_000, "GSO frames are not in one piece"
    bad = captures.tshark(path, "frame.number", only="tcp.analysis.lost_segment || _ws.malformed")
    assert bad == [], f"frames missing in the capture: {bad[:5]}"


@BOTH
def test_M2_sigkill_leaves_whole_records(lab, suffix):
    path, switch, (a, b, c) = captured(lab, suffix)
    stream = traffic.Stream(a, b, rate=3000, size=400)
    time.sleep(2)
    os.kill(switch.pid, signal.SIGKILL)
    stream.ending = True
    [thread.join() for thread in stream.threads]
    switch.kill()
    assert len(captures.tcpdump(path, "udp")) > 1000
    records, _ = captures.read(path)
    assert len(captures.tshark(path, "frame.number")) == len(records)


def test_status_shows_the_capture(lab):
    path, switch, (a, b, c) = captured(lab, "pcapng")
    a.ping(b.ip4)
    waiting.until(lambda: len(captures.tcpdump(path)) > 3, "frames on disk")
    text = switch.ok("status")
    assert "all.pcapng" in text, text


@pytest.mark.parametrize("suffix", ["pcap", "pcapng"])
def test_ports_added_later_are_in_the_file(lab, suffix):
    path, switch, (a, b) = captured(lab, suffix, count=2, addresses=False)
    new = lab.hosts(1, addresses=False)[0]
    switch.ok("port", "add", new.spec)
    new.look()
    with new.wire() as mouth, a.wire() as ear:
        sent = plain(new.mac, BROADCAST, 100)
        mouth.send(sent)
        ear.drain(wanted=1)
    switch.ok("port", "remove", new.port)
    switch.check()
    switch.stop()
    records, names = captures.read(path)
    found = [record for record in records if record.data == sent]
    assert len(found) == 1
    if names:
        assert names[found[0].interface] == new.port
    assert captures.capinfos(path)


def test_an_existing_file_is_replaced_as_tcpdump_does(lab):
    path = lab.write("all.pcap", "not a capture" * 1000)
    switch, (a, b) = lab.network(2, arguments=["--capture", path])
    a.ping(b.ip4)
    switch.stop()
    assert captures.read(path)[0]


def test_a_capture_is_not_for_everybody(lab):
    path, switch, _ = captured(lab, "pcap")
    mode = os.stat(path).st_mode & 0o777
    assert mode & 0o007 == 0, f"others may read what hosts say to each other: {mode:o}"
