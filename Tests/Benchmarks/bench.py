#!/usr/bin/env python3
"""Measures the packaged functions beside what is used today, and prints a table. `./build.sh bench` runs it; docs/benchmarks.md
says how to read it."""

import argparse
import json
import pathlib
import sys
import time

import documents
import part_cleanup
import part_proxy
import part_runtime
import part_signing
import part_size
from contest import Bench, machine
from results import table

PARTS = {"runtime": part_runtime, "proxy": part_proxy, "signing": part_signing, "size": part_size, "cleanup": part_cleanup}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--quick", action="store_true", help="show in seconds that everything works; the figures mean little")
    arguments.add_argument("--part", action="append", choices=PARTS, help="only this part; may be repeated")
    arguments.add_argument("--python", default=sys.executable, help="the Python that has the peers; what it lacks is left out")
    arguments.add_argument("--signing", type=pathlib.Path, help="the signing-benchmark to run")
    arguments.add_argument("--tool", type=pathlib.Path, help="the lambda-local that plays CloudFormation")
    arguments.add_argument("--json", type=pathlib.Path, help="write every figure of every round to this file")
    arguments.add_argument("--update", action="store_true", help="put the figures into README.md and docs/benchmarks.md")
    options = arguments.parse_args()
    if options.update and (options.quick or options.part):
        arguments.error("--update wants the figures of a whole run")
    bench, rows, started = Bench(options.python, options.quick, options.signing, options.tool), [], time.monotonic()
    try:
        for name in options.part or PARTS:
            print(f"Measuring: {name} …", file=sys.stderr, flush=True)
            rows += PARTS[name].rows(bench)
    finally:
        bench.close()
    print(table(rows))
    print(f"\n{'Medians of ' * (bench.rounds > 1)}{bench.rounds} round{'s' * (bench.rounds > 1)} on {machine()}; {time.monotonic() - started:.0f} s in all.")
    if bench.missing:
        print(f"Not measured, since {options.python} lacks them: {', '.join(bench.missing)}.")
    if options.json:
        options.json.write_text(json.dumps([row.record() for row in rows], indent=1), encoding="utf-8")
    if options.update:
        documents.update(rows, table)


if __name__ == "__main__":
    sys.exit(main())
