"""Rows V1 to V4 of the hostile-input table, and what an unconfigured switch does with tags."""
import pytest

from harness.bench import A, B, C
from harness.packets import BROADCAST, mac, plain


def tagged(frame, *tags):
    """`frame` with tags in front, outermost first: (tpid, tci)."""
    return frame[:12] + b"".join(tpid.to_bytes(2, "big") + tci.to_bytes(2, "big") for tpid, tci in tags) + frame[12:]


Q, AD, OLD = 0x8100, 0x88A8, 0x9100


@pytest.mark.parametrize("vid", [2, 10, 1000, 4094])
def test_tags_pass_through_an_unconfigured_switch(bench, vid):
    for priority in (0, 0x1000, 0x6000, 0xF000):
        frame = tagged(plain(bench.mac(A), BROADCAST, 100, vid), (Q, priority | vid))
        assert bench.send([frame]) == [[frame], [frame]]
    assert bench.switch.where(bench.mac(A)) == {vid: bench.hosts[A].port}


def test_V9_priority_and_dei_survive_unicast(bench):
    wire = bench.wires[B]
    wire.send(tagged(plain(bench.mac(B), BROADCAST), (Q, 30)))
    bench.wires[A].drain(wanted=1), bench.wires[C].drain(wanted=1)
    bench.passes_to_b([tagged(plain(bench.mac(A), bench.mac(B), 60, n), (Q, n << 12 | 30)) for n in range(16)])


def test_the_same_mac_is_learned_for_each_vlan_apart(bench):
    """C22: one MAC in VLAN 10 at A and in VLAN 20 at B."""
    twin = mac(42)
    bench.wires[A].send(tagged(plain(twin, BROADCAST), (Q, 10)))
    bench.wires[B].send(tagged(plain(twin, BROADCAST), (Q, 20)))
    bench.wires[C].drain(wanted=2)
    assert bench.switch.where(twin) == {10: bench.hosts[A].port, 20: bench.hosts[B].port}
    to_ten = tagged(plain(bench.mac(C), twin, 60, 10), (Q, 10))
    to_twenty = tagged(plain(bench.mac(C), twin, 60, 20), (Q, 20))
    to_thirty = tagged(plain(bench.mac(C), twin, 60, 30), (Q, 30))
    bench.wires[A].drain(), bench.wires[B].drain()
    for frame in (to_ten, to_twenty, to_thirty):
        bench.wires[C].send(frame)
    assert bench.wires[A].frames(wanted=2) == [to_ten, to_thirty]
    assert bench.wires[B].frames(wanted=2) == [to_twenty, to_thirty]
    assert {entry["vlan"] for entry in bench.switch.fdb("--vlan", "20")} == {20}


def test_the_native_vlan_leaves_untagged(bench):
    inside = plain(bench.mac(A), bench.mac(B), 100, 1)
    assert bench.send([tagged(inside, (Q, 1)), tagged(inside, (Q, 0xE001))]) == [[inside, inside], []]
    flooded = plain(bench.mac(A), BROADCAST, 64, 2)
    assert bench.send([tagged(flooded, (Q, 1))]) == [[flooded], [flooded]]
    assert bench.switch.where(bench.mac(A)) == {1: bench.hosts[A].port}


def test_V1_truncated_tags(bench):
    front = bytes.fromhex(bench.mac(B).replace(":", "") + bench.mac(A).replace(":", ""))
    frames = [front + (b"\x81\x00\x00\x05\x08\x00")[:cut] for cut in (2, 3, 4, 5)]
    nested = [front + b"\x81\x00\x00\x05" * tags + b"\x81\x00\x00\x05"[:cut] for tags in (1, 2) for cut in (2, 3, 4, 5)
              if cut < 4]
    assert bench.send(frames + nested) == [[], []]
    assert bench.dropped() == {"bad_tag": len(frames + nested)}


@pytest.mark.parametrize("count", [2, 3, 4, 5, 8, 370])
def test_V2_nested_tags_pass_unchanged_in_the_vlan_of_the_outermost(bench, count):
    kinds = (Q, AD, OLD)
    for first in (0, 1):
        inner = [(kinds[(n + first) % 3], 100 + n % 1000) for n in range(count - 1)]
        frame = tagged(plain(bench.mac(A), BROADCAST, 30, count), (Q, 77), *inner)
        if len(frame) > 1518:
            frame = frame[:1518]
        assert bench.send([frame]) == [[frame], [frame]]
    assert bench.switch.where(bench.mac(A)) == {77: bench.hosts[A].port}


def test_V2_many_frames_of_many_tags_take_bounded_time(bench):
    frame = tagged(plain(bench.mac(A), BROADCAST, 30), *[(Q, 5)] * 370)
    frames = [frame[:1518]] * 500
    assert bench.send(frames) == [frames, frames]


def test_V3_vid_0_is_the_native_vlan(bench):
    """It leaves untagged where the VLAN is native, like every frame of that VLAN (802.1Q 6.9.2)."""
    for n, priority in enumerate((0, 1, 7)):
        frame = plain(bench.mac(A), BROADCAST, 100, n)
        assert bench.send([tagged(frame, (Q, priority << 13))]) == [[frame], [frame]]
    assert bench.switch.where(bench.mac(A)) == {1: bench.hosts[A].port}


def test_V3_a_stack_of_vid_0_selects_nothing_inside(bench):
    """It must not choose a VLAN by its inner tag: it stays in the native VLAN, or is dropped."""
    fresh = mac(333)
    bench.send([tagged(plain(fresh, BROADCAST, 100, 4), (Q, 0), (Q, 20))])
    assert set(bench.switch.where(fresh)) <= {1}, bench.switch.where(fresh)


@pytest.mark.parametrize("priority", [0, 0xF000])
def test_V4_vid_4095_is_dropped(bench, priority):
    known = bench.switch.fdb()
    assert bench.send([tagged(plain(mac(9), destination, 60, n), (Q, priority | 4095))
                       for n in range(10) for destination in (bench.mac(B), BROADCAST)]) == [[], []]
    assert bench.dropped() == {"bad_tag": 20}
    assert len(bench.switch.fdb()) <= len(known) + 1


def test_V7_a_service_tag_is_payload_to_a_customer_port(bench):
    """88a8 is not this port's TPID: such a frame is untagged to it and goes to the native VLAN, unchanged."""
    frame = tagged(plain(bench.mac(A), BROADCAST, 100, 7), (AD, 300))
    assert bench.send([frame]) == [[frame], [frame]]
    assert bench.switch.where(bench.mac(A)) == {1: bench.hosts[A].port}


def test_vlan_list_of_an_unconfigured_switch(bench):
    shown = bench.switch.json("vlan", "list")
    names = [host.port for host in bench.hosts]
    assert shown == [
        {"vlans": "1", "ports": [{"port": name, "tagged": False} for name in names]},
        {"vlans": "2-4094", "ports": [{"port": name, "tagged": True} for name in names]},
    ]
