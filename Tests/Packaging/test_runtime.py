#!/usr/bin/env python3
"""The packaged functions against a Runtime API that does everything it may, and much that it should not."""

import json
import os
import queue
import random
import re
import signal
import socket
import struct
import threading
import time
import unittest

from functions import PATIENCE, PROXY_SETTINGS, Function, error_message
from servers import Event, PlainUpstream, RuntimeAPI

RECORD = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t")

ALB_EVENT = {
    "requestContext": {
        "elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/mlflow/6d0ecf831eec9f09"}
    },
    "httpMethod": "GET",
    "path": "/version",
    "multiValueQueryStringParameters": {},
    "multiValueHeaders": {"host": ["mlflow.example.com"], "x-forwarded-for": ["203.0.113.7"]},
    "body": "",
    "isBase64Encoded": False,
}


class RuntimeCase(unittest.TestCase):
    def api(self, *events, on_post=None):
        api = RuntimeAPI(events, on_post)
        self.addCleanup(api.close)
        return api

    def echo(self, api, **environment):
        return Function(self, "example-echo", api, environment)

    def proxy(self, api, **environment):
        return Function(self, "mlflow-proxy", api, {**PROXY_SETTINGS, **environment})

    def assert_answers(self, function, event, request_id=None):
        posted = function.posted()
        self.assertEqual((posted.kind, posted.body), ("response", event))
        if request_id:
            self.assertEqual(posted.path, f"/2018-06-01/runtime/invocation/{request_id}/response")
        return posted

    def assert_waits(self, function):
        """The function asks for another event, and for one alone."""
        self.assertTrue(function.api.wait_for_waiters(1), f"no further event was asked for; log: {function.log}")
        function.assert_alive()


class Events(RuntimeCase):
    def test_an_event_with_a_request_id_and_no_other_header_is_answered(self):
        function = self.echo(self.api(Event(b'"bare"', "request-1")))
        self.assert_answers(function, b'"bare"', "request-1")
        self.assert_waits(function)
        self.assertEqual(function.log, "")

    def test_headers_that_cannot_be_read_do_not_keep_an_event_from_being_answered(self):
        strange = [
            {"Lambda-Runtime-Deadline-Ms": value}
            for value in ("", "soon", "-1", "9223372036854775807", "-9223372036854775808", "99999999999999999999", "1e3")
        ]
        strange += [
            {"Lambda-Runtime-Trace-Id": "x" * 9_000},
            {"Lambda-Runtime-Client-Context": "not JSON", "Lambda-Runtime-Cognito-Identity": "{"},
            {"Lambda-Runtime-Invoked-Function-Arn": "arn:\xe4\xf6", "Content-Type": ""},
        ]
        function = self.echo(self.api(*(Event(b"%d" % number, headers=headers) for number, headers in enumerate(strange))))
        for number in range(len(strange)):
            self.assert_answers(function, b"%d" % number)
        self.assert_waits(function)

    def test_a_deadline_that_cannot_be_is_no_crash_of_a_function_that_reckons_with_it(self):
        upstream = PlainUpstream()
        self.addCleanup(upstream.close)
        event = json.dumps(ALB_EVENT).encode()
        deadlines = ("9223372036854775807", "-9223372036854775808", "0", "-1", "99999999999999999999")
        function = self.proxy(
            self.api(*(Event(event, headers={"Lambda-Runtime-Deadline-Ms": value}) for value in deadlines)),
            SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT=f"http://{upstream.address}")
        for value in deadlines:
            posted = function.posted()
            self.assertEqual(posted.kind, "response", value)
            self.assertIn(json.loads(posted.body)["statusCode"], (200, 504), value)
        self.assert_waits(function)

    def test_a_request_id_stays_within_its_segment_of_the_path(self):
        function = self.echo(self.api(Event(b"1", "../../init/error?a=b#c d")))
        posted = self.assert_answers(function, b"1")
        self.assertRegex(posted.path, r"^/2018-06-01/runtime/invocation/[^/?#]+/response$")

    def test_the_invocation_id_comes_back_with_the_answer(self):
        function = self.echo(self.api(Event(b"1", headers={"Lambda-Runtime-Invocation-Id": "delivery-7"}), Event(b"2")))
        self.assertEqual(self.assert_answers(function, b"1").headers["Lambda-Runtime-Invocation-Id"], "delivery-7")
        self.assertIsNone(self.assert_answers(function, b"2").headers["Lambda-Runtime-Invocation-Id"])

    def test_the_invocation_id_comes_back_with_an_error_too(self):
        function = self.proxy(self.api(Event(b"{}", headers={"Lambda-Runtime-Invocation-Id": "delivery-8"})))
        posted = function.posted()
        self.assertEqual(posted.kind, "error")
        self.assertEqual(posted.headers["Lambda-Runtime-Invocation-Id"], "delivery-8")

    def test_events_of_900_kilobytes_and_6_megabytes_come_back_byte_for_byte(self):
        text = json.dumps({"text": "Zürich 東京 \u0000 " * 25_000}, ensure_ascii=False).encode()
        events = [text[:900_000], (text * 12)[: 6 << 20], b"", b"x" * 65_536, b"y" * 65_537]
        function = self.echo(self.api(*(Event(event, f"request-{number}") for number, event in enumerate(events))))
        for number, event in enumerate(events):
            self.assert_answers(function, event, f"request-{number}")
        self.assert_waits(function)

    def test_events_that_are_no_text_come_back_byte_for_byte(self):
        generator = random.Random(20181106)
        events = [generator.randbytes(generator.choice((1, 2, 17, 1_024, 100_000))) for _ in range(50)]
        function = self.echo(self.api(*(Event(event) for event in events)))
        for event in events:
            self.assert_answers(function, event)

    def test_an_API_that_closes_the_connection_after_each_answer_is_served(self):
        def closing(number):
            def answer(handler):
                handler.reply(200, b"%d" % number, {"Lambda-Runtime-Aws-Request-Id": "id", "Connection": "close"})
                handler.close_connection = True

            return answer

        def on_post(handler, _):
            handler.reply(202, b"", {"Connection": "close"})
            handler.close_connection = True

        function = self.echo(self.api(*map(closing, range(20)), on_post=on_post))
        for number in range(20):
            self.assert_answers(function, b"%d" % number)
        self.assert_waits(function)
        self.assertEqual(function.log, "")

    def test_a_connection_that_closes_unannounced_between_two_calls_is_opened_anew(self):
        def answer_and_leave(handler):
            handler.reply(200, b'"event"', {"Lambda-Runtime-Aws-Request-Id": "id"})
            handler.hang_up()

        def on_post(handler, _):
            handler.reply(202)
            handler.hang_up()

        function = self.echo(self.api(*[answer_and_leave] * 10, on_post=on_post))
        for _ in range(10):
            self.assert_answers(function, b'"event"')
        self.assert_waits(function)

    def test_kept_connections_that_turn_out_to_be_dead_are_replaced_however_often(self):
        api = self.api(*(Event(b"%d" % number) for number in range(20)))
        api.one_call_a_connection = True
        function = self.echo(api)
        for number in range(20):
            self.assert_answers(function, b"%d" % number)
        self.assert_waits(function)
        self.assertEqual(function.log, "")

    def test_every_form_of_a_whole_event_is_read(self):
        head = b"HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: request-1\r\n"
        forms = {
            "names in small letters": head + b"content-length: 5\r\n\r\nevent",
            "up to the end of the connection": head + b"Connection: close\r\n\r\nevent",
            "in chunks": head + b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\nev\r\n3\r\nent\r\n0\r\nx-trailer: 1\r\n\r\n",
            "after an interim answer": b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + head + b"Content-Length: 5\r\n\r\nevent",
            "of HTTP/1.0": head.replace(b"1.1", b"1.0") + b"\r\nevent",
        }
        for name, data in forms.items():
            with self.subTest(name):
                function = self.echo(self.api(raw(data)))
                self.assert_answers(function, b"event", "request-1")
                self.assert_waits(function)
                self.assertEqual(function.log, "")

    def test_a_path_in_front_of_the_API_is_kept(self):
        api = self.api(Event(b"1", "request-1"))
        function = self.echo(api, AWS_LAMBDA_RUNTIME_API=f"{api.address}/stage/eu/")
        posted = self.assert_answers(function, b"1")
        self.assertEqual(posted.path, "/stage/eu/2018-06-01/runtime/invocation/request-1/response")
        self.assertEqual(api.calls[0], "/stage/eu/2018-06-01/runtime/invocation/next")


class RefusedAnswers(RuntimeCase):
    STATUSES = (413, 410, 400, 403, 500)

    def test_an_answer_that_is_refused_is_sent_once_logged_and_the_next_event_is_served(self):
        statuses = list(self.STATUSES)

        def on_post(handler, _):
            body = b'{"errorType":"RefusedByTest","errorMessage":"because"}'
            handler.reply(statuses.pop(0) if statuses else 202, body)

        function = self.echo(self.api(*(Event(b"%d" % number) for number in range(6)), on_post=on_post))
        for number in range(6):
            self.assert_answers(function, b"%d" % number)
        self.assert_waits(function)
        lines = function.log.splitlines()
        self.assertEqual(len(lines), len(self.STATUSES), function.log)
        for status, line in zip(self.STATUSES, lines):
            self.assertRegex(line, RECORD)
            self.assertIn("\tERROR\tThe answer, 1 bytes, was not delivered", line)
            self.assertIn(f"with status {status}: RefusedByTest: because", line)
        self.assertIn("larger than Lambda takes (6 MB", lines[0])
        self.assertIn("The invocation is over", lines[1])

    def test_an_error_report_that_is_refused_does_not_end_the_function(self):
        statuses = list(self.STATUSES)
        function = self.proxy(
            self.api(*([{}] * 6), on_post=lambda handler, _: handler.reply(statuses.pop(0) if statuses else 202)))
        for _ in range(6):
            self.assertEqual(function.posted().kind, "error")
        self.assert_waits(function)

    def test_a_connection_that_breaks_instead_of_an_acknowledgement_does_not_end_the_function(self):
        for reset in (False, True):
            with self.subTest(reset=reset):
                broken = []

                def on_post(handler, posted):
                    if posted.body == b'"last"':
                        return handler.reply(202)
                    broken.append(posted.body)
                    return handler.hang_up(reset)

                function = self.echo(self.api(Event(b'"first"'), Event(b'"last"'), on_post=on_post))
                while function.posted().body != b'"last"':
                    pass
                self.assert_waits(function)
                self.assertIn("was not delivered", function.log)
                self.assertLessEqual(len(broken), 3)

    def test_an_acknowledgement_that_is_no_HTTP_does_not_end_the_function(self):
        def on_post(handler, posted):
            if posted.body == b"1":
                handler.wfile.write(b"\x00\xffgarbage\r\n\r\n")
                handler.hang_up()
            else:
                handler.reply(202)

        function = self.echo(self.api(Event(b"1"), Event(b"2"), on_post=on_post))
        self.assert_answers(function, b"1")
        self.assert_answers(function, b"2")
        self.assert_waits(function)


def raw(data, reset=False):
    """An answer of these very bytes, after which the connection is closed."""

    def answer(handler):
        handler.wfile.write(data)
        handler.hang_up(reset)

    return answer


class FailedNext(RuntimeCase):
    """A call for an event that goes wrong is logged, and made again."""

    HEAD = b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: broken\r\n"
    CASES = {
        "500": (lambda handler: handler.reply(500), "status 500"),
        "500 with a reason": (
            lambda handler: handler.reply(500, b'{"errorType":"Internal","errorMessage":"sorry"}'), "Internal: sorry"),
        "403": (lambda handler: handler.reply(403, b"{}"), "status 403"),
        "204": (lambda handler: (handler.send_response(204), handler.end_headers()), "status 204"),
        "302": (lambda handler: handler.reply(302, b"", {"Location": "http://192.0.2.1/"}), "status 302"),
        "no request id": (lambda handler: handler.reply(200, b"{}"), "without the header Lambda-Runtime-Aws-Request-Id"),
        "an empty request id": (
            lambda handler: handler.reply(200, b"{}", {"Lambda-Runtime-Aws-Request-Id": ""}), "without the header"),
        "bytes that are no HTTP": (raw(b"\x00\x01\x02garbage\r\n\r\n"), "could not be reached"),
        "a head of nothing but names": (raw(b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n"), "could not be reached"),
        "a folded header": (raw(HEAD + b" folded\r\nContent-Length: 0\r\n\r\n"), "could not be reached"),
        "a closed connection": (raw(b""), "could not be reached"),
        "a reset connection": (raw(b"", reset=True), "could not be reached"),
        "a close within the body": (raw(HEAD + b"Content-Length: 100\r\n\r\n{"), "could not be reached"),
        "a reset within the body": (raw(HEAD + b"Content-Length: 100\r\n\r\n{", reset=True), "could not be reached"),
        "a close within a chunk": (raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{"), "could not be reached"),
        "a chunk size that is none": (raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{"), "could not be reached"),
        "a length beyond all memory": (raw(HEAD + b"Content-Length: 9223372036854775807\r\n\r\n{"), "over the limit"),
        "a negative length": (raw(HEAD + b"Content-Length: -5\r\n\r\n"), "could not be reached"),
    }

    def test_the_next_event_is_answered_after_every_failure(self):
        for name, (failure, sentence) in self.CASES.items():
            with self.subTest(name):
                function = self.echo(self.api(failure, Event(b'"after"', "request-2")))
                self.assert_answers(function, b'"after"', "request-2")
                self.assert_waits(function)
                lines = function.log.splitlines()
                self.assertEqual(len(lines), 1, function.log)
                self.assertRegex(lines[0], RECORD)
                self.assertIn("\tERROR\tNo event could be taken; the next try is in ", lines[0])
                self.assertIn(sentence, lines[0])

    def test_failures_in_between_change_nothing(self):
        failures = [failure for failure, _ in list(self.CASES.values())[:5]]
        events = []
        for number, failure in enumerate(failures):
            events += [Event(b"%d" % number), failure]
        function = self.echo(self.api(*events, Event(b'"last"')))
        for number in range(len(failures)):
            self.assert_answers(function, b"%d" % number)
        self.assert_answers(function, b'"last"')

    def test_an_API_that_always_fails_is_not_asked_in_a_hot_loop(self):
        for name, failure in {"500": lambda handler: handler.reply(500), "closed": raw(b"")}.items():
            with self.subTest(name):
                api = self.api(*[failure] * 10_000)
                function = self.echo(api)
                self.assertTrue(self.first_call(api))
                time.sleep(2)  # The very thing that is measured.
                with api.changed:
                    calls = len(api.calls)
                function.assert_alive()
                # Waits of 25 to 50 ms, then twice that, and so on.
                self.assertLessEqual(calls, 9)
                self.assertGreaterEqual(calls, 2)
                cpu = self.cpu_seconds(function.process.pid)
                self.assertLess(cpu, 1, "the function burns time while it waits")

    def first_call(self, api):
        with api.changed:
            return api.changed.wait_for(lambda: api.calls, PATIENCE)

    def cpu_seconds(self, pid):
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_an_API_that_nobody_listens_on_is_tried_until_somebody_does(self):
        with socket.socket() as reserved:
            reserved.bind(("127.0.0.1", 0))  # Bound and not listening: connections are refused, and nobody else gets it.
            function = self.echo(None, AWS_LAMBDA_RUNTIME_API="127.0.0.1:%d" % reserved.getsockname()[1])
            function.wait_for_log("No event could be taken")
            function.assert_alive()
            reserved.listen()
            reserved.settimeout(PATIENCE)
            connection, _ = reserved.accept()
            with connection:
                self.assertTrue(connection.recv(100).startswith(b"GET /2018-06-01/runtime/invocation/next "))


class Concurrency(RuntimeCase):
    def test_eight_invocations_at_a_time_are_taken_and_each_gets_its_own_answer(self):
        together = threading.Barrier(8)

        def on_post(handler, _):
            together.wait(PATIENCE)  # Breaks, and so fails the answers, unless eight are on their way at once.
            handler.reply(202)

        api = self.api(on_post=on_post)
        function = self.echo(api, AWS_LAMBDA_MAX_CONCURRENCY="8")
        self.assertTrue(api.wait_for_waiters(8), function.log)
        events = {f"request-{number}": random.Random(number).randbytes(1_000 * number) for number in range(80)}
        for request_id, event in events.items():
            api.waiting.put(Event(event, request_id))
        while events:
            posted = function.posted()
            self.assertEqual(events.pop(posted.path.split("/")[-2]), posted.body)
        self.assertFalse(together.broken)
        self.assertTrue(api.wait_for_waiters(8), function.log)
        function.terminate()
        self.assertEqual(function.status(), 0)

    def test_a_number_of_invocations_that_is_none_is_said_and_ends_the_function(self):
        for value in ("0", "-1", "eight", "10001", "99999999999999999999", "8 "):
            with self.subTest(value):
                api = self.api()
                function = self.echo(api, AWS_LAMBDA_MAX_CONCURRENCY=value)
                posted = function.posted()
                self.assertEqual((posted.kind, function.status()), ("init/error", 1))
                self.assertIn("AWS_LAMBDA_MAX_CONCURRENCY", error_message(posted))


class Stopping(RuntimeCase):
    def test_a_function_that_waits_for_an_event_ends_at_once_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                api = self.api()
                function = self.echo(api)
                self.assertTrue(api.wait_for_waiters(1))
                started = time.monotonic()
                function.process.send_signal(number)
                self.assertEqual(function.status(), 0)
                self.assertLess(time.monotonic() - started, 5)
                self.assertEqual(function.log, "")

    def test_a_function_that_waits_between_tries_ends_at_once_with_0(self):
        function = self.echo(self.api(*[lambda handler: handler.reply(500)] * 1_000))
        function.wait_for_log("No event could be taken")
        function.process.send_signal(signal.SIGTERM)
        self.assertEqual(function.status(), 0)

    def test_an_invocation_in_flight_is_answered_before_the_end(self):
        upstream = PlainUpstream()
        self.addCleanup(upstream.close)
        upstream.held.clear()
        api = self.api(ALB_EVENT)
        function = self.proxy(api, SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT=f"http://{upstream.address}")
        self.assertTrue(upstream.arrived.wait(PATIENCE), function.log)
        function.terminate()
        function.assert_alive()
        upstream.held.set()
        posted = function.posted()
        self.assertEqual(posted.kind, "response")
        self.assertEqual(json.loads(posted.body)["body"], "from the upstream")
        self.assertEqual(function.status(), 0)
        self.assertEqual(api.calls.count("/2018-06-01/runtime/invocation/next"), 1)

    def test_an_answer_on_its_way_is_delivered_before_the_end_however_often_the_signal_comes(self):
        arrived, released = threading.Event(), threading.Event()

        def on_post(handler, _):
            arrived.set()
            released.wait(PATIENCE)
            handler.reply(202)

        api = self.api(Event(b'"last"'), on_post=on_post)
        function = self.echo(api)
        self.assertTrue(arrived.wait(PATIENCE), function.log)
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT):
            function.terminate(number)
        function.assert_alive()
        released.set()
        self.assert_answers(function, b'"last"')
        self.assertEqual(function.status(), 0)
        self.assertEqual(api.calls.count("/2018-06-01/runtime/invocation/next"), 1)

    def test_of_eight_loops_the_idle_ones_stop_and_the_busy_ones_finish(self):
        arrived, released = threading.Semaphore(0), threading.Event()

        def on_post(handler, _):
            arrived.release()
            released.wait(PATIENCE)
            handler.reply(202)

        api = self.api(on_post=on_post)
        function = self.echo(api, AWS_LAMBDA_MAX_CONCURRENCY="8")
        self.assertTrue(api.wait_for_waiters(8), function.log)
        for number in range(3):
            api.waiting.put(Event(b"%d" % number))
        for _ in range(3):
            self.assertTrue(arrived.acquire(timeout=PATIENCE), function.log)
        function.terminate()
        function.assert_alive()
        released.set()
        self.assertEqual(sorted(function.posted().body for _ in range(3)), [b"0", b"1", b"2"])
        self.assertEqual(function.status(), 0)


class Starting(RuntimeCase):
    def test_without_a_Runtime_API_the_function_says_so_and_ends(self):
        function = self.echo(None)
        self.assertEqual(function.status(), 1)
        self.assertIn("AWS_LAMBDA_RUNTIME_API is not set", function.log)

    def test_an_address_that_is_none_is_said_and_ends_the_function(self):
        for value in (
                "http://127.0.0.1:9001", "127.0.0.1:99999999", "127.0.0.1:port", "host name:80", "user@host:80", "/path",
                "127.0.0.1:9001/a b", "127.0.0.1:9001?x", "127.0.0.1:9001#x", "a\nb:1", "[::1", "\u00fc\u00df:80"):
            with self.subTest(value):
                function = self.echo(None, AWS_LAMBDA_RUNTIME_API=value)
                self.assertEqual(function.status(), 1)
                self.assertIn("AWS_LAMBDA_RUNTIME_API is not host:port", function.log)
                self.assertEqual(len(function.log.splitlines()), 1, function.log)

    def test_a_proxy_of_the_environment_never_sees_the_Runtime_API(self):
        stranger = self.api(*[lambda handler: handler.reply(502)] * 100)
        proxy = f"http://{stranger.address}"
        names = ("http_proxy", "https_proxy", "all_proxy")
        function = self.echo(
            self.api(Event(b"1")), **{name: proxy for name in names}, **{name.upper(): proxy for name in names})
        self.assert_answers(function, b"1")
        self.assert_waits(function)
        self.assertEqual(stranger.calls, [])

    def test_a_proxy_of_the_environment_takes_what_goes_out(self):
        proxy = PlainUpstream()
        self.addCleanup(proxy.close)
        function = self.proxy(
            self.api(ALB_EVENT), http_proxy=f"http://{proxy.address}", SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT="http://mlflow.test")
        self.assertEqual(json.loads(function.posted().body)["statusCode"], 200)
        self.assertEqual([request[1] for request in proxy.requests], ["http://mlflow.test/version"])

    def test_a_function_that_cannot_start_reports_why_and_ends_with_1(self):
        api = self.api()
        function = Function(self, "mlflow-proxy", api)
        posted = function.posted()
        self.assertEqual((posted.kind, posted.path), ("init/error", "/2018-06-01/runtime/init/error"))
        report = json.loads(posted.body)
        self.assertEqual(report["errorType"], "Runtime.ConfigurationError")
        self.assertEqual(posted.headers["Lambda-Runtime-Function-Error-Type"], "Runtime.ConfigurationError")
        self.assertIn("MLFLOW_TRACKING_ARN is not set", report["errorMessage"])
        self.assertIn("PROXY_AUTH is not set", report["errorMessage"])
        self.assertEqual(function.status(), 1)
        self.assertIn("FATAL\tThe function cannot start: ", function.log)
        self.assertEqual(api.calls, [posted.path])

    def test_a_function_that_cannot_start_ends_with_1_though_nobody_listens(self):
        for name, on_post in {
                "500": lambda handler, _: handler.reply(500),
                "closed": lambda handler, _: handler.hang_up()}.items():
            with self.subTest(name):
                function = Function(self, "mlflow-proxy", self.api(on_post=on_post))
                self.assertEqual(function.status(), 1)
                self.assertIn("Lambda could not be told", function.log)


class Snapshots(RuntimeCase):
    def test_a_function_for_a_snapshot_waits_until_it_was_restored(self):
        api = self.api(lambda handler: handler.reply(200), Event(b"1"))
        function = self.echo(api, AWS_LAMBDA_INITIALIZATION_TYPE="snap-start")
        self.assert_answers(function, b"1")
        self.assertEqual(api.calls[0], "/2018-06-01/runtime/restore/next")

    def test_a_snapshot_that_cannot_be_restored_ends_the_function_with_65(self):
        api = self.api(lambda handler: handler.reply(500))
        function = self.echo(api, AWS_LAMBDA_INITIALIZATION_TYPE="snap-start")
        posted = function.posted()
        self.assertEqual(posted.path, "/2018-06-01/runtime/restore/error")
        self.assertEqual(json.loads(posted.body)["errorType"], "Runtime.AfterRestoreError")
        self.assertEqual(function.status(), 65)


class Logs(RuntimeCase):
    REFUSED = staticmethod(lambda handler, _: handler.reply(413))

    def test_a_record_of_text_is_one_line_with_time_request_id_level_and_message(self):
        function = self.echo(self.api(Event(b"1", "request-1"), on_post=self.REFUSED))
        self.assert_answers(function, b"1")
        self.assert_waits(function)
        [line] = function.log.splitlines()
        self.assertRegex(line, RECORD)
        self.assertEqual(line.split("\t")[1:3], ["request-1", "ERROR"])

    def test_a_record_of_JSON_is_an_object_on_one_line(self):
        function = self.echo(self.api(Event(b"1", "request-1"), on_post=self.REFUSED), AWS_LAMBDA_LOG_FORMAT="JSON")
        self.assert_answers(function, b"1")
        self.assert_waits(function)
        [line] = function.log.splitlines()
        record = json.loads(line)
        self.assertRegex(record["timestamp"] + "\t", RECORD)
        self.assertEqual((record["requestId"], record["level"]), ("request-1", "ERROR"))
        self.assertIn("was not delivered", record["message"])

    def test_a_request_id_cannot_forge_a_record(self):
        # What a header can carry at most.
        event = Event(b"1", "id\tERROR\tforged\x0b\x85")
        function = self.echo(self.api(event, on_post=self.REFUSED))
        self.assert_answers(function, b"1")
        self.assert_waits(function)
        [line] = function.log.splitlines()
        self.assertEqual(line.split("\t")[2], "ERROR")
        self.assertTrue(line.split("\t")[3].startswith("The answer"), line)

    def test_the_level_is_respected(self):
        for level, expected in {"FATAL": 0, "ERROR": 1, "TRACE": 1, "nonsense": 1}.items():
            with self.subTest(level):
                function = self.echo(self.api(Event(b"1"), on_post=self.REFUSED), AWS_LAMBDA_LOG_LEVEL=level)
                self.assert_answers(function, b"1")
                self.assert_waits(function)
                self.assertEqual(function.log.count("was not delivered"), expected)

    def test_records_are_framed_on_the_telemetry_descriptor(self):
        for form, types in {"TEXT": (0xA55A0003, 5), "JSON": (0xA55A0002, 5)}.items():
            with self.subTest(form):
                before = time.time()
                output, function = self.run_framed(form, [Event(b"1", "r-1"), Event(b"2", "r-2")])
                frames = self.frames(output)
                self.assertEqual(len(frames), 2)
                for number, (kind, microseconds, record) in enumerate(frames, 1):
                    base, level = types
                    self.assertEqual(kind, base | level << 2)
                    self.assertTrue(before - 1 <= microseconds / 1e6 <= time.time() + 1)
                    if form == "JSON":
                        self.assertEqual(json.loads(record)["requestId"], f"r-{number}")
                    else:
                        self.assertEqual(record.decode().split("\t")[1:3], [f"r-{number}", "ERROR"])
                self.assertEqual(function.log, "")

    def run_framed(self, form, events):
        reading, writing = os.pipe()
        collected = queue.Queue()

        def collect():
            with os.fdopen(reading, "rb") as file:
                collected.put(file.read())

        try:
            function = Function(
                self, "example-echo", self.api(*events, on_post=self.REFUSED),
                {"_LAMBDA_TELEMETRY_LOG_FD": str(writing), "AWS_LAMBDA_LOG_FORMAT": form}, pass_fds=[writing])
        finally:
            os.close(writing)
        threading.Thread(target=collect, daemon=True).start()
        for event in events:
            self.assert_answers(function, event.body)
        self.assert_waits(function)
        function.terminate()
        self.assertEqual(function.status(), 0)
        return collected.get(timeout=PATIENCE), function

    def frames(self, output):
        frames = []
        while output:
            kind, length, microseconds = struct.unpack(">IIQ", output[:16])
            self.assertGreaterEqual(len(output), 16 + length)
            frames.append((kind, microseconds, output[16 : 16 + length]))
            output = output[16 + length :]
        return frames

    def test_a_log_that_nobody_reads_any_more_does_not_end_the_function(self):
        reading, writing = os.pipe()
        try:
            function = Function(
                self, "example-echo", self.api(Event(b"1"), Event(b"2"), on_post=self.REFUSED),
                {"_LAMBDA_TELEMETRY_LOG_FD": str(writing)}, pass_fds=[writing])
        finally:
            os.close(writing)
            os.close(reading)
        self.assert_answers(function, b"1")
        self.assert_answers(function, b"2")
        self.assert_waits(function)


if __name__ == "__main__":
    unittest.main(verbosity=2)
