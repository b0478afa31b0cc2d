"""Rows L1 to L7: clients of the control socket that misbehave. The switch answers others and forwards every frame."""
import array
import os
import resource
import socket
import time

import pytest

from harness import http_unix, traffic, vitals, waiting


def answers(switch, within=5):
    """The command line gets an answer in time; until then it is told that there are too many clients (75)."""
    def answered():
        rc, _, err = switch.cli("status")
        assert rc in (0, 75), (rc, err)
        return rc == 0
    return waiting.until(answered, "the switch answers", within, 0.1)


@pytest.fixture
def busy(lab):
    """A switch under a stream that must not lose a frame; what it held before the attack."""
    switch, (a, b) = lab.network(2)
    switch.json("status")
    stream = traffic.Stream(a, b, rate=1000)
    yield switch, stream, vitals.read(switch.pid)
    stream.ending = True


def after(switch, stream, before, least=500, rss_kib=24 << 10):
    answers(switch)
    print(f"{stream.stop(least)} frames, none lost")
    waiting.until(lambda: not vitals.grown(switch.pid, before, fds=2, threads=4, rss_kib=rss_kib),
                  f"back to what it held: {before}, now {vitals.read(switch.pid)}", 5, 0.2)


def test_L1_ten_thousand_connections_that_send_nothing(busy):
    switch, stream, before = busy
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    clients, most, refused = [], 0, 0
    end = time.monotonic() + 30
    try:
        for number in range(10_000):
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            client.setblocking(False)
            while time.monotonic() < end:
                try:
                    client.connect(switch.socket)
                    break
                except BlockingIOError:  # the queue of the listener is full: ask again, but not for ever
                    refused += 1
                    if refused % 100 == 0:
                        break
                    time.sleep(0.001)
            clients.append(client)
            if number % 500 == 0:
                most = max(most, vitals.read(switch.pid)["rss_kib"])
        assert most < before["rss_kib"] + (24 << 10), f"{before['rss_kib']} KiB grew to {most} KiB"
        answers(switch, 15)
    finally:
        [client.close() for client in clients]
    after(switch, stream, before)


def test_L1_slow_loris_is_cut_after_ten_seconds(busy):
    switch, stream, before = busy
    with http_unix.raw(switch.socket, 30) as client:
        began = time.monotonic()
        text = b"GET /v1/status HTTP/1.1\r\nHost: x\r\nX-Slow: "
        try:
            for byte in text + b"x" * 40:
                client.send(bytes([byte]))
                client.settimeout(0.45)
                try:
                    if not client.recv(4096):
                        break
                except TimeoutError:
                    continue
                break
        except (BrokenPipeError, ConnectionResetError):
            pass
        took = time.monotonic() - began
    assert 8 <= took <= 14, f"cut after {took:.1f} s, 10 s to send a request"
    after(switch, stream, before)


def test_L3_half_sent_requests(busy):
    switch, stream, before = busy
    for part in (b"", b"G", b"GET /v1/sta", b"GET /v1/status HTTP/1.1\r\n", b"POST /v1/ports HTTP/1.1\r\nHost: x\r\n"
                 b"Content-Length: 100\r\n\r\n{\"tap\":", b"\r\n\r\n", b"\0" * 100, b"\x16\x03\x01\x02\x00" * 20):
        for _ in range(20):
            with http_unix.raw(switch.socket) as client:
                client.sendall(part)
    after(switch, stream, before)


RAW = [
    b"NONSENSE\r\n\r\n", b"GET\r\n\r\n", b"GET /v1/status HTTP/9.9\r\nHost: x\r\n\r\n",
    b"GET /v1/ports/\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET /v1/ports/%FF%FE HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET /v1/ports/%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET /v1/ports/%2e%2e%2fetc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"GET /v1/ports/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    b"POST /v1/ports HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /v1/ports HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    b"POST /v1/ports HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /v1/ports HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /v1/status HTTP/1.1\r\n" + b"X-H: y\r\n" * 50_000 + b"\r\n",
]


@pytest.mark.parametrize("request_bytes", RAW, ids=range(len(RAW)))
def test_L2_L3_what_is_no_request_gets_a_4xx_or_is_closed(busy, request_bytes):
    switch, stream, before = busy
    with http_unix.raw(switch.socket, 5) as client:
        try:
            client.sendall(request_bytes)
        except (BrokenPipeError, ConnectionResetError):
            pass
        data = http_unix.read_all(client)
    assert data == b"" or data[9:10] == b"4" or data[9:12] == b"505", data[:200]
    after(switch, stream, before, least=100)


@pytest.mark.parametrize("chunked", [False, True])
def test_L2_a_request_over_one_mib_is_413(busy, chunked):
    switch, stream, before = busy
    body = b'{"tap":"' + b"x" * (1 << 20) + b'"}'
    with http_unix.raw(switch.socket, 10) as client:
        head = b"POST /v1/ports HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        try:
            if chunked:
                client.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n")
            else:
                client.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        except (BrokenPipeError, ConnectionResetError):
            pass
        data = http_unix.read_all(client)
    assert data.startswith(b"HTTP/1.1 413"), data[:300]
    after(switch, stream, before, least=100)


def test_L2_a_request_of_a_hundred_megabytes_is_never_held(busy):
    switch, stream, before = busy
    with http_unix.raw(switch.socket, 3) as client:
        client.sendall(b"POST /v1/ports HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n")
        sent = 0
        try:
            while sent < 100 << 20:
                sent += client.send(b"x" * 65536)
        except OSError:
            pass
        assert vitals.read(switch.pid)["rss_kib"] < before["rss_kib"] + (24 << 10)
    after(switch, stream, before)


def test_L4_a_client_that_never_reads(busy):
    """Replies to somebody who does not read are bounded; the others are served meanwhile."""
    switch, stream, before = busy
    with http_unix.raw(switch.socket, 2) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sent = 0
        try:
            for _ in range(20_000):
                client.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
                sent += 1
        except OSError:
            pass
        answers(switch)
        assert vitals.read(switch.pid)["rss_kib"] < before["rss_kib"] + (32 << 10), sent
    after(switch, stream, before)


def test_L1_sixty_four_clients_and_the_next(busy):
    switch, stream, before = busy
    clients = []
    for _ in range(64):
        client = http_unix.raw(switch.socket)
        client.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
        client.sendall(b"GET /v1/sta")  # and in the middle of the next
        clients.append(client)
    answer = http_unix.request(switch.socket, "GET", "/v1/status")
    answer.problem(503)
    [client.close() for client in clients]
    answers(switch)
    after(switch, stream, before)


def test_L6_descriptors_sent_to_the_control_socket_are_closed(busy):
    """SCM_RIGHTS with a request: the request may be answered, the descriptors must not stay."""
    switch, stream, before = busy
    for _ in range(50):
        with http_unix.raw(switch.socket, 3) as client:
            ends = os.pipe()
            client.sendmsg([b"GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"],
                           [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [ends[1]] * 100))])
            os.close(ends[1])
            http_unix.read_all(client)
            os.set_blocking(ends[0], False)
            waiting.until(lambda: _closed(ends[0]), "the other end of the pipe is closed", 2)
            os.close(ends[0])
    after(switch, stream, before)


def _closed(descriptor):
    try:
        return os.read(descriptor, 1) == b""
    except BlockingIOError:
        return False


def test_L1_connections_without_end(busy):
    """A thousand times connect, ask, leave: nothing stays behind."""
    switch, stream, before = busy
    for number in range(1000):
        with http_unix.raw(switch.socket) as client:
            if number % 2:
                client.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
    after(switch, stream, before)
