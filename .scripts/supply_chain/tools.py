"""The tools that check what is handed out, in a virtual environment of their own: detect-secrets and CycloneDX's schemas."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
VENV = HERE.parents[1] / ".venv-supply-chain"
PYTHON = VENV / "bin/python"


def install():
    """Makes the environment when it is not there or not the one that is asked for."""
    requirements = HERE / "requirements.txt"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    stamp = VENV / "requirements.sha256"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    print("Installing detect-secrets and cyclonedx-python-lib into .venv-supply-chain (about 50 MB, once)", file=sys.stderr)
    shutil.rmtree(VENV, ignore_errors=True)
    _run(sys.executable, "-m", "venv", VENV)
    _run(PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "-r", requirements)
    stamp.write_text(wanted)


def use():
    """Goes on in the environment, with the same arguments, when this is another one."""
    if pathlib.Path(sys.prefix).resolve() != VENV.resolve():
        install()
        os.execv(PYTHON, [str(PYTHON), *sys.argv])


def _run(*command):
    result = subprocess.run(list(map(str, command)), stdout=sys.stderr)
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed. Check the network or the index that pip is configured for.")
