"""Real traffic between hosts: payloads from a seed, compared byte for byte at the other end."""
import hashlib
import random
import socket
import threading
import time

SOL_UDP, UDP_SEGMENT = 17, 103


def family(version):
    return socket.AF_INET if version == 4 else socket.AF_INET6


def address(host, version):
    return host.ip4 if version == 4 else host.ip6


def payload(size, seed):
    return random.Random(seed).randbytes(size)


def tcp(client, server, version, size, seed, timeout=30):
    """Sends `size` bytes from client to server and as many, others, back; both compared by hash."""
    forth, back = payload(size, seed), payload(size, seed + 1_000_000)
    result = {}

    def read(connection, length):
        digest, left = hashlib.sha256(), length
        while left and (piece := connection.recv(min(left, 1 << 18))):
            digest.update(piece)
            left -= len(piece)
        return digest.hexdigest(), left

    def serve():
        try:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(timeout)
                result["forth"] = read(connection, size)
                connection.sendall(back)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1)
        except OSError as problem:
            result["server"] = problem

    with server.socket(family(version), socket.SOCK_STREAM) as listener:
        listener.bind((address(server, version), 0))
        listener.listen(1)
        listener.settimeout(timeout)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            with client.socket(family(version), socket.SOCK_STREAM) as connection:
                connection.settimeout(timeout)
                connection.connect(listener.getsockname()[:2])
                connection.sendall(forth)
                result["back"] = read(connection, size)
        finally:
            thread.join(timeout)
    assert "server" not in result, f"server {server.device}: {result['server']}"
    for way, data in (("forth", forth), ("back", back)):
        assert result.get(way) == (hashlib.sha256(data).hexdigest(), 0), f"{way}: {result.get(way)}"


def udp(client, server, version, count, size, seed, segment=0):
    """Sends `count` datagrams of `size` bytes one way, each expected once, unchanged. `segment`: by UDP GSO."""
    sent = [payload(size, seed + number) for number in range(count)]
    with server.socket(family(version), socket.SOCK_DGRAM) as ear, client.socket(family(version),
                                                                               socket.SOCK_DGRAM) as mouth:
        ear.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)
        ear.bind((address(server, version), 0))
        ear.settimeout(3)
        if segment:
            mouth.setsockopt(SOL_UDP, UDP_SEGMENT, segment)
        got = []
        for data in sent:
            mouth.sendto(data, ear.getsockname()[:2])
            for _ in range(-(-len(data) // segment) if segment else 1):
                got.append(ear.recv(1 << 16))
    assert b"".join(got) == b"".join(sent)
    if segment:
        assert all(len(piece) <= segment for piece in got)


class Stream:
    """Numbered datagrams from one host to another at a steady rate, while something else happens.

    Each carries its number and bytes made of seed and number. `stop()` says how many were sent and checks that every
    one arrived once, in order and unchanged. A ping first: while an address is being resolved the sending kernel holds
    datagrams back, loses all but the last few, and lets those that come after the answer overtake them.
    """

    def __init__(self, client, server, rate=1000, size=200, seed=7, version=4):
        client.ping(address(server, version), count=1)
        self.rate, self.size, self.seed = rate, size, seed
        self.server, self.client = server.socket(family(version), socket.SOCK_DGRAM), client.socket(
            family(version), socket.SOCK_DGRAM)
        self.server.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)
        self.server.bind((address(server, version), 0))
        self.server.settimeout(1)
        self.client.connect(self.server.getsockname()[:2])
        self.ending, self.sent, self.received, self.problems = False, 0, 0, []
        self.threads = [threading.Thread(target=self._receive), threading.Thread(target=self._send)]
        for thread in self.threads:
            thread.start()

    def _data(self, number):
        return number.to_bytes(8, "big") + (self.seed * 2654435761 + number).to_bytes(8, "big") * (self.size // 8 - 1)

    def _send(self):
        began = time.monotonic()
        while not self.ending:
            due = int((time.monotonic() - began) * self.rate)
            while self.sent < due:
                try:
                    self.client.send(self._data(self.sent))
                except OSError as problem:
                    self.problems.append(f"send {self.sent}: {problem}")
                self.sent += 1
            time.sleep(1 / self.rate)

    def _receive(self):
        while True:
            try:
                data = self.server.recv(2048)
            except TimeoutError:
                if self.ending:
                    return
                continue
            number = int.from_bytes(data[:8], "big")
            if number != self.received:
                self.problems.append(f"expected {self.received}, got {number}")
            if data != self._data(number):
                self.problems.append(f"{number} is not what was sent")
            self.received = number + 1
            if self.ending and self.received == self.sent:
                return

    def stop(self, least=1):
        """Goes on until `least` frames were sent, then ends and judges."""
        end = time.monotonic() + 10 + 2 * least / self.rate
        while self.sent < least and time.monotonic() < end:
            time.sleep(0.01)
        self.ending = True
        self.threads[1].join()
        self.threads[0].join()
        self.server.close()
        self.client.close()
        assert not self.problems, f"{len(self.problems)} of {self.sent}: {self.problems[:10]}"
        assert self.received == self.sent >= least, f"sent {self.sent}, received up to {self.received}"
        return self.sent
