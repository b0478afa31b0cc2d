"""One TCP stream between two namespaces. Thresholds: 0.85 of the relay with offloads, and 5 times what the switch
itself reaches when both devices have their offloads off."""
import json
import subprocess

from lab import Trouble, run, say
from peers import ADDRESSES, kernel_bridge, relay, tapswitch
from report import Ratio, Result, Series, Threshold
from workloads import alternate

TITLE = "one TCP stream between two namespaces, received"
PEERS = {
    "tapswitch": (tapswitch, True),
    "relay": (relay, True),
    "kernel bridge over veth": (kernel_bridge, True),
    "tapswitch, offloads off": (tapswitch, False),
    "relay, offloads off": (relay, False),
}


def stream(peer, seconds):
    """Gbit/s received by one iperf3 stream from a to b."""
    a, b = peer.ends
    server = subprocess.Popen(
        b.command("timeout", seconds + 15, "iperf3", "-s", "-4", "-1", "-B", ADDRESSES[1], "--forceflush"),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        while b"listening" not in (line := server.stdout.readline()):
            if not line:
                raise Trouble("iperf3 -s does not start")
        said = run(*a.command("iperf3", "-c", ADDRESSES[1], "-t", int(seconds), "-O", 1, "-J"), timeout=seconds + 15)
        answer = json.loads(said)
        if "error" in answer:
            raise Trouble(f"iperf3: {answer['error']}")
        return answer["end"]["sum_received"]["bits_per_second"] / 1e9
    finally:
        server.terminate()
        server.communicate()


def measure(lab, rounds, seconds):
    peers = {name: kind.Peer(lab, f"t{number}", offload) for number, (name, (kind, offload)) in enumerate(PEERS.items())}

    def sample(peer):
        value = stream(peer, seconds)
        say(f"{next(name for name in peers if peers[name] is peer):30} {value:6.2f} Gbit/s")
        return value

    series = {name: Series(name, "Gbit/s", samples) for name, samples in alternate(peers, rounds, sample).items()}
    mine = series["tapswitch"]
    to_relay = Ratio("tapswitch / relay", mine, series["relay"])
    to_itself = Ratio("tapswitch with / without offloads", mine, series["tapswitch, offloads off"])
    ratios = [to_relay, Ratio("tapswitch / kernel bridge", mine, series["kernel bridge over veth"]), to_itself,
              Ratio("offloads off: tapswitch / relay", series["tapswitch, offloads off"], series["relay, offloads off"])]
    return Result("tcp_stream", TITLE, series.values(), ratios, [
        Threshold("TCP with offloads, of the relay", to_relay.median, 0.85),
        Threshold("TCP with offloads, times without", to_itself.median, 5)])
