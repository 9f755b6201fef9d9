"""The proxy of an EC2 instance: Flask behind gunicorn's sync workers."""

from flask import Flask, Response, request

from forward import forward

app = Flask(__name__, static_folder=None)
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@app.route("/", defaults={"path": ""}, methods=METHODS)
@app.route("/<path:path>", methods=METHODS)
def proxy(path):
    status, headers, body = forward(request.method, request.environ["RAW_URI"], request.headers.items(), request.get_data())
    return Response(body, status, headers)
