"""Processes under measurement: how they are started, and what the kernel says of their processor time and memory."""

import json
import os
import pathlib
import re
import selectors
import signal
import subprocess
import time

# The longest that anything measured here may take, in seconds, on a machine that is busy.
PATIENCE = 120


class Measured:
    """A process of a session of its own, with whatever it starts. It is given `environment` and nothing else."""

    def __init__(self, command, environment, log, inherited=()):
        self.command, self.log = [str(part) for part in command], pathlib.Path(log)
        for descriptor in inherited:
            os.set_inheritable(descriptor, True)
        write = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), (os.POSIX_SPAWN_OPEN, 1, str(log), write, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2)]
        self.started = time.monotonic()
        self.id = os.posix_spawn(self.command[0], self.command, environment, file_actions=actions, setsid=True)
        self.has_ended = False

    def members(self):
        """The folders in /proc of the session's processes."""
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if int((folder / "stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[3]) == self.id:
                    yield folder
            except OSError:
                continue

    def processor_seconds(self):
        """What all its threads have used up to now: to the nanosecond where the kernel counts so, else to 10 ms."""
        total = 0.0
        for folder in self.members():
            try:
                total += sum(int(path.read_text().split()[0]) for path in folder.glob("task/*/schedstat")) / 1e9
                if not (folder / "schedstat").exists():
                    fields = (folder / "stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
                    total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            except OSError:
                continue
        return total

    def settle(self):
        """Waits until it has done whatever it does by itself: until it has used next to nothing for some moments."""
        quiet, before, deadline = 0, self.processor_seconds(), time.monotonic() + PATIENCE
        while quiet < 3 and time.monotonic() < deadline:
            time.sleep(0.1)
            used = self.processor_seconds()
            quiet, before = quiet + 1 if used - before < 0.001 else 0, used

    def peak_bytes(self):
        """The most memory that it had resident, of the first process alone."""
        return sum(kilobytes(pathlib.Path(f"/proc/{self.id}/status").read_text(encoding="utf-8"), "VmHWM"))

    def resident_bytes(self):
        """What all its processes have resident now, pages that they share counted once."""
        private, shared = 0, 0
        for folder in self.members():
            text = (folder / "smaps_rollup").read_text(encoding="utf-8")
            private += sum(kilobytes(text, "Private_Clean", "Private_Dirty"))
            shared = max(shared, sum(kilobytes(text, "Shared_Clean", "Shared_Dirty")))
        return private + shared

    def ended(self):
        if not self.has_ended:
            self.has_ended = os.waitpid(self.id, os.WNOHANG)[0] == self.id
        return self.has_ended

    def close(self):
        members = [int(folder.name) for folder in self.members()]
        for process in members:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if not self.has_ended:
            os.waitpid(self.id, 0)
            self.has_ended = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def kilobytes(text, *names):
    """Lines `NAME: N kB` of /proc, in bytes."""
    return [int(found) * 1024 for name in names for found in re.findall(rf"^{name}:\s*(\d+) kB", text, re.M)]


class Tool:
    """One of the C programs. It prints a JSON object a line, and goes on when it is told to."""

    def __init__(self, *command):
        self.process = subprocess.Popen(
            [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines, self.rest, self.said = [], b"", None
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)

    def read(self, measured=None):
        """The next object. Raises RuntimeError when the tool or the measured process ended, or nothing comes."""
        deadline = time.monotonic() + PATIENCE
        while not self.lines:
            if self.selector.select(0.5):
                piece = os.read(self.process.stdout.fileno(), 65_536)
                *complete, self.rest = (self.rest + piece).split(b"\n")
                self.lines += complete
                if not piece:
                    raise RuntimeError(f"{self.process.args[0]} ended: {self.process.stderr.read().decode(errors='replace').strip()}")
            elif measured and measured.ended():
                raise RuntimeError(f"{' '.join(measured.command)} ended; its log: {tail(measured.log)}")
            elif time.monotonic() > deadline:
                raise RuntimeError(f"{self.process.args[0]} said nothing for {PATIENCE} s" + (
                    f"; the log of {' '.join(measured.command)}: {tail(measured.log)}" if measured else ""))
        return json.loads(self.lines.pop(0))

    def go_on(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def close(self):
        """Ends it. Returns what it wrote to standard error."""
        if self.said is None:
            self.selector.close()
            self.process.stdin.close()
            self.process.kill()
            self.process.wait()
            self.said = self.process.stderr.read().decode(errors="replace").strip()
            self.process.stdout.close()
            self.process.stderr.close()
        return self.said

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def tail(log):
    return log.read_text(encoding="utf-8", errors="replace")[-2000:].strip() if log.exists() else ""
