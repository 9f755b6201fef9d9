#!/usr/bin/env python3
"""Looks for secrets in every file that git knows or would take, and in what every commit has added.

Each finding is a line with file, line and kind, never with the secret. A value that is none, such as a key of AWS's documentation,
stands in allowed.json beside this file, under the reason.
"""

import argparse
import collections
import concurrent.futures
import fnmatch
import itertools
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

Finding = collections.namedtuple("Finding", "commit file line kind value")


def plugins(guesses):
    own = [{"name": name, "path": (HERE / "detectors.py").as_uri()} for name in OWN]
    used = [{"name": name} for name in FORMS] + own + [{"name": name, **options} for name, options in guesses.items()]
    return transient_settings({"plugins_used": used, "filters_used": [{"path": path} for path in FILTERS]})


class Allowed:
    """What is known to be no secret. `used` grows to the values that have been come across."""

    def __init__(self, path):
        content = json.loads(path.read_text(encoding="utf-8"))
        self.values = {value for values in content["values"].values() for value in values}
        self.generated = [pattern for patterns in content["generated"].values() for pattern in patterns]
        self.used = set()

    def generates(self, name):
        return any(fnmatch.fnmatch(name, pattern) for pattern in self.generated)

    def permits(self, finding):
        if finding.value in self.values:
            self.used.add(finding.value)
            return True
        if finding.kind in SPARED and self.generates(finding.file):
            return True
        return finding.kind == "Secret Keyword" and is_plain(finding.value)


GUESSED = {"Basic Auth Credentials", "Secret Keyword", "Base64 High Entropy String", "Hex High Entropy String"}
# What files that a script has written may hold by the thousand.
SPARED = {*GUESSED, "Presigned URL", "Azure Storage Account access key"}


def is_plain(value):
    """Whether what stands beside a word such as `token` is none: short, words, a name in AWS or an expression."""
    wordy = re.fullmatch(r"[a-z]+([._/-][a-z]+)*", value) or re.search(r"\s", value)
    short = len(value) < 8 or (len(value) < 20 and not re.search(r"\d", value))
    return bool(short or wordy or re.match(r"arn:|!\w|.*(\}\}|\\\()", value))


def tracked(root):
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if listed.returncode != 0:
        sys.exit(f"git could not list the files of {root}: {listed.stderr.strip()} The scan needs a clone.")
    return [name for name in sorted(set(listed.stdout.split("\0")) - {""}) if (root / name).is_file()]


def in_some(root, names, guesses):
    os.chdir(root)
    with plugins(guesses):
        return [
            Finding(None, name, secret.line_number, secret.type, secret.secret_value) for name in names for secret in scan_file(name)]


def in_files(root, names, guesses):
    """What is found in files, whether it is allowed or not. Every core takes a share."""
    shares = [names[start::os.cpu_count()] for start in range(os.cpu_count())]
    with concurrent.futures.ProcessPoolExecutor() as pool:
        for found in pool.map(in_some, itertools.repeat(root), shares, itertools.repeat(guesses)):
            yield from found


def in_history(root):
    """What the commits have added, by the plugins that know forms; guesses at every old line would be too many."""
    with plugins({}):
        detectors = [each() for each in get_mapping_from_secret_type_to_class().values() if each.__name__ in FORMS + OWN]
    log = subprocess.Popen(
        ["git", "log", "-c", "-p", "--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--format=commit %H", "HEAD"],
        cwd=root, stdout=subprocess.PIPE, text=True, errors="replace")
    commit, file, seen = "", "", set()
    for line in log.stdout:
        if line.startswith("commit "):
            commit = line.split()[1]
        elif line.startswith("+++ "):
            file = line[4:].strip().removeprefix("b/")
        elif line.startswith("+") and line not in seen:
            seen.add(line)
            for detector in detectors:
                for value in detector.analyze_string(line[1:].rstrip("\n")):
                    yield Finding(commit[:12], file, None, detector.secret_type, value)
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
    """One line for each value at each place, of the kind that knows it best. The value stays out."""
    kinds = {}
    for finding in findings:
        kinds.setdefault((finding.commit or "", finding.file, finding.line or 0, finding.value), []).append(finding.kind)
    best = sorted({(*place[:3], min(found, key=lambda kind: (kind in GUESSED, "Entropy" in kind, kind))) for place, found in kinds.items()})
    return [f"{commit}:{file}: {kind}" if commit else f"{file}:{line}: {kind}" for commit, file, line, kind in best]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path, default=REPOSITORY, help="another clone than this one")
    parser.add_argument("--allowed", type=pathlib.Path, default=HERE / "allowed.json")
    parser.add_argument("--unused", action="store_true", help="fail too where a value is allowed that is nowhere")
    arguments = parser.parse_args()
    root, allowed = arguments.root.resolve(), Allowed(arguments.allowed)
    names = tracked(root)
    generated = [name for name in names if allowed.generates(name)]
    findings = [*in_files(root, sorted(set(names) - set(generated)), GUESSES), *in_files(root, generated, {})]
    reason = why_not_history(root)
    if reason is None:
        findings += in_history(root)
    findings = [each for each in findings if not allowed.permits(each)]
    lines = told(findings)
    if lines:
        print(*lines, ADVICE, sep="\n")
    print(f"history: {'looked at' if reason is None else f'skipped: {reason}'}")
    print(f"{len(names)} files: {len(lines)} findings")
    unused = sorted(allowed.values - allowed.used) if arguments.unused and reason is None else []
    if unused:
        print("Allowed, but nowhere to be found: take it out of allowed.json:", *unused, sep="\n  ")
    return 1 if lines or unused else 0


if __name__ == "__main__":
    sys.exit(main())
