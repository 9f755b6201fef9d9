#!/usr/bin/env python3
"""Lists what is linked into executables: a CycloneDX SBOM for each, and one file with the licences of all.

For every NAME: OUTPUT/NAME.cdx.json, and for all together OUTPUT/THIRD-PARTY-NOTICES.txt. What the linker's map names is what is
listed: a file of unknown origin, or of a licence that is not in `KNOWN`, ends the build. The same executables and packages give
the same bytes, at any time and in any folder.
"""

import argparse
import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import uuid

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
NOTICES = "THIRD-PARTY-NOTICES.txt"


class Unknown(Exception):
    """A sentence on something that the list cannot be made of."""


@dataclasses.dataclass(frozen=True)
class Licence:
    expression: str
    """As SPDX writes it."""
    evidence: str
    """Words of the licence text. When they are gone, so may be the licence: it has to be looked at again."""
    common: tuple = ()
    """Texts in /usr/share/common-licenses that the licence text refers to."""


SWIFT = "Apache-2.0 WITH Swift-exception"
KNOWN = {
    "curl": Licence("curl", "License: curl"),
    "gcc": Licence("GPL-3.0-or-later WITH GCC-exception-3.1", "GCC RUNTIME LIBRARY EXCEPTION", ("GPL-3",)),
    "glibc": Licence("LGPL-2.1-or-later", "GNU Lesser General Public", ("LGPL-2.1",)),
    "openssl": Licence("Apache-2.0", "Apache", ("Apache-2.0",)),
    "swift": Licence(f"{SWIFT} AND Apache-2.0 WITH LLVM-exception", "Runtime Library Exception"),
    "swift-corelibs-libdispatch": Licence(SWIFT, "Runtime Library Exception"),
    "swift-experimental-string-processing": Licence(SWIFT, "Runtime Library Exception"),
    "swift-log": Licence("Apache-2.0", "Apache License"),
    "zlib": Licence("Zlib", "Jean-loup Gailly"),
}
ABOUT = {
    "gcc": "libgcc, libstdc++ and start-up objects",
    "swift": "Swift's runtime and standard library, with support code of LLVM inside",
    "swift-corelibs-libdispatch": "libdispatch and the blocks runtime",
    "swift-experimental-string-processing": "the part of Swift's standard library for regular expressions",
}


@dataclasses.dataclass
class Part:
    """Something of others' that is linked in."""

    name: str
    version: str
    purl: str
    licence: Licence
    text: str
    """The licence text and copyright notices that it comes with."""
    about: str = ""
    fields: dict = dataclasses.field(default_factory=dict)
    files: dict = dataclasses.field(default_factory=dict)
    """The libraries and objects that the linker took from it, and their SHA-256."""


# --- What the linker took -------------------------------------------------------------------------------------------

# gold and bfd: address, size and file, with the section's name before them or on a line of its own.
GNU_LINE = re.compile(r"^(?: \S+)? +0x[0-9a-f]+ +0x([0-9a-f]+) (/.+)$", re.M)
# lld: two addresses, size, alignment, and file with section.
LLD_LINE = re.compile(r"^ *[0-9a-f]+ +[0-9a-f]+ +([0-9a-f]+) +\d+ +(/.+):\([^()]*\)$", re.M)


def linked_files(text):
    """The archives and objects that a link map says have given at least a byte, as paths."""
    _, found, memory = text.partition("\nMemory map\n")
    lines = GNU_LINE.findall(memory) if found else LLD_LINE.findall(text)
    paths = {re.sub(r"(?<=\.a)\([^()]*\)$", "", path) for size, path in lines if int(size, 16)}
    if not any(path.endswith(".a") for path in paths) or not any(path.endswith(".o") for path in paths):
        raise Unknown("the link map names no archive or no object: it is in a form that this script does not read.")
    return sorted(map(pathlib.Path, paths))


# --- Where it comes from --------------------------------------------------------------------------------------------

def output_of(*command):
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, env=environment).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise Unknown(f"{' '.join(map(str, command))} failed: {getattr(error, 'stderr', None) or error}") from error


def read(path):
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip("\n") + "\n"
    except OSError as error:
        raise Unknown(f"the licence text {path} cannot be read ({error.strerror}). Install the package again that has it.") from error


@functools.lru_cache(maxsize=None)
def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@functools.lru_cache(maxsize=None)
def system():
    """The distribution's name and version, as in `debian` and `12`."""
    fields = dict(re.findall(r'^(\w+)="?([^"\n]*)', read(pathlib.Path("/etc/os-release")), re.M))
    return fields["ID"], fields.get("VERSION_ID", "")


def source_purl(name, version):
    distribution, release = system()
    return f"pkg:deb/{distribution}/{name}@{version.replace('+', '%2B')}?arch=source&distro={distribution}-{release}"


@functools.lru_cache(maxsize=None)
def package_owning(path):
    """The distribution's package that a file is of: its name, and name and version of its source."""
    for candidate in (path, path.resolve()):
        try:
            found = re.search(r"^(?!diversion)([^\s,]+).*: ", output_of("dpkg-query", "--search", candidate), re.M)
        except Unknown:
            continue
        if found is None:
            continue
        fields = "${Package}\t${source:Package}\t${source:Version}"
        return output_of("dpkg-query", "--show", f"--showformat={fields}", found.group(1).removesuffix(":")).split("\t")
    raise Unknown(f"{path} is linked and is of no package of the distribution, of the Swift toolchain or of Package.swift.")


class Origins:
    """Tells what a linked file is part of. `build` is the folder that `build.sh` builds in."""

    def __init__(self, build):
        self.libraries = (build / "libraries").resolve()
        self.scratch = (build / "swift").resolve()
        toolchain = json.loads(output_of("swift", "-print-target-info"))
        self.toolchain = pathlib.Path(toolchain["paths"]["runtimeResourcePath"]).resolve().parents[1]
        self.swift = re.search(r"Swift version (\S+)(?: \((swift-\S+)\))?", toolchain["compilerVersion"])
        state = json.loads((self.scratch / "workspace-state.json").read_text(encoding="utf-8"))
        self.packages = {each["subpath"]: each for each in state["object"]["dependencies"]}

    def part(self, path):
        """The part that a file belongs to, without files; nil for what is compiled from this repository."""
        path = pathlib.Path(os.path.normpath(path))
        if path.is_relative_to(self.scratch):
            return self.module(path)
        if path.is_relative_to(self.libraries):
            # The start-up object is a copy of the compiler's.
            return self.curl() if path.name == "libcurl.a" else self.of_distribution(self.start_object())
        if path.resolve().is_relative_to(self.toolchain):
            return self.of_toolchain(path)
        return self.of_distribution(path)

    def module(self, path):
        folder = next(parent for parent in path.parents if parent.suffix == ".build")
        source = pathlib.Path(shlex.split((folder / "sources").read_text(encoding="utf-8"))[0])
        if not source.is_relative_to(self.scratch):
            return None
        name = source.relative_to(self.scratch / "checkouts").parts[0]
        package, checkout = self.packages[name], self.scratch / "checkouts" / name
        state, location = package["state"]["checkoutState"], package["packageRef"]["location"].removesuffix(".git")
        version = state.get("version") or state["revision"]
        text = "\n".join(read(each) for each in sorted(checkout.glob("*.txt")) if each.stem in ("LICENSE", "NOTICE"))
        fields = {
            "swhid": [f"swh:1:rev:{state['revision']}"],
            "externalReferences": [{"type": "vcs", "url": location}],
        }
        purl = f"pkg:swift/{location.removeprefix('https://')}@{version}"
        return Part(name, version, purl, self.licence(name), text, ABOUT.get(name, ""), fields)

    def of_toolchain(self, path):
        if re.fullmatch(r"lib(dispatch|BlocksRuntime|swiftDispatch)\.a", path.name):
            name = "swift-corelibs-libdispatch"
        elif re.fullmatch(r"libswift(_RegexParser|_StringProcessing|RegexBuilder)\.a", path.name):
            name = "swift-experimental-string-processing"
        elif re.fullmatch(r"libswift\w+\.a|swiftrt\.o", path.name):
            name = "swift"
        else:
            raise Unknown(f"{path} of the Swift toolchain is linked, and this script does not know its project and licence.")
        version, tag = self.swift.groups()
        purl = f"pkg:github/swiftlang/{name}@{(tag or version).replace('+', '%2B')}"
        fields = {"externalReferences": [{"type": "vcs", "url": f"https://github.com/swiftlang/{name}"}]}
        text = read(self.toolchain / "share/swift/LICENSE.txt")
        return Part(name, version, purl, self.licence(name), text, ABOUT.get(name, ""), fields)

    def of_distribution(self, path):
        package, source, version = package_owning(path)
        name = re.sub(r"^gcc-\d+$", "gcc", source)
        text = read(pathlib.Path(f"/usr/share/doc/{package}/copyright"))
        return Part(source, version, source_purl(source, version), self.licence(name), text, ABOUT.get(name, ""))

    def curl(self):
        version, kind = json.loads((self.libraries / "versions.json").read_text(encoding="utf-8"))["curl"].split(" ")
        fields = {}
        for description in (self.libraries / "source").glob("*.dsc"):
            digest = [{"alg": "SHA-256", "content": sha256(description)}]
            fields["externalReferences"] = [{"type": "source-distribution", "url": description.name, "hashes": digest}]
        about = {
            "(minimal)": "libcurl, built from the distribution's source package with HTTP and TLS alone",
            "(distribution)": "libcurl as the distribution builds it; what it needs beyond HTTP and TLS is replaced by stubs",
        }[kind]
        text = read(self.libraries / "source/copyright")
        return Part("curl", version, source_purl("curl", version), self.licence("curl"), text, about, fields)

    @functools.lru_cache(maxsize=None)
    def start_object(self):
        return pathlib.Path(os.path.normpath(output_of("gcc", "-print-file-name=crtbegin.o").strip()))

    def licence(self, name):
        if name not in KNOWN:
            raise Unknown(f"{name} is linked, and its licence is not known here. Add it to KNOWN in .scripts/sbom.py.")
        return KNOWN[name]


def parts_of(files, origins):
    """What the files belong to, by name."""
    parts = {}
    for path in files:
        part = origins.part(path)
        if part is None:
            continue
        if part.licence.evidence not in part.text:
            raise Unknown(f"the licence text of {part.name} no longer says '{part.licence.evidence}': look at it, correct KNOWN.")
        part = parts.setdefault(part.name, part)
        # Objects of packages are compiled here: what identifies them is the revision of their source.
        if not path.is_relative_to(origins.scratch):
            part.files[path.name] = sha256(path)
    return dict(sorted(parts.items()))


# --- What is written ------------------------------------------------------------------------------------------------

def component(part):
    described = {
        "type": "library", "bom-ref": part.purl, "name": part.name, "version": part.version, "purl": part.purl,
        "licenses": licences(part.licence.expression), **({"description": part.about} if part.about else {}), **part.fields,
    }
    if part.files:
        described["components"] = [
            {"type": "file", "name": name, "hashes": [{"alg": "SHA-256", "content": digest}]}
            for name, digest in sorted(part.files.items())]
    return described


def licences(expression):
    return [{"expression": expression}] if " " in expression else [{"license": {"id": expression}}]


def bill(name, commit, executable, parts):
    """The SBOM of one executable, as text."""
    distribution, release = system()
    content = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "lifecycles": [{"phase": "build"}],
            "component": {
                "type": "application", "bom-ref": name, "name": name, "version": commit, "licenses": licences("Apache-2.0"),
                "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(executable).hexdigest()}],
            },
        },
        "components": [
            # Scanners look packages up in the advisories of the distribution that this names. Nothing more of it is inside.
            {"type": "operating-system", "bom-ref": "distribution", "name": distribution, "version": release},
            *(component(part) for part in parts.values()),
        ],
        "dependencies": [{"ref": name, "dependsOn": sorted(part.purl for part in parts.values())}],
        "compositions": [{"aggregate": "complete", "assemblies": [name]}],
    }
    # No clock and no chance: another content has another number, the same has the same.
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    content["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_OID, digest).urn
    return json.dumps(content, indent=2, sort_keys=True) + "\n"


HEADER = """\
Notices for the software of others that is linked into these functions
=======================================================================

The functions themselves are under the Apache License, Version 2.0. Each executable also holds software of the projects below,
under their licences and with their notices. Which of them a function holds, in which version, is in its SBOM (sbom.cdx.json).

The GNU C Library is used in the executables; the library and its use are covered by the GNU Lesser General Public License 2.1,
which stands below. Whoever has the source of a function, at the commit that manifest.json names, can link it anew with a changed
version of the library: SECURITY.md, "Licences of what is linked inside", says how.
"""


def notices(parts):
    """The licences and copyright notices of all parts, as text."""
    chapters = [(f"{part.name} {part.version}", f"Licence: {part.licence.expression}\n\n{part.text}") for part in parts.values()]
    names = sorted({name for part in parts.values() for name in part.licence.common})
    chapters += [(name, read(pathlib.Path("/usr/share/common-licenses") / name)) for name in names]
    contents = "\n".join(f"  {title}" for title, _ in chapters)
    line = "=" * 72
    return HEADER + "\nContents\n\n" + contents + "\n" + "".join(f"\n\n{line}\n{title}\n{line}\n\n{text}" for title, text in chapters)


def commit():
    """The commit that is checked out, `-modified` where files differ from it, or `unknown` outside a git clone."""
    try:
        command = ["git", "describe", "--always", "--abbrev=40", "--match=", "--dirty=-modified"]
        described = subprocess.run(command, check=True, capture_output=True, text=True, cwd=REPOSITORY)
        return described.stdout.strip() or "unknown"
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True, help="folder with libraries/, maps/NAME.map and swift/release/NAME")
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--commit", help="what is named as the source (default: the commit checked out)")
    parser.add_argument("names", nargs="+")
    arguments = parser.parse_args()
    origins, source, every = Origins(arguments.build), arguments.commit or commit(), {}
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name in arguments.names:
        map_text = (arguments.build / "maps" / f"{name}.map").read_text(encoding="utf-8", errors="replace")
        parts = parts_of(linked_files(map_text), origins)
        executable = (arguments.build / "swift/release" / name).read_bytes()
        (arguments.output / f"{name}.cdx.json").write_text(bill(name, source, executable, parts), encoding="utf-8")
        every.update(parts)
    (arguments.output / NOTICES).write_text(notices(dict(sorted(every.items()))), encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except Unknown as error:
        sys.exit(f"sbom.py: {error}")
