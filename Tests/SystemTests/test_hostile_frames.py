"""Rows A1 to A13 of the hostile-input table: raw frames from the namespace side of a TAP.

Beyond each row's own expectation: the same process, no other port loses a frame, counters exact, nothing grows.
Reachable here is what the kernel lets a host send through its TAP; lengths 0 to 13 and reads without a whole offload
header are not (A1 below shows it), the module tests feed them to the worker through a socket pair.
"""
import random
import re

import pytest

from harness.bench import A, B, C, Bench
from harness.packets import ARP, BROADCAST, IP, LLC, SNAP, STP, UDP, Dot3, Ether, IPv6, mac, plain

def test_A1_runts_do_not_get_through_the_device(bench):
    for length in (0, 1, 13):
        with pytest.raises(OSError):
            bench.wires[A].send(plain(bench.mac(A), bench.mac(B))[:length])
    assert bench.send([]) == [[], []]
    assert bench.dropped() == {}


def test_A2_short_frames_are_forwarded_as_they_are(bench):
    """14 to 59 octets: no padding is added, so no foreign bytes can leak in it."""
    bench.passes_to_b([plain(bench.mac(A), bench.mac(B), length, length) for length in range(14, 60)])


def test_A3_sizes_around_the_mtu(lab):
    small, wide, sender = lab.hosts(3, addresses=False)
    small.spec, wide.spec, sender.spec = small.spec + ",mtu=1500", wide.spec + ",mtu=1501", sender.spec + ",mtu=9000"
    switch = lab.switch(*(word for host in (small, wide, sender) for word in ("--port", host.spec)))
    [host.look() for host in (small, wide, sender)]
    wires = [lab.close_later(host.wire()) for host in (small, wide, sender)]

    def tagged(count, payload, mark):
        frame = plain(sender.mac, BROADCAST, 14 + payload, mark)
        return frame[:12] + b"".join(b"\x81\x00" + (100 + n).to_bytes(2, "big") for n in range(count)) + frame[12:]

    fits_all = [tagged(tags, size, tags * 10000 + size) for tags in (0, 1, 2) for size in (46, 1496, 1499, 1500)]
    fits_wide = [tagged(tags, 1501, tags * 10000 + 1501) for tags in (0, 1, 2)]
    fits_none = [tagged(tags, size, tags * 10000 + size) for tags in (0, 1) for size in (1502, 1504, 1508, 9000)]
    for frame in fits_all + fits_wide + fits_none:
        wires[2].send(frame)
    assert wires[0].frames(wanted=len(fits_all)) == fits_all
    assert wires[1].frames(wanted=len(fits_all + fits_wide)) == fits_all + fits_wide
    assert switch.drops(small.port) == {"egress_mtu": len(fits_wide + fits_none)}
    assert switch.drops(wide.port) == {"egress_mtu": len(fits_none)}
    assert switch.drops(sender.port) == {}


def test_A4_the_largest_frames_pass_whole_or_not_at_all(lab):
    bench = Bench(lab, options="mtu=65521")
    largest = plain(bench.mac(A), bench.mac(B), 65535, 4)
    tagged = largest[:12] + b"\x81\x00\x00\x05" + largest[12:]
    with pytest.raises(OSError):
        bench.wires[A].send(largest + b"x")
    bench.wires[B].send(plain(bench.mac(B), BROADCAST, 60)[:12] + b"\x81\x00\x00\x05" + plain(mac(1), mac(2), 60)[12:])
    bench.wires[A].drain(wanted=1), bench.wires[C].drain(wanted=1)
    bench.passes_to_b([plain(bench.mac(A), bench.mac(B), 9014, 1), largest, tagged,
                       plain(bench.mac(A), bench.mac(B), 65534, 5)])


@pytest.mark.parametrize("source", [BROADCAST, "01:00:5e:00:00:01", "33:33:00:00:00:01", "03:00:00:00:00:01",
                                    "00:00:00:00:00:00"])
def test_A5_group_and_zero_sources_are_dropped_and_never_learned(bench, source):
    known = bench.switch.fdb()
    frames = [plain(source, destination, 60, n) for n in range(25) for destination in (bench.mac(B), BROADCAST)]
    assert bench.send(frames) == [[], []]
    assert bench.dropped() == {"bad_source": 50}
    assert {entry["mac"] for entry in bench.switch.fdb()} - {entry["mac"] for entry in known} == {mac(0xEEEEEE)}


def test_A6_a_frame_never_goes_back_to_where_it_came_from(bench):
    itself = [plain(bench.mac(A), bench.mac(A), 60, n) for n in range(10)]
    bench.wires[A].send(plain(bench.mac(A), BROADCAST))
    bench.wires[B].drain(wanted=1), bench.wires[C].drain(wanted=1)
    assert bench.send(itself) == [[], []]
    assert bench.dropped() == {"same_port": 10}
    neighbour = plain(mac(1), BROADCAST)
    assert bench.send([neighbour]) == [[neighbour], [neighbour]]
    assert bench.send([plain(bench.mac(A), mac(1), 60, n) for n in range(10)]) == [[], []]
    assert bench.dropped() == {"same_port": 20}
    shown = {entry["mac"]: entry for entry in bench.switch.fdb()}
    assert shown[bench.mac(A)]["moves"] == 0 and shown[mac(1)]["moves"] == 0


def test_A7_a_source_that_is_a_neighbours_mac_is_a_move_and_no_more(bench):
    """The switch has no MAC of its own; the row's case is a host that claims the MAC of another."""
    stolen = plain(bench.mac(B), BROADCAST, 60, 1)
    assert bench.send([stolen]) == [[stolen], [stolen]]
    assert bench.switch.where(bench.mac(B)) == {1: bench.hosts[A].port}
    bench.wires[B].send(plain(bench.mac(B), BROADCAST, 60, 2))
    bench.wires[A].drain(wanted=1), bench.wires[C].drain(wanted=1)
    assert bench.switch.where(bench.mac(B)) == {1: bench.hosts[B].port}
    bench.passes_to_b([plain(bench.mac(A), bench.mac(B), 60, 3)])


def test_A8_802_3_lengths_that_lie_and_llc_snap(bench):
    head = Dot3(src=bench.mac(A), dst=bench.mac(B))
    raw = bytes.fromhex(bench.mac(B).replace(":", "") + bench.mac(A).replace(":", ""))
    frames = [raw + length.to_bytes(2, "big") + b"tapswitch-" * 10 for length in (0, 1, 46, 100, 1500, 1501, 1535)]
    for code, inner in ((0x0800, IP(dst="10.0.0.1") / UDP()), (0x0806, ARP()), (0x86DD, IPv6(dst="::1") / UDP())):
        frames.append(bytes(head / LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(code=code) / inner))
    bench.passes_to_b(frames)


def test_A9_legal_padding_after_a_short_packet(bench):
    packet = bytes(Ether(src=bench.mac(A), dst=bench.mac(B)) / IP(dst="10.0.0.9") / UDP() / b"tapswitch")
    bench.passes_to_b([packet + bytes(range(1, 1 + pad)) for pad in (1, 18, 60, 200)] + [packet.ljust(1514, b"P")])


def test_A10_impossible_ipv4_headers(bench):
    front = bytes(Ether(src=bench.mac(A), dst=bench.mac(B), type=0x0800))
    ip = bytearray(bytes(IP(dst="10.0.0.9") / UDP() / b"tapswitch-"))
    frames = []
    for first in (0x00, 0x40, 0x41, 0x44, 0x4F, 0x05, 0x65, 0xF5):
        frames.append(front + bytes([first]) + bytes(ip[1:]))
    for total in (0, 1, 19, 20, len(ip) + 1, 65535):
        frames.append(front + bytes(ip[:2]) + total.to_bytes(2, "big") + bytes(ip[4:]))
    frames += [front + bytes(ip[:cut]) for cut in range(0, 28)]
    bench.passes_to_b(frames)


def test_A11_ipv6_extension_chains(bench):
    front = bytes(Ether(src=bench.mac(A), dst=bench.mac(B), type=0x86DD))

    def packet(first, body):
        return front + b"\x60\0\0\0" + len(body).to_bytes(2, "big") + bytes([first, 64]) + bytes(32) + body

    chain = b"".join(bytes([0, 0]) + bytes(6) for _ in range(100))
    jumbogram = packet(0, bytes([59, 0, 0xC2, 4]) + (1 << 20).to_bytes(4, "big"))
    bench.passes_to_b([packet(0, chain), packet(0, bytes([0, 255]) + bytes(30)), packet(60, bytes([44])),
                       packet(44, bytes([43, 0, 0xFF, 0xF9]) + bytes(40)), packet(0, b""), packet(255, b"x"), jumbogram,
                       front, front + b"\x60", bytes(Ether(src=bench.mac(A), dst=bench.mac(B)) / IP(proto=255)),
                       bytes(Ether(src=bench.mac(A), dst=bench.mac(B)) / IP(proto=0) / b"tapswitch")])


def test_A12_mpls_stacks(bench):
    front = bytes(Ether(src=bench.mac(A), dst=bench.mac(B), type=0x8847))
    bench.passes_to_b([front + b"\x00\x01\x00\x40" * (labels - 1) + b"\x00\x01\x01\x40" for labels in (1, 2, 8, 200)])


@pytest.mark.parametrize("tag", [b"", b"\x81\x00\x00\x05"])
def test_A13_pause_is_never_forwarded_and_never_slows(bench, tag):
    raw = bytes.fromhex("0180c2000001" + bench.mac(A).replace(":", ""))
    pause = raw + tag + b"\x88\x08\x00\x01\xff\xff" + bytes(42)
    assert bench.send([pause] * 100) == [[], []]
    assert bench.dropped() == {"pause": 100}
    bench.wires[C].send(plain(bench.mac(C), bench.mac(B)))
    assert len(bench.wires[B].frames(wanted=1)) == 1


@pytest.mark.parametrize("tag", [b"", b"\x81\x00\x00\x05"])
def test_reserved_group_addresses(bench, tag):
    """BPDUs pass, 02 to 0F do not, what lies behind them does."""
    def to(last):
        return bytes.fromhex(f"0180c20000{last:02x}" + bench.mac(A).replace(":", "")) + tag + b"\x88\xb5tapswitch-" * 5

    assert bench.send([to(last) for last in range(2, 16)]) == [[], []]
    assert bench.dropped() == {"reserved_address": 14}
    passing = [to(last) for last in (0x00, 0x10, 0x1F, 0x20, 0x21, 0x2F)]
    assert bench.send(passing) == [passing, passing]


def test_bpdus_pass_unchanged(bench):
    bpdu = bytes(Dot3(src=bench.mac(A), dst="01:80:c2:00:00:00") / LLC(dsap=0x42, ssap=0x42, ctrl=3) / STP())
    assert bench.send([bpdu]) == [[bpdu], [bpdu]]


def test_random_bytes(bench):
    """Ten thousand frames of noise, a fixed seed and a fresh one: everything is accounted for, nothing else happens."""
    bench.switch.allowed.append(re.compile("events are missing"))  # thousands of stations in a moment
    fresh = random.SystemRandom().randrange(1 << 32)
    print(f"seed {fresh}")
    for seed in (20240601, fresh):
        dice = random.Random(seed)
        for _ in range(5000):
            frame = bytearray(dice.randbytes(dice.choice((14, 15, 18, 22, 60, 200, 1514))))
            if dice.random() < 0.7:
                frame[0] &= 0xFE
                frame[6] &= 0xFE
            if dice.random() < 0.5:
                frame[12:14] = dice.choice((b"\x81\x00", b"\x88\xa8", b"\x08\x00", b"\x86\xdd", b"\x91\x00"))
            if len(frame) > 18 and dice.random() < 0.3:
                frame[16:18] = b"\x81\x00"
            bench.wires[A].send(bytes(frame))
    bench.wires[B].drain(), bench.wires[C].drain()
    bench.send([])
    counters = bench.switch.check()[bench.hosts[A].port]["counters"]
    lost = bench.hosts[A].counters()["tx_dropped"]  # before the switch could read: the device's queue was full
    assert counters["rx_frames"] + lost == 10_000 + 1, (counters, lost)
    assert counters["kernel_drops"] == lost
    assert len(bench.switch.lines) < 50, "a guest's frames must not fill the log"
