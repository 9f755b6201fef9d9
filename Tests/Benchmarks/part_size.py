"""What is uploaded: the packages, and what packages of the same in Python would hold, Lambda's own boto3 left out."""

import pathlib
import subprocess
import zipfile

from contest import FOLDER, REPOSITORY
from results import KILOBYTES, Row

PART = "package"
# Our archive, the peer, the distributions it holds with all that they require, and its own files. Lambda's Python runtime has
# boto3 and botocore; a package that wants a certain version of them brings its own.
PACKAGES = [
    ("mlflow-proxy", "Python, with requests, PyJWT, cryptography", ["requests", "PyJWT", "cryptography"],
     ["Peers/lambda_proxy.py", "Peers/forward.py"]),
    ("vpc-cleanup", "Python, nothing but the function", [], ["../AWS/sequential_cleaner.py"]),
    ("vpc-cleanup", "Python, with a boto3 of its own", ["boto3"], ["../AWS/sequential_cleaner.py"])]


def rows(bench):
    found = []
    for name, peer, modules, files in PACKAGES:
        theirs = [packed(bench, modules, files)] if bench.has(*(module.lower() for module in modules)) else []
        found.append(Row(PART, f"{name}.zip", KILOBYTES, [(REPOSITORY / f"dist/{name}.zip").stat().st_size], peer, theirs))
    return found


def packed(bench, modules, files):
    """Bytes of a zip of the modules, with all that they need, and the files."""
    archive = bench.folder / "package.zip"
    script = FOLDER / "installed_files.py"
    listed = subprocess.run([bench.python, script, *modules], capture_output=True, text=True, check=True).stdout.splitlines()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        for line in listed:
            path, inside = line.split("\t")
            package.write(path, inside)
        for file in files:
            package.write(FOLDER / file, pathlib.PurePath(file).name)
    return archive.stat().st_size
