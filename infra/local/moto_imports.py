"""Imports moto without the services nobody deploys here. `aws.py` calls it before its first stack."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType


def import_cloudformation() -> None:
    """It takes 2 s otherwise, 1.2 of them for EC2. What is left out here comes whole when somebody asks for it."""
    absent = {name: _Absent(name) for name in _NEVER_DEPLOYED if name not in sys.modules}
    sys.modules.update(absent)
    try:
        importlib.import_module("moto.ssm.models")
        importlib.import_module("moto.cloudformation.models")
    finally:
        for name in absent:
            del sys.modules[name]


_NEVER_DEPLOYED = [
    f"moto.{service}{part}"
    for service in (
        "apigateway", "autoscaling", "batch", "datapipeline", "ec2", "ecs", "efs", "elb", "elbv2", "emr", "iot", "rds",
        "redshift", "route53", "sagemaker", "stepfunctions",
    )
    for part in ("", ".models", ".models.core")
]  # fmt: skip


class _Absent(ModuleType):
    """Whatever is imported from it is an empty class of that name."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})
