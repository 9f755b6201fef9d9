#!/usr/bin/env python3
"""What is in the zips: one static executable and what is to be known of it, the same bytes each time, nothing of the build machine."""

import functools
import hashlib
import json
import os
import pathlib
import re
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

    def test_a_zip_holds_an_executable_its_bill_of_materials_and_the_licences_of_what_is_linked_inside(self):
        for path in ARCHIVES:
            with self.subTest(path.stem), zipfile.ZipFile(path) as archive:
                modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
                self.assertEqual(modes, {
                    "THIRD-PARTY-NOTICES.txt": 0o100644, "bootstrap": 0o100755, "manifest.json": 0o100644, "sbom.cdx.json": 0o100644})
                self.assertEqual(archive.read("sbom.cdx.json"), path.with_suffix(".cdx.json").read_bytes())
                self.assertEqual(archive.read("THIRD-PARTY-NOTICES.txt"), (DIST / "THIRD-PARTY-NOTICES.txt").read_bytes())
                manifest = json.loads(archive.read("manifest.json"))
                self.assertEqual(set(manifest), {"commit", "name"})
                self.assertEqual(manifest["name"], path.stem)
                self.assertRegex(manifest["commit"], r"^([0-9a-f]{40}(-modified)?|unknown)$")

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

    def test_nothing_in_a_zip_names_a_folder_of_the_machine_that_built_it(self):
        places = {str(REPOSITORY), str(pathlib.Path.home())}
        # Folders of those who built the Swift toolchain and the distribution's packages stand in their libraries.
        known = re.compile(rb"/home/build-user/swift[\w.-]*/|/var/tmp/libdispatch\.|/build/(?:reproducible-path/|\{path\})")
        private = re.compile(rb"/(?<![\w.)}*-]/)(?:home|root|Users|mnt|srv|opt|build|var/tmp|workspace|github)/[\w.{-]+")
        for path, name, content in self.contents():
            with self.subTest(f"{path.stem}: {name}"):
                self.assertEqual([place for place in places if place.encode() + b"/" in content], [])
                self.assertEqual({found for found in private.findall(known.sub(b"", content))}, set())

    def test_nothing_in_a_zip_names_a_host_that_packages_came_from(self):
        hosts = {host for text in self.configurations() for host in re.findall(r"https?://(?:[^/@\s]*@)?([\w.-]+)", text)}
        public = re.compile(r"(^|\.)(debian|ubuntu|pypi|pythonhosted|github|swift|python|launchpad)\.(org|com|net)$")
        for path, name, content in self.contents():
            with self.subTest(f"{path.stem}: {name}"):
                self.assertEqual([host for host in hosts if not public.search(host) and host.encode() in content], [])

    def test_nothing_in_a_zip_is_a_key(self):
        forms = {
            "private key": rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/]{16}",
            "key of AWS": rb"A(?<![A-Z0-9]A)[KS]IA[A-Z0-9]{16}(?![A-Z0-9])",
            "token of GitHub": rb"gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{60}",
            "JSON web token": rb"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}",
            "presigned URL": rb"X-Amz-Signature=[0-9a-f]{64}",
        }
        for path, name, content in self.contents():
            for kind, form in forms.items():
                with self.subTest(f"{path.stem}: {name}: {kind}"):
                    # Not the content: it would be told.
                    self.assertIsNone(re.search(form, content) and "found")

    @staticmethod
    @functools.lru_cache(maxsize=None)
    def contents():
        """Every file of every zip."""
        return [(path, name, read) for path in ARCHIVES for name, read in unzipped(path).items()]

    def configurations(self):
        """What this machine's package managers are told of where packages are, and its environment."""
        home = pathlib.Path.home()
        files = [home / ".config/pip/pip.conf", home / ".pip/pip.conf", pathlib.Path("/etc/pip.conf"), pathlib.Path("/etc/apt/sources.list")]
        files += [*pathlib.Path("/etc/apt/sources.list.d").glob("*"), *pathlib.Path("/etc/apt/apt.conf.d").glob("*")]
        for file in files:
            if file.is_file() and os.access(file, os.R_OK):
                yield file.read_text(encoding="utf-8", errors="replace")
        yield from (value for name, value in os.environ.items() if re.search(r"INDEX_URL|PROXY|REGISTRY|MIRROR", name, re.I))

    def test_packing_the_same_executables_again_gives_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "binaries").mkdir()
            for path in ARCHIVES:
                with zipfile.ZipFile(path) as archive:
                    (folder / "binaries" / path.stem).write_bytes(archive.read("bootstrap"))
                    (folder / f"{path.stem}.cdx.json").write_bytes(archive.read("sbom.cdx.json"))
                    (folder / "THIRD-PARTY-NOTICES.txt").write_bytes(archive.read("THIRD-PARTY-NOTICES.txt"))
            subprocess.run(
                [sys.executable, REPOSITORY / ".scripts/package.py", "--binaries", folder / "binaries", "--documents", folder,
                 "--output", folder / "dist", *[path.stem for path in ARCHIVES]],
                check=True, capture_output=True)
            for path in ARCHIVES:
                again = folder / "dist" / path.relative_to(DIST)
                self.assertEqual(digest(again), digest(path), path.stem)


def unzipped(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    unittest.main(verbosity=2)
