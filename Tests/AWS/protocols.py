"""AWS wire protocols from the service's side: a request's service, operation and parameters, and its answer in bytes.

The service models are botocore's; parsing and serializing is moto's, which needs nothing else of moto.
"""

import functools
import json
import re
import urllib.parse
import uuid

import botocore.serialize
import botocore.validate
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.datastructures import Headers, MultiDict

FORM_VERSIONS = {"2016-11-15": "ec2", "2011-06-15": "sts", "2010-05-15": "cloudformation"}
TARGETS = {"SageMaker": "sagemaker", "Logs_20140328": "logs"}
PATHS = {"/2015-02-01/": "efs", "/2015-03-31/": "lambda"}
SIGNING_NAMES = {"efs": "elasticfilesystem"}


class APIError(Exception):
    """What a service refuses with."""

    def __init__(self, code, message, status=400):
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


class Answer:
    """An answer on its way: status, header fields, body."""

    def __init__(self, status, body=b"", headers=None):
        self.status = status
        self.body = body.encode() if isinstance(body, str) else body
        self.headers = {"x-amzn-RequestId": str(uuid.uuid4()), **(headers or {})}


class Request:
    """A request as it came, and what it asks for. `parameters` are in the names of the service model."""

    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.path, _, self.query = target.partition("?")
        self.service = self.operation = None
        self.parameters = {}
        self.region = "us-east-1"

    @property
    def signing_name(self):
        return SIGNING_NAMES.get(self.service, self.service)

    @property
    def protocol(self):
        return protocol_of(self.service)

    def recognise(self):
        """Finds the service and the operation, which need no parameters."""
        kind = self.headers.get("Content-Type", "")
        if target := self.headers.get("X-Amz-Target"):
            prefix, _, self.operation = target.partition(".")
            self.service = TARGETS.get(prefix)
            if not self.service or not kind.startswith("application/x-amz-json-1.1"):
                raise APIError("UnknownOperationException", f"no operation {target} with the content type {kind!r}", 404)
        elif prefix := next((prefix for prefix in PATHS if self.path.startswith(prefix)), None):
            self.service = PATHS[prefix]
            self.operation, self.path_values = rest_operation(self.service, self.method, self.path)
        elif self.method == "POST" and self.path == "/" and kind.startswith("application/x-www-form-urlencoded"):
            self.form = MultiDict(urllib.parse.parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True))
            self.service = FORM_VERSIONS.get(self.form.get("Version"))
            self.operation = self.form.get("Action")
        if not self.service or not self.operation:
            raise APIError("UnknownOperationException", "the request names no operation of a service that is here", 404)

    def parse(self):
        """Reads the parameters; refuses a missing or malformed one, and names that the operation does not know."""
        model = operation_model(self.service, self.operation)
        if model is None:
            raise APIError("InvalidAction", f"The action {self.operation} is not valid for this web service.")
        values = MultiDict(urllib.parse.parse_qsl(self.query, keep_blank_values=True))
        if self.protocol in ("ec2", "query"):
            values = self.form
        try:
            self.parameters = PROTOCOL_PARSERS[self.protocol](model).parse({
                "method": self.method, "values": values, "headers": Headers(list(self.headers.items())), "body": self.body,
                "url_path": self.path, "url_params": getattr(self, "path_values", {})})
        except (ValueError, TypeError, KeyError) as error:
            raise APIError(self.invalid_parameter, f"the request cannot be read: {error}") from error
        self.parameters = {name: value for name, value in self.parameters.items() if value is not None}
        self.validate(model)

    @property
    def invalid_parameter(self):
        return {"ec2": "InvalidParameterValue", "efs": "BadRequest"}.get(self.service, "ValidationException")

    def validate(self, model):
        if model.input_shape is None or (self.service, self.operation) == ("lambda", "Invoke"):
            return
        report = botocore.validate.ParamValidator().validate(self.parameters, model.input_shape)
        if report.has_errors():
            text = report.generate_report()
            missing = self.service == "ec2" and "Missing" in text
            raise APIError("MissingParameter" if missing else self.invalid_parameter, text)
        if self.service == "ec2":
            again = botocore.serialize.create_serializer("ec2", False).serialize_to_request(self.parameters, model)["body"]
            if unknown := sorted(set(self.form) - set(again)):
                raise APIError("UnknownParameter", f"The parameter {unknown[0]} is not recognized")


@functools.cache
def protocol_of(service):
    return {"ec2": "ec2", "sts": "query", "cloudformation": "query", "efs": "rest-json", "lambda": "rest-json"}.get(service, "json")


@functools.cache
def operation_model(service, operation):
    model = get_service_model(service)
    return model.operation_model(operation) if operation in model.operation_names else None


@functools.cache
def rest_routes(service):
    """(method, pattern, operation) of a service on HTTP paths, the most literal pattern first."""
    routes = []
    model = get_service_model(service)
    for name in model.operation_names:
        http = model.operation_model(name).http
        template = http["requestUri"].split("?")[0]
        pattern = "".join(
            f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("{") else re.escape(part)
            for part in re.split(r"(\{[^}]+\})", template.rstrip("/")))
        routes.append((http["method"], re.compile(pattern + "/?$"), name, template.count("{")))
    return sorted(routes, key=lambda route: route[3])


def rest_operation(service, method, path):
    for verb, pattern, name, _ in rest_routes(service):
        if verb == method and (match := pattern.match(path)):
            return name, {key: urllib.parse.unquote(value) for key, value in match.groupdict().items()}
    raise APIError("UnknownOperationException", f"no operation at {method} {path}", 404)


def answer(request, result):
    """The answer that carries `result`, in the names of the service model."""
    model = operation_model(request.service, request.operation)
    serializer = get_serializer_class(request.service, request.protocol)
    made = serializer(model).serialize(result)
    body = made["body"]
    headers = dict(made["headers"])
    if request.protocol in ("ec2", "query"):
        headers["Content-Type"] = "text/xml;charset=UTF-8"
        if request.service == "ec2":
            body = body.replace("<requestId>request-id</requestId>", f"<requestId>{uuid.uuid4()}</requestId>")
    return Answer(made["status_code"], "" if made["status_code"] == 204 else body, headers)


def error_answer(request, error):
    """The answer that carries an error, in the form of the request's protocol."""
    text = error.message.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if request.protocol == "ec2":
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>'
            f"<Code>{error.code}</Code><Message>{text}</Message></Error></Errors><RequestID>{uuid.uuid4()}</RequestID></Response>")
        return Answer(error.status, body, {"Content-Type": "text/xml;charset=UTF-8"})
    if request.protocol == "query":
        body = (
            f'<ErrorResponse xmlns="{get_service_model(request.service).metadata["xmlNamespace"]}"><Error><Type>Sender</Type>'
            f"<Code>{error.code}</Code><Message>{text}</Message></Error><RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>")
        return Answer(error.status, body, {"Content-Type": "text/xml"})
    if request.service == "efs":
        body = {"ErrorCode": error.code, "Message": error.message}
        return Answer(error.status, json.dumps(body), {"Content-Type": "application/json", "x-amzn-ErrorType": f"{error.code}:"})
    if request.service == "lambda":
        body = {"Type": "User", "Message": error.message}
        return Answer(error.status, json.dumps(body), {"Content-Type": "application/json", "x-amzn-ErrorType": error.code})
    body = {"__type": error.code, "message": error.message}
    return Answer(error.status, json.dumps(body), {"Content-Type": "application/x-amz-json-1.1"})
