"""What it takes to make the stack on a stand-in for AWS such as moto: one flat template without what the stand-in lacks, and somebody
who answers for the custom resources, since a stand-in does not run functions."""

import json
import re
import urllib.parse
import urllib.request

import stack

# Kinds that moto's CloudFormation does not make.
MISSING = {
    "AWS::CloudFormation::WaitConditionHandle", "AWS::CloudTrail::Trail", "AWS::CloudWatch::Alarm", "AWS::Cognito::UserPool",
    "AWS::Cognito::UserPoolClient", "AWS::Cognito::UserPoolDomain", "AWS::EC2::NetworkAcl", "AWS::EC2::NetworkAclEntry",
    "AWS::EC2::SecurityGroupEgress", "AWS::EC2::SubnetNetworkAclAssociation", "AWS::Lambda::Alias", "AWS::Lambda::EventInvokeConfig",
    "AWS::S3::BucketPolicy", "AWS::SNS::Subscription", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy", "AWS::SageMaker::Domain",
    "AWS::Scheduler::Schedule", "AWS::Scheduler::ScheduleGroup", "AWS::WAFv2::LoggingConfiguration", "AWS::WAFv2::WebACL",
    "AWS::WAFv2::WebACLAssociation",
}
# Attributes that moto does not know of kinds that it makes.
MISSING_ATTRIBUTES = {"LoadBalancerFullName", "CanonicalHostedZoneID", "TargetGroupFullName"}


def app_arn(region, account):
    """The App that the stand-in's custom resource answers with."""
    return f"arn:aws:sagemaker:{region}:{account}:mlflow-app/app-standin0001"


def template(parameters, name, account, region):
    """The flat template as JSON, and the kinds that are left out of it."""
    flat = stack.flatten(parameters, name, {**stack.PSEUDO, "AWS::AccountId": account, "AWS::Region": region})
    left_out = {key for key, each in flat["Resources"].items() if each["Type"] in MISSING}
    kinds = {flat["Resources"][key]["Type"] for key in left_out}
    # moto goes on before a custom resource has answered: what others want of it has to be known.
    known = {key: app_arn(region, account) for key, each in flat["Resources"].items() if each["Type"] == "Custom::MLflowApp"}
    # Without aliases, the function itself is the target.
    known |= {key: {"Fn::GetAtt": [flat["Resources"][key]["Properties"]["FunctionName"]["Ref"], "Arn"]}
              for key in left_out if flat["Resources"][key]["Type"] == "AWS::Lambda::Alias"}
    kept = {}
    for key, resource in flat["Resources"].items():
        if key not in left_out:
            kept[key] = _without(resource, left_out, known)
            before = [each for each in resource.get("DependsOn", []) if each not in left_out]
            kept[key].pop("DependsOn", None)
            if before:
                kept[key]["DependsOn"] = before
    flat["Resources"], flat["Outputs"] = kept, _without(flat["Outputs"], left_out, known)
    return json.dumps(flat), kinds


def certificate(aws, parameters):
    """A certificate of the stand-in's own where the one that is asked for is an example."""
    if aws.maybe("acm", "describe-certificate", "--certificate-arn", parameters["CertificateArn"]):
        return {}
    return {"CertificateArn": aws("acm", "request-certificate", "--domain-name", parameters["PublicHostName"])["CertificateArn"]}


def network(aws, name):
    """The stack's route tables and VPC: moto's CloudFormation forgets the former, and then refuses to delete the latter."""
    found = aws("cloudformation", "list-stack-resources", "--stack-name", name)["StackResourceSummaries"]
    return {kind: [each["PhysicalResourceId"] for each in found if each.get("ResourceType") == f"AWS::EC2::{kind}"] for kind in ("RouteTable", "VPC")}


def remove(aws, network):
    """Deletes what moto left of the network."""
    for each in network["RouteTable"]:
        aws.maybe("ec2", "delete-route-table", "--route-table-id", each)
    for each in network["VPC"]:
        aws("ec2", "delete-vpc", "--vpc-id", each)


def _without(form, left_out, known):
    """References to what is left out become text that names it."""
    if isinstance(form, list):
        return [_without(each, left_out, known) for each in form]
    if not isinstance(form, dict):
        return form
    if set(form) == {"Ref"} and form["Ref"] in known and form["Ref"] in left_out:
        return known[form["Ref"]]
    if set(form) == {"Ref"} and form["Ref"] in left_out:
        return f"no-{form['Ref']}"
    if set(form) == {"Fn::GetAtt"} and form["Fn::GetAtt"][0] in known and form["Fn::GetAtt"][1] == "Arn":
        return known[form["Fn::GetAtt"][0]]
    if set(form) == {"Fn::GetAtt"} and (form["Fn::GetAtt"][0] in left_out or form["Fn::GetAtt"][1] in MISSING_ATTRIBUTES):
        return "no-" + "-".join(form["Fn::GetAtt"])
    if set(form) == {"Fn::Sub"} and isinstance(form["Fn::Sub"], str):
        return {"Fn::Sub": re.sub(
            r"\$\{([^}!]+)\}", lambda found: f"no-{found.group(1)}" if found.group(1).split(".")[0] in left_out
            or found.group(1).split(".")[-1] in MISSING_ATTRIBUTES else found.group(0), form["Fn::Sub"])}
    return {key: _without(value, left_out, known) for key, value in form.items()}


def answers(aws):
    """Answers CloudFormation for the custom resources: an App that is there, a VPC that is clean."""
    answered = set()

    def answer(found):
        listed = aws.maybe("cloudformation", "list-stack-resources", "--stack-name", found["StackName"]) or {"StackResourceSummaries": []}
        for each in listed["StackResourceSummaries"]:
            key = each["LogicalResourceId"]
            if not each.get("ResourceType", "").startswith("Custom::") or key in answered:
                continue
            answered.add(key)
            arn = app_arn(aws.region, found["StackId"].split(":")[4])
            physical = arn if each["ResourceType"] == "Custom::MLflowApp" else f"{key}-1"
            body = {"Status": "SUCCESS", "PhysicalResourceId": physical, "StackId": found["StackId"], "RequestId": "stand-in", "LogicalResourceId": key,
                    "Data": {"Arn": arn}}
            url = f"{aws.endpoint}/cloudformation_{aws.region}/cfnresponse?stack={urllib.parse.quote(found['StackId'], safe='')}"
            request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="PUT")
            urllib.request.urlopen(request, timeout=30).read()
            print(f"  answered for {key} ({each['ResourceType']}), as its function would", flush=True)

    return answer
