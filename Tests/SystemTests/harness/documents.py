"""Configurations made from the running one, and what an apply that fails must leave alone."""
import json


def document(lab, switch, change=None, name="wanted.json"):
    """The running configuration as a file, changed by `change(data)`."""
    data = switch.json("config", "show")
    if change:
        change(data)
    return lab.write(name, json.dumps(data))


def state(switch):
    """Everything that an apply that fails must leave alone."""
    return (switch.json("config", "show"),
            [(port["name"], port["id"], port["state"]) for port in switch.json("port", "list")],
            sorted((entry["mac"], entry["vlan"], entry["port"], entry["kind"]) for entry in switch.fdb()))
