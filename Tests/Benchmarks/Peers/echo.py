"""The least function that awslambdaric can run. It hands over the event decoded and encodes what is returned."""


def handler(event, context):
    return event
