"""Installs by name what a measurement needs, with tools/lib.sh, and builds the release binary."""
import os
import subprocess
import sys

from lab import HERE

BASE = ["ip=iproute2", "iperf3=iperf3", "ethtool=ethtool", "cc=gcc", "libc6-dev", "ping=iputils-ping", "setpriv=util-linux"]
LIBRARY = os.path.join(HERE, "../lib.sh")


def library(script, *words, stdout=None, stderr=None):
    """Runs a bit of bash with tools/lib.sh loaded."""
    return subprocess.run(["bash", "-c", 'set -euo pipefail; source "$1"; shift; ' + script, "bench", LIBRARY, *words],
                          stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, text=True, check=False)


def prepare(binary=None):
    """Path of the program to measure, the release binary, built if need be, unless one is given; ends us if that, or a
    package, is not to be had."""
    if binary and not os.access(binary, os.X_OK):
        sys.exit(f"run: {binary}: no such program")
    build = "" if binary else 'build_release; printf %s "$BINARY"'
    done = library(f'need "$@"; {build}', *BASE, stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(done.returncode)
    return os.path.realpath(binary) if binary else done.stdout


def build(package, scratch):
    """Builds a Swift package for release; None, or why that failed."""
    return attempt('need "g++=g++"; find_swift; own_build_directory; '
                   'as_builder "$SWIFT" build --package-path "$1" --scratch-path "$2" -c release >&2', package, scratch)


def need(*packages):
    """None, or why these packages cannot be had."""
    return attempt('need "$@"', *packages)


def attempt(script, *words):
    """None, or what a bit of bash said when it failed."""
    done = library(script, *words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if not done.returncode:
        return None
    said = [line.removeprefix("bench: ") for line in done.stderr.splitlines() if line.startswith("bench: ")]  # by `die`
    return said[0] if said else done.stderr.strip() or f"status {done.returncode}"
