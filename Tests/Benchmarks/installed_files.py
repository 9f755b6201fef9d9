"""Prints what of this Python's site-packages belongs to some distributions and to all that they require: path and name, a line each.

    installed_files.py NAME …
"""

import importlib.metadata
import re
import sys


def needed(names):
    """The distributions and what they require, extras left out; what is not installed was not needed here."""
    found, waiting = {}, list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        try:
            found[name] = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        required = found[name].requires or []
        waiting += [re.match(r"[\w.-]+", line).group() for line in required if "extra ==" not in line]
    return found.values()


for distribution in needed(sys.argv[1:]):
    for file in distribution.files or []:
        # Scripts lie elsewhere, and what Python compiled is made anew where it runs.
        if not str(file).startswith("..") and file.suffix != ".pyc":
            print(f"{distribution.locate_file(file)}\t{file}")
