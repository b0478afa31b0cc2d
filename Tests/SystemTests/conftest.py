"""Fixtures of the system tests. `lab` builds what a test needs and ends it with the checks every test ends with."""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import pytest  # noqa: E402

from harness import bench as benches, lab as labs, programs, switch as switches, world  # noqa: E402


def pytest_configure(config):
    if not config.option.collectonly and not config.option.help:
        if not os.access(switches.BINARY, os.X_OK):
            raise pytest.UsageError(f"no switch at {switches.BINARY}: build it with `swift build -c release`, "
                                    "or say where it is in TAPSWITCH")
        world.enter()


def pytest_report_header(config):
    return f"tapswitch: {switches.BINARY}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.when == "call":
        item.outcome_of_call = report.outcome


@pytest.fixture
def lab(request):
    made = labs.Lab(request.node.name)
    try:
        yield made
        if getattr(request.node, "outcome_of_call", None) == "passed":
            made.finish()
    finally:
        made.clean()
        if getattr(request.node, "outcome_of_call", None) != "passed":
            for one in made.switches:
                print(f"--- log of {one.name} ({len(one.lines)} lines)\n" + "\n".join(one.lines[-60:]))


@pytest.fixture
def bench(lab):
    return benches.Bench(lab)


@pytest.fixture(scope="session")
def program():
    """A small C program of `programs/`, built once a run: program("pair") is its path."""
    builder = programs.Builder()
    yield builder
    builder.close()
