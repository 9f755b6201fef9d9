#!/usr/bin/env python3
"""Packs executables into deterministic zips and prints a table of their sizes and SHA-256.

For every NAME: OUTPUT/NAME.zip, with `bootstrap`, `manifest.json`, its SBOM and the licences of what is linked inside, the same
files in OUTPUT/unpacked/NAME, and the SBOM beside the zip as well, as OUTPUT/NAME.cdx.json. Names that start with `example-` go to
OUTPUT/examples. The same executables and documents give the same bytes, at any time and in any folder.
"""

import argparse
import hashlib
import json
import os
import pathlib
import shutil
import zipfile

# Earlier than this a zip's clock does not go.
EPOCH = (1980, 1, 1, 0, 0, 0)
NOTICES = "THIRD-PARTY-NOTICES.txt"


def write_zip(path, files):
    """Writes `files` (name to bytes) in the order of their names. `bootstrap` can be executed."""
    temporary = path.with_suffix(".partial")
    with zipfile.ZipFile(temporary, "w") as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = 3  # Unix: the mode below counts.
            entry.external_attr = (0o100755 if name == "bootstrap" else 0o100644) << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)
    os.replace(temporary, path)


def unpack(zip_path, folder):
    """Replaces `folder` by the contents of the zip, so that what runs locally is what Lambda unpacks."""
    fresh = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(fresh, ignore_errors=True)
    with zipfile.ZipFile(zip_path) as archive:
        for entry in archive.infolist():
            path = pathlib.Path(archive.extract(entry, fresh))
            path.chmod((entry.external_attr >> 16) & 0o777)
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binaries", type=pathlib.Path, required=True, help="folder with an executable NAME each")
    parser.add_argument("--documents", type=pathlib.Path, required=True, help="folder with NAME.cdx.json and the notices")
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("names", nargs="+")
    arguments = parser.parse_args()
    notices = (arguments.documents / NOTICES).read_bytes()
    rows = [("package", "zip bytes", "unpacked bytes", "SHA-256 of the zip")]
    for name in arguments.names:
        folder = arguments.output / "examples" if name.startswith("example-") else arguments.output
        (folder / "unpacked").mkdir(parents=True, exist_ok=True)
        executable = (arguments.binaries / name).read_bytes()
        bill = (arguments.documents / f"{name}.cdx.json").read_bytes()
        manifest = {"commit": json.loads(bill)["metadata"]["component"]["version"], "name": name}
        files = {
            "bootstrap": executable,
            "manifest.json": (json.dumps(manifest, indent=2, sort_keys=True) + "\n").encode(),
            "sbom.cdx.json": bill,
            NOTICES: notices,
        }
        path = folder / f"{name}.zip"
        write_zip(path, files)
        unpack(path, folder / "unpacked" / name)
        (folder / f"{name}.cdx.json").write_bytes(bill)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        rows.append((str(path), f"{path.stat().st_size:,}", f"{len(executable):,}", digest))
    (arguments.output / NOTICES).write_bytes(notices)
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for path, packed, unpacked, digest in rows:
        print(f"{path:<{widths[0]}}  {packed:>{widths[1]}}  {unpacked:>{widths[2]}}  {digest}")


if __name__ == "__main__":
    main()
