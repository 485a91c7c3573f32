"""Structured logs and metrics. Only fields named here are written: no token, key, endpoint or address can slip in."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from threading import Lock
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from chalicelib.config import Stage, settings

FIELDS = frozenset(
    {
        "actor", "attempt", "batch", "campaign_id", "code", "count", "dry_run", "duration_ms", "function", "kind",
        "method", "outcome", "queue", "reason", "request_id", "route", "run_id", "site_id", "status", "subject",
        "tenant_id", "vendor", "version",
    }
)  # fmt: skip
_UNITS = {"_ms": MetricUnit.Milliseconds, "_seconds": MetricUnit.Seconds}  # by what a name ends in; else it counts
_LOCK = Lock()
_CALLER = 3  # frames up, past Powertools and this module: the line that is logged is the one that called us
_MOST_FRAMES = 12
_MOST_VALUES = 100  # of a metric in a line


def note(event: str, **facts: str | float | None) -> None:
    _logger().info(event, extra=_allowed(facts), stacklevel=_CALLER)


def warn(event: str, **facts: str | float | None) -> None:
    _logger().warning(event, extra=_allowed(facts), stacklevel=_CALLER)


def alarm(event: str, **facts: str | float | None) -> None:
    """Something is wrong with us; the exception being treated, if any, is named, and where it came from."""
    _logger().error(event, extra=_allowed(facts) | _trace(sys.exception()), stacklevel=_CALLER)


def count(name: str, value: float = 1, **dimensions: str) -> None:
    """One metric in CloudWatch's embedded format; locally the logs say enough."""
    measure({name: [value]}, {}, **dimensions)


def measure(metrics: Mapping[str, Sequence[float]], totals: Mapping[str, float], **dimensions: str) -> None:
    """Several in one line, each with all its values. `totals` are counted without dimensions, on the same line."""
    if settings().stage not in {Stage.LOCAL, Stage.TEST} and (line := metric_line(metrics, totals, dimensions)):
        sys.stdout.write(f"{line}\n")


def metric_line(
    metrics: Mapping[str, Sequence[float]], totals: Mapping[str, float], dimensions: Mapping[str, str]
) -> str:
    """As CloudWatch reads it; empty when there is nothing to tell."""
    parts = [_part(metrics, dimensions), _part({name: [value] for name, value in totals.items()}, {})]
    told = [part for part in parts if part]
    if not told:
        return ""
    whole = {name: value for part in told for name, value in part.items()}
    directives = [directive for part in told for directive in part["_aws"]["CloudWatchMetrics"]]
    return json.dumps(whole | {"_aws": {**whole["_aws"], "CloudWatchMetrics": directives}}, separators=(",", ":"))


def _part(metrics: Mapping[str, Sequence[float]], dimensions: Mapping[str, str]) -> dict[str, Any]:
    """The namespace is the installation's own, for an account may have another one beside it."""
    part = EphemeralMetrics(namespace=settings().prefix)
    for dimension, whose in dimensions.items():
        part.add_dimension(name=dimension, value=whose)
    for name, values in metrics.items():
        assert len(values) < _MOST_VALUES, "Powertools would begin another line by itself"
        unit = next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), MetricUnit.Count)
        for value in values:
            part.add_metric(name=name, unit=unit, value=value)
    return dict(part.serialize_metric_set()) if any(metrics.values()) else {}


def _allowed(facts: dict[str, str | float | None]) -> dict[str, object]:
    return {name: value for name, value in facts.items() if name in FIELDS and value is not None}


def _trace(error: BaseException | None) -> dict[str, object]:
    """Names and places. What an exception says may quote an address, a token or a key, so only a laptop shows it."""
    if error is None:
        return {}
    frames = traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]
    told: dict[str, object] = {
        "exception": [type(each).__name__ for each in _chain(error)],
        "trace": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    return told | {"says": str(error)} if settings().stage is Stage.LOCAL else told


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _logger() -> Logger:
    with _LOCK:  # or two at once would each have every line printed by a handler of their own
        return _only_logger()


@cache
def _only_logger() -> Logger:
    return Logger(service="pushsaas", level=settings().log_level, logger_formatter=None)
