"""The stack at a moto server in the place of AWS.

moto's CloudFormation makes the resources that it knows. What it does not do is done here as CloudFormation and Lambda do it: the
deployed functions run, on this machine, for the Create, Update and Delete of the custom resources, and what needs the answer of one
is made after it. MLflow Apps and tracking servers, which moto does not have, are with `lambda-local sagemaker`.
"""
