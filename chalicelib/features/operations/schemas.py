"""HTTP bodies of health checks."""

from __future__ import annotations

from chalicelib.web.schema import Schema


class Health(Schema):
    status: str


class Readiness(Schema):
    status: str
    faults: list[str]
