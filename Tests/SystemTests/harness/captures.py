"""Capture files, read by other people's tools and by a small reader of our own written from the format documents."""
import struct
import subprocess


def tcpdump(path, *words):
    """Lines of `tcpdump -nr`; fails if tcpdump does, or if it says a record is torn."""
    done = subprocess.run(["tcpdump", "-nn", "-e", "-r", path, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "truncated" not in done.stderr, done.stderr
    return [line for line in done.stdout.splitlines() if line and not line[0].isspace()]


def tshark(path, *fields, only=None):
    """One tuple a frame with the fields asked for."""
    words = ["tshark", "-n", "-r", path, "-T", "fields"]
    for field in fields:
        words += ["-e", field]
    done = subprocess.run([*words, *(["-Y", only] if only else [])], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [tuple(line.split("\t")) for line in done.stdout.splitlines()]


def capinfos(path):
    """{key: value} of `capinfos -T`-like output; fails on a damaged file."""
    done = subprocess.run(["capinfos", "-M", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return {key.strip(): value.strip() for key, _, value in
            (line.partition(":") for line in done.stdout.splitlines()) if value}


class Record:
    def __init__(self, data, length, time_ns, interface=0):
        self.data, self.length, self.time_ns, self.interface = data, length, time_ns, interface


def read(path):
    """(records, interface names) of a pcap or pcapng file; whole records only, anything else is an AssertionError."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] == b"\x0a\x0d\x0d\x0a":
        return _pcapng(data)
    return _pcap(data), []


def _pcap(data):
    magic, _, _, _, _, _, link = struct.unpack_from("<IHHiIII", data)
    assert magic in (0xA1B2C3D4, 0xA1B23C4D) and link & 0xFFFF == 1, (hex(magic), link)
    scale, at, records = (1 if magic == 0xA1B23C4D else 1000), 24, []
    while at < len(data):
        assert at + 16 <= len(data), "torn record header"
        seconds, fraction, kept, length = struct.unpack_from("<IIII", data, at)
        assert at + 16 + kept <= len(data), "torn record"
        records.append(Record(data[at + 16:at + 16 + kept], length, seconds * 10**9 + fraction * scale))
        at += 16 + kept
    return records


def _options(data):
    found, at = {}, 0
    while at + 4 <= len(data):
        code, length = struct.unpack_from("<HH", data, at)
        if code == 0:
            break
        found[code] = data[at + 4:at + 4 + length]
        at += 4 + (length + 3) // 4 * 4
    return found


def _pcapng(data):
    at, records, names, scales = 0, [], [], []
    while at < len(data):
        assert at + 12 <= len(data), "torn block header"
        kind, total = struct.unpack_from("<II", data, at)
        assert total % 4 == 0 and total >= 12 and at + total <= len(data), f"torn block at {at}: {kind:#x} {total}"
        assert struct.unpack_from("<I", data, at + total - 4)[0] == total, "block lengths differ"
        body = data[at + 8:at + total - 4]
        if kind == 1:
            assert struct.unpack_from("<H", body)[0] == 1, "link type"
            options = _options(body[8:])
            names.append(options.get(2, b"").decode())
            scales.append(10 ** (9 - options.get(9, b"\x06")[0]))
        elif kind == 6:
            interface, high, low, kept, length = struct.unpack_from("<IIIII", body)
            assert interface < len(names), "a packet of an interface without a block"
            records.append(Record(body[20:20 + kept], length, (high << 32 | low) * scales[interface], interface))
        at += total
    return records, names
