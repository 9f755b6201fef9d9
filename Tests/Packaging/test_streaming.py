#!/usr/bin/env python3
"""A packaged function that streams its answer, under the local emulator, which reads the chunks and their trailers."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

from functions import unpacked

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))
from local_stack import local_tool  # noqa: E402  (the other folder of tests has it)


class Streaming(unittest.TestCase):
    def invoke(self, event):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write(event)
            file.flush()
            return subprocess.run(
                [local_tool(), "invoke", unpacked("example-stream"), file.name], capture_output=True, text=True, timeout=60)

    def test_the_pieces_arrive_in_order_and_whole(self):
        answer = self.invoke('{"count": 12}')
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(answer.stdout.split(), [str(number) for number in range(12, 0, -1)])

    def test_an_error_in_the_middle_is_told_in_the_trailers(self):
        answer = self.invoke('{"count": 20}')
        self.assertEqual(answer.returncode, 1, answer.stderr)
        self.assertIn("Function.BadLuck", answer.stdout + answer.stderr)
        self.assertIn("thirteen came up", answer.stdout + answer.stderr)

    def test_an_error_before_the_first_piece_is_an_ordinary_one(self):
        answer = self.invoke('{"count": 13}')
        self.assertEqual(answer.returncode, 1, answer.stderr)
        self.assertEqual(json.loads(answer.stdout)["errorMessage"], "thirteen came up")


if __name__ == "__main__":
    unittest.main(verbosity=2)
