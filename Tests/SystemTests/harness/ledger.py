"""Both equations of the ledger, as the contract states them, over what `port list` and `status` say."""
import time

EGRESS = {"egress_mtu", "queue_full", "port_down", "write_error", "rate_out", "too_many_segments"}
INGRESS = {
    "runt", "oversize", "bad_source", "bad_tag", "vlan_not_allowed", "frame_type", "reserved_address", "pause",
    "bad_offload", "mac_limit", "locked", "source_not_allowed", "bpdu_guard", "storm_broadcast", "storm_multicast",
    "storm_unknown", "rate_in", "same_port", "isolated", "flood_off", "no_destination", "no_neighbour",
}
NUMBERS = ["rx_frames", "rx_bytes", "rx_segments", "tx_frames", "tx_bytes", "tx_segments", "forwarded", "flooded",
           "flood_copies", "consumed", "originated", "merged", "split"]


def at_rest(switch, timeout=10.0):
    """Port list and status once two looks 150 ms apart agree on every counter."""
    end = time.monotonic() + timeout
    before = None
    while time.monotonic() < end:
        ports, status = switch.json("port", "list"), switch.json("status")
        look = ([port["counters"] for port in ports], status["counters"])
        if look == before:
            return ports, status
        before = look
        time.sleep(0.15)
    raise AssertionError(f"traffic does not come to rest within {timeout} s: {before}")


def _drops(counters, reasons):
    return sum(count for reason, count in counters["drops"].items() if reason in reasons)


def unbalanced(ports, status, removed=False):
    """Every way in which the books do not balance, as sentences; empty if they do."""
    wrong = []
    for port in ports:
        c = port["counters"]
        unknown = set(c["drops"]) - EGRESS - INGRESS
        if unknown:
            wrong.append(f"{port['name']}: unknown drop reasons {unknown}")
        right = c["forwarded"] + c["flooded"] + c["consumed"] + _drops(c, INGRESS)
        if c["rx_frames"] != right:
            wrong.append(f"{port['name']}: rx_frames {c['rx_frames']} is not forwarded {c['forwarded']} + flooded "
                         f"{c['flooded']} + consumed {c['consumed']} + drops {c['drops']}")
    sums = status["counters"]
    left = sums["forwarded"] + sums["flood_copies"] + sums["originated"]
    right = sums["tx_frames"] + sums["merged"] - sums["split"] + _drops(sums, EGRESS)
    if left != right:
        wrong.append(f"switch: forwarded + flood_copies + originated = {left}, "
                     f"tx_frames + merged - split + egress drops = {right}: {sums}")
    if not removed:
        for name in NUMBERS:
            total = sum(port["counters"][name] for port in ports)
            if total != sums[name]:
                wrong.append(f"status says {name} {sums[name]}, the ports sum up to {total}")
    return wrong


def check(switch):
    """Both equations at rest, or an AssertionError with every difference. Returns the ports by name."""
    ports, status = at_rest(switch)
    wrong = unbalanced(ports, status, removed=switch.ports_removed)
    assert not wrong, "the ledger does not balance:\n  " + "\n  ".join(wrong)
    return {port["name"]: port for port in ports}
