#!/usr/bin/env python3
"""Looks at the stack as its profiles make it: cfn-lint, checkov, cfn-guard with AWS Control Tower's rules, and the IAM actions.

    .scripts/templates/check.py [PROFILE ...]

Prints a line for each profile and what was found, and fails when it is more than the limits.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import tools

if __name__ == "__main__":
    tools.use()

import iam
import stack

# At most so many, and each with its reason where it is: skips and rules that are not met.
MOST_SKIPS, MOST_RULES = 2, 4
# The VPC's zones follow from the region when the stack runs; here they are resolved in part.
RESOLVED_LINT_IGNORES = ["I", "W1"]
# A stack's template may have so many bytes to be sent without S3.
MOST_BYTES = 51_200


def lint(files, ignores=()):
    """cfn-lint's findings, informational ones included, by file."""
    command = [tools.PROGRAMS / "cfn-lint", "--format", "json", "--include-checks", "I"]
    for rule in ignores:
        command += ["--ignore-checks", rule]
    result = subprocess.run([*map(str, command), "--", *map(str, files)], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    found = {pathlib.Path(file).name: [] for file in files}
    for finding in json.loads(result.stdout or "[]"):
        where = finding["Location"]["Start"]["LineNumber"]
        found[pathlib.Path(finding["Filename"]).name].append(f"{finding['Rule']['Id']} line {where}: {finding['Message']}")
    return found


def checkov(folder):
    """checkov's failed and skipped checks by file."""
    result = subprocess.run(
        [str(tools.PROGRAMS / "checkov"), "--directory", str(folder), "--framework", "cloudformation", "--output", "json",
         "--compact"], capture_output=True, text=True, stdin=subprocess.DEVNULL, env={**os.environ, "LOG_LEVEL": "ERROR"})
    results = json.loads(result.stdout)["results"]
    found = {}
    for key in ("failed_checks", "skipped_checks"):
        for each in results.get(key, []):
            found.setdefault(pathlib.Path(each["file_path"]).name, {}).setdefault(key, []).append(
                f"{each['check_id']} {each['resource']}: {each['check_result'].get('suppress_comment') or each['check_name']}")
    if len(results.get("passed_checks", [])) < 50:
        sys.exit(f"checkov passed nothing, which cannot be: {result.stderr}")
    return found


def guard(file):
    """Rules of AWS Control Tower that the file does not meet, with the resources."""
    result = subprocess.run(
        [tools.GUARD, "validate", "--rules", tools.GUARD_RULES, "--data", file, "--show-summary", "none", "--structured", "--output-format",
         "json"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    report = json.loads(result.stdout)[0]
    if len(report["compliant"]) < 10:
        sys.exit(f"cfn-guard found {len(report['compliant'])} rules that are met, which cannot be: {result.stderr}")
    found = set()
    for rule in report["not_compliant"]:
        text = json.dumps(rule)
        name = re.search(r"\[(CT\.[A-Z0-9.]+)\]", text)
        resources = set(re.findall(r'"/Resources/(\w+)', text))
        found |= {(name.group(1) if name else rule["Rule"]["name"], resource) for resource in resources}
    return sorted(found), len(report["compliant"])


def guard_reasons(scope):
    """The rules that a template says it does not meet: (rule, flat id) to the reason."""
    reasons = {}
    for each in scope.template.get("Metadata", {}).get("cfn-guard", []):
        if each["resource"] in scope.flat_ids:
            reasons[each["rule"], scope.flat_ids[each["resource"]]] = each["reason"]
    for nested in scope.nested.values():
        reasons.update(guard_reasons(nested))
    return reasons


def main():
    names = sys.argv[1:] or stack.profile_names()
    actions = iam.Actions(tools.ACTIONS)
    problems = []
    sources = [stack.ROOT_TEMPLATE, *sorted((stack.ROOT_TEMPLATE.parent / "templates").glob("*.yaml"))]
    for file in sources:
        if file.stat().st_size > MOST_BYTES:
            problems.append(f"{file.name} has {file.stat().st_size} bytes, more than {MOST_BYTES}")
    for file, found in lint(sources).items():
        problems += [f"{file}: cfn-lint {each}" for each in found]
    with tempfile.TemporaryDirectory() as folder:
        folder, scopes = pathlib.Path(folder), {}
        for name in names:
            try:
                parameters = stack.profile(name)
                flat = stack.flatten(parameters)
                scopes[name] = stack.scope(parameters)
                scopes[name].resources()
            except stack.Problem as problem:
                sys.exit(f"{name}: {problem}")
            (folder / f"{name}.json").write_text(json.dumps(flat, indent=1))
        files = {name: folder / f"{name}.json" for name in names}
        linted, scanned = lint(files.values(), RESOLVED_LINT_IGNORES), checkov(folder)
        rows = []
        for name, file in files.items():
            flat = json.loads(file.read_text())
            failed, skipped = (scanned.get(file.name, {}).get(key, []) for key in ("failed_checks", "skipped_checks"))
            unmet, met = guard(file)
            rules = sorted({rule for rule, _ in unmet})
            reasons = guard_reasons(scopes[name])
            unknown, writes, unavoidable = iam.findings(flat, actions)
            rows.append((name, len(flat["Resources"]), len(linted[file.name]), f"{len(failed)}/{len(skipped)}", f"{len(rules)}/{met}",
                         len(unknown), len(writes), len(unavoidable)))
            problems += [f"{name}: cfn-lint {each}" for each in linted[file.name]]
            problems += [f"{name}: checkov {each}" for each in failed]
            problems += [f"{name}: cfn-guard {rule} {resource}, without a reason in its template" for rule, resource in unmet if (rule, resource) not in reasons]
            problems += [f"{name}: {each}" for each in unknown + writes]
            if len(skipped) > MOST_SKIPS:
                problems += [f"{name}: {len(skipped)} skips of checkov, more than {MOST_SKIPS}"]
            if len(rules) > MOST_RULES:
                problems += [f"{name}: {len(rules)} rules of Control Tower are not met, more than {MOST_RULES}: {', '.join(rules)}"]
    print(f"{'profile':<26} resources  cfn-lint  checkov       cfn-guard        unknown IAM  writes  writes that know")
    print(f"{'':<26}                      failed/skip   not met/met      actions      on *    no resource")
    for row in rows:
        print("{:<26} {:>9}  {:>8}  {:>11}  {:>14}  {:>12}  {:>6}  {:>6}".format(*row))
    print(f"\nWrites that know no resource: {', '.join(unavoidable) or 'none'}.")
    for problem in sorted(set(problems)):
        print(f"FOUND {problem}")
    print(f"{len(rows)} profiles, {len(set(problems))} findings.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
