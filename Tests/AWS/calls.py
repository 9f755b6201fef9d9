"""The log of every call that reached the front: what a test asserts on."""

import dataclasses
import re
import threading
import typing

READING = re.compile(r"^(Describe|List|Get)")
IDENTIFIER = re.compile(r"^(vpc|subnet|sg|sgr|eni|eni-attach|ela-attach|vpce|fs|fsmt|fsap|i|igw|rtb|acl|d)-[0-9a-z]+$")


@dataclasses.dataclass
class Call:
    """One call, the `nth` of its operation. `started` and `ended` are monotonic seconds; `code` is the error's, None where it succeeded."""

    number: int
    nth: int
    service: str
    operation: str
    region: str
    parameters: dict
    targets: tuple
    started: float
    ended: typing.Optional[float] = None
    status: typing.Optional[int] = None
    code: typing.Optional[str] = None
    # Whether the call was carried out, whatever the client got to read.
    applied: bool = False

    @property
    def mutating(self):
        """Whether the operation changes something in AWS when it succeeds. An invocation of a function does not by itself."""
        return not READING.match(self.operation) and (self.service, self.operation) not in {
            ("lambda", "Invoke"), ("sts", "AssumeRole")} and not self.parameters.get("DryRun")

    def __str__(self):
        outcome = self.code or self.status
        return f"#{self.number} {self.service}.{self.operation} {' '.join(self.targets)} -> {outcome}"


def identifiers(parameters):
    """The ids that a call's own parameters name. What is nested (a group within a permission) is mentioned, not touched."""
    found = []
    for value in parameters.values():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and IDENTIFIER.match(text):
                found.append(text)
    return tuple(dict.fromkeys(found))


class CallLog:
    """All the calls since the last `clear()`, in the order of their arrival."""

    def __init__(self):
        self.lock = threading.Lock()
        self.entries = []
        # Number of a call, or its operation and which of these it is -> what is called with the Call before it is carried out, or after it is and before it is answered.
        self.before, self.after = {}, {}

    def begin(self, **facts):
        with self.lock:
            nth = 1 + sum(each.operation == facts["operation"] for each in self.entries)
            call = Call(number=len(self.entries) + 1, nth=nth, **facts)
            self.entries.append(call)
            return call

    def clear(self):
        with self.lock:
            self.entries = []
            self.before, self.after = {}, {}

    @staticmethod
    def action(actions, call):
        """What is to be done at a call, of `before` or `after`."""
        return actions.get(call.number) or actions.get((call.operation, call.nth))

    def __len__(self):
        return len(self.entries)

    def __iter__(self):
        return iter(list(self.entries))

    def of(self, *operations):
        return [call for call in self if call.operation in operations]

    @property
    def mutating(self):
        return [call for call in self if call.mutating]

    def counts(self):
        """Operation -> number of calls."""
        result = {}
        for call in self:
            result[call.operation] = result.get(call.operation, 0) + 1
        return result

    def at_once(self):
        """The largest number of calls that were under way at the same time."""
        edges = sorted([(call.started, 1) for call in self] + [(call.ended, -1) for call in self if call.ended])
        most = now = 0
        for _, change in edges:
            now += change
            most = max(most, now)
        return most
