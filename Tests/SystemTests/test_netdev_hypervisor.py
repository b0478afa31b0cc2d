"""A TAP that another process made and holds, as a hypervisor does, plugged in as `netdev:tapX`."""
from harness import card, checksums, traffic
from harness.packets import BROADCAST, IP, TCP, Ether, mac, ours, plain
from harness.wire import GSO_NONE, GSO_TCPV4, NEEDS_CSUM
from test_netdev import ABOUT_A_PORT


def tcp_frame(source, destination, size):
    """(bytes, offload header, payload) of a TCP frame that its sender left to be segmented."""
    payload = traffic.payload(size, 5)
    frame = Ether(src=source, dst=destination) / IP(src="10.7.0.1", dst="10.7.0.2") / TCP(sport=1, dport=2, flags="A")
    return *checksums.with_partial(bytes(frame / payload), gso=GSO_TCPV4, gso_size=1400), payload


def test_a_hypervisors_tap(lab):
    """Frames both ways, plain and to be segmented: these pass whole, with what the guest's driver must know."""
    switch, (a,) = card.network(lab, cards=1, addresses=False)
    guest, station = card.Hypervisor(lab, a.middle, lab.device()), mac(0x5254)
    assert switch.json("port", "add", f"netdev:{guest.name}")["state"] == "up"
    with a.wire(vnet=True) as wire:
        ask, answer = plain(station, BROADCAST), plain(a.mac, station, 60, 1)
        guest.send(ask)
        assert wire.frames(wanted=1, keep=ours) == [ask]
        assert switch.where(station) == {1: guest.name}
        wire.send(answer)
        assert guest.frames() == [answer]
        data, header, payload = tcp_frame(station, a.mac, 20_000)
        guest.send(data, header)
        got, = wire.drain(wanted=1, keep=lambda received: payload[:40] in received.frame)
        assert got.frame == data and got.vnet[1] == GSO_TCPV4 and got.vnet[3] == 1400, got
        assert checksums.faults(got, 1500) == []
        data, header, payload = tcp_frame(a.mac, station, 20_000)
        wire.send(data, header)
        got, = guest.drain(payload[:40])
        assert got.frame == data and got.vnet[0] & NEEDS_CSUM and got.vnet[1] == GSO_TCPV4, got
        assert checksums.faults(got, 1500) == []
    assert switch.drops() == {}


def test_a_guest_without_offloads_gets_segments(lab):
    """A driver that asked for nothing (firmware, a booting guest): the kernel cuts and checksums, nothing is lost."""
    switch, (a,) = card.network(lab, cards=1, addresses=False)
    guest, station = card.Hypervisor(lab, a.middle, lab.device(), offload=0), mac(0x5254)
    switch.ok("port", "add", f"netdev:{guest.name}")
    with a.wire(vnet=True) as wire:
        data, header, payload = tcp_frame(a.mac, station, 20_000)
        wire.send(data, header)
        got = guest.drain(bytes.fromhex(station.replace(":", "")), wanted=15)
    assert [received.vnet[:2] for received in got] == [(0, GSO_NONE)] * 15, got
    assert not [fault for received in got for fault in checksums.faults(received, 1500)]
    assert b"".join(received.frame[54:] for received in got) == payload
    assert switch.drops() == {}


def test_a_hypervisor_that_ends_and_starts_again(lab):
    switch, (a,) = card.network(lab, cards=1, addresses=False, allowed=[ABOUT_A_PORT])
    name, station = lab.device(), mac(0x5254)
    switch.ok("port", "add", f"netdev:{name}")
    assert switch.port(name)["state"] == "waiting" and name in switch.port(name)["reason"]
    with a.wire() as ear:
        for turn in range(3):
            guest = card.Hypervisor(lab, a.middle, name)
            switch.wait_state(name, "up")
            frame = plain(station, BROADCAST, 60, turn)
            guest.send(frame)
            assert ear.frames(wanted=1, keep=ours) == [frame]
            guest.close()
            switch.wait_state(name, "waiting")
            assert switch.where(station) == {}
