"""The two keys an installation may have, and the way from one to the other: a step at a time, so that whatever seals on
one side of a deploy is opened on the other, also when that deploy is undone. See docs/runbooks/replace-the-key.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.deploy.halt import Halt
from infra.deploy.parameters import Values

PARAMETER = "SecretsKeys"
_BEGINNING = "first"
_STATES = (_BEGINNING, "first+second", "second+first", "second")  # the one named first seals; all named open
_LOGICAL_IDS = {"first": "SecretsKey", "second": "SecondSecretsKey"}


def check_step(asked: str, standing: Values) -> None:
    before = standing.get(PARAMETER, _BEGINNING)
    ways = [state for state in _STATES if state != before and _leads_to(before, state)]
    if asked != before and asked not in ways:
        then = f"From here it is KEYS={' or KEYS='.join(ways)}; docs/runbooks/replace-the-key.md has the whole way."
        raise Halt(f"The keys are {before}, and do not become {asked} in one step.", then=then)


def remembered(parameters: Values) -> dict[str, str]:
    """What of them a release can be brought back with: which keys there are is no matter of releases."""
    return {name: value for name, value in parameters.items() if name != PARAMETER}


def carried(template: Mapping[str, Any], standing: Values) -> dict[str, str]:
    """What a release that is brought back is told: with the keys it stood with, it might open nothing."""
    check_release(template, standing)
    return {PARAMETER: standing[PARAMETER]} if PARAMETER in standing and _knows_two(template) else {}


def check_release(template: Mapping[str, Any], standing: Values) -> None:
    if standing.get(PARAMETER, _BEGINNING) != _BEGINNING and not _knows_two(template):
        then = "Deploy one that is newer."
        raise Halt("That release knows the first key only, and this installation has another by now.", then=then)


def of_kept(kept: Mapping[str, Any]) -> dict[str, str]:
    """Those that a teardown left. Of two, it is all the same which one seals: both are opened."""
    found = [name for name, logical_id in _LOGICAL_IDS.items() if logical_id in kept]
    return {PARAMETER: "+".join(found)} if "second" in found else {}


def _knows_two(template: Mapping[str, Any]) -> bool:
    return PARAMETER in template.get("Parameters", {})


def _leads_to(before: str, after: str) -> bool:
    open_before, open_after = before.split("+"), after.split("+")
    return open_after[0] in open_before and open_before[0] in open_after
