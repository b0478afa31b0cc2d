"""Events: typed, in order, bounded, with a sequence that shows what a reader missed; by command and as a stream."""
import json
import subprocess
import threading
import time

import pytest

from harness import contract, http_unix, switch as switches, waiting
from harness.clocks import Clocks
from harness.grid import Grid
from harness.packets import mac


def judge(events):
    """Shape of each, and a sequence without gaps, but for those that say what was lost."""
    for event in events:
        contract.event(event)
    for one, other in zip(events, events[1:]):
        assert other["sequence"] == one["sequence"] + 1 or other["type"] == "events_lost", (one, other)


class Follower:
    """`events --follow --json` in the background; `lines` grows as they come."""

    def __init__(self, lab, switch, *words):
        self.process = lab.background(subprocess.Popen(
            [switches.BINARY, "events", "--follow", "--json", *words], stdout=subprocess.PIPE, text=True,
            env=switches.environment({"TAPSWITCH_SOCKET": switch.socket})))
        self.events = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.events.append(json.loads(line))

    def wait(self, wanted, what, timeout=5):
        return waiting.until(lambda: [event for event in list(self.events) if wanted(event)], what, timeout)


def of_type(kind, **fields):
    return lambda event: event["type"] == kind and all(event.get(key) == value for key, value in fields.items())


def test_what_happens_is_told_in_order(lab):
    grid = Grid(lab, {"a": "", "b": ""}, allowed=["a"])
    follower = Follower(lab, grid.switch)
    grid.send(("a", grid.frame(mac(1))))
    follower.wait(of_type("learned", mac=mac(1), port="a", vlan=1), "learned")
    grid.send(("b", grid.frame(mac(1))))
    moved = follower.wait(of_type("moved", mac=mac(1)), "moved")[0]
    assert (moved["port"], moved["other_port"], moved["vlan"]) == ("b", "a", 1), moved
    grid.switch.ok("port", "set", "a", "up=off")
    down = follower.wait(of_type("port_down", port="a"), "port down")[0]
    assert down["reason"], down
    grid.switch.ok("port", "set", "a", "up=on")
    up = follower.wait(lambda event: of_type("port_up", port="a")(event) and event["sequence"] > down["sequence"],
                       "port up")[0]
    new = lab.hosts(1, addresses=False)[0]
    grid.switch.ok("port", "add", new.spec)
    grid.switch.ok("port", "remove", new.port)
    follower.wait(of_type("port_added", port=new.port), "port added")
    follower.wait(of_type("port_removed", port=new.port), "port removed")
    grid.switch.ok("port", "set", "b", "comment=x")
    changed = follower.wait(of_type("port_changed", port="b"), "port changed")[0]
    assert changed["settings"] == ["comment"], changed
    events = list(follower.events)
    assert events.index(moved) < events.index(down) < events.index(up)
    judge(events)
    judge(grid.switch.events())
    remembered = [event["sequence"] for event in grid.switch.events()]
    assert {event["sequence"] for event in events} <= set(remembered), "what was told live is remembered, too"
    follower.process.send_signal(2)
    assert follower.process.wait(5) == 0, "SIGINT ends `events --follow` well"


def test_an_address_that_aged_is_told(lab, program):
    """Seconds go by one by one, each with a frame: a switch that has nothing to do sleeps, and sweeps nothing."""
    clocks = Clocks(lab, program)
    grid = Grid(lab, {"a": "", "b": ""}, ["--ageing", "10"], env=clocks.env)
    grid.send(("a", grid.frame(mac(1))))
    for second in range(1, 300):
        clocks.set(real=second, monotonic=second)
        grid.send(("b", grid.frame(mac(2))), quiet=0)
    event, = waiting.until(lambda: [one for one in grid.switch.events() if one["type"] == "aged"], "aged")
    assert (event["mac"], event["port"], event["vlan"]) == (mac(1), "a", 1), event
    assert grid.switch.where(mac(1)) == {} and grid.switch.where(mac(2)) == {1: "b"}
    judge(grid.switch.events())


def test_for_people_one_line_an_event(lab):
    grid = Grid(lab, {"a": "", "b": ""})
    grid.send(("a", grid.frame(mac(1))))
    text = waiting.until(lambda: mac(1) in (one := grid.switch.ok("events")) and one, "the event is shown", 3)
    line = next(line for line in text.splitlines() if mac(1) in line)
    assert "learned" in line and "a" in line.split() and "\x1b" not in text, line


class Stream:
    """A server-sent-events stream, read by a client of our own."""

    def __init__(self, switch, after=None, path="/v1/events"):
        self.socket = http_unix.raw(switch.socket, 10)
        extra = f"Last-Event-ID: {after}\r\n" if after is not None else ""
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n{extra}\r\n".encode())
        self.text, self.socket_timeout = b"", 0.2
        self.socket.settimeout(0.2)

    def events(self, enough, timeout=5):
        """[(id, type, data)] once `enough(them)`."""
        end = time.monotonic() + timeout
        while not enough(found := self.parsed()):
            assert time.monotonic() < end, self.text[-2000:]
            try:
                piece = self.socket.recv(1 << 16)
                if not piece:
                    assert found, f"the stream ended: {self.text[-500:]}"
                    return found
                self.text += piece
            except TimeoutError:
                pass
        return found

    def parsed(self):
        head, _, body = self.text.partition(b"\r\n\r\n")
        assert not head or (b" 200 " in head and b"text/event-stream" in head), head
        lines = [line for line in body.replace(b"\r\n", b"\n").split(b"\n")]
        found, block = [], {}
        for line in lines:
            key, colon, value = line.partition(b":")
            if colon and key in (b"id", b"event", b"data"):
                block[key.decode()] = value.strip().decode()
            elif not line and "data" in block and "id" in block:
                found.append((int(block["id"]), block.get("event"), json.loads(block["data"])))
                block = {}
        return found

    def close(self):
        self.socket.close()


def test_server_sent_events_and_going_on_after_an_id(lab):
    grid = Grid(lab, {"a": "", "b": ""})
    grid.send(*[("a", grid.frame(mac(number))) for number in range(20)])
    waiting.until(lambda: len([one for one in grid.switch.events() if one["type"] == "learned"]) == 20, "20 learned")
    every = grid.switch.events()
    middle = every[len(every) // 2]["sequence"]
    stream = lab.close_later(Stream(grid.switch, after=middle))
    found = stream.events(lambda found: found and found[-1][0] >= every[-1]["sequence"])
    judge([data for _, _, data in found])
    assert found[0][0] == middle + 1, "it begins with the one after Last-Event-ID"
    assert all(number == data["sequence"] and kind in (None, data["type"]) for number, kind, data in found)
    grid.send(("a", grid.frame(mac(77))))
    stream.events(lambda found: found[-1][2].get("mac") == mac(77))


@pytest.mark.parametrize("after", ["0", "999999999", "-1", "nonsense", "99999999999999999999999"])
def test_strange_ids_are_survived(lab, after):
    grid = Grid(lab, {"a": "", "b": ""})
    grid.send(("a", grid.frame(mac(1))))
    answer = http_unix.raw(grid.switch.socket, 1)
    answer.sendall(f"GET /v1/events HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nLast-Event-ID: {after}\r\n\r\n".encode())
    first = answer.recv(4096).split(b"\r\n")[0]
    answer.close()
    assert first.split()[1] in (b"200", b"400", b"422"), first
    assert grid.switch.json("status")


def test_a_reader_that_falls_behind_is_told_what_it_missed(lab):
    """Tens of thousands of events, a reader that reads nothing: bounded memory, and a gap that is named."""
    grid = Grid(lab, {"a": "", "b": ""}, allowed=["events are missing"])
    stream = lab.close_later(Stream(grid.switch))
    stream.events(lambda found: b"200" in stream.text)
    for number in range(40_000):
        grid.wires["a"].send(grid.frame(mac(number), mac(0xFFFFFF)))
        if number % 500 == 0:
            time.sleep(0.01)
    time.sleep(1)
    assert grid.switch.json("status")["fdb"]["entries"] > 5_000
    last, found = grid.switch.events()[-1]["sequence"], []
    while not found or found[-1]["sequence"] < last:  # who reads nothing for too long is cut off, and asks again
        found += [data for _, _, data in stream.events(lambda found: found and found[-1][0] >= last)]
        stream.close()
        stream = lab.close_later(Stream(grid.switch, after=found[-1]["sequence"]))
    judge(found)
    assert sum(event.get("count", 0) for event in found if event["type"] == "events_lost") > 1000, "a gap that is named"
    remembered = grid.switch.events()
    judge(remembered)
    assert 100 <= len(remembered) < 40_000, "a bounded memory"
    grid.wires["b"].drain(quiet=0.01)


# moves: a loop or a clone


def pinned(grid, stations, rounds=12):
    for _ in range(rounds):
        for name in ("a", "b"):
            grid.send(*[(name, grid.frame(station, mac(0xFFFF))) for station in stations], quiet=0.001)

    def told():
        return [event for event in grid.switch.events() if event["type"] == "pinned"]
    return waiting.until(told, "a pinned entry is told", 5)


def test_a_clone_is_told_from_a_loop(lab):
    grid = Grid(lab, {"a": "", "b": "", "c": ""}, allowed=[".*"])
    event, = pinned(grid, [mac(1)])
    assert (event["mac"], event["cause"], {event["port"], event["other_port"]}) == (mac(1), "clone", {"a", "b"}), event
    assert event["moves"] > 5 and event["within_seconds"] == 10 and event["seconds"] == 30, event
    assert any(mac(1) in line and "two stations" in line for line in grid.switch.lines), "the log shares it"


def test_a_loop_is_told_from_a_clone(lab):
    grid = Grid(lab, {"a": "", "b": "", "c": ""}, allowed=[".*"])
    events = pinned(grid, [mac(number) for number in range(1, 13)])
    assert any(event["cause"] == "loop" for event in events), events[-3:]
