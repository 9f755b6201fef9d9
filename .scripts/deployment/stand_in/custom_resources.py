"""Plays CloudFormation to the custom resources: who is asked what when, with which properties, and what was answered."""

import uuid

from console import Clock, Failure, say
from stand_in import control_plane

REQUEST = "Request"


class CustomResources:
    """The custom resources of one stack at moto.

    `answered`: of each that was made, its physical id, kind and properties, which CloudFormation would remember.
    """

    def __init__(self, moto, functions, answered):
        self.moto, self.functions, self.answered = moto, functions, answered
        self.clock = Clock()

    @staticmethod
    def question(properties):
        """The output of a stack by which moto puts the real ids into properties."""
        return {REQUEST: {"Value": {"Fn::ToJsonString": _as_sent(properties)}}}

    def make_or_change(self, key, kind, properties):
        """Sends Create, or Update where properties are others than before. Returns the physical id that was replaced, if one was."""
        before = self.answered.get(key)
        if before is None:
            self._ask("Create", key, kind, properties)
            return None
        if before["ResourceProperties"] == properties:
            return None
        self._ask("Update", key, kind, properties, PhysicalResourceId=before["PhysicalResourceId"],
                  OldResourceProperties=before["ResourceProperties"])
        return before if self.answered[key]["PhysicalResourceId"] != before["PhysicalResourceId"] else None

    def delete(self, key, made):
        """Sends Delete for what was made, as CloudFormation remembers it."""
        self._ask("Delete", key, made["ResourceType"], made["ResourceProperties"], PhysicalResourceId=made["PhysicalResourceId"])

    def _ask(self, kind, key, resource_type, properties, **members):
        event = {
            "RequestType": kind, "RequestId": str(uuid.uuid4()), "ResponseURL": self.moto.response_url, "StackId": self.moto.stack_id,
            "LogicalResourceId": key, "ResourceType": resource_type, "ServiceToken": properties["ServiceToken"],
            "ResourceProperties": properties, **members}
        # moto has the domains of Studio, which vpc-cleanup asks for, but no MLflow.
        endpoints = {"AWS_ENDPOINT_URL_SAGEMAKER": control_plane.endpoint(self.moto.aws)} if resource_type == "Custom::MLflowApp" else {}
        answer = self.functions.invoke(properties["ServiceToken"], event, endpoints)
        function = properties["ServiceToken"].rsplit(":", 1)[-1]
        if answer.physical_id and kind != "Delete":
            self.answered[key] = {"PhysicalResourceId": answer.physical_id, "ResourceType": resource_type, "ResourceProperties":
                                  properties if answer.status == "SUCCESS" else members.get("OldResourceProperties", properties)}
        if answer.status != "SUCCESS":
            raise Failure(f"{key} ({resource_type}): {kind} failed. {function} says: {answer.reason}\nIts log:\n{answer.log}")
        say(f"  {self.clock}  {kind} of {key}: {function} answered SUCCESS in {answer.seconds:.1f} s, {answer.physical_id}")


def _as_sent(form):
    """CloudFormation sends numbers and truth values as texts."""
    if isinstance(form, list):
        return [_as_sent(each) for each in form]
    if isinstance(form, dict):
        return {key: _as_sent(each) for key, each in form.items()}
    if isinstance(form, bool):
        return str(form).lower()
    return str(form) if isinstance(form, (int, float)) else form
