"""Frames built with scapy, and what tests ask of frames that came back."""
import logging

logging.getLogger("scapy").setLevel(logging.ERROR)

from scapy.layers.inet import ICMP, IP, TCP, UDP  # noqa: E402,F401
from scapy.layers.inet6 import IPv6  # noqa: E402,F401
from scapy.layers.l2 import ARP, LLC, SNAP, STP, Dot1AD, Dot1Q, Dot3, Ether  # noqa: E402,F401
from scapy.packet import Raw  # noqa: E402,F401

EXPERIMENTAL = 0x88B5  # IEEE 802 local experimental EtherType 1: no stack answers to it
BROADCAST = "ff:ff:ff:ff:ff:ff"


def mac(number, first=0x02):
    """A locally administered unicast address."""
    return "%02x:00:5e:%02x:%02x:%02x" % (first, number >> 16 & 255, number >> 8 & 255, number & 255)


def plain(source, destination, length=60, mark=0):
    """An untagged frame of `length` bytes with a recognisable payload."""
    front = bytes(Ether(src=source, dst=destination, type=EXPERIMENTAL))
    body = b"tapswitch-%08d-" % mark
    return (front + body + bytes((mark + i) & 255 for i in range(max(0, length - len(front) - len(body)))))[:length]


def of(frame_list, *markers):
    """Those frames that contain every marker."""
    return [frame for frame in frame_list if all(marker in frame for marker in markers)]


def ours(received):
    """For Wire.drain(keep=): only frames of the experimental type, whatever tags are in front, or tests' own bytes."""
    return b"tapswitch-" in received.frame or EXPERIMENTAL.to_bytes(2, "big") in received.frame[12:40]
