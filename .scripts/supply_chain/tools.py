"""The tools that check what is handed out, in a virtual environment of their own: detect-secrets and CycloneDX's schemas."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))
from virtual_environment import VirtualEnvironment  # noqa: E402  (it is in the folder above)

_ENVIRONMENT = VirtualEnvironment(
    ".venv-supply-chain", HERE / "requirements.txt", "detect-secrets and cyclonedx-python-lib (about 50 MB)")


def use():
    """Goes on in the environment, with the same arguments, when this is another one."""
    _ENVIRONMENT.use()
