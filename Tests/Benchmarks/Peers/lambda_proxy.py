"""The same proxy as a Lambda target of a load balancer, in Python."""

import base64
import gzip
import json
import time
import urllib.parse

from forward import forward

# A shorter answer fits into one packet; what is larger is compressed for clients that take that.
LEAST_COMPRESSED_BYTES = 1_400


def answer(status, headers, body):
    fields = {}
    for name, value in headers:
        fields.setdefault(name.lower(), []).append(value)
    is_text = "content-encoding" not in fields and fields.get("content-type", [""])[0].startswith(("text/", "application/json"))
    return {
        "statusCode": status, "multiValueHeaders": fields, "isBase64Encoded": not is_text,
        "body": body.decode() if is_text else base64.b64encode(body).decode()}


def handler(event, context):
    if event["path"] == "/_proxy/health":
        return answer(200, [("content-type", "application/json")], b'{"status":"ok"}')
    started = time.monotonic()
    headers = [(name, ", ".join(values)) for name, values in event["multiValueHeaders"].items()]
    # A load balancer hands the query over as it came, encoded.
    query = "&".join(f"{name}={value}" for name, values in event["multiValueQueryStringParameters"].items() for value in values)
    path = urllib.parse.quote(event["path"], safe="/%") + ("?" + query if query else "")
    sent = base64.b64decode(event["body"]) if event["isBase64Encoded"] else event["body"].encode()
    status, fields, body = forward(event["httpMethod"], path, headers, sent)
    if "gzip" in event["multiValueHeaders"].get("accept-encoding", [""])[0] and len(body) >= LEAST_COMPRESSED_BYTES:
        body = gzip.compress(body, compresslevel=1)
        fields.append(("content-encoding", "gzip"))
    print(json.dumps({
        "path": event["path"], "method": event["httpMethod"], "status": status, "answerBytes": len(body),
        "TotalLatency": round((time.monotonic() - started) * 1000, 3), "requestId": context.aws_request_id}))
    return answer(status, fields, body)
