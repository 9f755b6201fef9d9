#!/usr/bin/env python3
"""Every test, one step after the other, and one line with the sum at the end. Called by `./build.sh test`.

A step that cannot go on does not stop the others, but for the build that they need.
"""

import concurrent.futures
import glob
import os
import pathlib
import re
import subprocess
import sys
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "Tests/EndToEnd"))

from free_port import free_port  # noqa: E402  (the folder of tests has it)

# What a machine may have set and what must not decide a test.
FOREIGN = re.compile(r"^(AWS_|MLFLOW_|SAGEMAKER_|PROXY_|POLL_|SSL_CERT_|.*_proxy$|.*_PROXY$|CURL_CA_BUNDLE$)")
ENVIRONMENT = {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}
# Installing still goes the way that the machine goes.
INSTALLING = dict(os.environ)


class Summary:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.rows, self.failures = [], []

    def add(self, name, passed, failed, skipped, seconds, output=""):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped
        self.rows.append((name, passed, failed, skipped, seconds))
        if failed:
            self.failures.append((name, output))

    def show(self):
        for name, output in self.failures:
            print(f"\n==> What failed in {name}", *what_failed(output), sep="\n")
        print("\nstep                                  passed  failed  skipped  seconds")
        for name, passed, failed, skipped, seconds in self.rows:
            print(f"{name:<36}  {passed:>6}  {failed:>6}  {skipped:>7}  {seconds:>7.0f}")
        print(f"\n{self.passed} passed, {self.failed} failed, {self.skipped} skipped")


def what_failed(output, most=60, width=600):
    """The lines of a step's output that say what went wrong: of a table the wrong rows with their reasons, of a test its failures, or
    else the last lines."""
    lines = [line[:width] for line in output.splitlines()]
    wrong, telling = False, []
    for line in lines:
        wrong = line.endswith("WRONG") or (wrong and line.startswith("    "))
        if wrong or "\N{HEAVY BALLOT X}" in line or re.search(r"(?:^|: )error: ", line):
            telling.append(line)
    failures = next((number for number, line in enumerate(lines) if line == "=" * 70), None)
    if failures is not None:
        telling += lines[failures:]
    return telling[:most] or lines[-most:]


def run(command, environment=ENVIRONMENT, show=sys.stdout.write):
    """Runs a command, showing its output as it comes. Returns the exit status and the output."""
    process = subprocess.Popen(
        command, cwd=REPOSITORY, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace")
    lines = []
    for line in process.stdout:
        show(line)
        sys.stdout.flush()
        lines.append(line)
    return process.wait(), "".join(lines)


def number(pattern, text):
    return sum(int(found) for found in re.findall(pattern, text, re.M))


def plain(status, output):
    """One check: the exit status decides."""
    return (1, 0, 0) if status == 0 else (0, 1, 0)


def without_warnings(status, output):
    """A build: one check that it succeeds, one that the compiler had nothing to say about our own files."""
    own = f"{re.escape(str(REPOSITORY))}/(?:Sources|Tests|lambda|Package.swift)"
    warnings = sorted(set(re.findall(rf"^(?:{own}).*warning: .*$", output, re.M)))
    if warnings:
        print("Warnings in our own files:", *warnings, sep="\n")
    return (int(status == 0) + int(not warnings), int(status != 0) + int(bool(warnings)), 0)


def swift_testing(status, output):
    """`swift test`: as many as Swift Testing says it ran. A run of none is a failure."""
    ran = number(r"Test run with (\d+) tests?\b", output)
    failed = len(set(re.findall(r"^[^\w\n]*\s*Test (.+?) failed after [\d.]+ seconds", output, re.M)))
    skipped = len(re.findall(r"^[^\w\n]*\s*Test .+ skipped", output, re.M))
    if status != 0 or ran == 0:
        failed = max(failed, 1)
    return max(ran - failed - skipped, 0), failed, skipped


def unittest(status, output):
    """A Python script with unittest's closing lines."""
    ran = number(r"^Ran (\d+) tests?", output)
    failed = number(r"(?:failures|errors)=(\d+)", output)
    skipped = number(r"skipped=(\d+)", output)
    if status != 0 or ran == 0:
        failed = max(failed, 1)
    return max(ran - failed - skipped, 0), failed, skipped


def counted(status, output):
    """A script that says at its end how many cases it ran and how many of them were wrong."""
    ran, wrong = (number(pattern, output) for pattern in (r"^(\d+) (?:rows|dirty VPCs), ", r": (\d+) wrong; "))
    if status != 0 or ran == 0:
        wrong = max(wrong, 1)
    return max(ran - wrong, 0), wrong, 0


def scanned(status, output):
    """The scan for secrets: one check of the files, one of the history, which a shallow clone does not have."""
    skipped = len(re.findall(r"^history: skipped", output, re.M))
    return (0, 1, skipped) if status != 0 or not number(r"^(\d+) files: 0 findings$", output) else (2 - skipped, 0, skipped)


def step(summary, name, command, judge=plain, environment=ENVIRONMENT):
    print(f"\n==> {name}", flush=True)
    started = time.monotonic()
    status, output = run(command, environment)
    passed, failed, skipped = judge(status, output)
    summary.add(name, passed, failed, skipped, time.monotonic() - started, output)
    return failed == 0


def two_at_a_time(summary, jobs):
    """Python scripts that have servers, ports and folders of their own, and wait more than they work. What each printed is shown when it
    has ended, in their order."""
    def ended(script):
        started = time.monotonic()
        status, output = run([".venv/bin/python", f"Tests/{script}"], show=lambda line: None)
        return status, output, time.monotonic() - started

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for (script, judge), (status, output, seconds) in zip(jobs, pool.map(ended, [script for script, _ in jobs])):
            print(f"\n==> {script}\n{output}", end="", flush=True)
            summary.add(script, *judge(status, output), seconds, output)


def check_no_foundation(summary):
    """No function may link Foundation: it would add megabytes and milliseconds. The dynamic build shows what was asked for."""
    name, started = "no Foundation in a function", time.monotonic()
    print(f"\n==> {name}")
    passed = failed = 0
    for main in sorted(glob.glob("lambda/*/Main.swift", root_dir=REPOSITORY)):
        function = pathlib.Path(main).parent.name
        libraries = subprocess.run(
            ["ldd", REPOSITORY / ".build/debug" / function], capture_output=True, text=True, check=True).stdout
        found = sorted(set(re.findall(r"lib_?Foundation\w*", libraries)))
        print(f"{function}: " + (", ".join(found) if found else "none"))
        passed, failed = passed + (not found), failed + bool(found)
    summary.add(name, passed, failed, 0, time.monotonic() - started)


def scripts(folder):
    return sorted(glob.glob(f"{folder}/test_*.py", root_dir=REPOSITORY / "Tests"))


def main():
    summary = Summary()
    what_is_written(summary)
    built = step(summary, "debug build", ["swift", "build", "--build-tests"], without_warnings)
    if built or (REPOSITORY / ".build/debug").is_dir():
        step(summary, "swift test", ["swift", "test", "--skip-build", "--disable-xctest"], swift_testing)
        check_no_foundation(summary)
    if step(summary, "packages", ["./build.sh"], without_warnings, INSTALLING):
        what_is_packaged(summary)
        what_works_together(summary)
    summary.show()
    return 1 if summary.failed else 0


def what_is_written(summary):
    """Sources, templates and documents: what needs no build."""
    sources = ["Sources", "Tests", "lambda", "Package.swift"]
    shell = ["build.sh", ".ci/run", *sorted(glob.glob(".scripts/*.sh", root_dir=REPOSITORY))]
    step(summary, "shellcheck", ["shellcheck", *shell])
    step(summary, "swift format lint", ["swift", "format", "lint", "--strict", "--recursive", *sources])
    step(summary, "secrets", [sys.executable, ".scripts/supply_chain/secret_scan.py", "--unused"], scanned, INSTALLING)
    step(summary, "templates", [sys.executable, ".scripts/templates/check.py"], plain, INSTALLING)
    for script in [*scripts("SupplyChain"), *scripts("Templates"), *scripts("Documents")]:
        step(summary, script, [sys.executable, f"Tests/{script}"], unittest, INSTALLING)


def what_is_packaged(summary):
    """The packaged functions, each alone."""
    for script in scripts("Packaging"):
        step(summary, script, [sys.executable, f"Tests/{script}"], unittest)
    wire = ["swift", "test", "--skip-build", "--disable-xctest", "--filter", "MLflowProxyWireTests"]
    packaged = {**ENVIRONMENT, "WIRE_FUNCTION": "dist/unpacked/mlflow-proxy/bootstrap"}
    step(summary, "MLflowProxyWireTests, packaged", wire, swift_testing, packaged)


def what_works_together(summary):
    """The packaged functions with real MLflow, browsers, and stand-ins of AWS."""
    up = ["./build.sh", "up", "--check", "--port", str(free_port())]
    step(summary, "up --check", up, plain, {**ENVIRONMENT, "LOCAL_TOOL_BUILD": "debug"})
    # Here the AWS CLI is installed, which some of the next steps use.
    step(summary, "deploy --help", ["./build.sh", "deploy", "--help"], plain, INSTALLING)
    tables = [f"AWS/{name}.py" for name in ("vpc_cleanup_worlds", "vpc_cleanup_faults", "mlflow_app_faults")]
    tests = [*scripts("AWS"), *scripts("EndToEnd")]
    two_at_a_time(summary, [*((table, counted) for table in tables), *((script, unittest) for script in tests)])
    # These compare times.
    for script, judge in [*((script, unittest) for script in scripts("Benchmarks")), ("AWS/vpc_cleanup_speed.py", plain)]:
        step(summary, script, [".venv/bin/python", f"Tests/{script}"], judge)


if __name__ == "__main__":
    sys.exit(main())
