#!/usr/bin/env python3
"""Looks for secrets in every file that git knows or would take, and in what every commit has added.

Each finding is a line with file, line and kind, never with the secret. A value that is none, such as a key of AWS's documentation,
stands in allowed.json beside this file, under the reason.
"""

import argparse
import collections
import fnmatch
import json
import os
import pathlib
import re
import subprocess
import sys

import tools

if __name__ == "__main__":
    tools.use()

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]

# These know a secret by its own form.
FORMS = [
    "ArtifactoryDetector", "AWSKeyDetector", "AzureStorageKeyDetector", "DiscordBotTokenDetector", "GitHubTokenDetector",
    "JwtTokenDetector", "MailchimpDetector", "NpmDetector", "SendGridDetector", "SlackDetector", "SquareOAuthDetector",
    "StripeDetector", "TwilioKeyDetector",
]
OWN = ["PrivateKeyBlock", "PresignedURL", "AWSSessionToken", "ServiceToken"]
# These guess, by the name beside a value or by how random it looks.
GUESSES = {
    "BasicAuthDetector": {}, "KeywordDetector": {}, "Base64HighEntropyString": {"limit": 4.5}, "HexHighEntropyString": {"limit": 3.0},
}
# What the guesses are spared: alphabets and templates. The rest of detect-secrets' own filters would hide `accessKeyID: "…"`.
FILTERS = ["detect_secrets.filters.heuristic.is_sequential_string", "detect_secrets.filters.heuristic.is_templated_secret"]

ADVICE = """\
Take each out of the file and make it invalid where it is valid: whatever has been committed stays in the history. What is no secret
(a value of a documentation, of a test) goes to .scripts/supply_chain/allowed.json, exactly as it is, under the reason."""

Finding = collections.namedtuple("Finding", "file line kind value")


def settings():
    own = [{"name": name, "path": (HERE / "detectors.py").as_uri()} for name in OWN]
    plugins = [{"name": name} for name in FORMS] + own + [{"name": name, **options} for name, options in GUESSES.items()]
    return transient_settings({"plugins_used": plugins, "filters_used": [{"path": path} for path in FILTERS]})


class Allowed:
    """What is known to be no secret. `used` grows to the values that have been come across."""

    def __init__(self, path):
        content = json.loads(path.read_text(encoding="utf-8"))
        self.values = {value for values in content["values"].values() for value in values}
        self.generated = [pattern for patterns in content["generated"].values() for pattern in patterns]
        self.used = set()
        self.file = path.resolve()

    def permits(self, finding):
        if finding.value in self.values:
            self.used.add(finding.value)
            return True
        if finding.kind in GUESSED_KINDS and any(fnmatch.fnmatch(finding.file, pattern) for pattern in self.generated):
            return True
        return finding.kind == "Secret Keyword" and is_plain(finding.value)


GUESSED_KINDS = {"Basic Auth Credentials", "Secret Keyword", "Base64 High Entropy String", "Hex High Entropy String"}


def is_plain(value):
    """Whether what stands beside a word such as `token` is too short to be a secret, words, a name in AWS, or an expression."""
    return len(value) < 8 or re.fullmatch(r"[a-z]+([ ._/-][a-z]+)*", value) or re.match(r"arn:|!\w|\\\(|.*[{}]{2}", value)


def tracked(root):
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if listed.returncode != 0:
        sys.exit(f"git could not list the files of {root}: {listed.stderr.strip()} The scan needs a clone.")
    return [name for name in sorted(set(listed.stdout.split("\0")) - {""}) if (root / name).is_file()]


def in_files(root, names):
    """What is found in files: everything that is not allowed yet."""
    os.chdir(root)
    for name in names:
        # A secret that several plugins find is told by the kind that knows it best.
        for secret in scan_file(name):
            yield Finding(name, secret.line_number, secret.type, secret.secret_value)


def in_history(root):
    """What the commits have added, by the plugins that know forms; guesses at every old line would be too many."""
    classes = get_mapping_from_secret_type_to_class().values()
    plugins = [each() for each in classes if each.__name__ in FORMS + OWN]
    log = subprocess.Popen(
        ["git", "log", "-p", "--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--format=commit %H", "HEAD"],
        cwd=root, stdout=subprocess.PIPE, text=True, errors="replace")
    commit, file, seen = "", "", set()
    for line in log.stdout:
        if line.startswith("commit "):
            commit = line.split()[1]
        elif line.startswith("+++ "):
            file = line[4:].strip().removeprefix("b/")
        elif line.startswith("+") and line not in seen:
            seen.add(line)
            for plugin in plugins:
                for value in plugin.analyze_string(line[1:].rstrip("\n")):
                    yield Finding(f"{commit[:12]}:{file}", None, plugin.secret_type, value)
    if log.wait() != 0:
        sys.exit("git log failed; its message above says why.")


def why_not_history(root):
    """Why the history cannot be looked at; nil when it can."""
    def answer(*command):
        return subprocess.run(["git", *command], cwd=root, capture_output=True, text=True).stdout.strip()
    if answer("rev-parse", "--is-shallow-repository") == "true":
        return "this clone is shallow; `git fetch --unshallow` gets the rest"
    return None if answer("rev-parse", "--verify", "--quiet", "HEAD") else "there is no commit yet"


def told(findings):
    """One line each, in order, one kind for the same value at the same place. The value stays out."""
    kinds = {}
    for finding in findings:
        kinds.setdefault((finding.file, finding.line or 0, finding.value), []).append(finding.kind)
    best = {place: sorted(kinds, key=lambda kind: (kind in GUESSED_KINDS, kind))[0] for place, kinds in kinds.items()}
    lines = sorted({(file, line, kind) for (file, line, _), kind in best.items()})
    return [f"{file}:{line}: {kind}" if line else f"{file}: {kind}" for file, line, kind in lines]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path, default=REPOSITORY, help="another clone than this one")
    parser.add_argument("--allowed", type=pathlib.Path, default=HERE / "allowed.json")
    parser.add_argument("--unused", action="store_true", help="fail too where a value is allowed that is nowhere")
    arguments = parser.parse_args()
    root, allowed = arguments.root.resolve(), Allowed(arguments.allowed)
    with settings():
        names = [name for name in tracked(root) if (root / name).resolve() != allowed.file]
        findings = [each for each in in_files(root, names) if not allowed.permits(each)]
        reason = why_not_history(root)
        if reason is None:
            findings += [each for each in in_history(root) if not allowed.permits(each)]
    lines = told(findings)
    print(*lines, sep="\n")
    if lines:
        print(ADVICE)
    print(f"history: {'looked at' if reason is None else f'skipped: {reason}'}")
    print(f"{len(names)} files: {len(lines)} findings")
    unused = sorted(allowed.values - allowed.used) if arguments.unused and reason is None else []
    if unused:
        print("Allowed, but nowhere to be found: take it out of allowed.json:", *unused, sep="\n  ")
    return 1 if lines or unused else 0


if __name__ == "__main__":
    sys.exit(main())
