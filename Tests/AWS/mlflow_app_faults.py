#!/usr/bin/env python3
"""The packaged mlflow-app against everything that goes wrong around a custom resource and in SageMaker.

In every row CloudFormation gets exactly one valid answer in time, and SageMaker holds what it has to: nothing is made twice,
nothing is left, nothing of anybody else's is touched, and every request is one that botocore would send. The rows are data; at
the end they are printed as a table. `mlflow_app_faults.py BOOTSTRAP [PART OF A NAME]` runs them.
"""

import concurrent.futures
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import threading
import time

from control_plane_front import Front
from custom_resource import PASSED_ON, REPOSITORY, CustomResource, local_tool
from test_control_plane import KEYS, ROLE, STORE, ControlPlane

STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/demo/1f0e7a60-0000-0000-0000-000000000000"
OTHER_ROLE = "arn:aws:iam::123456789012:role/other"
TAGS = {"Tags": [{"Key": "team", "Value": "ml"}, {"Key": "stage", "Value": "test"}]}
APP = {"Kind": "App", "Name": "demo", "ArtifactStoreUri": STORE, "RoleArn": ROLE}
DEFAULT_APP = {**APP, "AccountDefaultStatus": "ENABLED", "DefaultDomainIdList": ["d-abc", "d-def"]}
REPLACED_APP = {**DEFAULT_APP, "RoleArn": OTHER_ROLE}
RENAMED_APP = {**APP, "Name": "renamed", "Tags": [{"Key": "team", "Value": "other"}, {"Key": "new", "Value": ""}]}
SERVER = {"Kind": "TrackingServer", "Name": "demo", "ArtifactStoreUri": STORE, "RoleArn": ROLE}
LARGE_SERVER = {**SERVER, "TrackingServerSize": "Large"}
REPLACED_SERVER = {**SERVER, "Name": "demo-2", "RoleArn": OTHER_ROLE}
# How the control plane is while rows are prepared: quick, and nothing goes wrong.
QUIET = {"creation": 0.02, "update": 0.02, "deletion": 0.02, "startAndStop": 0.02, "throttling": 0, "internalErrors": 0,
         "failures": {}, "failedCreations": 0, "failedUpdates": 0, "failedDeletions": 0, "lostCreations": 0, "limit": 20}
USUAL = {**QUIET, "creation": 0.3, "update": 0.2, "deletion": 0.2, "startAndStop": 0.2}


@dataclasses.dataclass
class Step:
    """One request and what has to come of it.

    `identifier` is the number of the step whose answer gave it (-1: the last one that gave an id), or an id as it is. `settings`
    are the control plane's from this step on; a step without them goes smoothly. An `action` is invoked directly.
    """

    request: str = "Create"
    properties: dict = dataclasses.field(default_factory=lambda: APP)
    old: dict = None
    identifier: object = -1
    outcome: str = "SUCCESS"
    reason: str = ""
    settings: dict = None
    arguments: tuple = ()
    action: dict = None
    # Nothing may be changed.
    idle: bool = False
    # Share of connections that end before a call and of answers that get lost.
    resets: float = 0
    lost: float = 0


@dataclasses.dataclass
class Row:
    """`left` is what the resource has in SageMaker at the end: of each thing, what is looked at. `made` is how many were ever made."""

    name: str
    steps: tuple
    left: tuple
    made: int = 1
    # A call of the last step, by its number or by its operation and which of these it is -> "before" or "after".
    kills: dict = dataclasses.field(default_factory=dict)
    # Which step the kills, the counts and the deadline are about.
    subject: int = -1
    # Answers after the first one, which CloudFormation disregards.
    duplicates: int = 0
    # Count of the report -> the fewest that show that the row did happen.
    fewest: dict = dataclasses.field(default_factory=dict)
    within: float = 60


def create(properties=APP, **more):
    return Step("Create", properties, **more)


def update(old, new, **more):
    return Step("Update", new, old, **more)


def delete(properties=APP, **more):
    return Step("Delete", properties, **more)


def act(action, app=None, **more):
    """`app` is the number of the step that made the App that is meant; without it the server is."""
    subject = {"trackingServer": "demo"} if app is None else {"app": app}
    return Step("action", action={"action": action, **subject}, **more)


def failing(operation, code, message, count=1):
    return {"failures": {operation: {"count": count, "code": code, "message": message}}}


SHORT = ("--timeout", "6")
SLOW = {"creation": 9}
ASSUME = "SageMaker is unable to perform: sts:AssumeRole on the role"
IS_APP = ({"Name": "demo", "Status": "Created", "RoleArn": ROLE},)
IS_RENAMED = ({"Name": "renamed", "Status": "Updated", "tags": {"team": "other", "new": ""}},)
OLD_DEFAULT = {"Name": "demo", "RoleArn": ROLE, "AccountDefaultStatus": "ENABLED", "domains": ["d-abc", "d-def"]}
NEW_DEFAULT = {**OLD_DEFAULT, "RoleArn": OTHER_ROLE}
BEREFT = {"Name": "demo", "RoleArn": ROLE, "AccountDefaultStatus": "DISABLED", "domains": []}
IS_SERVER = ({"TrackingServerName": "demo", "TrackingServerStatus": "Created", "RoleArn": ROLE},)
STOPPED = {"TrackingServerName": "demo", "TrackingServerStatus": "Stopped"}
NEW_SERVER = {"TrackingServerName": "demo-2", "TrackingServerStatus": "Created", "RoleArn": OTHER_ROLE}

# The flows whose last step is delivered twice, and killed at every call that matters.
FLOWS = [
    Row("create App", (create({**APP, **TAGS}),), ({**IS_APP[0], "tags": {"team": "ml", "stage": "test"}},)),
    Row("create default App", (create(DEFAULT_APP),), (OLD_DEFAULT,)),
    Row("update App", (create({**APP, **TAGS}), update({**APP, **TAGS}, RENAMED_APP)), IS_RENAMED),
    Row("replace App", (create(DEFAULT_APP), update(DEFAULT_APP, REPLACED_APP)), (BEREFT, NEW_DEFAULT), made=2),
    Row("roll back App", (create(DEFAULT_APP), update(DEFAULT_APP, REPLACED_APP), delete(REPLACED_APP)), (OLD_DEFAULT,), made=2),
    Row("roll back App by update", (
        create(DEFAULT_APP), update(DEFAULT_APP, REPLACED_APP), update(REPLACED_APP, DEFAULT_APP, identifier=0)), (OLD_DEFAULT,),
        made=2),
    Row("delete App", (create(), delete()), ()),
    Row("create server", (create(SERVER),), IS_SERVER),
    Row("update stopped server", (create(SERVER), act("stop"), update(SERVER, LARGE_SERVER)),
        ({**STOPPED, "TrackingServerSize": "Large"},)),
    Row("replace server", (create(SERVER), update(SERVER, REPLACED_SERVER)), (*IS_SERVER, NEW_SERVER), made=2),
    Row("delete server", (create(SERVER), delete(SERVER)), ()),
]

ROWS = [
    # Delivery
    Row("delivered again afterwards", (create(arguments=("--duplicate-afterwards",)),), IS_APP, duplicates=1,
        fewest={"invocations": 2}),
    Row("the account's last, delivered twice at once", (create(settings={"limit": 2}, arguments=("--duplicate",)),), IS_APP,
        duplicates=1, fewest={"invocations": 2}),
    Row("killed as it answers", (create(arguments=("--kill", "answer")),), IS_APP, duplicates=1, fewest={"retries": 1}),
    Row("killed at every try, then deleted", (
        create(outcome="FAILED", arguments=("--failure-destination",)), delete()), (), subject=0,
        kills={number: "after" for number in range(2, 60)}, fewest={"retries": 2, "failureRecords": 1}),
    Row("replacement killed at every try, rolled back", (
        create(DEFAULT_APP), update(DEFAULT_APP, REPLACED_APP, outcome="FAILED", arguments=("--failure-destination",)),
        update(REPLACED_APP, DEFAULT_APP, identifier=0)), (OLD_DEFAULT,), made=2, subject=1,
        kills={number: "after" for number in range(6, 200)}, fewest={"retries": 2, "failureRecords": 1}),
    # SageMaker
    Row("throttled at 30 %", (create(settings={"throttling": 0.3}), update(APP, RENAMED_APP, settings={"throttling": 0.3}),
                              delete(RENAMED_APP, settings={"throttling": 0.3})), (), within=120),
    Row("internal errors at 30 %", (create(DEFAULT_APP, settings={"internalErrors": 0.3}), update(
        DEFAULT_APP, REPLACED_APP, settings={"internalErrors": 0.3})), (BEREFT, NEW_DEFAULT), made=2, within=120),
    Row("storm of internal errors", (create(settings=failing("CreateMlflowApp", "InternalFailure", "We are sorry.", 6)),), IS_APP),
    Row("storm of a server's", (create(SERVER, settings={
        "failures": {"DescribeMlflowTrackingServer": {"count": 12, "code": "InternalFailure", "message": "We are sorry."},
                     "ListTags": {"count": 7, "code": "ThrottlingException", "message": "Rate exceeded"}}}),), IS_SERVER),
    Row("connections are reset", (create(resets=0.2), update(APP, RENAMED_APP, resets=0.2)), IS_RENAMED, within=120),
    Row("answers get lost", (create(lost=0.2), update(APP, RENAMED_APP, lost=0.2), delete(RENAMED_APP, lost=0.2)), (), within=120),
    Row("creation's answer is lost", (create(settings={"lostCreations": 1}),), IS_APP),
    Row("server creation's answer is lost", (create(SERVER, settings={"lostCreations": 1}),), IS_SERVER),
    Row("CreateFailed, then deleted", (
        create(outcome="FAILED", reason="does not trust sagemaker.amazonaws.com", settings={"failedCreations": 1}), delete()), ()),
    Row("CreateFailed, killed as it answers, then deleted", (
        create(outcome="FAILED", reason="CreateFailed", settings={"failedCreations": 1}, arguments=("--kill", "answer")), delete()),
        (), subject=0, duplicates=1, fewest={"retries": 1}),
    Row("server CreateFailed, then deleted", (
        create(SERVER, outcome="FAILED", reason="CreateFailed", settings={"failedCreations": 1}), delete(SERVER)), ()),
    Row("DeleteFailed once", (create(), delete(settings={"failedDeletions": 1})), ()),
    Row("DeleteFailed twice, then again", (
        create(), delete(outcome="FAILED", reason="Delete it by hand", settings={"failedDeletions": 2}), delete()), ()),
    Row("UpdateFailed, then rolled back", (
        create(), update(APP, RENAMED_APP, outcome="FAILED", reason="UpdateFailed", settings={"failedUpdates": 1}),
        update(RENAMED_APP, APP)), ({"Name": "demo"},)),
    Row("stopped server UpdateFailed, rolled back", (
        create(SERVER), act("stop"),
        update(SERVER, LARGE_SERVER, outcome="FAILED", reason="UpdateFailed", settings={"failedUpdates": 1}),
        update(LARGE_SERVER, SERVER)), ({**STOPPED, "TrackingServerSize": "Small"},)),
    Row("role is not known yet", (create(settings=failing("CreateMlflowApp", "ValidationException", ASSUME, 3)),), IS_APP),
    Row("access is denied", (
        create(outcome="FAILED", reason="AccessDenied", settings=failing("CreateMlflowApp", "AccessDeniedException", "No.", 2)),
        delete()), (), made=0),
    Row("account's limit is reached", (
        create(outcome="FAILED", reason="limit", settings={"limit": 1}), delete(idle=True)), (), made=0),
    Row("name is taken", (create({**APP, "Name": "stranger"}, outcome="FAILED", reason="Choose another Name", idle=True),
                          delete({**APP, "Name": "stranger"}, idle=True)), (), made=0),
    Row("server's name is taken", (
        create({**SERVER, "Name": "stranger"}, outcome="FAILED", reason="Choose another Name", idle=True),
        delete({**SERVER, "Name": "stranger"}, idle=True)), (), made=0),
    Row("an outage that does not pass", (
        create(outcome="FAILED", reason="internal error", settings={"internalErrors": 1}, arguments=("--service-timeout", "6")),
        delete(idle=True)), (), made=0, subject=0, within=6),
    Row("CreateFailed, though to be kept", (
        create({**APP, "DeletionPolicy": "Retain"}, outcome="FAILED", reason="CreateFailed", settings={"failedCreations": 1}),
        delete({**APP, "DeletionPolicy": "Retain"})), ()),
    # The answer's way
    Row("ResponseURL answers 500", (create(arguments=("--response-fault", "500:3")),), IS_APP, fewest={"puts": 4}),
    Row("ResponseURL answers 403", (create(arguments=("--response-fault", "403")),), IS_APP, duplicates=1),
    Row("ResponseURL resets", (create(arguments=("--response-fault", "reset:2")),), IS_APP, fewest={"puts": 3}),
    Row("ResponseURL is slow", (create(arguments=("--response-fault", "slow", "--slow-delay", "2")),), IS_APP),
    # Deadlines
    Row("slow creation, several hand-overs", (create(settings=SLOW, arguments=SHORT),), IS_APP, fewest={"handOvers": 2}),
    Row("slow server, several hand-overs", (create(SERVER, settings=SLOW, arguments=SHORT),), IS_SERVER, fewest={"handOvers": 2}),
    Row("slow deletion", (create(), delete(settings={"deletion": 5}, arguments=SHORT)), (), fewest={"handOvers": 1}),
    Row("slow replacement", (create(DEFAULT_APP), update(
        DEFAULT_APP, REPLACED_APP, settings={"creation": 4, "update": 2}, arguments=SHORT)), (BEREFT, NEW_DEFAULT), made=2,
        fewest={"handOvers": 1}),
    Row("slow change of a stopped server", (create(SERVER), act("stop"), update(
        SERVER, LARGE_SERVER, settings={"startAndStop": 2.5, "update": 1}, arguments=SHORT)),
        ({**STOPPED, "TrackingServerSize": "Large"},), fewest={"handOvers": 1}),
    Row("killed as it hands over", (create(settings={"creation": 5}, arguments=(*SHORT, "--kill", "hand-over")),), IS_APP,
        duplicates=1, fewest={"handOvers": 1}),
    Row("hand-over is throttled", (create(settings={"creation": 5}, arguments=(*SHORT, "--throttle", "2")),), IS_APP,
        fewest={"handOvers": 1}),
    Row("CloudFormation's time is nearly over, deleted", (
        create(outcome="FAILED", reason="is Creating", settings={"creation": 12}, arguments=("--service-timeout", "6")),
        delete(settings={"creation": 12})), (), subject=0, within=6),
    Row("two deliveries when CloudFormation's time is over, deleted", (
        create(outcome="FAILED", settings={"creation": 8}, arguments=("--service-timeout", "6", "--duplicate")),
        delete(settings={"creation": 8})), (), made=2, subject=0, duplicates=1, within=6),
    # Ids and requests
    Row("App of a lost delivery, its id made up", (
        create(outcome="MISSING", settings={"creation": 3}, arguments=("--retries", "0")),
        delete(identifier="demo-MLflow-1ABCDEFGHIJKL")), (), subject=0, kills={4: "after"}),
    Row("server of a lost delivery, its id made up", (
        create(SERVER, outcome="MISSING", settings={"creation": 1}, arguments=("--retries", "0")),
        delete(SERVER, identifier="demo-MLflow-1ABCDEFGHIJKL")), (), subject=0, kills={4: "after"}),
    Row("ids that nobody knows", (delete(identifier="something-else", idle=True), delete(
        identifier="arn:aws:sagemaker:us-east-1:123456789012:mlflow-app/app-NOBODYKNOWS1", idle=True)), (), made=0),
    Row("deleted twice", (create(), delete(), delete(identifier=0, idle=True)), ()),
    Row("kept, then taken over", (
        create(), delete({**APP, "DeletionPolicy": "Retain"}), create(RENAMED_APP | {"Name": "demo"})),
        ({"Name": "demo", "tags": {"team": "other", "new": ""}},)),
    Row("kept, then a Create nobody answered is rolled back", (
        create(), delete({**APP, "DeletionPolicy": "Retain"}), delete(identifier="demo-MLflow-1ABCDEFGHIJKL", idle=True)), IS_APP),
    Row("invalid properties", (create(
        {"Kind": "App", "Name": "-x", "ArtifactStoreUri": "ftp://x", "RoleARN": ROLE}, outcome="FAILED", reason="Name", idle=True),
        delete({"Kind": "Ap"}, idle=True)), (), made=0),
    # Updates
    Row("update changes nothing", (create({**APP, **TAGS}), update({**APP, **TAGS}, {**APP, "Tags": TAGS["Tags"][::-1]}, idle=True)),
        IS_APP),
    Row("replacement and cleanup", (
        create(DEFAULT_APP), update(DEFAULT_APP, REPLACED_APP), delete(DEFAULT_APP, identifier=0)), (NEW_DEFAULT,), made=2),
    Row("server, replacement and cleanup", (
        create(SERVER), update(SERVER, REPLACED_SERVER), delete(SERVER, identifier=0)), (NEW_SERVER,), made=2),
    Row("server, replacement and rollback", (
        create(SERVER), update(SERVER, REPLACED_SERVER), delete(REPLACED_SERVER)), IS_SERVER, made=2),
    Row("server, rolled back by update", (
        create(SERVER), update(SERVER, REPLACED_SERVER), update(REPLACED_SERVER, SERVER, identifier=0)), IS_SERVER, made=2),
    Row("server, rolled back under the new id", (
        create(SERVER), update(SERVER, REPLACED_SERVER), update(REPLACED_SERVER, SERVER), delete(REPLACED_SERVER, identifier=1)),
        IS_SERVER, made=2),
    Row("App, rolled back under the new id", (
        create(DEFAULT_APP), update(DEFAULT_APP, REPLACED_APP), update(REPLACED_APP, DEFAULT_APP),
        delete(REPLACED_APP, identifier=1)), (OLD_DEFAULT,), made=2),
    Row("server's role under its own name", (
        create(SERVER), update(SERVER, {**SERVER, "RoleArn": OTHER_ROLE}, outcome="FAILED", reason="change Name too", idle=True),
        update({**SERVER, "RoleArn": OTHER_ROLE}, SERVER, idle=True)), IS_SERVER),
    Row("a server becomes an App", (create(SERVER), update(SERVER, APP), delete(SERVER, identifier=0)), IS_APP, made=2),
    # Starting and stopping
    Row("stop while starting", (create(SERVER), act("stop"), act("start", settings={"startAndStop": 1}), act("stop")), (STOPPED,)),
    Row("stop twice", (create(SERVER), act("stop"), act("stop", idle=True)), (STOPPED,)),
    Row("update while starting", (create(SERVER), act("stop"), act("start", settings={"startAndStop": 1}), update(
        SERVER, LARGE_SERVER)), ({"TrackingServerStatus": "Updated", "TrackingServerSize": "Large"},)),
    Row("delete while starting", (create(SERVER), act("stop"), act("start", settings={"startAndStop": 1}), delete(SERVER)), ()),
]


class World:
    """A control plane with things of somebody else in it, the front before it, and the function."""

    def __init__(self, bootstrap, tool):
        self.bootstrap, self.tool = bootstrap, tool
        self.plane = ControlPlane(**QUIET)
        self.front = Front(self.plane)
        self.client = self.plane.client()
        own = {"sagemaker-mlflow-lambda:stack-id": STACK, "sagemaker-mlflow-lambda:logical-id": "Other"}
        self.client.create_mlflow_app(
            Name="stranger", ArtifactStoreUri=STORE, RoleArn=ROLE, Tags=[{"Key": name, "Value": own[name]} for name in own])
        self.client.create_mlflow_tracking_server(TrackingServerName="stranger", ArtifactStoreUri=STORE, RoleArn=ROLE)
        time.sleep(0.05)
        self.strangers, _ = self.things("stranger")
        self.environment = {
            "AWS_ENDPOINT_URL_SAGEMAKER": self.front.url, "AWS_ACCESS_KEY_ID": KEYS["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": KEYS["aws_secret_access_key"], "AWS_SESSION_TOKEN": KEYS["aws_session_token"],
            "POLL_INTERVAL_SECONDS": "0.05"}
        self.resource = CustomResource(bootstrap, self.environment, tool)
        self.front.kill = self.resource.kill

    def close(self):
        self.front.close()
        self.plane.close()

    def things(self, name=None):
        """What is there, by its name or all but the strangers; and how many there ever were, but for servers that are gone."""
        ever, found, token = 0, [], {}
        while True:
            page = self.client.list_mlflow_apps(MaxResults=100, **token)
            for app in page["Summaries"]:
                if (app["Name"] == "stranger") != (name == "stranger"):
                    continue
                ever += 1
                if app["Status"] != "Deleted":
                    thing = self.client.describe_mlflow_app(Arn=app["Arn"])
                    found.append({**thing, "domains": thing["DefaultDomainIdList"], **self.tags(app["Arn"])})
            if "NextToken" not in page:
                break
            token = {"NextToken": page["NextToken"]}
        for server in self.client.list_mlflow_tracking_servers(MaxResults=100)["TrackingServerSummaries"]:
            if (server["TrackingServerName"] == "stranger") == (name == "stranger"):
                thing = self.client.describe_mlflow_tracking_server(TrackingServerName=server["TrackingServerName"])
                found.append({**thing, **self.tags(server["TrackingServerArn"])})
        for thing in found:
            thing.pop("ResponseMetadata")
        return found, ever

    def tags(self, arn):
        tags = {tag["Key"]: tag["Value"] for tag in self.client.list_tags(ResourceArn=arn)["Tags"]}
        mine = {name: value for name, value in tags.items() if not name.startswith("sagemaker-mlflow-lambda:")}
        return {"tags": mine, "own": sorted(set(tags) - set(mine))}

    def act(self, event):
        """Invokes the function directly. Returns its answer and its log."""
        variables = [part for name, value in self.environment.items() for part in ("--env", f"{name}={value}")]
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(event, file)
            file.flush()
            done = subprocess.run(
                [self.tool, "invoke", self.bootstrap, file.name, *variables], capture_output=True, text=True, timeout=60,
                env={name: os.environ[name] for name in PASSED_ON if name in os.environ}, stdin=subprocess.DEVNULL, check=False)
        return done.returncode, done.stdout, done.stderr


class Run:
    """One row in a world of its own."""

    def __init__(self, row, bootstrap, tool):
        self.row, self.found, self.log = row, [], ""
        # The calls of all steps; those of the subject, and its report.
        self.every_call = []
        self.calls, self.report, self.changes, self.made_servers = [], None, 0, 0
        self.world = World(bootstrap, tool)
        self.front = self.world.front
        started = time.monotonic()
        try:
            self.go()
        finally:
            self.world.close()
        self.seconds = time.monotonic() - started

    def go(self):
        row, ids = self.row, []
        subject = row.subject % len(row.steps)
        for number, step in enumerate(row.steps):
            usual = USUAL if number == subject else QUIET
            self.world.plane.set(**(usual | (step.settings or {})))
            self.front.begin()
            self.front.kills = dict(row.kills) if number == subject else {}
            # Both deliveries have looked, and found nothing, when one of them makes something.
            self.front.meeting = threading.Barrier(2, timeout=2) if "--duplicate" in step.arguments else None
            self.front.resets, self.front.lost = step.resets, step.lost
            if step.action:
                self.act(number, step, ids)
                ids.append(None)
            else:
                ids.append(self.request(number, step, ids, number == subject))
            self.front.kills = {}
            self.every_call += self.front.calls
            changes = [call for call in self.front.calls if call.is_applied]
            self.made_servers += sum(call.operation == "CreateMlflowTrackingServer" for call in changes)
            if step.settings and "lostCreations" in step.settings and step.properties["Kind"] == "TrackingServer":
                self.made_servers += 1
            if number == subject:
                self.calls, self.changes = list(self.front.calls), len(changes)
            if step.idle and changes:
                self.found.append(f"step {number} was to change nothing: {changes[0]}")
        self.world.plane.set(**QUIET)
        self.look_at_the_world()
        self.found += sorted(set(self.front.invalid))

    def act(self, number, step, ids):
        app = {"app": self.identifier(step.action["app"], ids)} if "app" in step.action else {}
        status, answer, log = self.world.act(step.action | app)
        self.log = log
        if status != 0:
            self.found.append(f"step {number} came to {answer}")
        if number == len(self.row.steps) - 1:
            self.settle()

    @staticmethod
    def identifier(wanted, ids):
        if not isinstance(wanted, int):
            return wanted
        return ids[wanted] if wanted >= 0 else next(reversed([one for one in ids if one]))

    def settle(self):
        """An action does not wait for what it began."""
        end = time.monotonic() + 5
        while time.monotonic() < end:
            if not any(thing.get("TrackingServerStatus", "").endswith("ing") for thing in self.world.things()[0]):
                return
            time.sleep(0.05)

    def request(self, number, step, ids, is_subject):
        event = {"RequestType": step.request, "ResourceType": "Custom::MLflowApp", "LogicalResourceId": "MLflow", "StackId": STACK,
                 "ResourceProperties": step.properties}
        if step.old is not None:
            event["OldResourceProperties"] = step.old
        if step.request != "Create":
            event["PhysicalResourceId"] = self.identifier(step.identifier, ids)
        given = self.world.resource.send(event, "--retry-delay", "0.1", *step.arguments)
        self.log = given.log
        row, counts, found = self.row, given.counts, self.found
        if is_subject:
            self.report = given
        if given.outcome != step.outcome:
            found.append(f"{step.request} came to {given.outcome} and not {step.outcome}: {given.report.get('message') or given.log[-3000:]}")
            return given.identifier
        valid = 0 if step.outcome == "MISSING" else 1
        if counts["validAnswers"] != valid or counts["duplicateAnswers"] > row.duplicates:
            found.append(f"the answers of step {number} were {counts}")
        if valid and is_subject and given.report["answeredAfterSeconds"] > row.within:
            found.append(f"the answer took {given.report['answeredAfterSeconds']} s, more than {row.within}")
        if is_subject:
            found += [f"{name} was {counts[name]}, less than {count}" for name, count in row.fewest.items() if counts[name] < count]
        if step.outcome == "FAILED" and step.reason not in (given.report.get("message") or ""):
            found.append(f"the reason is {given.report.get('message')!r} and does not say {step.reason!r}")
        if step.request == "Delete" and given.identifier != event["PhysicalResourceId"]:
            found.append(f"a Delete of {event['PhysicalResourceId']} was answered for {given.identifier}")
        return given.identifier

    def look_at_the_world(self):
        things, apps_ever = self.world.things()
        wanted = list(self.row.left)
        for thing in things:
            match = next((one for one in wanted if all(thing.get(name) == value for name, value in one.items())), None)
            if match is None:
                self.found.append(f"this was not to be left: {thing}")
            else:
                wanted.remove(match)
            if "sagemaker-mlflow-lambda:stop-again" in thing["own"]:
                self.found.append(f"it is marked to be stopped again: {thing}")
        self.found += [f"this is missing: {one}" for one in wanted]
        made = apps_ever + self.made_servers
        if self.row.made is not None and made != self.row.made:
            self.found.append(f"{made} were made and not {self.row.made}")
        if self.world.things("stranger")[0] != self.world.strangers:
            self.found.append("what is somebody else's was changed")

    def line(self):
        counts = self.report.counts if self.report else {}
        shown = [counts.get(name, "-") for name in (
            "puts", "validAnswers", "duplicateAnswers", "invocations", "retries", "handOvers", "failureRecords")]
        return (
            f"{self.row.name:<58} {self.report.outcome if self.report else 'action':<8} {shown[0]:>4} {shown[1]:>5} {shown[2]:>9} "
            f"{shown[3]:>11} {shown[4]:>7} {shown[5]:>9} {shown[6]:>7} {len(self.calls):>5} {self.changes:>7} {self.seconds:>7.1f}  "
            f"{'WRONG' if self.found else 'ok'}")


HEADING = (
    f"{'row':<58} {'answer':<8} puts valid duplicate invocations retries handovers records calls changes seconds")


def kill_rows(flow, calls):
    """A row for the first call of each operation and for every changing one, killed before it is carried out and after. A call's number
    would not do: how often is looked before it depends on the time."""
    first = set()
    for call in calls:
        if call.is_change or call.operation not in first:
            first.add(call.operation)
            for when in ("before", "after"):
                yield dataclasses.replace(
                    flow, name=f"{flow.name}, killed {when} {call.operation} {call.nth}", kills={(call.operation, call.nth): when},
                    fewest={"retries": 1})


def delivered_twice(flow):
    """A flow whose last step comes twice at once. Both deliveries may make an App, and one of them goes."""
    *before, last = flow.steps
    return dataclasses.replace(
        flow, name=f"{flow.name}, delivered twice at once", steps=(*before, dataclasses.replace(last, arguments=("--duplicate",))),
        made=None, duplicates=1, fewest={"invocations": 2})


def main(bootstrap=REPOSITORY / "dist/unpacked/mlflow-app/bootstrap", part="", tool=None):
    tool = tool or local_tool()
    done, started = [], time.monotonic()

    def finish(future):
        run = future.result()
        done.append(run)
        print(run.line(), flush=True)
        if run.found:
            print(*(f"    {text}" for text in run.found), f"    log: {run.log[-3000:]}", sep="\n", flush=True)
        return run

    # Rows wait most of the time.
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        print(HEADING, flush=True)
        start = lambda rows: [pool.submit(Run, row, bootstrap, tool) for row in rows if part in row.name]
        flows = [pool.submit(Run, row, bootstrap, tool) for row in FLOWS if row.name in part or part in row.name or "killed" in part]
        others = start([*map(delivered_twice, FLOWS), *ROWS])
        killed = start([row for future in flows for row in kill_rows(future.result().row, future.result().calls)])
        for future in [*flows, *others, *killed]:
            finish(future)
    wrong = sum(bool(run.found) for run in done)
    print(f"\n{HEADING}", *(run.line() for run in done), sep="\n")
    kills = sum(bool(run.row.kills) for run in done)
    print(f"\n{len(done)} rows, {kills} of them with a kill: {wrong} wrong; {time.monotonic() - started:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
