"""What the SBOMs say is what is linked: checked against the official schema, the executables' symbols and the files they come from."""

import functools
import gzip
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / ".scripts/supply_chain"), str(REPOSITORY / ".scripts")]

import tools

if __name__ == "__main__":
    tools.use()

import sbom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import get_spdx_licensing
from packageurl import PackageURL

DIST, BUILD = REPOSITORY / "dist", REPOSITORY / ".build-static"
BILLS = {path.name.removesuffix(".cdx.json"): path for path in [*DIST.glob("*.cdx.json"), *DIST.glob("examples/*.cdx.json")]}
NOTICES = DIST / "THIRD-PARTY-NOTICES.txt"
built_here = unittest.skipUnless((BUILD / "maps").is_dir(), "the packages were built elsewhere: the libraries are not here")


def content(name):
    return json.loads(BILLS[name].read_text(encoding="utf-8"))


def libraries(bill):
    return [component for component in bill["components"] if component["type"] == "library"]


def executable(name):
    return BILLS[name].parent / "unpacked" / name / "bootstrap"


class DocumentTests(unittest.TestCase):
    def test_every_package_has_one_and_the_official_schema_finds_no_fault(self):
        self.assertEqual(set(BILLS), {path.stem for path in [*DIST.glob("*.zip"), *DIST.glob("examples/*.zip")]})
        for name, path in BILLS.items():
            with self.subTest(name):
                self.assertIsNone(JsonStrictValidator(SchemaVersion.V1_6).validate_str(path.read_text(encoding="utf-8")))

    def test_the_schema_would_find_one(self):
        for change in ({"bomFormat": "SPDX"}, {"serialNumber": "7"}, {"components": [{"name": "x"}]}, {"unheard-of": 1}):
            with self.subTest(change):
                text = json.dumps({**content("mlflow-proxy"), **change})
                self.assertIsNotNone(JsonStrictValidator(SchemaVersion.V1_6).validate_str(text))

    def test_names_of_packages_and_licences_are_as_their_standards_write_them(self):
        for name in BILLS:
            for component in libraries(content(name)):
                with self.subTest(f"{name}: {component['name']}"):
                    self.assertEqual(PackageURL.from_string(component["purl"]).to_string(), component["purl"])
                    self.assertIn(component["version"], component["purl"].replace("%2B", "+"))
                    for licence in component["licenses"]:
                        expression = licence.get("expression") or licence["license"]["id"]
                        self.assertEqual(get_spdx_licensing().validate(expression).errors, [])

    def test_scanners_learn_whose_advisories_to_ask(self):
        for name in BILLS:
            with self.subTest(name):
                bill = content(name)
                system, = [each for each in bill["components"] if each["type"] == "operating-system"]
                packages = [PackageURL.from_string(each["purl"]) for each in libraries(bill)]
                of_system = [package for package in packages if package.type == "deb"]
                self.assertEqual({package.namespace for package in of_system}, {system["name"]})
                self.assertEqual({package.qualifiers["distro"] for package in of_system}, {f"{system['name']}-{system['version']}"})
                self.assertEqual({package.qualifiers["arch"] for package in of_system}, {"source"})

    def test_it_is_of_the_executable_beside_it(self):
        for name in BILLS:
            with self.subTest(name):
                described = content(name)["metadata"]["component"]
                self.assertEqual(described["name"], name)
                self.assertEqual(described["hashes"], [{"alg": "SHA-256", "content": hashlib.sha256(executable(name).read_bytes()).hexdigest()}])

    @built_here
    def test_made_again_elsewhere_and_later_it_is_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            commit = content("mlflow-proxy")["metadata"]["component"]["version"]
            subprocess.run(
                [sys.executable, REPOSITORY / ".scripts/sbom.py", "--build", BUILD, "--output", folder, "--commit", commit, *sorted(BILLS, reverse=True)],
                check=True, cwd=folder, env={**os.environ, "PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo"})
            for name, path in BILLS.items():
                self.assertEqual((pathlib.Path(folder) / f"{name}.cdx.json").read_bytes(), path.read_bytes(), name)
            self.assertEqual((pathlib.Path(folder) / NOTICES.name).read_bytes(), NOTICES.read_bytes())


@functools.lru_cache(maxsize=None)
def symbols(*files):
    """The names that files define."""
    listed = subprocess.run(["nm", "--defined-only", "--format=posix", *files], check=True, capture_output=True, text=True, errors="replace").stdout
    return frozenset(line.split(" ")[0] for line in listed.split("\n") if line and not line.endswith(":"))


# These the linker makes itself.
OF_THE_LINKER = re.compile(
    r"__(start|stop)_\w+|__(preinit|init|fini)_array_(start|end)|__rela_iplt_(start|end)|_GLOBAL_OFFSET_TABLE_|__bss_start|__ehdr_start"
    r"|_*(edata|end|etext|executable_start)|__dso_handle|_DYNAMIC|__GNU_EH_FRAME_HDR|__TMC_END__")


@functools.lru_cache(maxsize=None)
def modules():
    """The objects compiled here: those of this repository under its name, those of packages under theirs."""
    found = {}
    for folder in (BUILD / "swift/release").resolve().glob("*.build"):
        objects = [str(path) for path in folder.glob("*.o")]
        if objects and (folder / "sources").is_file():
            source = pathlib.Path(shlex.split((folder / "sources").read_text(encoding="utf-8"))[0]).parts
            package = source[source.index("checkouts") + 1] if "checkouts" in source else REPOSITORY.name
            found.setdefault(package, []).extend(objects)
    return {package: tuple(objects) for package, objects in found.items()}


@functools.lru_cache(maxsize=None)
def place(name):
    """Where the compiler and the linker find a library or object."""
    copies = [*(BUILD / "libraries").glob(f"*/{name}"), *toolchain().glob(f"lib/swift_static/linux/**/{name}")]
    path = str(copies[0]) if copies else subprocess.run(
        ["gcc", f"-print-file-name={name}"], check=True, capture_output=True, text=True).stdout.strip()
    return path


@functools.lru_cache(maxsize=None)
def toolchain():
    target = subprocess.run(["swift", "-print-target-info"], check=True, capture_output=True, text=True).stdout
    return pathlib.Path(json.loads(target)["paths"]["runtimeResourcePath"]).parents[1]


@built_here
class LinkTests(unittest.TestCase):
    """Not by the linker's map, which the SBOM is made of, but by the symbols in the executables."""

    def explained(self, bill):
        """By component: the symbols that it defines."""
        return {
            component["name"]: symbols(*(place(each["name"]) for each in component["components"]))
            if "components" in component else symbols(*modules()[component["name"]])
            for component in libraries(bill)}

    def test_every_symbol_is_of_this_repository_or_of_something_that_is_listed(self):
        for name in BILLS:
            with self.subTest(name):
                left = symbols(executable(name)) - symbols(*modules()[REPOSITORY.name])
                self.assertGreater(len(left), 10_000)
                for defined in self.explained(content(name)).values():
                    left -= defined
                self.assertEqual([symbol for symbol in sorted(left) if not OF_THE_LINKER.fullmatch(symbol)], [])

    def test_everything_that_is_listed_has_symbols_that_nothing_else_has(self):
        for name in BILLS:
            parts, inside = self.explained(content(name)), symbols(executable(name))
            self.assertGreaterEqual(len(parts), 8)
            for part, defined in parts.items():
                with self.subTest(f"{name}: {part}"):
                    others = frozenset().union(symbols(*modules()[REPOSITORY.name]), *(each for other, each in parts.items() if other != part))
                    self.assertTrue(inside & defined - others)

    def test_the_files_are_those_that_are_named(self):
        for name in BILLS:
            for component in libraries(content(name)):
                for file in component.get("components", []):
                    with self.subTest(f"{name}: {file['name']}"):
                        digest = hashlib.sha256(pathlib.Path(place(file["name"])).read_bytes()).hexdigest()
                        self.assertEqual(file["hashes"], [{"alg": "SHA-256", "content": digest}])

    def test_versions_that_the_executable_tells_are_those_that_are_listed(self):
        versions = {component["name"]: component["version"] for component in libraries(content("mlflow-proxy"))}
        inside = executable("mlflow-proxy").read_bytes()
        told = {
            "openssl": rb"OpenSSL (\d+\.\d+\.\d+[a-z]*) +\d+ \w+ 20\d\d", "zlib": rb" inflate (\d[\d.]*\d) Copyright",
            next(name for name in versions if name.startswith("gcc")): rb"GCC: \(\w+ [^)]*\) (\d+\.\d+\.\d+)",
        }
        for name, form in told.items():
            with self.subTest(name):
                self.assertIn(re.search(form, inside).group(1).decode(), versions[name])

    def test_no_package_of_the_local_tool_is_inside(self):
        for name in BILLS:
            swift = {each["name"] for each in libraries(content(name)) if each["purl"].startswith("pkg:swift/")}
            self.assertEqual(swift, {"swift-log"})


class NoticeTests(unittest.TestCase):
    def test_every_part_has_its_chapter_with_licence_and_text(self):
        text = NOTICES.read_text(encoding="utf-8")
        for name in BILLS:
            for component in libraries(content(name)):
                with self.subTest(f"{name}: {component['name']}"):
                    licence = component["licenses"][0].get("expression") or component["licenses"][0]["license"]["id"]
                    chapter = text.split(f"\n{component['name']} {component['version']}\n{'=' * 72}\n")[1].split("=" * 72)[0]
                    self.assertIn(f"Licence: {licence}\n", chapter)
                    self.assertIn("opyright", chapter)
                    self.assertGreater(len(chapter), 1_000)

    def test_the_full_texts_that_the_licences_ask_for_are_there(self):
        text = re.sub(r"\s+", " ", NOTICES.read_text(encoding="utf-8"))
        for words in (
                "GNU LESSER GENERAL PUBLIC LICENSE Version 2.1", "6. As an exception to the Sections above", "GCC RUNTIME LIBRARY EXCEPTION",
                "GNU GENERAL PUBLIC LICENSE Version 3", "Apache License Version 2.0", "Runtime Library Exception to the Apache 2.0 License",
                "covered by the GNU Lesser General Public License"):
            with self.subTest(words):
                self.assertIn(words, text)

    def test_they_are_small_enough_for_every_zip(self):
        self.assertLess(len(gzip.compress(NOTICES.read_bytes(), 9)), 100_000)


MAP_OF_GOLD = """\
Archive member included because of file (symbol)

/lib/libz.a(zutil.o)
                              /b/Compression.build/Gzip.swift.o (zError)
/lib/libunused.a(all.o)
                              /lib/libz.a(zutil.o) (unused)

Memory map

 ** file header
                0x0000000000400000       0x40

.text           0x0000000000401000   0xa974ff
 .text.unlikely
                0x0000000000401000        0x9 /lib/libz.a(zutil.o)
                0x0000000000401000                zError
 .text          0x0000000000401010        0x9 /path with spaces/Compression.build/Gzip.swift.o
 .text          0x0000000000401020        0x0 /lib/libunused.a(all.o)
 ** fill        0x0000000000401020        0x9
"""
MAP_OF_LLD = """\
             VMA              LMA     Size Align Out     In      Symbol
          200270           200270       20     4 .text
          200270           200270       20     4         /path with spaces/Compression.build/Gzip.swift.o:(.text)
          200290           200290       24     4         /lib/libz.a(zutil.o):(.text)
          200290           200290        0     1                 zError
          2002b4           2002b4        0     1         /lib/libunused.a(all.o):(.text)
          2002b8           2002b8      678     8         <internal>:(.rela.dyn)
"""


class MapTests(unittest.TestCase):
    def test_what_gave_a_byte_is_read_from_the_maps_of_both_linkers(self):
        for text in (MAP_OF_GOLD, MAP_OF_LLD):
            files = [str(path) for path in sbom.linked_files(text)]
            self.assertEqual(files, ["/lib/libz.a", "/path with spaces/Compression.build/Gzip.swift.o"])

    def test_a_map_in_another_form_is_no_empty_list(self):
        for text in ("", "Memory map\n", MAP_OF_LLD.replace(":(", " ("), MAP_OF_GOLD.replace(".a(zutil.o)", ".b")):
            with self.assertRaisesRegex(sbom.Unknown, "a form that this script does not read"):
                sbom.linked_files(text)

    @built_here
    def test_what_is_of_unknown_origin_or_licence_ends_the_build(self):
        origins = sbom.Origins(BUILD)
        with tempfile.NamedTemporaryFile(suffix=".a") as stranger:
            with self.assertRaisesRegex(sbom.Unknown, "of no package"):
                origins.part(pathlib.Path(stranger.name))
        with self.assertRaisesRegex(sbom.Unknown, "does not know its project and licence"):
            origins.part(toolchain() / "lib/swift_static/linux/libFoundation.a")
        with self.assertRaisesRegex(sbom.Unknown, "its licence is not known here. Add it to KNOWN"):
            origins.part(pathlib.Path("/bin/sh"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
