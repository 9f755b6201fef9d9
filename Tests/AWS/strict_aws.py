"""A strict AWS front on moto: the services as they behave, for tests of what speaks to them.

moto keeps the state. What it leaves out is put before it: signatures, pages, filters, dependencies, slow deletions,
managed interfaces, throttling. Every call is logged, and a test may step in at any of them:

    with StrictAWS() as aws:
        aws.world.timing.mount_target_deletion = Delay(looks=2)
        aws.faults.throttle = 0.3
        ...  # run what is to be tested with aws.environment
        assert not [call for call in aws.calls.mutating if call.operation == "DeleteVpc"]
"""

import io
import pathlib
import sys
import threading
import time
import urllib.parse

import boto3
import botocore.config
import botocore.parsers
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "Packaging"))

import protocols
from calls import CallLog, identifiers
from ec2_rules import EC2Rules
from ec2_views import EC2Views
from efs_rules import EFSRules
from faults import Faults
from other_rules import LambdaRules, SageMakerRules, STSRules
from paging import Pages, question
from protocols import Answer, APIError
from servers import QuietHandler, QuietServer
from signatures import SignatureCheck
from world import World, forget_everything

ACCESS_KEY, SECRET_KEY = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
REGION = "eu-west-1"
# Service -> the parameters of a page's size and its token, and the answer's token.
PAGING = {
    "ec2": ("MaxResults", "NextToken", "NextToken"), "efs": ("MaxItems", "Marker", "NextMarker"),
    "lambda": ("MaxItems", "Marker", "NextMarker"), "sagemaker": ("MaxResults", "NextToken", "NextToken")}
# The one EFS calls that page as EC2 does.
NEWER_EFS = {"DescribeAccessPoints", "DescribeReplicationConfigurations"}


class StrictAWS:
    """The server. One process holds one state, since moto's is the process's: not two of these at a time."""

    def __init__(self, keys=None, seed=0, port=0):
        self.signatures = self.signature_check(keys)
        self.world = World(seed)
        self.calls = CallLog()
        self.application = DomainDispatcherApplication(create_backend_app)
        # One for all clients: reading EC2's model takes longer than most tests.
        self.session = boto3.session.Session()
        self.reset(seed)
        front = self

        class Handler(QuietHandler):
            def handle_any(self):
                request = protocols.Request(self.command, self.path, self.headers, self.read_body())
                try:
                    given = front.answer(request)
                except ConnectionResetError:
                    return self.hang_up(reset=True)
                self.send_response(given.status)
                for name, value in given.headers.items():
                    self.send_header(name, value)
                if given.status != 204 and "Content-Length" not in given.headers:
                    self.send_header("Content-Length", str(len(given.body)))
                self.end_headers()
                self.wfile.write(given.body)
                return self.wfile.flush()

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

            def date_time_string(self, timestamp=None):
                return super().date_time_string((timestamp or time.time()) + front.signatures.clock_offset.total_seconds())

        self.server = QuietServer(("127.0.0.1", port), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    @staticmethod
    def signature_check(keys):
        return SignatureCheck(keys or {ACCESS_KEY: (SECRET_KEY, None)})

    def reset(self, seed=0):
        """Another world: no resources, calls, faults or delays are left. The settings are those of a new front."""
        forget_everything()
        self.world.reset(seed)
        self.calls.clear()
        self.faults = Faults(seed)
        self.pages = Pages(self.world.random)
        # What was asked for and is not here: "service.Operation".
        self.unsupported = []
        views = EC2Views(self.world, self.listing)
        self.lambdas = LambdaRules(self.world, self.listing, self.moto)
        self.rules = {
            "ec2": [views, EC2Rules(self.world, views, self.moto)], "efs": [EFSRules(self.world, self.listing, self.moto)],
            "sagemaker": [SageMakerRules(self.world, self.listing)], "lambda": [self.lambdas],
            "sts": [STSRules(self.signatures, self.moto)]}

    @property
    def environment(self):
        """What a program needs to come here, and nothing else."""
        key, (secret, token) = next(iter(self.signatures.keys.items()))
        return {
            "AWS_ENDPOINT_URL": self.url, "AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret,
            **({"AWS_SESSION_TOKEN": token} if token else {})}

    def client(self, service, region=REGION, attempts=1, **settings):
        """A boto3 client for this front that tries everything so often."""
        given = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY, **settings}
        configured = botocore.config.Config(retries={"mode": "standard", "total_max_attempts": attempts}, max_pool_connections=20)
        return self.session.client(service, region_name=region, endpoint_url=self.url, config=configured, **given)

    def before_call(self, number, action):
        """Calls `action(call)` before the call with this number, from 1, or with this operation and which of these it is, is carried out."""
        self.calls.before[number] = action

    def after_call(self, number, action):
        """Calls `action(call)` when the call with this number, or operation and which of these, has been carried out and is not yet answered."""
        self.calls.after[number] = action

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # One call

    def answer(self, request):
        started = time.monotonic()
        call = refused = None
        try:
            request.recognise()
            request.region, _ = self.signatures.check(request)
            request.parse()
        except APIError as error:
            refused = error
        call = self.calls.begin(
            service=request.service, operation=request.operation or "?", region=request.region,
            parameters=request.parameters, targets=identifiers(request.parameters), started=started)
        try:
            if refused:
                raise refused
            given = self.carry_out(request, call)
        except APIError as error:
            if error.code in ("InvalidAction", "UnknownOperationException"):
                self.unsupported.append(f"{request.service}.{request.operation}")
            call.code = error.code
            given = protocols.error_answer(request, error)
        except ConnectionResetError:
            call.code, call.ended = "reset", time.monotonic()
            raise
        if action := self.calls.action(self.calls.after, call):
            action(call)
        call.status, call.ended = given.status, time.monotonic()
        return given

    def carry_out(self, request, call):
        if action := self.calls.action(self.calls.before, call):
            action(call)
        if seconds := self.faults.seconds(call.operation):
            time.sleep(seconds)
        with self.world.lock:
            self.faults.strike(request, call)
            self.world.advance()
            if request.service == "ec2" and request.parameters.get("DryRun"):
                raise APIError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
            result = self.perform(request)
            call.applied = True
            self.world.advance()
            self.faults.lose(request)
            return result if isinstance(result, Answer) else protocols.answer(request, result)

    def perform(self, request):
        for rules in self.rules.get(request.service, []):
            if rule := getattr(rules, request.operation, None):
                return rule(request)
        if request.service == "ec2" and request.operation.startswith("Describe"):
            return self.moto_listing(request)
        return self.moto(request)

    # Listings

    def listing(self, request, items, key, member, smallest=5):
        """One page of `items` as the result of a call. What is asked for by id comes at once."""
        size, token, answer_token = PAGING["ec2" if request.operation in NEWER_EFS else request.service]
        asked = request.parameters.get(size)
        if any(name in request.parameters for name in (key, f"{key}s")):
            return {member: items}
        if request.service == "ec2" and asked is not None:
            limits = protocols.operation_model("ec2", request.operation).input_shape.members[size].metadata
            largest = limits.get("max", 1000)
            if not smallest <= asked <= largest:
                raise APIError(
                    "InvalidParameterValue",
                    f"Value ( {asked} ) for parameter maxResults is invalid. Expecting a value between {smallest} and {largest}.")
        try:
            page, rest = self.pages.cut(
                question(request, size, token), [(item[key], item.get("VpcId")) for item in items], items, asked,
                request.parameters.get(token))
        except APIError as error:
            raise APIError("BadRequest" if request.service == "efs" else error.code, error.message) from None
        return {member: page, **({answer_token: rest} if rest else {})}

    def moto_listing(self, request):
        """Any other describe call of EC2: moto's listing, in pages."""
        result = self.moto(request)
        model = protocols.operation_model("ec2", request.operation)
        if "NextToken" not in model.output_shape.members:
            return result
        member = next(name for name, shape in model.output_shape.members.items() if shape.type_name == "list")
        items = [{"key": index, "item": item} for index, item in enumerate(result.get(member, []))]
        page = self.listing(request, items, "key", member)
        return {**page, member: [one["item"] for one in page[member]]}

    # moto

    def moto(self, request):
        """Has moto carry the call out. Returns the result in the names of the service model."""
        try:
            status, headers, text = self.run_moto(request)
        except Exception as error:  # moto raises what it has not implemented.
            raise APIError("InvalidAction", f"The action {request.operation} is not valid here: {error!r}") from error
        if status >= 500:
            raise APIError("InvalidAction", f"The action {request.operation} is not valid for this web service.")
        model = protocols.operation_model(request.service, request.operation)
        parsed = botocore.parsers.create_parser(request.protocol).parse(
            {"status_code": status, "headers": headers, "body": text}, model.output_shape)
        if status >= 300:
            raise APIError(parsed["Error"]["Code"], parsed["Error"]["Message"], status)
        parsed.pop("ResponseMetadata", None)
        return parsed

    def run_moto(self, request):
        """moto's answer as it comes: status, header fields, body."""
        fields = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()}
        # The body is here, however it came.
        fields.pop("HTTP_TRANSFER_ENCODING", None)
        environ = {
            "REQUEST_METHOD": request.method, "SCRIPT_NAME": "", "PATH_INFO": urllib.parse.unquote(request.path, "latin-1"),
            "RAW_URI": request.target, "QUERY_STRING": request.query, "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(request.body)), "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(request.body), "wsgi.errors": sys.stderr,
            "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False, **fields}
        started = {}
        pieces = self.application(environ, lambda status, headers, *_: started.update(status=status, headers=headers))
        body = b"".join(pieces)
        return int(started["status"].split()[0]), dict(started["headers"]), body
