"""Rule 3: a hostile port hurts only itself."""
import json
import subprocess

import pytest

from harness import traffic, vitals, waiting

PORTS, RATE, SECONDS = 64, 2500, 10  # 2,500 there and 2,500 back: 5,000 frames a second


def town(lab, count, options=""):
    """A switch of `count` ports: a flooder and a pair in namespaces of their own, all others together in one."""
    flooder, a, b = lab.hosts(3, addresses=False, options=options)
    crowd = lab.namespace()
    specs = [flooder.spec, a.spec, b.spec]
    specs += [f"tap:{lab.device()},netns={crowd.name}" for _ in range(count - 3)]
    switch = lab.switch(*(word for spec in specs for word in ("--port", spec)))
    assert switch.ready_line == (count, count), switch.log()
    for host in (flooder, a, b):
        host.look()
    return switch, flooder, a, b


def exchange(lab, program, a, b, rate=RATE, seconds=SECONDS):
    process = lab.background(subprocess.Popen(
        [program("pair"), a.space.path, a.device, b.space.path, b.device, str(rate), str(seconds)],
        stdout=subprocess.PIPE, text=True))
    out, _ = process.communicate(timeout=seconds + 20)
    assert process.returncode == 0, out
    return json.loads(out)


def flood(lab, program, host, seconds, length=60):
    return lab.background(subprocess.Popen([program("flood"), host.space.path, host.device, str(seconds), str(length)],
                                           stdout=subprocess.PIPE, text=True))


def judge(result, limit_us=5000):
    print(result)
    assert result["received"] == result["sent"], f"{result['sent'] - result['received']} frames lost: {result}"
    assert result["doubled"] == 0 and result["disordered"] == 0, result
    assert result["p99_us"] < limit_us, result


def kept(once, tries=3, limit_us=5000):
    """Others on the same machine may take its processors for longer than the limit, which a measurement cannot tell
    from the switch's doing: of three one must keep the rule."""
    for left in reversed(range(tries)):
        result = once()
        try:
            return judge(result, limit_us)
        except AssertionError:
            if not left:
                raise


def test_the_pair_without_a_flood(lab, program):
    """What the measure itself costs on this machine; the flood tests are judged by the rule, not by this."""
    switch, flooder, a, b = town(lab, 4)
    kept(lambda: exchange(lab, program, a, b, seconds=3))


def test_rule_3_with_sixty_four_ports(lab, program):
    """One port broadcasts as fast as it can; a pair exchanging 5,000 frames a second loses none, p99 under 5 ms."""
    switch, flooder, a, b = town(lab, PORTS)

    def once():
        storm = flood(lab, program, flooder, SECONDS + 2)
        result = exchange(lab, program, a, b)
        offered = json.loads(storm.communicate(timeout=30)[0])
        assert offered["offered"] > 100_000, f"that was no flood: {offered}"
        return result
    kept(once)
    ports = switch.check()
    assert ports[flooder.port]["counters"]["flooded"] > 10_000
    for host in (a, b):
        assert ports[host.port]["counters"]["kernel_drops"] == 0, ports[host.port]


def test_rule_3_with_large_frames(lab, program):
    """Bytes count as writes do: 9,000-byte broadcasts must not buy more of the switch's time than small ones."""
    switch, flooder, a, b = town(lab, PORTS, options="mtu=9000")

    def once():
        storm = flood(lab, program, flooder, 6, 9000)
        result = exchange(lab, program, a, b, seconds=4)
        storm.communicate(timeout=30)
        return result
    kept(once)


@pytest.mark.long
@pytest.mark.parametrize("flooders", [2, 4])
def test_rule_3_with_several_flooders(lab, program, flooders):
    hosts = lab.hosts(flooders + 2, addresses=False)
    crowd = lab.namespace()
    specs = [host.spec for host in hosts]
    specs += [f"tap:{lab.device()},netns={crowd.name}" for _ in range(PORTS - len(specs))]
    switch = lab.switch(*(word for spec in specs for word in ("--port", spec)))
    [host.look() for host in hosts]
    storms = [flood(lab, program, host, SECONDS + 2) for host in hosts[2:]]
    result = exchange(lab, program, hosts[0], hosts[1])
    [storm.communicate(timeout=30) for storm in storms]
    judge(result, limit_us=20_000)
    switch.check()


def test_the_command_line_answers_during_a_flood(lab, program):
    switch, flooder, a, b = town(lab, 16)
    storm = flood(lab, program, flooder, 4)
    for _ in range(8):
        assert switch.json("status")["ports"]["up"] == 16
        assert len(switch.json("port", "list")) == 16
    switch.ok("port", "set", flooder.port, "up=off")  # the remedy works while it is needed
    switch.wait_state(flooder.port, "down")
    storm.communicate(timeout=20)


def test_a_reader_that_stands_still_harms_nobody(lab):
    """A device whose host is gone silent (down) drops its own copies only."""
    switch, (a, b, c) = lab.network(3, allowed=[r"t\d+p\d+"])
    c.run("ip", "link", "set", c.device, "down")
    switch.wait_state(c.port, "down")
    before = vitals.read(switch.pid)
    stream = traffic.Stream(a, b, rate=2000)
    waiting.until(lambda: stream.sent > 3000, "traffic", 10)
    assert stream.stop(3000)
    assert not vitals.grown(switch.pid, before, rss_kib=4096)
