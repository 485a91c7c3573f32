"""Structured logs and metrics. Only fields named here are written: no token, key, endpoint or address can slip in."""

from __future__ import annotations

from functools import cache

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from chalicelib.config import Stage, settings

FIELDS = frozenset(
    {
        "attempt", "batch", "campaign_id", "code", "count", "duration_ms", "function", "kind", "method", "outcome",
        "queue", "reason", "request_id", "route", "run_id", "site_id", "status", "tenant_id", "version",
    }
)  # fmt: skip
_NAMESPACE = "PushSaaS"


def note(event: str, **facts: str | float | None) -> None:
    _logger().info(event, extra=_allowed(facts))


def warn(event: str, **facts: str | float | None) -> None:
    _logger().warning(event, extra=_allowed(facts))


def alarm(event: str, **facts: str | float | None) -> None:
    """Something is wrong with us; the exception being treated, if any, goes along."""
    _logger().error(event, extra=_allowed(facts), exc_info=True)


def count(name: str, value: float = 1, **dimensions: str) -> None:
    """One metric in CloudWatch's embedded format; locally the logs say enough."""
    if settings().stage in {Stage.LOCAL, Stage.TEST}:
        return
    with single_metric(name=name, unit=MetricUnit.Count, value=value, namespace=_NAMESPACE) as metric:
        for dimension, value_of in dimensions.items():
            metric.add_dimension(name=dimension, value=value_of)


def _allowed(facts: dict[str, str | int | float | None]) -> dict[str, object]:
    return {name: value for name, value in facts.items() if name in FIELDS and value is not None}


@cache
def _logger() -> Logger:
    return Logger(service="pushsaas", level=settings().log_level, logger_formatter=None)
