"""Misbehaviour on request: rules as a test or the local product states them, and the playbook that applies them.

Only sound requests meet the rules: a sender's own mistake is always answered as what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from infra.local.push_service.chaos import Chaos, RetryAfter, Trouble, share
from infra.local.push_service.exchange import DEFAULT_OVERSIZE_BYTES, Action
from infra.local.push_service.vendors import Fault, vendor_of

MOST_RULES = 1000
_MOST_ENDPOINTS_COUNTED = 1_000_000
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e\t]*")
_MOST_SECONDS = 10**18

Count = Annotated[int, Meta(ge=1)]


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All given conditions must hold; none given matches everything."""

    host: str | None = None  # exact, or *.push.apple.com
    endpoint: str | None = None  # URL or id
    fraction: Annotated[float, Meta(ge=0, le=1)] | None = None  # of the endpoints: one is always in or always out
    every: Count | None = None  # the n-th, 2n-th … of the requests that meet the other conditions
    first: Count | None = None  # only an endpoint's first n requests

    def __post_init__(self) -> None:
        if self.host is not None and vendor_of(self.host.replace("*", "any", 1)) is None:
            raise ValueError(f"no push service answers for the host {self.host!r}")

    def fits(self, *, host: str, endpoint: str, endpoint_id: str, attempt: int) -> bool:
        """Everything but `every`, which needs a memory."""
        return (
            (self.host is None or _host_fits(self.host, host))
            and (self.endpoint is None or self.endpoint in {endpoint, endpoint_id})
            and (self.first is None or attempt <= self.first)
            and (self.fraction is None or share("fraction", endpoint_id) < self.fraction)
        )


class Spoken(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An answer: a status, or a fault that each vendor has its own status for. Body and headers default to theirs."""

    status: Annotated[int, Meta(ge=200, le=599)] | None = None
    fault: Fault | None = None
    headers: Mapping[str, str] = {}
    body: Annotated[str, Meta(max_length=1_000_000)] | None = None
    retry_after: RetryAfter | Annotated[int, Meta(ge=-_MOST_SECONDS, le=_MOST_SECONDS)] | None = None
    errno: int | None = None  # Mozilla only

    def __post_init__(self) -> None:
        if (self.status is None) == (self.fault is None):
            raise ValueError("an answer has either a status or a fault")
        for name, value in self.headers.items():
            if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
                raise ValueError(f"{name!r} is not a header that can be sent")


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which requests, and what befalls them: an answer, an action, both, or seeded chaos."""

    match: Match = Match()
    answer: Spoken | None = None
    action: Action | None = None
    chaos: Chaos | None = None
    times: Count | None = None
    delay_ms: Annotated[int, Meta(ge=0, le=600_000)] = 0
    size_bytes: Annotated[int, Meta(ge=0, le=200_000_000)] = DEFAULT_OVERSIZE_BYTES

    def __post_init__(self) -> None:
        if (self.answer is None and self.action is None) == (self.chaos is None):
            raise ValueError("a rule has an answer, an action or both, or else chaos")


def parse_rules(rules: Iterable[Rule | Mapping[str, Any]]) -> tuple[Rule, ...]:
    """Raises ValueError that names the rule and the field."""
    if isinstance(rules, str | bytes | Mapping) or not isinstance(rules, Iterable):
        raise ValueError("rules must be a list")  # noqa: TRY004 -- the caller shows it as a bad body, whatever is wrong
    parsed = tuple(_parse_rule(rule, number) for number, rule in enumerate(rules))
    if len(parsed) > MOST_RULES:
        raise ValueError(f"at most {MOST_RULES} rules")
    return parsed


class Playbook:
    """A list of rules with what they remember. The first that fits and has turns left decides. One thread uses it."""

    def __init__(self, rules: tuple[Rule, ...] = ()) -> None:
        self.rules = rules
        self._seen = [0] * len(rules)
        self._fired = [0] * len(rules)
        self._counts_attempts = any(rule.chaos or rule.match.first for rule in rules)
        self._attempts: dict[str, int] = {}

    def rule_for(self, *, host: str, endpoint: str, endpoint_id: str) -> Rule | None:
        if not self.rules:
            return None
        attempt = self._attempt(endpoint)
        for number, rule in enumerate(self.rules):
            if not rule.match.fits(host=host, endpoint=endpoint, endpoint_id=endpoint_id, attempt=attempt):
                continue
            if self._is_its_turn(number) and (decided := _decide(rule, endpoint_id, attempt)):
                self._fired[number] += 1
                return decided
        return None

    def _attempt(self, endpoint: str) -> int:
        if not self._counts_attempts:
            return 1
        if len(self._attempts) >= _MOST_ENDPOINTS_COUNTED:
            del self._attempts[next(iter(self._attempts))]
        self._attempts[endpoint] = self._attempts.get(endpoint, 0) + 1
        return self._attempts[endpoint]

    def _is_its_turn(self, number: int) -> bool:
        rule = self.rules[number]
        self._seen[number] += 1
        has_turns_left = rule.times is None or self._fired[number] < rule.times
        return has_turns_left and self._seen[number] % (rule.match.every or 1) == 0


def _parse_rule(rule: Rule | Mapping[str, Any], number: int) -> Rule:
    if isinstance(rule, Rule):
        return rule
    try:
        return msgspec.convert(rule, Rule)
    except msgspec.ValidationError as error:
        raise ValueError(f"rule {number}: {error}") from error


def _host_fits(wanted: str, host: str) -> bool:
    return host.endswith(wanted[1:]) if wanted.startswith("*.") else host == wanted


_ANSWERS = {
    Trouble.GONE: Fault.GONE,
    Trouble.NOT_FOUND: Fault.UNKNOWN_ENDPOINT,
    Trouble.BROKEN: Fault.BROKEN,
    Trouble.UNAVAILABLE: Fault.UNAVAILABLE,
}


def _decide(rule: Rule, endpoint_id: str, attempt: int) -> Rule | None:
    """The rule itself, or for chaos the plain rule that this attempt drew; None when it drew nothing."""
    if rule.chaos is None:
        return rule
    trouble = rule.chaos.trouble(endpoint_id, attempt)
    if trouble is None:
        return None
    if trouble is Trouble.THROTTLED:
        form = rule.chaos.retry_after_form(endpoint_id, attempt)
        return Rule(answer=Spoken(fault=Fault.THROTTLED, retry_after=form))
    if trouble in _ANSWERS:
        return Rule(answer=Spoken(fault=_ANSWERS[trouble]))
    return Rule(action=Action(trouble.value), delay_ms=rule.delay_ms)
