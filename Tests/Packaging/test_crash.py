#!/usr/bin/env python3
"""What a packaged function leaves behind when it crashes."""

import os
import re
import signal
import unittest

from functions import PROXY_SETTINGS, Function
from servers import RuntimeAPI


class Crash(unittest.TestCase):
    def crash(self, name, number, environment=None):
        api = RuntimeAPI()
        self.addCleanup(api.close)
        function = Function(self, name, api, environment)
        self.assertTrue(api.wait_for_waiters(1), "the function did not ask for an event")
        # Not while it still sends: where a crash is, is what is reported.
        function.wait_until(function.is_asleep, "the function does not wait for its event")
        os.kill(function.process.pid, number)
        return function.status(), function.log

    def assert_reports(self, name, number, environment=None):
        status, log = self.crash(name, number, environment)
        self.assertEqual(status, -number, log)
        self.assertIn(f"The function crashed with {signal.Signals(number).name}", log)
        self.assertRegex(log, r"addresses in the executable:( 0x[0-9a-f]+)+\n")
        frames = re.findall(r"^  at (.+) \+ 0x[0-9a-f]+$", log, re.M)
        self.assertGreaterEqual(len(frames), 2, log)
        self.assertTrue(any("EventLoop.run()" in frame for frame in frames), log)
        self.assertTrue(any(frame == "main" or "Main" in frame or "main" in frame for frame in frames), log)

    def test_a_segmentation_fault_leaves_a_backtrace_with_names_and_the_status_of_the_signal(self):
        self.assert_reports("example-echo", signal.SIGSEGV)

    def test_an_illegal_instruction_leaves_a_backtrace_with_names_and_the_status_of_the_signal(self):
        self.assert_reports("example-echo", signal.SIGILL)

    def test_every_other_signal_of_a_crash_is_reported_too(self):
        for number in (signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGTRAP):
            with self.subTest(number.name):
                self.assert_reports("example-echo", number)

    def test_the_proxy_reports_its_crash_and_no_secret(self):
        self.assert_reports("mlflow-proxy", signal.SIGSEGV, PROXY_SETTINGS)
        _, log = self.crash("mlflow-proxy", signal.SIGILL, PROXY_SETTINGS)
        self.assertNotIn(PROXY_SETTINGS["AWS_SECRET_ACCESS_KEY"], log)
        self.assertNotIn(PROXY_SETTINGS["AWS_SESSION_TOKEN"], log)


if __name__ == "__main__":
    unittest.main(verbosity=2)
