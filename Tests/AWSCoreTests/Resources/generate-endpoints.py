#!/usr/bin/env python3
"""Writes endpoints.txt: what botocore's rule sets answer for every service and kind of endpoint.

    pip install botocore==1.43.11
    python3 generate-endpoints.py

A line holds: service, region, FIPS, dual stack, host (or - where there is none).
"""

from pathlib import Path

import botocore.session
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError

SERVICES = ["sts", "ec2", "efs", "sagemaker", "lambda", "logs", "s3", "events"]
REGIONS = ["us-east-1", "eu-central-1", "il-central-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"]
REGIONS += ["us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1"]

loader = botocore.session.get_session().get_component("data_loader")
partitions = loader.load_data("partitions")
lines = []
for service in SERVICES:
    provider = EndpointProvider(loader.load_service_model(service, "endpoint-rule-set-1"), partitions)
    for region in REGIONS:
        for fips in (False, True):
            for dual in (False, True):
                try:
                    url = provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual).url
                except EndpointProviderError:
                    url = "https://-"
                lines.append(f"{service} {region} {fips} {dual} {url.removeprefix('https://')}".lower())
(Path(__file__).parent / "endpoints.txt").write_text("\n".join(lines) + "\n")
