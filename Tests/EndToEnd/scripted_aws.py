"""AWS as the deployment's modules see it through the AWS CLI, with answers that a test writes. Operations, their options and the form of
their answers are held against the models that the AWS CLI itself has."""

import sys

import botocore.session
import botocore.validate
from botocore import xform_name

from local_stack import REPOSITORY

sys.path[:0] = [str(REPOSITORY / ".scripts/deployment"), str(REPOSITORY / ".scripts/templates")]

from aws_cli import AWS, CommandFailed  # noqa: E402  (the folders are named above)

SERVICES = {"s3api": "s3"}
# Options of the AWS CLI's own.
OWN_OPTIONS = {"max-items"}
SESSION = botocore.session.get_session()


def refused(code, text=""):
    """What the AWS CLI says when AWS refuses."""
    return CommandFailed(f"An error occurred ({code}) when calling the Something operation: {text}")


class ScriptedAWS:
    """`answers`: by "SERVICE OPERATION", a function of the options; it returns or raises. What has none is refused as not there."""

    region, endpoint = "us-east-1", None
    find = AWS.find

    def __init__(self, answers):
        self.answers, self.calls = answers, []

    def __call__(self, service, operation, *arguments):
        name = f"{service} {operation}"
        model = self._model(service, operation)
        options = self._options(name, model, [str(each) for each in arguments])
        self.calls.append((name, options))
        if name not in self.answers:
            raise refused("ResourceNotFoundException", f"the test has no answer for {name}")
        answer = self.answers[name](options)
        if isinstance(answer, Exception):
            raise answer
        # Such as for a delete, of which there is nothing to say.
        answer = answer or {}
        if model.output_shape:
            # A policy or template is a text in the model, which the AWS CLI may have read already.
            checked = {key: value for key, value in answer.items() if key != "TemplateBody"}
            report = botocore.validate.ParamValidator().validate(checked, model.output_shape)
            assert not report.has_errors(), f"{name} does not answer so: {report.generate_report()}"
        return answer

    @staticmethod
    def _model(service, operation):
        model = SESSION.get_service_model(SERVICES.get(service, service))
        found, = [each for each in model.operation_names if xform_name(each, "-") == operation]
        return model.operation_model(found)

    @staticmethod
    def _options(name, model, arguments):
        known = {xform_name(member, "-"): member for member in model.input_shape.members}
        options = {}
        for each in arguments:
            if each.startswith("--"):
                current = options.setdefault(each[2:], [])
                assert each[2:] in OWN_OPTIONS | set(known), f"{name} has no option {each}"
            else:
                current.append(each)
        missing = [member for option, member in known.items() if member in model.input_shape.required_members and option not in options]
        assert not missing, f"{name} needs {missing}"
        return {key: value[0] if len(value) == 1 else value for key, value in options.items()}

    def called(self, name):
        """The options of each call of an operation."""
        return [options for each, options in self.calls if each == name]
