"""How much of the account's concurrency the transactional lane can be promised: a young account has none to give."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.deploy.ground import Ground

_LEFT_TO_ALL = 100  # AWS lets nobody reserve the rest
_PARAMETER = "TransactionalConcurrency"


def affordable(ground: Ground, template: Mapping[str, Any]) -> dict[str, str]:
    """For a first deploy, as a parameter: nothing when the template's own promise can be kept."""
    promised = int(template.get("Parameters", {}).get(_PARAMETER, {}).get("Default", 0))
    free = ground.aws.call("lambda", "get-account-settings")["AccountLimit"]["UnreservedConcurrentExecutions"]
    if free >= promised + _LEFT_TO_ALL:
        return {}
    ground.terminal.say(
        f"this account runs {free} functions at once: none is kept for transactional sends.",
        "  Ask AWS for 1,000 (Service Quotas, Lambda, Concurrent executions), then deploy with CONCURRENCY=50.",
    )
    return {_PARAMETER: "0"}
