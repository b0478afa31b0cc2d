"""The API over HTTP: routes, methods, problems, and its own description."""
import json
import re
import socket

import pytest

from harness import contract, http_unix
from harness.packets import mac

# what this issue builds of the contract's list
ROUTES = {
    ("/v1/status", "get"), ("/v1/ports", "get"), ("/v1/ports", "post"), ("/v1/ports/{name}", "get"),
    ("/v1/ports/{name}", "patch"), ("/v1/ports/{name}", "delete"), ("/v1/fdb", "get"), ("/v1/fdb", "post"),
    ("/v1/fdb/{mac}", "delete"), ("/v1/fdb/flush", "post"), ("/v1/vlans", "get"), ("/v1/drops", "get"),
    ("/v1/config", "get"), ("/v1/config/save", "post"), ("/v1/config/plan", "post"), ("/v1/config/apply", "post"),
    ("/v1/config/confirm", "post"), ("/v1/events", "get"), ("/openapi.json", "get"),
}


@pytest.fixture
def network(lab):
    return lab.network(3)


def test_openapi_describes_exactly_what_answers(lab):
    switch, (a, b) = lab.network(2)
    answer = switch.http("GET", "/openapi.json")
    assert answer.status == 200 and answer.type == "application/json"
    document = answer.json()
    assert re.fullmatch(r"3\.\d+\.\d+", document["openapi"])
    assert document["info"]["title"] and document["info"]["version"]
    described = {(path, method) for path, item in document["paths"].items() for method in item
                 if method in ("get", "put", "post", "patch", "delete")}
    assert described >= ROUTES, f"not described: {ROUTES - described}"
    names = re.compile(r"\{(\w+)\}")
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method not in ("get", "put", "post", "patch", "delete"):
                continue
            assert operation.get("responses"), (path, method)
            parameters = [_resolve(document, p) for p in operation.get("parameters", []) + item.get("parameters", [])]
            declared = {p["name"] for p in parameters if p["in"] == "path"}
            assert declared == set(names.findall(path)), (path, method, declared)
            assert all(p.get("required") is True for p in parameters if p["in"] == "path")
            for code in operation["responses"]:
                assert re.fullmatch(r"[1-5](\d\d|XX)|default", code), (path, method, code)
    for reference in _references(document):
        assert _resolve(document, {"$ref": reference}), reference
    identifiers = [operation["operationId"] for item in document["paths"].values() for operation in item.values()
                   if isinstance(operation, dict) and "operationId" in operation]
    assert len(identifiers) == len(set(identifiers))
    for path, method in described:  # what is described answers: not with "no such route", nor "no such method"
        target = path.replace("{name}", a.port).replace("{mac}", mac(7))
        answer = switch.http("HEAD" if method == "head" else method.upper(), target,
                             None if method in ("get", "delete") else {"nonsense": 1}, {"Accept": "application/json"})
        assert answer.status != 405, (path, method)
        if answer.status == 404:
            assert "{" in path and answer.problem(404)["detail"], (path, method, answer.body)
        if (path, method) == ("/v1/ports/{name}", "delete"):
            switch.ports_removed = True
            switch.ok("port", "add", a.spec)
    for path in ("/", "/v1", "/v1/", "/v1/nothing", "/v1/ports/a/b", "/openapi.yaml", "//v1/status"):
        switch.http("GET", path).problem(404)


def _references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)


def _resolve(document, value):
    while "$ref" in value:
        assert value["$ref"].startswith("#/"), value
        found = document
        for part in value["$ref"][2:].split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        value = found
    return value


def test_get_routes_return_the_contract_shapes(network):
    switch, hosts = network
    contract.status(switch.http("GET", "/v1/status").json())
    [contract.port(port) for port in switch.http("GET", "/v1/ports").json()]
    contract.port(switch.http("GET", f"/v1/ports/{hosts[0].port}").json(), shown=True)
    [contract.entry(entry) for entry in switch.http("GET", "/v1/fdb").json()]
    contract.vlans(switch.http("GET", "/v1/vlans").json())
    [contract.drop(drop) for drop in switch.http("GET", "/v1/drops").json()]
    for path in ("/v1/status", "/v1/ports", "/v1/fdb", "/v1/vlans", "/v1/drops"):
        assert switch.http("GET", path).type == "application/json"
    answer = switch.http("GET", "/v1/config", headers={"Accept": "application/json"})
    assert answer.type == "application/json" and set(answer.json()["ports"]) == {host.port for host in hosts}


def test_ports_post_patch_delete(network, lab):
    switch, hosts = network
    name = lab.device()
    made = switch.http("POST", "/v1/ports", {"name": "web", "tap": name, "comment": "front", "mtu": 1400})
    assert made.status == 201, made.body
    contract.port(made.json(), shown="settings" in made.json())
    assert made.json()["name"] == "web" and made.json()["target"] == name
    shown = switch.http("GET", "/v1/ports/web").json()
    assert shown["settings"]["tap"] == name and shown["settings"]["comment"] == "front"
    again = {"name": "copy", **shown["settings"], "tap": lab.device()}  # the settings are what POST takes
    assert switch.http("POST", "/v1/ports", again).status == 201
    changed = switch.http("PATCH", "/v1/ports/web", {"comment": None, "mtu": 1300})
    assert changed.status == 200, changed.body
    settings = switch.http("GET", "/v1/ports/web").json()["settings"]
    assert settings["mtu"] == 1300 and "comment" not in settings or settings["comment"] in ("", None), settings
    assert lab.here.link(name)["mtu"] == 1300
    gone = switch.http("DELETE", "/v1/ports/web")
    switch.ports_removed = True
    assert gone.status in (200, 204), gone.body
    switch.http("GET", "/v1/ports/web").problem(404)
    switch.http("DELETE", "/v1/ports/web").problem(404)


BODIES = [
    (b"", 400), (b"{", 400), (b"null", (400, 422)), (b"[]", (400, 422)), (b'"x"', (400, 422)), (b"{}", (400, 422)),
    (b'{"name":"x"}', (400, 422)), (b'{"tap":[5]}', (400, 422)), (b'{"tap":"q0","colour":"red"}', (400, 422)),
    (b'{"tap":"q0","mtu":"big"}', (400, 422)), (b'{"tap":"q0","mtu":67}', (400, 422)),
    (b'{"tap":"q0","mtu":65522}', (400, 422)), (b'{"tap":"q0","mtu":1e999}', (400, 422)),
    (b'{"tap":"q0","mtu":-0}', (400, 422)), (b'{"tap":"q0","mtu":9223372036854775808}', (400, 422)),
    (b'{"tap":"q0","mtu":1500.5}', (400, 422)), (b'{"tap":"q0","mtu":NaN}', 400),
    (b'{"tap":"q0","tap":"q1"}', (400, 422)), (b'{"tap":"q0","netdev":"eth0"}', (400, 422)),
    (b'{"tap":"q\\ud800"}', (400, 422)), (b'{"tap":"q\\u0000"}', (400, 422)), (b'{"tap":"\xff\xfe"}', 400),
    (b'\xef\xbb\xbf{"tap":"q0","colour":1}', (400, 422)), (b'{"tap":"q0"} trailing', 400),
    (b"[" * 100_000, (400, 413, 422)), (b'{"a":' * 50_000, (400, 413, 422)),
    (b'{"tap":"q0","address":["10.0.0.1/33"]}', (400, 422)), (b'{"tap":"../x"}', (400, 422)),
    (b'{"tap":"q0","name":"../../etc"}', (400, 422)), (b'{"tap":"q0","mtu":2147483648}', (400, 422)),
]


@pytest.mark.parametrize("body, status", BODIES, ids=range(len(BODIES)))
def test_L2_L8_bodies_that_are_refused(lab, body, status):
    switch, hosts = lab.network(1)
    answer = switch.http("POST", "/v1/ports", body, {"Content-Type": "application/json"})
    assert answer.status in (status if isinstance(status, tuple) else (status,)), (answer.status, answer.body)
    answer.problem()
    assert len(switch.ports()) == 1 and lab.here.links() == {}


def test_L2_numbers_and_keys_without_end(network):
    switch, hosts = network
    many = json.dumps({f"k{n}": n for n in range(60_000)})
    assert len(many) < 1 << 20
    switch.http("PATCH", f"/v1/ports/{hosts[0].port}", many.encode()).problem()
    huge = '{"mtu":' + "9" * 500_000 + "}"
    switch.http("PATCH", f"/v1/ports/{hosts[0].port}", huge.encode()).problem()


def test_methods_that_are_not_there(network):
    switch, _ = network
    for method, path in (("DELETE", "/v1/status"), ("PUT", "/v1/ports"), ("PATCH", "/v1/fdb"), ("POST", "/v1/vlans")):
        answer = switch.http(method, path, b"{}")
        assert answer.status in (404, 405), (method, path, answer.status)
        answer.problem()


@pytest.mark.parametrize("query", ["vlan=0", "vlan=4095", "vlan=x", "vlan=-1", "vlan=99999999999999999999", "limit=-1",
                                   "limit=x"])
def test_bad_queries(network, query):
    switch, _ = network
    answer = switch.http("GET", f"/v1/fdb?{query}")
    assert answer.status in (400, 422), (query, answer.status, answer.body)
    answer.problem()


def test_fdb_in_pages(network):
    switch, hosts = network
    for number in range(250):
        entry = {"mac": mac(number), "port": hosts[number % 3].port, "vlan": 1 + number % 3}
        answer = switch.http("POST", "/v1/fdb", entry)
        assert answer.status in (200, 201, 204), answer.body
    whole = switch.http("GET", "/v1/fdb").json()
    statics = {(entry["mac"], entry["vlan"]) for entry in whole if entry["kind"] == "static"}
    assert len(statics) == 250
    paged, after = [], None
    for _ in range(60):
        page = switch.http("GET", "/v1/fdb?limit=10" + (f"&after={after}" if after else ""))
        if not page.json():
            break
        assert len(page.json()) <= 10
        paged += page.json()
        link = re.search(r"after=([^&>;\s]+)", page.headers.get("link", ""))
        after = link[1] if link else f"{page.json()[-1]['mac']}/{page.json()[-1]['vlan']}"
        if "link" in page.headers and not link:
            break
    assert {(entry["mac"], entry["vlan"]) for entry in paged if entry["kind"] == "static"} == statics


def test_keep_alive_and_pipelining(network):
    """L3: two requests in one write, on one connection, answered in order; CRLF before a request is forgiven."""
    switch, _ = network
    with http_unix.raw(switch.socket, 3) as client:
        client.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/nothing HTTP/1.1\r\nHost: x\r\n"
                       b"Connection: close\r\n\r\n")
        data = http_unix.read_all(client)
    assert [int(code) for code in re.findall(rb"HTTP/1\.1 (\d{3})", data)] == [200, 404], data[:300]


def test_listen_serves_reading_only(lab):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    host, = lab.hosts(1)
    switch = lab.switch("--port", host.spec, "--listen", f"127.0.0.1:{port}")

    def ask(method, path, name=f"127.0.0.1:{port}", body=b""):
        with socket.create_connection(("127.0.0.1", port), 3) as client:
            client.sendall(f"{method} {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n"
                           f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            return int(http_unix.read_all(client).split(b" ")[1])

    for path in ("/v1/status", "/v1/ports", "/v1/fdb", "/v1/vlans", "/v1/drops", "/openapi.json"):
        assert ask("GET", path) == 200, path
    assert ask("GET", "/v1/status", f"localhost:{port}") == 200
    for path in ("/v1/config", "/v1/capture"):
        assert ask("GET", path) in (403, 404), path
    for method, path in (("POST", "/v1/ports"), ("DELETE", f"/v1/ports/{host.port}"), ("POST", "/v1/fdb/flush"),
                         ("PATCH", f"/v1/ports/{host.port}"), ("POST", "/v1/config/save")):
        assert ask(method, path, body=b"{}") in (403, 404, 405), (method, path)
    assert ask("GET", "/v1/status", "evil.example") in (400, 403, 421)
    assert set(switch.ports()) == {host.port}
