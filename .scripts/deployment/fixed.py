"""What cannot be changed in a stack that is there: AWS would make anew what a name or an address lets be there once only."""

import stack

BALANCER, NETWORK = "the load balancer, and its name is taken", "the network, which what is in it cannot follow"
FIXED = {"LoadBalancerScheme": BALANCER, "ExistingVpcId": NETWORK, "VpcCidr": NETWORK, "SubnetBits": NETWORK, "ZoneNames": NETWORK}
# These are nothing to a VPC that was there before.
OF_NEW_VPC = {"VpcCidr", "SubnetBits", "ZoneNames"}


def changed(parameters, stack_name, found):
    """`found`: the stack as CloudFormation describes it, or None."""
    wanted = stack.scope(parameters, stack_name).parameters
    there = {each["ParameterKey"]: each.get("ParameterValue", "") for each in (found or {}).get("Parameters", [])}
    problems = []
    keep = ", after --set MlflowOnDelete=Retain has been deployed to it, or MLflow goes with it" if there.get("MlflowOnDelete") == "Delete" else ""
    for name, what in FIXED.items():
        value = str(wanted[name])
        if there.get(name, value) == value or name in OF_NEW_VPC and wanted["ExistingVpcId"]:
            continue
        # A third zone may come or go.
        if name == "ZoneNames" and there[name].split(",")[:2] == value.split(",")[:2]:
            continue
        arn = next((each["OutputValue"] for each in found.get("Outputs", []) if each["OutputKey"] == "MlflowArn"), "ARN")
        problems.append(
            f"{name} is '{there[name]}' in the stack that is there, and '{value}' is asked for: AWS would have to make anew {what}. "
            f"Leave it as it is (--set {name}={there[name]}), or deploy a second stack and remove the first one then{keep}: "
            f"--stack NAME --set MlflowKind=Existing --set ExistingMlflowArn={arn}")
    return problems
