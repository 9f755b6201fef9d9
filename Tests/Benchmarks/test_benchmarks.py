"""The benchmark measures what it says, notices wrong answers, and its table is complete. No time is judged."""

import contextlib
import io
import json
import sys
import unittest
from unittest import mock

import bench
import documents
from contest import REPOSITORY, Bench, function_environment
from results import MICROSECONDS, PER_SECOND, Row, in_turns, table

SIGNING = REPOSITORY / ".build/debug/signing-benchmark"


class ResultTests(unittest.TestCase):
    def test_a_ratio_above_one_is_in_our_favour_whichever_way_is_better(self):
        self.assertEqual(Row("part", "time", MICROSECONDS, [1, 2], "peer", [3, 4]).ratios(), [3, 2])
        self.assertEqual(Row("part", "rate", PER_SECOND, [3, 4], "peer", [1, 2]).ratios(), [3, 2])

    def test_ratios_are_of_the_same_round_and_the_table_has_their_median_and_range(self):
        row = Row("part", "time", MICROSECONDS, [1e-6, 1e-6, 10e-6], "peer", [2e-6, 4e-6, 30e-6])
        self.assertEqual(row.cells(), ["time", "1.00 µs", "4.00 µs", "peer", "3.00", "2.00 – 4.00"])

    def test_what_was_not_measured_is_a_dash_and_no_ratio(self):
        text = table([Row("part", "time", MICROSECONDS, [1e-6], "peer", [])])
        self.assertEqual([cell.strip() for cell in text.splitlines()[-1].split("|")[1:-1]], ["time", "1.00 µs", "–", "peer", "–", ""])

    def test_each_contestant_runs_once_a_round_and_goes_first_in_turn(self):
        order = []
        in_turns(2, {"a": lambda: order.append("a"), "b": lambda: order.append("b")})
        self.assertEqual(order, ["a", "b", "b", "a"])


class MeasuringTests(unittest.TestCase):
    def setUp(self):
        self.bench = Bench(sys.executable, quick=True, signing=SIGNING)
        self.addCleanup(self.bench.close)
        self.echo = [self.bench.bootstrap("example-echo")], function_environment("example-echo")

    def test_a_wrong_answer_ends_the_measurement(self):
        event = self.bench.file("event.json", {"a": 1})
        with self.assertRaisesRegex(RuntimeError, "6 wrong answers"):
            self.bench.invoke(*self.echo, event, 5, 1, text="what an echo never says")

    def test_a_function_that_ends_is_said_to_have_ended(self):
        with self.assertRaisesRegex(RuntimeError, "ended; its log"):
            self.bench.invoke(["/bin/false"], {}, self.bench.file("event.json", {}), 5, 1)

    def test_processor_time_and_memory_are_those_of_the_function(self):
        seen = self.bench.invoke(*self.echo, self.bench.file("event.json", {"a": 1}), 100, 10)
        # More than nothing, and no more than one processor gives in the time that it took.
        self.assertGreater(seen.processor, 1e-6)
        self.assertLess(seen.processor, 1 / seen.per_second)
        self.assertGreater(seen.peak_bytes, 1_000_000)
        self.assertLess(seen.to_next, seen.to_answer)


class TableTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        records, printed = REPOSITORY / ".build/benchmark.json", io.StringIO()
        arguments = ["bench.py", "--quick", "--python", sys.executable, "--signing", str(SIGNING), "--json", str(records)]
        with mock.patch.object(sys, "argv", arguments), contextlib.redirect_stdout(printed):
            bench.main()
        cls.records, cls.text = json.loads(records.read_text(encoding="utf-8")), printed.getvalue()

    def test_every_part_has_its_rows(self):
        rows = {}
        for record in self.records:
            rows.setdefault(record["part"], []).append(record["what"])
        self.assertEqual({part: len(lines) for part, lines in rows.items()}, {
            "runtime: an echo": 12, "start of the process": 11, "proxy: one request at a time": 18, "proxy: four requests at a time": 4,
            "signing (SigV4)": 3, "package": 3, "a large VPC is cleaned": 1})

    def test_all_of_ours_is_measured_and_every_peer_that_is_installed(self):
        for record in self.records:
            if record["part"] == "a large VPC is cleaned":
                continue
            with self.subTest(record["what"], peer=record["peer"]):
                self.assertTrue(record["ours"] and min(record["ours"]) > 0, record)
                if record["peer"] in ("libcurl in C", "Flask, gunicorn (4 workers)", "botocore"):
                    self.assertTrue(record["theirs"] and min(record["theirs"]) > 0, record)
                    self.assertEqual(len(record["ratios"]), len(record["ours"]))

    def test_the_table_shows_each_row(self):
        self.assertEqual(documents.shown(self.text), self.rows())

    def test_the_tables_of_the_documents_are_of_these_rows(self):
        for name in documents.NAMES:
            listed = documents.shown((REPOSITORY / name).read_text(encoding="utf-8"))
            with self.subTest(name):
                self.assertEqual(listed, [row for row in self.rows() if row in listed])
                self.assertGreater(len(listed), 12)
        self.assertEqual(listed, self.rows())

    def rows(self):
        return [(record["part"], record["what"], record["peer"]) for record in self.records]


if __name__ == "__main__":
    unittest.main()
