"""What the documents say is there: links, tests, commands, settings, metrics, and sums that are right."""

import pathlib
import re
import unittest

import markdown

DOCUMENTS = {name: markdown.read(name) for name in markdown.documents()}
SECURITY, OPERATIONS, COST = "docs/security.md", "docs/operations.md", "docs/cost.md"


def sources(folder, ending):
    return {name: markdown.read(name) for name in markdown.tracked() if name.startswith(folder) and name.endswith(ending)}


class Tree:
    """The tests and scans that there are."""

    def __init__(self):
        self.swift = {}
        for text in sources("Tests/", ".swift").values():
            # Each part begins with a suite's name.
            for part in re.split(r"\b(?:struct|class|enum|extension) (?=\w+Tests\b)", text)[1:]:
                suite = re.match(r"\w+", part).group()
                self.swift.setdefault(suite, set()).update(re.findall(r"func (\w+)\(", part))
        self.python = {}
        for name, text in sources("Tests/", ".py").items():
            words = set(re.findall(r"(?:def|class) (\w+)", text))
            self.python.setdefault(pathlib.Path(name).name, set()).update(words)

    def problem(self, proof, suite=None):
        """Why a proof cannot be; nil when it is there. `suite` stands for `…`."""
        if found := re.fullmatch(r"(\w+|…)/(\w+)", proof):
            name = suite if found.group(1) == "…" else found.group(1)
            return None if found.group(2) in self.swift.get(name, ()) else "there is no such test in Swift"
        if found := re.fullmatch(r"(test_\w+\.py)((?: [\w.]+)*)", proof):
            if found.group(1) not in self.python:
                return "there is no such script"
            missing = [part for word in found.group(2).split() for part in word.split(".") if part not in self.python[found.group(1)]]
            return f"{found.group(1)} has no {missing}" if missing else None
        if re.fullmatch(r"check\.py(?: (?:CKV\w+|CT\.\w+\.PR\.\d+))*", proof):
            return None if (markdown.REPOSITORY / ".scripts/templates/check.py").is_file() else "the scan is not there"
        if re.fullmatch(r"\w+Tests", proof):
            return None if proof in self.swift else "there is no such suite"
        return "this is no form of a proof"


class LinkTests(unittest.TestCase):
    def test_every_relative_link_and_anchor_leads_somewhere(self):
        count = sum(len(markdown.links(text)) for text in DOCUMENTS.values())
        self.assertGreater(count, 50)
        self.assertEqual([problem for name, text in DOCUMENTS.items() for problem in markdown.broken(name, text)], [])

    def test_a_broken_link_and_a_missing_heading_are_found(self):
        text = "# One two\n[a](nowhere.md) [b](#one-two) [c](#three) [d](README.md#no-such-heading)\n```\n[e](neither.md)\n```\n"
        found = markdown.broken("README.md", text)
        self.assertEqual(len(found), 3, found)


class ProofTests(unittest.TestCase):
    def setUp(self):
        self.tree = Tree()

    def proofs(self, cell):
        """The code in a cell: names of tests and scans, and a suite for `…`."""
        suite, found = None, []
        for proof in re.findall(r"`([^`]+)`", cell):
            if "/" in proof and not proof.startswith("…"):
                suite = proof.split("/")[0]
            found.append((proof, suite))
        return found

    def test_every_row_of_the_hardening_table_names_a_check_that_exists(self):
        table = markdown.rows(markdown.section(DOCUMENTS[SECURITY], "Hardening, line by line"))
        self.assertGreater(len(table), 35)
        for row in table:
            with self.subTest(row[0]):
                self.assertEqual(len(row), 4)
                self.assertRegex(row[1], r"^(done|yours|optional|kept)\b")
                proofs = self.proofs(row[3])
                self.assertTrue(proofs or markdown.links(row[3]), "names neither a check nor a section of a document")
                for proof, suite in proofs:
                    self.assertIsNone(self.tree.problem(proof, suite), proof)

    def test_every_test_that_a_document_names_exists(self):
        count = 0
        for name, text in DOCUMENTS.items():
            for row in markdown.rows(text):
                for cell in row[1:]:
                    for proof, suite in self.proofs(cell):
                        if re.fullmatch(r"(\w+Tests|…)/\w+|test_\w+\.py( [\w.]+)*", proof):
                            count += 1
                            with self.subTest(document=name, test=proof):
                                self.assertIsNone(self.tree.problem(proof, suite))
        self.assertGreater(count, 40)

    def test_a_proof_that_is_not_there_is_found(self):
        for proof in ("SignInTests/nobody", "NoTests/any", "test_nothing.py", "test_documents.py LinkTests.test_no", "trust us", "NoSuchTests"):
            self.assertIsNotNone(self.tree.problem(proof), proof)
        for proof in ("SignInTests/aForgedTokenReachesNothing", "test_documents.py LinkTests", "HostileEventTests"):
            self.assertIsNone(self.tree.problem(proof), proof)


class SettingTests(unittest.TestCase):
    NAME = r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+"

    def documented(self, function):
        """The variables of the table under "Settings"."""
        table = markdown.rows(markdown.section(DOCUMENTS[f"lambda/{function}/README.md"], "Settings"))
        return {name for row in table for name in re.findall(rf"`({self.NAME})`", row[0])}

    def read_by_sources(self):
        found = set()
        services = set()
        for text in sources("Sources/", ".swift").values():
            found |= set(re.findall(rf'"({self.NAME})"', text))
            services |= set(re.findall(r'environmentName: "(\w+)"', text))
        return found | {f"AWS_ENDPOINT_URL_{service}" for service in services}

    def test_every_documented_variable_is_read(self):
        known = self.read_by_sources()
        for name in sorted(DOCUMENTS):
            if re.fullmatch(r"lambda/[\w-]+/README\.md", name):
                function = name.split("/")[1]
                for variable in sorted(self.documented(function)):
                    with self.subTest(function=function, variable=variable):
                        self.assertIn(variable, known)
        self.assertGreater(len(self.documented("mlflow-proxy")), 12)

    def test_every_variable_that_the_proxy_reads_is_documented(self):
        read = set()
        for text in sources("Sources/MLflowProxy/", ".swift").values():
            read |= set(re.findall(r'"((?:PROXY|MLFLOW|SAGEMAKER)_[A-Z_]+)"', text))
        self.assertEqual(read - self.documented("mlflow-proxy"), set())
        self.assertGreater(len(read), 12)

    def test_a_document_names_no_setting_of_the_proxy_that_there_is_not(self):
        known = self.documented("mlflow-proxy")
        for name, text in DOCUMENTS.items():
            for variable in sorted(set(re.findall(r"\bPROXY_[A-Z_]+[A-Z]\b", text))):
                with self.subTest(document=name, variable=variable):
                    self.assertIn(variable, known)


class OperationTests(unittest.TestCase):
    def test_the_metrics_are_those_of_the_proxy(self):
        text = markdown.read("Sources/MLflowProxy/Metrics/RequestMetrics.swift")
        sent = set(re.findall(r'"([A-Z][a-z]\w+)"', text)) - {
            "FunctionName", "StatusClass", "Reason", "Timestamp", "CloudWatchMetrics", "Namespace", "Dimensions", "Metrics", "Name", "Unit",
            "Milliseconds", "Bytes", "Count", "Latency", "MLflowProxy"}
        table = markdown.rows(markdown.section(DOCUMENTS[OPERATIONS], "Metrics of the proxy"))
        self.assertEqual({name for row in table for name in re.findall(r"`(\w+)`", row[0])}, sent)

    def test_the_log_fields_are_those_of_the_request_record(self):
        text = markdown.read("Sources/MLflowProxy/AccessLog.swift")
        written = set(re.findall(r'(?:metadata\[)?"(\w+)"(?:\] =|: )', text))
        table = markdown.rows(markdown.section(DOCUMENTS[OPERATIONS], "Fields of the log"))
        named = {name for row in table for name in re.findall(r"`(\w+)`", row[0])}
        self.assertGreater(len(written), 10)
        self.assertEqual(written - named, set())
        self.assertEqual(named - written - {"requestId", "timestamp", "level", "message", "Reason"}, set())

    def test_every_command_of_build_sh_is_one(self):
        usage = set(re.findall(r"^  (\w+) ", re.search(r"cat <<'USAGE'\n(.*?)^USAGE", markdown.read("build.sh"), re.M | re.S).group(1), re.M))
        self.assertIn("test", usage)
        for name, text in DOCUMENTS.items():
            if name.startswith("docs/"):
                for command in sorted(set(re.findall(r"\./build\.sh (\w+)", text))):
                    with self.subTest(document=name, command=command):
                        self.assertIn(command, usage)

    def test_shell_in_the_documents_is_shell(self):
        import subprocess
        for name in sorted(DOCUMENTS):
            if name.startswith("docs/"):
                for block in re.findall(r"^```sh\n(.*?)^```", DOCUMENTS[name], re.M | re.S):
                    with self.subTest(document=name, block=block[:60]):
                        result = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True)
                        self.assertEqual(result.returncode, 0, result.stderr)


class SumTests(unittest.TestCase):
    TERM = r"[$]?\d[\d,]*(?:\.\d+)?%?"
    SUM = re.compile(rf"({TERM}(?: [×+/−] {TERM})+) = ({TERM})")

    def value(self, text):
        return float(text.strip("$%").replace(",", ""))

    def test_every_sum_of_the_costs_is_right(self):
        sums = self.SUM.findall(DOCUMENTS[COST])
        self.assertGreater(len(sums), 20)
        for terms, result in sums:
            with self.subTest(f"{terms} = {result}"):
                parts = re.split(r" ([×+/−]) ", terms)
                formula = "".join({"×": "*", "+": "+", "/": "/", "−": "-"}.get(part) or str(self.value(part)) for part in parts)
                digits = len(result.partition(".")[2])
                self.assertAlmostEqual(eval(formula), self.value(result), delta=0.5000001 * 10 ** -digits)  # noqa: S307 (numbers alone)


class WordTests(unittest.TestCase):
    # Put together, so that this file is not found itself.
    FORBIDDEN = [r"(?<![\w.)}*-])/" + r"work/[\w.]", r"/tmp/bash" + "_jobs", r"/home/\w+/" + r"\w", "users.noreply" + ".h-"]

    def test_no_file_names_a_folder_of_the_machine_it_was_written_on(self):
        for name in markdown.tracked():
            if name.endswith((".md", ".py", ".sh", ".swift", ".yaml", ".yml", ".json", ".txt")):
                text = markdown.read(name)
                for pattern in self.FORBIDDEN:
                    with self.subTest(file=name, pattern=pattern):
                        self.assertIsNone(re.search(pattern, text))

    def test_packages_come_from_no_particular_registry(self):
        for name in markdown.tracked():
            if pathlib.Path(name).name.startswith(("requirements", "test.py", "build.sh")) or name.endswith(".md"):
                with self.subTest(file=name):
                    self.assertNotRegex(markdown.read(name), r"--index-url|--extra-index-url|https?://[^\s/]+/(?:\S+/)?simple\b")

    def test_paragraphs_of_the_documents_are_narrow(self):
        for name in ("docs/security.md", OPERATIONS, COST, "docs/portal-embedding.md", "docs/migrating.md", "docs/account-baseline.md", "SECURITY.md"):
            for number, line in enumerate(DOCUMENTS[name].split("\n"), 1):
                if not line.startswith("|"):
                    with self.subTest(document=name, line=number):
                        self.assertLess(len(line), 130)


if __name__ == "__main__":
    unittest.main()
