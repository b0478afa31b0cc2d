"""Rows B1 to B10 of the hostile-input table: forged offload headers from the namespace side of a TAP.

The kernel looks at an AF_PACKET sender's header first and refuses or repairs much of it; a later kernel may let more
through. So each forged header is either refused by the kernel or dropped by the switch as `bad_offload`, one by one.
Reads shorter than a header (B1) cannot be made here; the module tests make them.
"""
import pytest

from harness import checksums, waiting
from harness.bench import A, B, C
from harness.packets import ARP, BROADCAST, IP, TCP, UDP, Dot1Q, Ether, IPv6
from harness.wire import GSO_ECN, GSO_TCPV4, GSO_TCPV6, GSO_UDP, GSO_UDP_L4

OUI = b"tapswitch-"


class Forge:
    """Sends with an offload header at A of a bench, and knows how many the kernel let through."""

    def __init__(self, lab, bench):
        self.bench = bench
        self.mouth = lab.close_later(bench.hosts[A].wire(vnet=True))
        self.ears = {which: lab.close_later(bench.hosts[which].wire(vnet=True)) for which in (B, C)}
        self.front = Ether(src=bench.mac(A), dst=bench.mac(B))

    def tcp(self, size=3000, version=4, front=None):
        ip = IP(src="10.7.0.1", dst="10.7.0.2") if version == 4 else IPv6(src="fd07::1", dst="fd07::2")
        return (front or self.front) / ip / TCP(flags="A") / (OUI * (size // 10))

    def udp(self, size=3000, version=4, front=None):
        ip = IP(src="10.7.0.1", dst="10.7.0.2") if version == 4 else IPv6(src="fd07::1", dst="fd07::2")
        return (front or self.front) / ip / UDP() / (OUI * (size // 10))

    def received(self):
        return self.bench.switch.ports()[self.bench.hosts[A].port]["counters"]["rx_frames"]

    def refused_or_dropped(self, forged):
        """[(frame, header)]: nothing of it may arrive, and the switch counts exactly what the kernel let through."""
        before, reached = self.received(), 0
        for frame, header in forged:
            try:
                self.mouth.send(frame, header)
                reached += 1
            except OSError:
                pass
        assert self.bench.send([]) == [[], []]
        assert self.received() - before == reached + 1, "frames the kernel swallowed are not for this list"
        expected = {"bad_offload": reached} if reached else {}
        assert self.bench.dropped() == expected, f"{reached} of {len(forged)} reached the switch"
        return reached

    def passes(self, frame, header, expected=None):
        """The frame arrives once at B, whole, and is right in every respect; returns it."""
        self.mouth.send(frame, header)
        arrived = self.ears[B].drain(wanted=1)
        assert len(arrived) == 1, f"{arrived}, drops: {self.bench.dropped()}"
        assert arrived[0].frame == (expected or bytes(frame))
        assert not checksums.faults(arrived[0], 1500), (checksums.faults(arrived[0], 1500), arrived[0].vnet)
        assert self.bench.switch.drops() == {}
        return arrived[0]


@pytest.fixture
def forge(lab, bench):
    return Forge(lab, bench)


def test_B2_checksum_offsets_beyond_the_frame(forge):
    frame = bytes(forge.tcp(1000))
    forge.refused_or_dropped([(frame, (1, 0, 0, 0, start, offset)) for start, offset in
                              ((len(frame) - 1, 0), (len(frame), 0), (len(frame) - 17, 16), (60000, 16), (65535, 16),
                               (34, 65535), (65535, 65535), (65534, 2), (34, len(frame) - 34))])


def test_B3_checksum_offsets_outside_the_layer_4_header(forge):
    """A checksum written there would rewrite addresses, tags or payload after the filters have looked."""
    frame, v6, arp = bytes(forge.tcp(1000)), bytes(forge.tcp(1000, 6)), bytes(forge.front / ARP())
    starts = [(frame, (1, 0, 0, 0, start, 16)) for start in (0, 6, 12, 14, 20, 33, 35, 36, 40, 50, 54, 1000)]
    offsets = [(frame, (1, 0, 0, 0, 34, offset)) for offset in (0, 2, 4, 14, 17, 18, 20, 500)]
    six = [(v6, (1, 0, 0, 0, start, 16)) for start in (38, 52, 53, 55, 74)]
    other = [(arp, (1, 0, 0, 0, 20, 6)), (bytes(forge.udp(1000)), (1, 0, 0, 0, 34, 16)),
             (bytes(forge.tcp(1000)), (1, 0, 0, 0, 34, 6))]
    assert forge.refused_or_dropped(starts + offsets + six + other) >= 10


def test_B3_a_later_fragment_has_no_layer_4_header(forge):
    later = bytes(forge.front / IP(src="10.7.0.1", dst="10.7.0.2", frag=185, proto=6) / (OUI * 20))
    assert forge.refused_or_dropped([(later, (1, 0, 0, 0, 34, 16))]) == 1


def test_B3_checksums_of_other_protocols_behind_the_ip_header_pass(forge):
    """Kernels leave those of SCTP, GRE and of what tunnels carry to the device, too."""
    frame = bytes(forge.front / IP(src="10.7.0.1", dst="10.7.0.2", proto=47) / (OUI * 20))
    forge.passes(frame, (1, 0, 0, 0, 34, 4))


def test_B5_segment_sizes(forge):
    bad = [(bytes(forge.tcp()), (1, GSO_TCPV4, 54, size, 34, 16)) for size in (0, 1, 8, 47, 65535)]
    assert forge.refused_or_dropped(bad) >= 3


@pytest.mark.parametrize("size", [48, 536, 1460])
def test_B5_segment_sizes_from_the_floor_on_pass(forge, size):
    assert forge.passes(*checksums.with_partial(forge.tcp(), GSO_TCPV4, size)).vnet[3] == size


def test_B5_segments_larger_than_the_payload_are_no_gso(forge):
    frame, header = checksums.with_partial(forge.tcp(1000), GSO_TCPV4, 1460)
    assert forge.passes(frame, header).vnet[1] == 0


def test_B6_unknown_and_mismatched_types(forge):
    forge.refused_or_dropped([(bytes(forge.tcp()), (1, kind, 54, 1000, 34, 16)) for kind in
                              (2, 6, 7, GSO_TCPV6, GSO_UDP_L4, GSO_ECN, 0x40, 0x20, 0x60, 0x41, 0xFF)])


def test_B6_ecn_with_its_type_passes(forge):
    packet = forge.tcp()
    packet[TCP].flags = "CA"
    frame, header = checksums.with_partial(packet, GSO_TCPV4, 1000)
    forge.mouth.send(frame, (header[0], header[1] | GSO_ECN, *header[2:]))
    arrived = forge.ears[B].drain(wanted=1)
    assert sum(len(one.frame) - 54 for one in arrived) == 3000, arrived
    assert not [fault for one in arrived for fault in checksums.faults(one, 1500)]


def test_B6_ufo_arrives_as_the_kernel_made_it(forge):
    """UFO is segmented into IP fragments by the sender's kernel: a tap does not offer it."""
    frame, header = checksums.with_partial(forge.udp(), GSO_UDP, 1000)
    forge.mouth.send(frame, header)
    assert len(forge.ears[B].drain(wanted=4)) == 4


@pytest.mark.parametrize("length", [0, 1, 14, 34, 53, 54, 100, 3054])
def test_B7_hdr_len_is_a_hint(forge, length):
    frame, header = checksums.with_partial(forge.tcp(), GSO_TCPV4, 1000)
    forge.passes(frame, (*header[:2], length, *header[3:]))


def test_B7_gso_without_needs_csum(forge):
    frame, header = checksums.with_partial(forge.tcp(), GSO_TCPV4, 1000)
    forge.mouth.send(frame, (0, *header[1:4], 0, 0))
    for one in forge.ears[B].drain(limit=1):
        assert not checksums.faults(one, 1500), (checksums.faults(one, 1500), one.vnet)


@pytest.mark.parametrize("flags", [2, 4, 8, 0x80, 0xFE])
def test_B9_flags_of_a_guest_are_never_copied_to_the_receiver(forge, flags):
    arrived = forge.passes(bytes(forge.tcp(1000)), (flags, 0, 0, 0, 0, 0))
    assert arrived.vnet[0] == 0, arrived.vnet


def test_B10_the_header_towards_the_receiver_is_all_zero_for_a_plain_frame(forge):
    frame, header = checksums.with_partial(forge.tcp(), GSO_TCPV4, 1000)
    for _ in range(20):  # what was in the buffer before must not show
        forge.passes(frame, header)
        assert forge.passes(bytes(forge.tcp(1000)), (0,) * 6).vnet == (0, 0, 0, 0, 0, 0)


KINDS = [(layer, version, gso) for layer in ("tcp", "udp") for version in (4, 6) for gso in (False, True)]


@pytest.mark.parametrize("layer, version, gso", KINDS)
def test_B4_a_tag_is_popped_from_a_frame_with_partial_checksum(forge, layer, version, gso):
    """Tagged with the native VLAN it leaves untagged; checksum offsets shift by 4, segments stay right."""
    kind = {("tcp", 4): GSO_TCPV4, ("tcp", 6): GSO_TCPV6}.get((layer, version), GSO_UDP_L4) if gso else 0
    make, size = getattr(forge, layer), 3000 if gso else 1000
    frame, header = checksums.with_partial(make(size, version, forge.front / Dot1Q(vlan=1, prio=5)), kind,
                                           1000 if gso else 0)
    inside, inner = checksums.with_partial(make(size, version), kind, 1000 if gso else 0)
    assert header[4] == inner[4] + 4
    arrived = forge.passes(frame, header, expected=inside)
    assert arrived.vnet[0] == 1 and arrived.vnet[1] == kind and arrived.vnet[4:] == inner[4:], arrived.vnet


@pytest.mark.parametrize("gso", [0, GSO_TCPV4])
def test_B4_popped_for_every_copy_of_a_flooded_frame(forge, gso):
    front = Ether(src=forge.bench.mac(A), dst=BROADCAST)
    size = 3000 if gso else 1000
    frame, header = checksums.with_partial(forge.tcp(size, 4, front / Dot1Q(vlan=1)), gso, 1000 if gso else 0)
    inside, _ = checksums.with_partial(forge.tcp(size, 4, front), gso, 0)
    forge.mouth.send(frame, header)
    for which in (B, C):
        arrived = forge.ears[which].drain(wanted=1)
        assert [one.frame for one in arrived] == [inside]
        assert not checksums.faults(arrived[0], 1500), arrived


@pytest.mark.parametrize("gso", [0, GSO_TCPV4])
def test_a_tagged_frame_with_partial_checksum_passes_unchanged(forge, gso):
    """Nothing is popped in VLAN 30: both offsets stay."""
    forge.bench.wires[B].send(bytes(Ether(src=forge.bench.mac(B), dst=BROADCAST) / Dot1Q(vlan=30) / (OUI * 5)))
    waiting.until(lambda: forge.bench.switch.where(forge.bench.mac(B)).get(30), "B is known in VLAN 30")
    size = 3000 if gso else 1000
    frame, header = checksums.with_partial(forge.tcp(size, 4, forge.front / Dot1Q(vlan=30)), gso, 1000 if gso else 0)
    assert forge.passes(frame, header).vnet[4] == header[4]
