"""Secrets of every kind, put into a copy of this repository, are found; and what finds them tells nobody what they are."""

import base64
import json
import os
import pathlib
import random
import shutil
import string
import subprocess
import sys
import tempfile
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SCAN = REPOSITORY / ".scripts/supply_chain/secret_scan.py"

CHANCE = random.Random("of the tests")
LETTERS = string.ascii_letters + string.digits


def some(length, alphabet=LETTERS):
    # With a digit in it, as nearly every secret that is drawn has.
    return "".join(CHANCE.choice(alphabet) for _ in range(length - 1)) + "7"


def key_id(kind="AKIA"):
    return kind + some(16, string.ascii_uppercase + "234567")


def part(content):
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def block(label):
    dashes = "-" * 5
    return f"{dashes}BEGIN {label}{dashes}\n{some(64)}\n{some(64)}\n{dashes}END {label}{dashes}\n"


def planted():
    """What is put where, and what has to be said of it: a file, its text, the line of the secret, a word of its kind, the secret."""
    identifier, secret, signature = key_id(), some(40, LETTERS + "/+"), some(64, "0123456789abcdef")
    token, word = [some(32) for _ in range(6)], some(24)
    url = (
        f"https://bucket.s3.eu-west-1.amazonaws.com/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=x%2F20261121&X-Amz-Date="
        f"20261121T000000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature={signature}")
    jwt = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part({'sub': '1234567890', 'name': 'somebody'})}.{some(43)}"
    yield "Sources/Planted.swift", f'\nlet a = Keys(accessKeyID: "{identifier}",\n', 2, "AWS Access Key", identifier
    yield "Sources/PlantedToo.swift", f'\n    secretAccessKey: "{secret}")\n', 2, "Secret Keyword", secret
    yield "planted/credentials", f"[default]\naws_secret_access_key = {secret}\n", 2, "AWS Access Key", secret
    yield "planted/key.txt", "a key:\n" + block("RSA PRIVATE KEY"), 2, "Private key", some(64)
    yield "planted/key8.txt", block("PRIVATE KEY"), 1, "Private key", some(64)
    yield "planted/ssh.txt", block("OPENSSH PRIVATE KEY") + "filling\n" * 2000, 1, "Private key", some(64)
    yield "docs/planted.md", f"Use ghp_{token[0]}abcd to clone.\n", 1, "GitHub Token", token[0]
    yield "docs/planted2.md", f"Use github_pat_{some(22)}_{token[1]}{some(27)}.\n", 1, "Service token", token[1]
    yield "events/planted.json", json.dumps({"bot": f"xoxb-{some(12, '123456789')}-{some(12, '123456789')}-{word}"}), 1, "Slack Token", word
    yield "Tests/planted.py", f"\n\nheaders = ['Bearer {jwt}']\n", 3, "JSON Web Token", jwt
    yield "planted/log.txt", f"GET {url} 200\n", 1, "Presigned URL", signature
    yield "planted/token.txt", "IQoJb3JpZ2luX2VjE" + some(300), 1, "AWS session token", "IQoJb3JpZ2luX2VjE"
    yield "Sources/Assigned.swift", f'let apiToken = "{token[2]}"\n', 1, "Secret Keyword", token[2]
    yield "lambda/templates/planted.yaml", f"Resources:\n  ClientSecret: {token[3]}\n", 2, "Secret Keyword", token[3]
    yield "lambda/profiles/planted.json", json.dumps({"password": token[4]}), 1, "Secret Keyword", token[4]
    yield ".scripts/planted.py", f'API_KEY = "{token[5]}"\n', 1, "Secret Keyword", token[5]
    yield ".scripts/entropy.sh", f'x="{some(64, "0123456789abcdef")}"\n', 1, "Hex High Entropy String", signature
    yield "Sources/Entropy.swift", f'let x = "{some(30) + secret}"\n', 1, "Base64 High Entropy String", secret
    # Where guesses are spared, what has a form is found all the same.
    generated = "Tests/AWSSigningTests/Vectors/header.jsonl"
    lines = (REPOSITORY / generated).read_text(encoding="utf-8")
    yield generated, lines + f'["{key_id("ASIA")}"]\n', lines.count("\n") + 1, "AWS Access Key", identifier
    yield ".scripts/supply_chain/allowed.json", f'{{"generated": {{}}, "values": {{"x": ["{identifier}"]}}}}\n', 1, "AWS Access Key", identifier


def git(folder, *arguments):
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def scan(root, *arguments):
    command = [sys.executable, SCAN, "--root", root, *arguments]
    result = subprocess.run(command, capture_output=True, text=True)
    return result.returncode, result.stdout + result.stderr


class SecretTests(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def test_every_kind_is_found_by_file_line_and_kind_and_is_not_told(self):
        listed = git(REPOSITORY, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
        for name in filter(None, listed):
            if (REPOSITORY / name).is_file():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(REPOSITORY / name, self.folder / name)
        git(self.folder, "init", "--quiet")
        expected = []
        for name, text, line, kind, secret in planted():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text, encoding="utf-8")
            expected.append((f"{name}:{line}: {kind}", secret))
        status, output = scan(self.folder)
        self.assertEqual(status, 1)
        self.assertIn("allowed.json", output)
        for told, secret in expected:
            with self.subTest(told):
                self.assertTrue(told in output.split("\n"), [line for line in output.split("\n") if line.startswith(told.partition(":")[0])])
                self.assertFalse(secret in output)
        # Nothing else is: the tree itself has none.
        files = {told.partition(":")[0] for told, _ in expected}
        others = [line for line in output.split("\n") if ": " in line and line.partition(":")[0] not in {*files, "history"}]
        self.assertEqual([line for line in others if (self.folder / line.partition(":")[0]).is_file()], [])

    def test_what_a_commit_added_and_another_took_away_is_found_by_the_commit(self):
        git(self.folder, "init", "--quiet")
        identifier = key_id()
        (self.folder / "file.txt").write_text(f"id {identifier}\n" + block("EC PRIVATE KEY"))
        git(self.folder, "add", ".")
        git(self.folder, "commit", "--quiet", "-m", "one")
        commit = git(self.folder, "rev-parse", "HEAD").strip()[:12]
        (self.folder / "file.txt").write_text("nothing\n")
        git(self.folder, "commit", "--quiet", "-a", "-m", "two")
        status, output = scan(self.folder)
        self.assertEqual(status, 1, output)
        self.assertIn(f"{commit}:file.txt: AWS Access Key", output)
        self.assertIn(f"{commit}:file.txt: Private key", output)
        self.assertNotIn(identifier, output)

        clone = self.folder / "clone"
        git(self.folder, "clone", "--quiet", "--depth", "1", self.folder.as_uri(), clone)
        status, output = scan(clone)
        self.assertEqual(status, 0, output)
        self.assertIn("history: skipped: this clone is shallow", output)

    def test_a_value_is_allowed_by_itself_alone_and_no_longer_than_it_is_there(self):
        git(self.folder, "init", "--quiet")
        allowed, one, other = self.folder / "allowed.json", key_id(), key_id()
        (self.folder / "file.txt").write_text(f"{one}\n{other}\n")
        (self.folder / ".gitignore").write_text("allowed.json\n")
        allowed.write_text(json.dumps({"generated": {}, "values": {"a reason": [one, "gone"]}}))
        status, output = scan(self.folder, "--allowed", allowed)
        self.assertEqual((status, [line for line in output.split("\n") if line.startswith("file")]), (1, ["file.txt:2: AWS Access Key"]))
        (self.folder / "file.txt").write_text(f"{one}\n")
        git(self.folder, "add", ".")
        git(self.folder, "commit", "--quiet", "-m", "one")
        self.assertEqual(scan(self.folder, "--allowed", allowed)[0], 0)
        status, output = scan(self.folder, "--allowed", allowed, "--unused")
        self.assertEqual(status, 1)
        self.assertIn("gone", output)

    def test_without_a_clone_it_says_what_it_needs(self):
        status, output = scan(self.folder)
        self.assertNotEqual(status, 0)
        self.assertIn("needs a clone", output)


if __name__ == "__main__":
    os.environ.pop("GIT_DIR", None)
    unittest.main(verbosity=2)
