#!/usr/bin/env python3
"""Prints the machine's package sources as one-line entries for apt, each with a `deb-src` twin.

Reads /etc/apt/sources.list, *.list (one line each) and *.sources (deb822 stanzas). With --release NAME, only entries of the
machine's own release remain, and only its main suite, renamed: how an older release's packages are found on the same mirror.
"""

import argparse
import glob
import re


def os_release():
    """The release's code name, such as `bookworm`."""
    with open("/etc/os-release", encoding="utf-8") as file:
        return dict(re.findall(r'^(\w+)="?([^"\n]*)', file.read(), re.M)).get("VERSION_CODENAME", "")


def one_line_entries(text):
    """Yields (options, URI, suite, components) of a `.list` file."""
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[([^]]*)\]\s+)?(\S+)\s+(\S+)\s*([^#]*)", line)
        if match:
            options, uri, suite, components = match.groups()
            yield (options or "").split(), uri, suite, components.split()


def deb822_entries(text):
    """Yields the same of a `.sources` file. A key written into the file itself has no one-line form: such a stanza is left out."""
    text = re.sub(r"^#.*\n", "", text, flags=re.M)
    for stanza in re.split(r"\n\s*\n", text):
        pairs = re.findall(r"^([\w-]+):[ \t]*((?:.*)(?:\n[ \t]+.*)*)", stanza, re.M)
        fields = {name.lower(): value.split() for name, value in pairs}
        if "deb" not in fields.get("types", []) or fields.get("enabled") == ["no"]:
            continue
        signed_by = fields.get("signed-by", [])
        if signed_by and not signed_by[0].startswith("/"):
            continue
        options = ["signed-by=" + ",".join(signed_by)] if signed_by else []
        if fields.get("trusted"):
            options.append("trusted=" + fields["trusted"][0])
        for uri in fields.get("uris", []):
            for suite in fields.get("suites", []):
                yield options, uri, suite, fields.get("components", [])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--release", help="another release of this distribution, such as bullseye")
    release = parser.parse_args().release
    own = os_release()
    readers = [("/etc/apt/sources.list", one_line_entries)]
    readers += [(path, one_line_entries) for path in sorted(glob.glob("/etc/apt/sources.list.d/*.list"))]
    readers += [(path, deb822_entries) for path in sorted(glob.glob("/etc/apt/sources.list.d/*.sources"))]
    seen = set()
    for path, read in readers:
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                text = file.read()
        except OSError:
            continue
        for options, uri, suite, components in read(text):
            if release:
                if suite != own:
                    continue
                suite = release
            bracket = f"[{' '.join(options)}] " if options else ""
            entry = f"{bracket}{uri} {suite} {' '.join(components)}".rstrip()
            if entry not in seen:
                seen.add(entry)
                print(f"deb {entry}\ndeb-src {entry}")


if __name__ == "__main__":
    main()
