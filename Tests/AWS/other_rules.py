"""SageMaker's domains and apps, Lambda's functions and invocations, STS: what a clean-up asks besides EC2 and EFS."""

import json
import threading
import urllib.request

from protocols import Answer, APIError


class SageMakerRules:
    """Domains are moto's, with what a test sets on them."""

    def __init__(self, world, listing):
        self.world, self.listing = world, listing

    def domain(self, request):
        domain_id = request.parameters["DomainId"]
        found = next((one for one in self.world.sagemaker(request.region).domains.values() if one.id == domain_id), None)
        if found is None:
            raise APIError("ResourceNotFound", f"Domain {domain_id} does not exist")
        self.world.saw(domain_id)
        return found

    def DescribeDomain(self, request):
        return self.domain(request).describe()

    def ListDomains(self, request):
        items = [{
            "DomainArn": one.arn, "DomainId": one.id, "DomainName": one.domain_name, "Status": one.status, "Url": one.url,
            "CreationTime": one.creation_time, "LastModifiedTime": one.last_modified_time}
            for one in self.world.sagemaker(request.region).domains.values()]
        result = self.listing(request, items, "DomainId", "Domains", 1)
        self.world.saw(*(item["DomainId"] for item in result["Domains"]))
        return result

    def ListApps(self, request):
        wanted = request.parameters.get("DomainIdEquals")
        items = [app for app in self.world.apps if wanted in (None, app["DomainId"])]
        return self.listing(request, items, "AppName", "Apps", 1)


class LambdaRules:
    """Invocations of kind Event are recorded, and forwarded to `forward_to` where it is set."""

    def __init__(self, world, listing, moto):
        self.world, self.listing, self.moto = world, listing, moto
        # (function as it was named, payload) of every invocation.
        self.invocations = []
        # A URL that takes the payload of each by POST.
        self.forward_to = None

    def Invoke(self, request):
        kind = request.parameters.get("InvocationType", "RequestResponse")
        if kind == "DryRun":
            return Answer(204)
        if kind != "Event":
            raise APIError("InvalidParameterValueException", "only invocations of type Event are taken here")
        json.loads(request.body)
        self.invocations.append((request.parameters["FunctionName"], request.body))
        if self.forward_to:
            forwarded = urllib.request.Request(self.forward_to, request.body, {"Content-Type": "application/json"})
            threading.Thread(target=lambda: urllib.request.urlopen(forwarded, timeout=900).close(), daemon=True).start()
        return Answer(202)

    def ListFunctions(self, request):
        return self.listing(request, self.world.functions + self.moto(request)["Functions"], "FunctionName", "Functions", 1)


class STSRules:
    """Roles can be assumed by anyone; their keys are good for signing from then on."""

    def __init__(self, signatures, moto):
        self.signatures, self.moto = signatures, moto

    def AssumeRole(self, request):
        result = self.moto(request)
        made = result["Credentials"]
        self.signatures.keys[made["AccessKeyId"]] = (made["SecretAccessKey"], made["SessionToken"])
        return result
