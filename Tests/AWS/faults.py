"""What goes wrong on the way: throttling, server errors, lost answers, broken connections, latency.

A seed makes the same go wrong again.
"""

import random

from protocols import APIError

THROTTLED = {
    "ec2": ("RequestLimitExceeded", 503), "efs": ("ThrottlingException", 429), "sts": ("Throttling", 400),
    "lambda": ("TooManyRequestsException", 429)}
BROKEN = {
    "ec2": ("InternalError", 500), "efs": ("InternalServerError", 500), "sts": ("InternalFailure", 500),
    "lambda": ("ServiceException", 500)}


class Faults:
    """Rates are shares of the calls, 0 to 1."""

    def __init__(self, seed=0):
        self.random = random.Random(seed)
        self.throttle = 0.0
        self.server_errors = 0.0
        # The call is carried out, and its answer is a server error: what a client must survive when it repeats it.
        self.lost_answers = 0.0
        # The connection is reset without an answer, before the call is carried out.
        self.resets = 0.0
        # Ranges of call numbers in which every call gets a server error.
        self.storms = []
        # Seconds that a call takes: by operation, else `latency`.
        self.latency = 0.0
        self.latencies = {}
        # Operation -> errors that its next calls get, in order.
        self.scripted = {}
        # (operation, id, or "*") that the caller has no permission for.
        self.denied = set()

    def fail(self, operation, *errors):
        """The next calls of `operation` fail with these `APIError`s, one each."""
        self.scripted.setdefault(operation, []).extend(errors)

    def seconds(self, operation):
        return self.latencies.get(operation, self.latency)

    def strike(self, request, call):
        """Raises what this call fails with before it is carried out, if it does."""
        if self.scripted.get(call.operation):
            raise self.scripted[call.operation].pop(0)
        if any((call.operation, target) in self.denied for target in (*call.targets, "*")):
            code = "UnauthorizedOperation" if request.service == "ec2" else "AccessDeniedException"
            raise APIError(code, "You are not authorized to perform this operation.", 403)
        if self.random.random() < self.resets:
            raise ConnectionResetError
        if self.random.random() < self.throttle:
            raise error(THROTTLED, request, "ThrottlingException", 400, "Rate exceeded")
        self.break_down(request, self.server_errors, any(call.number in storm for storm in self.storms))

    def lose(self, request):
        """Raises a server error for a call that has been carried out, if its answer is to be lost."""
        self.break_down(request, self.lost_answers)

    def break_down(self, request, rate, surely=False):
        if surely or self.random.random() < rate:
            raise error(BROKEN, request, "InternalFailure", 500, "An internal error has occurred")


def error(table, request, code, status, message):
    code, status = table.get(request.service, (code, status))
    return APIError(code, message, status)
