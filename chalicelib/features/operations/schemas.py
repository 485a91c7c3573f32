"""HTTP bodies of health checks."""

from __future__ import annotations

from chalicelib.web.schema import Schema, example


class Health(Schema):
    model_config = example(status="ok")

    status: str


class Readiness(Schema):
    model_config = example(status="ok", faults=[])

    status: str
    faults: list[str]


class NotReady(Readiness):
    """`faults` names the parts that do not answer."""

    model_config = example(status="unavailable", faults=["tables"])
