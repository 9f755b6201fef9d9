"""Runs a test script on a network and a file system of its own, and programs inside a root directory of theirs."""

import array
import fcntl
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys

INSIDE = "PACKAGING_TESTS_INSIDE_NAMESPACE"


def enter():
    """Starts this script again in namespaces of its own. Returns a sentence on why not where the machine does not allow it.

    Inside, port 53 of loopback is free and mounts vanish with the last process. Without root, a user namespace stands in.
    """
    if os.environ.get(INSIDE):
        bring_loopback_up()
        return None
    isolate = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child"]
    if os.geteuid() != 0:
        isolate.insert(1, "--map-root-user")
    with_proc = "mount -t proc proc /proc || mount --rbind /proc /proc"
    probe = subprocess.run([*isolate, "sh", "-c", with_proc], capture_output=True, text=True)
    if probe.returncode != 0:
        return "this machine allows no namespaces (" + (probe.stderr.strip().splitlines() or ["no message"])[-1] + ")"
    os.environ[INSIDE] = "1"
    sys.stdout.flush()
    os.execvp(isolate[0], [*isolate, sys.executable, *sys.argv])


def bring_loopback_up():
    """`ip link set lo up`, without needing the `ip` command."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", b"lo", 0x1 | 0x40)  # IFF_UP | IFF_RUNNING
        fcntl.ioctl(control, 0x8914, array.array("B", request))  # SIOCSIFFLAGS


class Root:
    """A directory that a program takes for `/`: `/proc`, `/tmp`, `/etc/resolv.conf`, and what a test adds."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        for folder in ("proc", "tmp", "etc", "var/task"):
            (self.path / folder).mkdir(parents=True)
        self.write("etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:2 attempts:1\n")
        proc = str(self.path / "proc")
        if subprocess.run(["mount", "-t", "proc", "proc", proc], capture_output=True).returncode != 0:
            subprocess.run(["mount", "--rbind", "/proc", proc], check=True, capture_output=True)

    def write(self, name, text):
        self.copy(name).write_text(text)

    def copy(self, name, source=None):
        """The path of `name` inside, its folders made, with the contents of `source` if there is one."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if source:
            shutil.copy(source, path)
        return path

    def start(self, program, environment, **options):
        """Starts `program`, a path inside, with this environment and nothing of ours."""

        def inside():
            os.chroot(self.path)
            os.chdir("/var/task")

        return subprocess.Popen(
            [program], env=environment, preexec_fn=inside, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, **options)

    def close(self):
        subprocess.run(["umount", "--lazy", str(self.path / "proc")], check=True, capture_output=True)
