"""The Lambda runtime: an echo through the Runtime API, and how long a function takes to start."""

import dataclasses
import pathlib

from contest import LOAD_BALANCER, function_environment
from results import MEGABYTES, MICROSECONDS, MILLISECONDS, PER_SECOND, Row, in_turns

RUNTIME, START = "runtime: an echo", "start of the process"
RIC = "awslambdaric"
FLOOR = "libcurl in C"
SIZES = [("1 KB", 1_000, 4_000), ("100 KB", 100_000, 1_000), ("900 KB", 900_000, 150)]


def echo_event(size):
    """An event of about so many bytes, as a load balancer sends them: most of it is a body of JSON, its quotes escaped."""
    metrics = ", ".join(f'{{"key": "loss_{number}", "value": {number / 7}, "step": {number}}}' for number in range(size // 50))
    return {
        "requestContext": LOAD_BALANCER, "httpMethod": "POST", "path": "/api/2.0/mlflow/runs/log-batch",
        "headers": {"accept": "application/json", "content-type": "application/json", "host": "mlflow.example.com"},
        "isBase64Encoded": False, "body": f'{{"run_id": "5f1c", "metrics": [{metrics}]}}'[:max(size - 400, 1)]}


def rows(bench):
    found = []
    ours, environment = [bench.bootstrap("example-echo")], function_environment("example-echo")
    for name, size, count in SIZES:
        event, count = bench.file(f"echo-{size}.json", echo_event(size)), bench.count(count)
        contestants = {"ours": lambda: bench.invoke(ours, environment, event, count, count // 5)}
        if bench.has(RIC):
            contestants[RIC] = lambda: bench.invoke(
                bench.python_function("echo"), bench.python_environment("echo"), event, count, count // 5)
        contestants[FLOOR] = lambda: bench.invoke([bench.folder / "floor"], environment, event, count, count // 5)
        seen = in_turns(bench.rounds, contestants)
        for peer in (RIC, FLOOR):
            found += compared(RUNTIME, f"{name}, processor time", MICROSECONDS, seen, peer, "processor")
            found += compared(RUNTIME, f"{name}, invocations", PER_SECOND, seen, peer, "per_second")
    return found + start_rows(bench)


@dataclasses.dataclass
class Start:
    """A function of ours that starts, and one in Python that starts for the same purpose. Without an event that both answer at
    once, the first request for work is all there is to see."""

    function: str
    settings: dict
    peer: str
    modules: list
    module: str
    event: pathlib.Path | None = None
    text: str | None = None

    def rows(self, bench):
        sent, count = (self.event, 1) if self.event else (bench.file("nothing.json", {}), 0)
        ours, theirs = function_environment(self.function, **self.settings), bench.python_environment(self.function, **self.settings)
        contestants = {"ours": lambda: bench.invoke([bench.bootstrap(self.function)], ours, sent, count, text=self.text)}
        if bench.has(*self.modules):
            contestants[self.peer] = lambda: bench.invoke(bench.python_function(self.module), theirs, sent, count, text=self.text)
        seen, name = in_turns(bench.rounds, contestants), self.function.removeprefix("example-")
        return [
            *compared(START, f"{name}: until it asks for work", MILLISECONDS, seen, self.peer, "to_next"),
            *(compared(START, f"{name}: until its first answer", MILLISECONDS, seen, self.peer, "to_answer") if count else []),
            *compared(START, f"{name}: processor time until then", MILLISECONDS, seen, self.peer, "processor"),
            *compared(START, f"{name}: peak memory until then", MEGABYTES, seen, self.peer, "peak_bytes")]


def start_rows(bench):
    """From the start of the process to its first request for work, and to its first answer; everything is in the page cache."""
    health = bench.file("health.json", {
        "requestContext": LOAD_BALANCER, "httpMethod": "GET", "path": "/_proxy/health", "multiValueQueryStringParameters": {},
        "multiValueHeaders": {"user-agent": ["ELB-HealthChecker/2.0"]}, "body": "", "isBase64Encoded": False})
    proxy = {
        "MLFLOW_TRACKING_ARN": "arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/team", "PROXY_AUTH": "network",
        "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": "http://127.0.0.1:9"}
    starts = [
        Start("example-echo", {}, RIC, [RIC], "echo", bench.file("start.json", echo_event(1_000))),
        Start("mlflow-proxy", proxy, "awslambdaric, botocore, requests", [RIC, "requests"], "lambda_proxy", health, '"status'),
        Start("vpc-cleanup", {}, "awslambdaric, boto3, 3 clients", [RIC, "boto3"], "custom_resource")]
    return [row for start in starts for row in start.rows(bench)]


def compared(part, what, unit, seen, peer, figure):
    """The row of one figure; of a peer that is not there it has none."""
    def values(name):
        return [getattr(sample, figure) for sample in seen.get(name, [])]

    return [Row(part, what, unit, values("ours"), peer, values(peer))]
