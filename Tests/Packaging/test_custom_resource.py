#!/usr/bin/env python3
"""A packaged custom resource and the mishaps around it. In every row CloudFormation gets one valid answer, in time.

The local tool plays CloudFormation, S3 and Lambda's queue; the table of what happened is printed at the end.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

from functions import unpacked

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))
from local_stack import local_tool  # noqa: E402  (the other folder of tests has it)

QUICK = ["--retry-delay", "0.05"]
WATCHED = [*QUICK, "--failure-destination"]


class CustomResource(unittest.TestCase):
    rows = []

    @classmethod
    def tearDownClass(cls):
        print(f"\n{'mishap':<44} outcome  puts  duplicates  invocations  retries  hand-overs  records  seconds")
        for name, report in cls.rows:
            counts = report["counts"]
            print(
                f"{name:<44} {report['outcome']:<7}  {counts['puts']:>4}  {counts['duplicateAnswers']:>10}  "
                f"{counts['invocations']:>11}  {counts['retries']:>7}  {counts['handOvers']:>10}  "
                f"{counts['failureRecords']:>7}  "
                f"{report['answeredAfterSeconds']:>7}")

    def play(self, name, outcome, properties=None, options=(), kind="Create", **members):
        event = {"RequestType": kind, "ResourceType": "Custom::Greeting", **members,
                 "ResourceProperties": {"Name": "Ada"} if properties is None else properties}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(event, file)
            file.flush()
            answer = subprocess.run(
                [local_tool(), "cloudformation", unpacked("example-resource"), file.name, *options],
                capture_output=True, text=True, timeout=120)
        self.assertTrue(answer.stdout, answer.stderr)
        report = json.loads(answer.stdout)
        self.assertEqual(report["outcome"], outcome, answer.stdout + answer.stderr)
        self.assertEqual(answer.returncode, 0 if outcome == "SUCCESS" else 1)
        self.assertEqual(report["counts"]["validAnswers"], 1)
        self.rows.append((name, report))
        return report

    def test_nothing_goes_wrong(self):
        report = self.play("none", "SUCCESS", options=["--attribute", "Greeting"])
        self.assertEqual(report["counts"]["puts"], 1)

    def test_the_process_is_killed_at_work(self):
        for kills in 1, 2:
            report = self.play(f"killed {kills} times", "SUCCESS", {"Name": "Ada", "Kills": kills}, WATCHED)
            self.assertEqual(report["counts"]["puts"], 1)
            self.assertEqual(report["counts"]["retries"], kills)

    def test_the_process_is_killed_every_time_and_its_delete_finds_what_it_left(self):
        report = self.play("killed every time", "FAILED", {"Name": "Ada", "Kills": 9}, WATCHED)
        self.assertIn("in 3 tries", report["message"])
        self.assertEqual(report["counts"]["failureRecords"], 1)
        self.play(
            "its delete in the rollback", "SUCCESS", kind="Delete",
            PhysicalResourceId=report["answer"]["PhysicalResourceId"])

    def test_the_process_is_killed_as_it_answers(self):
        report = self.play("killed as it answers", "SUCCESS", options=[*WATCHED, "--kill", "answer:2"])
        self.assertEqual(report["counts"]["duplicateAnswers"], 2)

    def test_the_place_of_answers_fails(self):
        for fault in "500:3", "403:2", "reset:3", "slow:1":
            options = [*WATCHED, "--response-fault", fault, "--slow-delay", "1"]
            report = self.play(f"answers meet {fault}", "SUCCESS", options=options)
            self.assertEqual(report["counts"]["duplicateAnswers"], 0)
            self.assertEqual(report["counts"]["invocations"], 1)

    def test_the_request_is_delivered_twice(self):
        self.play("delivered twice at once", "SUCCESS", options=[*WATCHED, "--duplicate"])
        report = self.play("delivered again afterwards", "SUCCESS", options=[*WATCHED, "--duplicate-afterwards"])
        self.assertEqual(report["counts"]["puts"], 1)

    def test_time_runs_out(self):
        slow = {"Name": "Ada", "Seconds": 600}
        report = self.play("CloudFormation's time", "FAILED", slow, [*WATCHED, "--service-timeout", "5"])
        self.assertLess(report["answeredAfterSeconds"], 5)

    def test_work_that_outlasts_an_invocation_goes_on_in_others(self):
        # Half of so short an invocation is kept for its end: each does two seconds of the work at most.
        longer = {"Name": "Ada", "Seconds": 6}
        report = self.play("work of several invocations", "SUCCESS", longer, [*WATCHED, "--timeout", "4"])
        self.assertGreaterEqual(report["counts"]["handOvers"], 2)
        self.assertEqual(report["counts"]["puts"], 1)
        report = self.play(
            "killed as it hands over", "SUCCESS", longer, [*WATCHED, "--timeout", "4", "--kill", "hand-over"])
        self.assertGreaterEqual(report["counts"]["retries"], 1)
        report = self.play("no end after eight hand-overs", "FAILED", {"Name": "Ada", "Seconds": 600}, [*WATCHED, "--timeout", "2"])
        self.assertEqual(report["counts"]["handOvers"], 8)
        self.assertIn("handed over 8 times", report["message"])

    def test_properties_are_wrong(self):
        report = self.play("wrong properties", "FAILED", {"Nmae": "Ada", "Seconds": "soon"}, WATCHED)
        for problem in "Name is missing", "did you mean Name?", 'Seconds is "soon"':
            self.assertIn(problem, report["message"])
        self.play(
            "its delete in the rollback", "SUCCESS", {"Nmae": "Ada", "Seconds": "soon"}, kind="Delete",
            PhysicalResourceId=report["answer"]["PhysicalResourceId"])

    def test_the_id_was_made_up_by_cloudformation(self):
        self.play("an id that was made up", "SUCCESS", kind="Delete")

    def test_an_update_replaces_what_has_another_name(self):
        report = self.play(
            "an update to another name", "SUCCESS", {"Name": "Grace"}, kind="Update",
            PhysicalResourceId="greeting/Ada", OldResourceProperties={"Name": "Ada"})
        self.assertEqual(report["answer"]["PhysicalResourceId"], "greeting/Grace")


if __name__ == "__main__":
    unittest.main(verbosity=2)
