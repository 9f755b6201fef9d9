"""What the HTTPS listener does with a request, by the rules of a resolved template and as the guide of Application Load
Balancers describes their conditions. The tests ask it who gets past sign-in, and a stand-in of the load balancer obeys it."""

import dataclasses
import functools
import re

# The guide's quotas of a rule: values and wildcards in all, values in one condition.
MOST_VALUES, MOST_VALUES_OF_ONE, MOST_WILDCARDS = 5, 3, 6

VALUES = {"host-header": "HostHeaderConfig", "path-pattern": "PathPatternConfig", "http-request-method": "HttpRequestMethodConfig",
          "http-header": "HttpHeaderConfig"}


@dataclasses.dataclass
class Request:
    """A request as it reaches the listener; header names in small letters."""

    method: str
    path: str
    host: str
    headers: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Answer:
    """What becomes of a request: what the caller is asked for, and where it goes then or how it is answered."""

    gate: str | None
    target: str | None = None
    status: int | None = None
    config: dict | None = None


def values_of(condition):
    return condition[VALUES[condition["Field"]]]["Values"]


@functools.cache
def expression(pattern, folds_case):
    """`*` is any characters, none among them; `?` is one."""
    text = "".join(".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern)
    return re.compile(text, re.DOTALL | (re.IGNORECASE if folds_case else 0))


def matches_pattern(pattern, text, folds_case):
    return expression(pattern, folds_case).fullmatch(text) is not None


def holds(condition, request):
    field, values = condition["Field"], values_of(condition)
    if field == "http-request-method":
        return request.method in values
    if field == "path-pattern":
        return any(matches_pattern(value, request.path, False) for value in values)
    if field == "host-header":
        return any(matches_pattern(value, request.host.partition(":")[0], True) for value in values)
    text = request.headers.get(condition["HttpHeaderConfig"]["HttpHeaderName"].lower())
    return text is not None and any(matches_pattern(value, text, True) for value in values)


class Listener:
    """The HTTPS listener of a flat template."""

    def __init__(self, template):
        def of_type(kind):
            return [each["Properties"] for each in template["Resources"].values() if each["Type"] == "AWS::ElasticLoadBalancingV2::" + kind]

        self.rules = sorted(of_type("ListenerRule"), key=lambda rule: rule["Priority"])
        listener, = [each for each in of_type("Listener") if each["Protocol"] == "HTTPS"]
        self.default = listener["DefaultActions"]

    def answer(self, request):
        for rule in self.rules:
            if all(holds(condition, request) for condition in rule["Conditions"]):
                return self.carry_out(rule["Actions"])
        return self.carry_out(self.default)

    @staticmethod
    def carry_out(actions):
        answer = Answer(gate=None)
        for action in sorted(actions, key=lambda action: action.get("Order", 1)):
            config = action.get("AuthenticateCognitoConfig") or action.get("AuthenticateOidcConfig")
            if config:
                answer.gate, answer.config = config["OnUnauthenticatedRequest"], config
            elif action["Type"] == "jwt-validation":
                answer.gate, answer.config = "token", action["JwtValidationConfig"]
            elif action["Type"] == "forward":
                answer.target = action["TargetGroupArn"]["Ref"]
            else:
                answer.status = int(action["FixedResponseConfig"]["StatusCode"])
        return answer


def excesses(rule):
    """In what a rule has more than a load balancer takes."""
    found, lists = [], [values_of(condition) for condition in rule["Conditions"]]
    if sum(map(len, lists)) > MOST_VALUES:
        found.append(f"{sum(map(len, lists))} values")
    found += [f"{len(values)} values in one condition" for values in lists if len(values) > MOST_VALUES_OF_ONE]
    wildcards = sum(value.count("*") + value.count("?") for values in lists for value in values)
    if wildcards > MOST_WILDCARDS:
        found.append(f"{wildcards} wildcards")
    return found
