"""A plain HTTP/1.1 client for a unix socket, independent of the switch's own, and raw connections to misuse."""
import http.client
import json
import socket
import struct


class Connection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = raw(self.path, self.timeout)


class Answer:
    def __init__(self, response):
        self.status, self.headers = response.status, {k.lower(): v for k, v in response.getheaders()}
        self.body = response.read()

    @property
    def type(self):
        return self.headers.get("content-type", "").split(";")[0].strip()

    def json(self):
        return json.loads(self.body)

    def problem(self, status=None):
        """The problem+json of an error; checks its four members."""
        assert self.type == "application/problem+json", f"{self.status} {self.headers} {self.body[:300]}"
        value = self.json()
        assert set(value) >= {"type", "title", "status", "detail"}, value
        assert value["status"] == self.status, value
        assert status is None or self.status == status, f"{self.status}, expected {status}: {value}"
        assert value["title"] and value["detail"], value
        return value


def request(path, method, target, body=None, headers=None, timeout=10):
    connection = Connection(path, timeout)
    headers = dict(headers or {})
    if body is not None and not isinstance(body, (bytes, str)):
        body = json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    try:
        connection.request(method, target, body=body, headers=headers)
        return Answer(connection.getresponse())
    finally:
        connection.close()


def raw(path, timeout=10):
    """A connected stream socket."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # blocking, so that a full queue of the listener is waited for; bounded all the same
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(timeout), 0))
    try:
        client.connect(path)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 0, 0))
        client.settimeout(timeout)
    except BaseException:
        client.close()
        raise
    return client


def read_all(client, limit=1 << 20):
    """Everything until the other side closes or falls silent; never raises."""
    data = b""
    try:
        while len(data) < limit and (piece := client.recv(65536)):
            data += piece
    except (TimeoutError, ConnectionError):
        pass
    return data
