#!/usr/bin/env python3
"""Writes the proxy's table of MLflow's routes, from MLflow's own routing tables.

    .scripts/generate-routes.py PYTHON...

Each PYTHON is an interpreter in whose environment a version of MLflow (the package mlflow, not mlflow-skinny) is
installed, the oldest first. It is asked for the routes of its server: Flask's URL map and FastAPI's routers. Each method of each route is then classified by the
rules below, and written to Sources/MLflowProxy/Access/MLflowRoutes.swift and docs/access.md.

A route that the rules do not clearly decide ends the script with its name: read its handler and add it to a rule.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
SWIFT = REPOSITORY / "Sources/MLflowProxy/Access/MLflowRoutes.swift"
DOCUMENT = REPOSITORY / "docs/access.md"

# Rules. The names of routes are without the prefix (/api/2.0/mlflow, /ajax-api/3.0/mlflow, ...).

# POST only because the question is too large for a URL: the handlers change nothing.
READING_POSTS = {
    "/artifacts/presigned-download-url",
    "/datasets/search",
    "/experiments/search",
    "/experiments/search-datasets",
    "/issues/search",
    "/jobs/search",
    "/logged-models/search",
    "/prompt-optimization/jobs/search",
    "/registered-models/get-latest-versions",
    "/runs/search",
    "/traces/batchGetInfos",
    "/traces/calculate-filter-correlation",
    "/traces/metrics",
    "/traces/search",
}

# GET that takes the waiting message and lets the assistant act on it.
WRITING_GETS = {"/assistant/sessions/{}/stream"}

# POST that removes something, be it a tag or a membership.
DELETING_POSTS = {
    "/datasets/{}/remove-experiments",
    "/demo/delete",
    "/experiments/delete",
    "/experiments/delete-experiment-tag",
    "/gateway/endpoints/models/detach",
    "/review-queues/delete",
    "/review-queues/items/remove",
    "/runs/delete",
    "/runs/delete-tag",
    "/traces/delete-traces",
}

# Names that sound like a read or a delete, and are neither: their handlers were read.
WRITING_POSTS = {
    "/review-queues/get-or-create-user",
    "/runs/log-batch",
}

# Decided by the request's body, by the proxy.
GRAPHQL = "/graphql"

SOUNDS_READING = re.compile(r"search|get|list|find|query|batch|download|count|metrics$|correlat|preview|validate", re.I)
# The same words as in RequestAccess of the proxy.
SOUNDS_DELETING = re.compile(r"delete|remove|detach|purge|destroy|clear|erase|drop|unlink|revoke|graphql", re.I)
PREFIX = re.compile(r"^/(?:ajax-)?api/\d+\.\d+(?:/mlflow(?=/)|(?=/)|(?=mlflow/)mlflow)?")

DUMP = r"""
import json, os, sys, tempfile, warnings
warnings.simplefilter("ignore")
folder = tempfile.mkdtemp()
store = "sqlite:///" + os.path.join(folder, "mlflow.db")
os.environ["MLFLOW_TRACKING_URI"] = store
os.environ["_MLFLOW_SERVER_FILE_STORE"] = store
os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = folder
os.environ["_MLFLOW_SERVER_SERVE_ARTIFACTS"] = "true"
import mlflow
from mlflow.server import app
from mlflow.server.handlers import get_endpoints

routes = []
def add(path, methods):
    routes.append((path, sorted(set(methods) - {"HEAD", "OPTIONS"})))
for rule in app.url_map.iter_rules():
    add(rule.rule, rule.methods)
for path, _, methods in get_endpoints():
    add(path, methods)
def walk(candidates):
    for route in candidates:
        if hasattr(route, "effective_candidates"):
            walk(route.effective_candidates())
        elif getattr(route, "methods", None):
            add(route.path, route.methods)
        elif hasattr(route, "effective_route") or type(route).__name__ != "Mount":
            sys.exit("unknown kind of route: %r" % route)
        elif route.path != "":
            sys.exit("something is mounted at %s" % route.path)
try:
    from mlflow.server.fastapi_app import app as fastapi
except ImportError:
    fastapi = None
if fastapi is not None:
    walk(fastapi.routes)
print("ROUTES " + json.dumps([mlflow.__version__, routes]))
"""


def dump(python):
    # Away from this folder, lest a module of it be taken for MLflow's.
    with tempfile.TemporaryDirectory() as folder:
        output = subprocess.run([python, "-c", DUMP], cwd=folder, stdout=subprocess.PIPE, text=True, check=True).stdout
    line = [line for line in output.splitlines() if line.startswith("ROUTES ")][-1]
    version, routes = json.loads(line.removeprefix("ROUTES "))
    return version, routes


def pattern(path):
    """Flask's `<path:x>` and `<x>`, Starlette's `{x:path}` and `{x}` in one form: `{path}` and `{}`."""
    def parameter(match):
        converter = match["flask"] or match["starlette"]
        if converter not in (None, "path", "string"):
            raise SystemExit(f"{path} has a converter that the proxy does not know: {converter}")
        return "{path}" if converter == "path" else "{}"

    result = re.sub(
        r"<(?:(?P<flask>\w+)(?:\([^)]*\))?:)?\w+>|\{[\w.]+(?::(?P<starlette>\w+))?\}", parameter, path)
    if " " in result or "|" in result or re.search(r"\{path\}[^/]|[^/]\{path\}", result):
        raise SystemExit(f"{path} has a form that the proxy does not know")
    return result


def classify(method, path):
    name = PREFIX.sub("", path)
    if method == "GET":
        return "write" if name in WRITING_GETS else "graphql" if path == GRAPHQL else "read"
    if method == "DELETE":
        return "delete"
    if method == "POST":
        if path == GRAPHQL:
            return "graphql"
        if name in READING_POSTS:
            return "read"
        if name in DELETING_POSTS:
            return "delete"
        own = re.sub(r"\{\w*\}", "", name).rstrip("/").rsplit("/", 1)[-1]
        if name not in WRITING_POSTS and (SOUNDS_READING.search(own) or SOUNDS_DELETING.search(own)):
            raise SystemExit(f"POST {path} ({name}) sounds like a read or a delete: add it to one of the rules")
        return "write"
    if method in ("PUT", "PATCH"):
        return "write"
    raise SystemExit(f"{method} {path} has a method without a rule")


def both_prefixes(rows):
    """Joins the rows that /api and /ajax-api have in common, as `/api|ajax-api`."""
    joined = {}
    for path, row in rows.items():
        twin = path.replace("/api/", "/ajax-api/", 1) if path.startswith("/api/") else None
        if twin and rows.get(twin) == row:
            joined[path.replace("/api/", "/api|ajax-api/", 1)] = row
        elif path.startswith("/ajax-api/") and rows.get(path.replace("/ajax-api/", "/api/", 1)) == row:
            continue
        else:
            joined[path] = row
    return joined


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    dumps = [dump(python) for python in sys.argv[1:]]
    versions = [version for version, _ in dumps]
    rows = {}
    for version, routes in dumps:
        for path, methods in routes:
            for method in methods:
                path = pattern(path)
                access = classify(method, path)
                rows.setdefault(path, {}).setdefault(method, [access, []])
                if version not in rows[path][method][1]:
                    rows[path][method][1].append(version)
    rows = both_prefixes(rows)
    count = sum(len(row) * (2 if "|" in path else 1) for path, row in rows.items())

    with SWIFT.open("w") as file:
        file.write(
            "// Generated by .scripts/generate-routes.py from the routing tables of MLflow\n"
            f"// {', '.join(versions)}. Do not edit: change the script's rules and run it again.\n"
            "\n"
            "/// The routes of MLflow and what each of their methods does (docs/access.md shows them as a table).\n"
            "enum MLflowRoutes {\n"
            "    /// How many pairs of method and path the table holds.\n"
            f"    static let count = {count}\n"
            "\n"
            "    /// One route a line: path, then METHOD:ACCESS. `{}` is one segment, or the rest of one; `{path}` is one\n"
            "    /// or more segments; `api|ajax-api` is either.\n"
            '    static let table = """\n')
        for path in sorted(rows):
            methods = " ".join(f"{method}:{access}" for method, (access, _) in sorted(rows[path].items()))
            file.write(f"        {path} {methods}\n")
        file.write('        """\n}\n')

    marks = {"read": "read", "write": "write", "delete": "**delete**", "graphql": "by its body"}
    with DOCUMENT.open("w") as file:
        file.write(INTRODUCTION.replace("VERSIONS", ", ".join(versions)).replace("COUNT", str(count)))
        file.write("\n| method | path | access | " + " | ".join(versions) + " |\n|---|---|---|" + "---|" * len(versions))
        for path in sorted(rows):
            for method, (access, present) in sorted(rows[path].items()):
                cells = ["✓" if version in present else "" for version in versions]
                shown = path.replace("api|ajax-api", "{api,ajax-api}")
                file.write(f"\n| {method} | `{shown}` | {marks[access]} | " + " | ".join(cells) + " |")
        file.write("\n")
    print(f"{count} methods of {len(rows)} routes of MLflow {', '.join(versions)}")


INTRODUCTION = """\
<!-- Generated by .scripts/generate-routes.py; the text above the table is in that script. -->
# What `PROXY_ACCESS` allows

| `PROXY_ACCESS` | reads | writes | deletes |
|---|---|---|---|
| `full` | yes | yes | yes |
| `no-delete` | yes | yes | no |
| `read-only` | yes | no | no |

A request that is not allowed is answered 403 `PERMISSION_DENIED` before anything is sent to MLflow. An MLflow App has
one IAM action for all of its data plane, so this is where a read-only or no-delete front to an App is made; for a
tracking server, the per-operation `sagemaker-mlflow:` actions of the function's role say the same once more.

- **A route that is not in the table is a write**, and so is a method that its route does not have. It is a delete when
  the method is `DELETE`, or its path holds one of the words delete, remove, detach, purge, destroy, clear, erase, drop,
  unlink, revoke, graphql.
- `HEAD` and `OPTIONS` are what `GET` of the same path is. Headers and parameters that ask for another method count for
  nothing; the headers are not passed on.
- A path is compared as MLflow's routers do: decoded, in small and capital letters as they are, no slash more or less.
  Where it can be read in more than one way (`%2F`, encoded twice), and where more than one route matches, the reading
  that does the most decides.
- Removing a tag, an alias, a member or an artifact is a delete as well. Restoring, renaming, overwriting and cancelling
  are writes, and so is discarding an upload that was never completed.
- A presigned download URL is a read, a presigned upload URL a write. Both are good until they expire, whoever has them.
- Calls through MLflow's AI gateway, jobs and the assistant are writes; so is the assistant's event stream, which makes
  the assistant act.
- GraphQL is a read when it is one JSON object whose `query` holds queries and fragments alone. A mutation or
  subscription anywhere in the document makes it a write, or a delete when any name in it holds one of the words above.
  Several queries of which `operationName` does not name one are a write. What cannot be read (no JSON, a batch, a fault
  in the document, the same member twice) is refused in both modes.
- The proxy decides on what passes through it. Artifacts in S3 that a client reaches with credentials of its own are
  decided by those.

## Routes

COUNT pairs of method and path, read from the routing tables of MLflow VERSIONS.
`{}` is one segment, `{path}` one or more. For another version, install it in a virtual environment and run `.scripts/generate-routes.py` with the
interpreters of all versions, such as `.scripts/generate-routes.py 2.22/bin/python 3.18/bin/python`: it writes this file
and the proxy's table, and stops at a route that needs a human's decision.
"""

if __name__ == "__main__":
    main()
