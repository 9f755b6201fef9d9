"""A virtual environment for the tools that a script goes on in: made once, and anew when its requirements change."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]


class VirtualEnvironment:
    def __init__(self, folder, requirements, what, also=()):
        """`what` is installed, for the person who waits; `also` is what counts as required beside the requirements."""
        self.path = REPOSITORY / folder
        self.python = self.path / "bin/python"
        self.requirements = requirements
        self.what = what
        self.also = " ".join(also)

    def use(self, more=lambda: None):
        """Starts this script again in the environment, with the same arguments, when it runs in another one."""
        if pathlib.Path(sys.prefix).resolve() != self.path.resolve():
            self._install(more)
            os.execv(self.python, [str(self.python), *sys.argv])

    def pip(self, command, *arguments):
        _run(self.python, "-m", "pip", command, "--disable-pip-version-check", "--quiet", *arguments)

    def _install(self, more):
        """Makes the environment when it is not there or not the one that is asked for, and does `more` to it."""
        wanted = hashlib.sha256(self.requirements.read_bytes() + self.also.encode()).hexdigest()
        stamp = self.path / "requirements.sha256"
        if stamp.is_file() and stamp.read_text() == wanted:
            return
        print(f"Installing {self.what} into {self.path.name}, once", file=sys.stderr)
        shutil.rmtree(self.path, ignore_errors=True)
        _run(sys.executable, "-m", "venv", self.path)
        self.pip("install", "-r", self.requirements)
        more()
        stamp.write_text(wanted)


def _run(*command):
    result = subprocess.run(list(map(str, command)), stdout=sys.stderr)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed. Check the network or the index that pip is configured for.")
