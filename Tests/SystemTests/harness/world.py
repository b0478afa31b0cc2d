"""The world a test run lives in: its own network and mount namespace, with fresh /run and /dev/net.

Whatever a test leaves behind goes with the process, even after SIGKILL; several runs do not see each other; and the
mode of the machine's own /dev/net/tun is never touched. Must be entered once, before any thread is started.
"""
import ctypes
import os
import stat
import subprocess

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
TUN = "/dev/net/tun"

libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def setns(descriptor, kind=CLONE_NEWNET):
    """Moves the calling thread into the namespace behind `descriptor`."""
    _check(libc.setns(descriptor, kind), "setns")


def mount(source, target, kind, flags=0, data=None):
    _check(libc.mount(source.encode(), target.encode(), kind.encode() if kind else None, flags,
                      data.encode() if data else None), f"mount {target}")


def enter():
    """Unshares network and mounts of this process; needs root."""
    if os.geteuid() != 0:
        raise PermissionError("the system tests make namespaces and devices: run them as root")
    if not os.path.exists(TUN):
        subprocess.run(["modprobe", "tun"], check=False, capture_output=True)
    _check(libc.unshare(CLONE_NEWNS | CLONE_NEWNET), "unshare")
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    mount("tmpfs", "/run", "tmpfs", 0, "mode=755")
    os.mkdir("/run/netns")
    mount("tmpfs", "/dev/net", "tmpfs", 0, "mode=755")
    os.mknod(TUN, stat.S_IFCHR | 0o666, os.makedev(10, 200))
    tun_mode(0o666)  # what udev gives it; a test that wants another mode changes it here, not on the machine
    with open("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w") as file:
        file.write("1")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def tun_mode(mode):
    """Mode of /dev/net/tun in this world only."""
    os.chmod(TUN, mode)
