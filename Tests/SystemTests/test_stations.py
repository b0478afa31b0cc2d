"""What `fdb show` knows of a station: the addresses and the host name it was heard with (ARP, ND, DHCP, mDNS)."""
import time

from harness import contract, waiting
from harness.grid import Grid
from harness.packets import ARP, BROADCAST, IP, UDP, Ether, IPv6, mac
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dns import DNS, DNSRR
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6NDOptDstLLAddr

STATION, OTHER = mac(0x1234), mac(0x1235)


def station(grid, *layers, source=STATION, destination=BROADCAST):
    frame = Ether(src=source, dst=destination)
    for layer in layers:
        frame = frame / layer
    grid.wires["a"].send(bytes(frame))


def mdns(name, address):
    return DNS(qr=1, aa=1, qd=None, an=DNSRR(rrname=name, type="A", ttl=120, rdata=address))


def dhcp(kind, address, *options):
    client = bytes.fromhex(STATION.replace(":", ""))
    reply = kind == "ack"
    return (IP(src="192.0.2.1" if reply else "0.0.0.0", dst="255.255.255.255")
            / UDP(sport=67 if reply else 68, dport=68 if reply else 67)
            / BOOTP(op=2 if reply else 1, chaddr=client, xid=7, yiaddr=address if reply else "0.0.0.0", flags=0x8000)
            / DHCP(options=[("message-type", kind), *options, "end"]))


def known(grid, mac_address=STATION):
    value = grid.switch.json("fdb", "show", mac_address)
    value = value[0] if isinstance(value, list) else value
    contract.entry(value, shown=True)
    return value


def test_addresses_and_host_name(lab):
    grid = Grid(lab, {"a": "", "b": ""})
    station(grid, ARP(op=1, hwsrc=STATION, psrc="192.0.2.7", pdst="192.0.2.1"))
    waiting.until(lambda: known(grid)["addresses"] == ["192.0.2.7"], "the address of the ARP request", 3)
    station(grid, IPv6(src="2001:db8::7", dst="ff02::1", hlim=255), ICMPv6ND_NA(tgt="2001:db8::7", R=0, S=0, O=1),
            ICMPv6NDOptDstLLAddr(lladdr=STATION), destination="33:33:00:00:00:01")
    waiting.until(lambda: set(known(grid)["addresses"]) == {"192.0.2.7", "2001:db8::7"}, "that of the advertisement", 3)
    station(grid, dhcp("request", "", ("hostname", b"printer"), ("requested_addr", "192.0.2.8")))
    waiting.until(lambda: known(grid).get("host_name") == "printer", "the host name of the DHCP request", 3)
    station(grid, dhcp("ack", "192.0.2.8"), source=OTHER)
    waiting.until(lambda: "192.0.2.8" in known(grid)["addresses"], "the address of the DHCP answer", 3)
    third = mac(0x1236)
    station(grid, IP(src="192.0.2.9", dst="224.0.0.251", ttl=255), UDP(sport=5353, dport=5353),
            mdns("camera.local.", "192.0.2.9"), source=third, destination="01:00:5e:00:00:fb")
    shown = waiting.until(lambda: (one := known(grid, third)).get("host_name") and one, "the name of the mDNS answer")
    assert shown["addresses"] == ["192.0.2.9"] and shown["host_name"] in ("camera", "camera.local"), shown
    text = grid.switch.ok("fdb", "show", STATION)
    assert all(word in text for word in ("192.0.2.7", "2001:db8::7", "printer", "a")), text
    assert {"192.0.2.7"} <= set(next(one for one in grid.switch.fdb() if one["mac"] == STATION)["addresses"])


def test_L10_a_hostile_host_name_steers_no_terminal(lab):
    grid = Grid(lab, {"a": "", "b": ""})
    station(grid, dhcp("request", "", ("hostname", b"\x1b[31mred\x07\xff\n")))
    station(grid, ARP(op=1, hwsrc=STATION, psrc="192.0.2.7", pdst="192.0.2.1"))
    waiting.until(lambda: known(grid)["addresses"], "the address", 3)
    for words in (("fdb", "show", STATION), ("fdb", "list")):
        assert not set("\x1b\x07\x9b") & set(grid.switch.ok(*words))


def test_an_address_book_is_bounded(lab):
    """One guest that claims thousands of addresses takes no memory without end, and none of the others' room."""
    grid = Grid(lab, {"a": "", "b": ""})
    claim = ARP(op=1, hwsrc=OTHER, psrc="192.0.2.9", pdst="192.0.2.1")
    grid.wires["b"].send(bytes(Ether(src=OTHER, dst=BROADCAST) / claim))
    waiting.until(lambda: known(grid, OTHER)["addresses"] == ["192.0.2.9"], "b's address", 3)
    whole = bytes(Ether(src=STATION, dst=BROADCAST) / ARP(op=1, hwsrc=STATION, psrc="10.0.0.0", pdst="10.0.0.0"))
    for number in range(5000):
        grid.wires["a"].send(whole[:28] + b"\x0a\x01" + number.to_bytes(2, "big") + whole[32:])
        if number % 250 == 0:
            time.sleep(0.02)
    time.sleep(0.5)
    assert 1 <= len(known(grid)["addresses"]) <= 64
    assert known(grid, OTHER)["addresses"] == ["192.0.2.9"]
