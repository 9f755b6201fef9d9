#!/usr/bin/env python3
"""What is in the zips: one static executable, the same bytes each time."""

import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import zipfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DIST = REPOSITORY / "dist"
ARCHIVES = sorted(DIST.glob("*.zip")) + sorted(DIST.glob("examples/*.zip"))


class Archives(unittest.TestCase):
    def test_every_function_has_its_zip(self):
        names = {path.parent.name for path in REPOSITORY.glob("lambda/*/Main.swift")}
        self.assertEqual({path.stem for path in ARCHIVES}, names)

    def test_a_zip_holds_an_executable_bootstrap_and_a_manifest_of_what_is_linked_inside(self):
        for path in ARCHIVES:
            with self.subTest(path.stem), zipfile.ZipFile(path) as archive:
                self.assertEqual(archive.namelist(), ["bootstrap", "manifest.json"])
                self.assertEqual([entry.external_attr >> 16 for entry in archive.infolist()], [0o100755] * 2)
                manifest = json.loads(archive.read("manifest.json"))
                self.assertEqual(manifest["name"], path.stem)
                self.assertEqual(set(manifest["linked"]), {"curl", "glibc", "openssl", "swift", "zlib"})
                self.assertNotIn("unknown", manifest["linked"].values())

    def test_a_zip_stays_below_8_MB(self):
        for path in ARCHIVES:
            with self.subTest(path.stem):
                self.assertLess(path.stat().st_size, 8_000_000)

    def test_bootstrap_needs_neither_a_loader_nor_a_library(self):
        for path in ARCHIVES:
            with self.subTest(path.stem):
                bootstrap = path.parent / "unpacked" / path.stem / "bootstrap"
                listing = subprocess.run(
                    ["readelf", "-ldW", bootstrap], check=True, capture_output=True, text=True).stdout
                self.assertIn("LOAD", listing)
                self.assertNotRegex(listing, r"INTERP|NEEDED|DYNAMIC")

    def test_bootstrap_names_no_folder_of_the_machine_that_built_it(self):
        for path in ARCHIVES:
            with self.subTest(path.stem), zipfile.ZipFile(path) as archive:
                self.assertNotIn(str(REPOSITORY).encode() + b"/", archive.read("bootstrap"))

    def test_packing_the_same_executables_again_gives_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "binaries").mkdir()
            for path in ARCHIVES:
                with zipfile.ZipFile(path) as archive:
                    (folder / "binaries" / path.stem).write_bytes(archive.read("bootstrap"))
                    manifest = json.loads(archive.read("manifest.json"))
            (folder / "versions.json").write_text(json.dumps(manifest["linked"]))
            subprocess.run(
                [sys.executable, REPOSITORY / ".scripts/package.py", "--binaries", folder / "binaries", "--versions",
                 folder / "versions.json", "--commit", manifest["commit"], "--output", folder / "dist",
                 *[path.stem for path in ARCHIVES]],
                check=True, capture_output=True, cwd=REPOSITORY)
            for path in ARCHIVES:
                again = folder / "dist" / path.relative_to(DIST)
                self.assertEqual(digest(again), digest(path), path.stem)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    unittest.main(verbosity=2)
