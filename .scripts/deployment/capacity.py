"""Whether the account has the concurrent executions that the stack's functions reserve."""

from aws_cli import CommandFailed

# Lambda keeps so many for functions without a reservation.
LAMBDA_KEEPS = 100


def lack(aws, resources, found):
    """`resources`: what the parameters ask for; `found`: the stack where it is there, whose functions have reservations already."""
    functions = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::Lambda::Function"]
    wanted = {each["FunctionName"]: int(each["ReservedConcurrentExecutions"]) for each in functions if "ReservedConcurrentExecutions" in each}
    try:
        left = aws("lambda", "get-account-settings")["AccountLimit"]["UnreservedConcurrentExecutions"]
        own = sum(_reserved(aws, name) for name in wanted) if found else 0
    except CommandFailed as problem:
        return [f"Lambda does not say how many concurrent executions are left: {problem}"]
    total = sum(wanted.values())
    if left + own - total >= LAMBDA_KEEPS:
        return []
    return [f"Lambda has {left + own} concurrent executions left for the stack in this account and keeps {LAMBDA_KEEPS} of them; the stack reserves "
            f"{total} ({', '.join(f'{name} {count}' for name, count in wanted.items())}). Ask for more in Service Quotas, or --set ProxyReservedConcurrency=N"]


def _reserved(aws, name):
    about = aws.find("lambda", "get-function", "--function-name", name) or {}
    return about.get("Concurrency", {}).get("ReservedConcurrentExecutions", 0)
