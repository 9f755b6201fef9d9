"""The Lambda runtime: an echo through the Runtime API, and how long a function takes to start."""

from contest import function_environment
from results import MEGABYTES, MICROSECONDS, MILLISECONDS, PER_SECOND, Row, in_turns

RUNTIME, START = "runtime: an echo", "start of the process"
RIC = "awslambdaric"
FLOOR = "libcurl in C"
SIZES = [("1 KB", 1_000, 4_000), ("100 KB", 100_000, 1_000), ("900 KB", 900_000, 150)]


def echo_event(size):
    """An event of about so many bytes, as a load balancer sends them: most of it is a body of JSON, its quotes escaped."""
    metrics = ", ".join(f'{{"key": "loss_{number}", "value": {number / 7}, "step": {number}}}' for number in range(size // 50))
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/mlflow/6d0ecf831eec9f09"}},
        "httpMethod": "POST", "path": "/api/2.0/mlflow/runs/log-batch",
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


def start_rows(bench):
    """From the start of the process to its first request for work, and to its first answer; everything is in the page cache."""
    event = bench.file("start.json", echo_event(1_000))
    health = bench.file("health.json", {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/mlflow/6d0ecf831eec9f09"}},
        "httpMethod": "GET", "path": "/_proxy/health", "multiValueQueryStringParameters": {},
        "multiValueHeaders": {"user-agent": ["ELB-HealthChecker/2.0"]}, "body": "", "isBase64Encoded": False})
    upstream = {"SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": "http://127.0.0.1:9"}
    proxy = function_environment(
        "mlflow-proxy", MLFLOW_TRACKING_ARN="arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/team",
        PROXY_AUTH="network", **upstream)
    cases = [
        ("echo", RIC, [RIC], event, None, function_environment("example-echo"), "example-echo", "echo", {}),
        ("mlflow-proxy", "awslambdaric, botocore, requests", [RIC, "requests"], health, '"status', proxy, "mlflow-proxy", "lambda_proxy",
         upstream),
        ("vpc-cleanup", "awslambdaric, boto3, 3 clients", [RIC, "boto3"], None, None, function_environment("vpc-cleanup"), "vpc-cleanup",
         "custom_resource", {})]
    found = []
    for name, peer, modules, sent, text, environment, function, module, settings in cases:
        # Without an event that both answer at once, the function's first question is all there is to see.
        count = 1 if sent else 0
        sent = sent or event
        contestants = {"ours": lambda: bench.invoke([bench.bootstrap(function)], environment, sent, count, text=text)}
        if bench.has(*modules):
            contestants[peer] = lambda: bench.invoke(
                bench.python_function(module), bench.python_environment(module, **settings), sent, count, text=text)
        seen = in_turns(bench.rounds, contestants)
        found += compared(START, f"{name}: until it asks for work", MILLISECONDS, seen, peer, "to_next")
        if count:
            found += compared(START, f"{name}: until its first answer", MILLISECONDS, seen, peer, "to_answer")
        found += compared(START, f"{name}: processor time until then", MILLISECONDS, seen, peer, "processor")
        found += compared(START, f"{name}: peak memory until then", MEGABYTES, seen, peer, "peak_bytes")
    return found


def compared(part, what, unit, seen, peer, figure):
    """The row of one figure; of a peer that is not there it has none."""
    def values(name):
        return [getattr(sample, figure) for sample in seen.get(name, [])]

    return [Row(part, what, unit, values("ours"), peer, values(peer))]
