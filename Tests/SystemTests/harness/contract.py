"""The JSON shapes of the contract, key by key: exact names, types, nulls; nothing more than it says."""
import re
from datetime import datetime

from .ledger import EGRESS, INGRESS, NUMBERS

MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
STATES = {"up", "down", "waiting"}


def moment(text):
    """RFC 3339."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", text), text
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text).replace("Z", "+00:00"))


def keys(value, required, optional=()):
    missing, extra = set(required) - set(value), set(value) - set(required) - set(optional)
    assert not missing and not extra, f"missing {missing}, not in the contract {extra}: {value}"


def number(value):
    assert isinstance(value, int) and not isinstance(value, bool) and value >= 0, value


def drops_of(value):
    assert isinstance(value, dict), value
    for reason, count in value.items():
        assert reason in EGRESS | INGRESS, reason
        assert count > 0, f"a reason that never counted is absent: {value}"


def counters(value, with_kernel=True):
    keys(value, [*NUMBERS, "drops", *(["kernel_drops"] if with_kernel else [])], ["kernel_drops"])
    for name in NUMBERS:
        number(value[name])
    drops_of(value["drops"])
    if value.get("kernel_drops") is not None:
        number(value["kernel_drops"])


def port(value, shown=False):
    keys(value, ["name", "id", "kind", "target", "state", "mtu", "vlan", "offload", "counters",
                 *(["settings"] if shown else [])], ["reason", "template", *(["effective_settings"] if shown else [])])
    assert value["state"] in STATES and (value["state"] == "up" or value["reason"]), value
    number(value["id"])
    assert value["mtu"] is None or 68 <= value["mtu"] <= 65521, value
    keys(value["vlan"], ["mode", "native", "tagged"])
    assert value["vlan"]["mode"] in ("trunk", "access")
    keys(value["offload"], ["checksum", "tso4", "tso6", "uso"])
    assert all(isinstance(flag, bool) for flag in value["offload"].values())
    counters(value["counters"])


def status(value):
    keys(value, ["name", "version", "pid", "uptime_seconds", "unsaved", "ports", "fdb", "counters"],
         ["drops", "rates", "captures"])
    keys(value["ports"], ["total", "up"])
    keys(value["fdb"], ["entries", "capacity"])
    for item in (value["pid"], value["ports"]["total"], value["ports"]["up"], value["fdb"]["entries"],
                 value["fdb"]["capacity"]):
        number(item)
    assert isinstance(value["unsaved"], bool) and value["uptime_seconds"] >= 0
    counters(value["counters"], with_kernel=False)


def entry(value, shown=False):
    keys(value, ["mac", "vlan", "port", "kind", "age_seconds", "moves", "addresses",
                 *(["since", "history"] if shown else [])], ["host_name"] if shown else [])
    assert MAC.fullmatch(value["mac"]) and 1 <= value["vlan"] <= 4094, value
    assert value["kind"] in ("dynamic", "static", "sticky") and isinstance(value["addresses"], list), value
    assert (value["age_seconds"] is None) == (value["kind"] == "static"), value
    number(value["moves"])
    if shown:
        moment(value["since"])
        for step in value["history"]:
            keys(step, ["time", "from", "to"])
            moment(step["time"])


def drop(value):
    keys(value, ["reason", "port", "count", "meaning", "remedy", "last_seen"], ["last_frame"])
    assert value["reason"] in EGRESS | INGRESS and value["count"] > 0
    assert isinstance(value.get("last_frame", ""), str) and "\n" not in value.get("last_frame", ""), value
    assert value["meaning"].strip() and value["remedy"].strip(), value
    moment(value["last_seen"])


def vlans(value):
    for row in value:
        keys(row, ["vlans", "ports"])
        assert re.fullmatch(r"\d+(-\d+)?([+,]\d+(-\d+)?)*", row["vlans"]), row
        for member in row["ports"]:
            keys(member, ["port", "tagged"])
            assert isinstance(member["tagged"], bool)


def event(value):
    """What every event has; each type has more of its own."""
    assert {"sequence", "time", "type"} <= set(value), value
    number(value["sequence"])
    moment(value["time"])
    assert re.fullmatch(r"[a-z][a-z_]*", value["type"]), value
    assert "mac" not in value or MAC.fullmatch(value["mac"]), value
    assert "vlan" not in value or 1 <= value["vlan"] <= 4094, value


def plan(value):
    keys(value, ["changes"], ["remade", "warnings"])
    for change in value["changes"]:
        keys(change, ["path", "old", "new"])
        assert change["path"] and change["old"] != change["new"], change
