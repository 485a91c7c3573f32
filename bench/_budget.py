"""How often a route may ask the store, and the few that may more often, each with its reason.

docs/budget.md argues it; the bench of the API and tests/matrix/test_budget.py hold it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench._store_calls import Calls
from chalicelib.web.endpoint import Endpoint

READ = 3
MUTATION = 6


@dataclass(frozen=True)
class More:
    """`most` is what it takes today: a call more and the bench fails, a call less and this line is out of date."""

    most: int
    why: str


MORE: dict[str, More] = {
    "list_subscriptions": More(
        19,
        "A small site's page is read from all sixteen shards; a page of a large one from one. And once an hour that "
        "somebody reads it is written down.",
    ),
    "get_site_health": More(
        18,
        "A small site's rows are read from all sixteen shards, so that the sums are exact; one of them twice, because "
        "the reading begins in its midst. A large site's sample takes two or three questions.",
    ),
    "check_site": More(
        24,
        "A look at a whole site, counted by itself: who came, its key, its campaigns and gates, and a sample of its "
        "browsers, who lie in sixteen shards.",
    ),
    "get_privacy_job": More(12, "An export is read when it is asked for, on every site; that it is, is written down."),
    "erase_me": More(8, "Once in a life: each membership, the end of all sessions, and a job that nothing may lose."),
    "close_tenant": More(8, "Once in a company's life: a stop, and a job that nothing may lose, come first."),
    "restore_subscriptions": More(17, "An operator's, and rare: it looks through all sixteen shards for tombstones."),
    "invite": More(7, "Who has the address and how many are invited lie apart, and both are read before the write."),
    "register": More(
        7, "Is the address blocked, how many has it registered, how many letters has the mailbox: asked of everybody."
    ),
    "verify_email": More(
        10, "Opens an account, and is good once. Its guesses are counted, and taken back. A trail and its guard begin."
    ),
    "login": More(
        15,
        "Is the address blocked; guesses are counted at account and address, before they are tried, and taken back; "
        "the hash is renewed where it is an old one; where was this person seen last.",
    ),
    "exchange_oauth_code": More(
        21, "As signing in, with a code that is good once; and letting a provider in is told to person and trails."
    ),
    "exchange_saml_code": More(
        22, "As with a provider; and the member's role is what the identity provider says it is today."
    ),
    "confirm_email": More(8, "Good once. Its guesses are counted, and taken back; each tenant's trail hears of it."),
    "ask_for_email": More(7, "Letters and guesses are counted before they are sent and tried."),
}


@dataclass
class Asked:
    """One route, in every way it was asked."""

    endpoint: Endpoint
    calls: list[Calls] = field(default_factory=list)
    ms: list[float] = field(default_factory=list)
    refusals: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        return f"{self.endpoint.method} {self.endpoint.path}"

    @property
    def most(self) -> int:
        return max(each.steady for each in self.calls)

    @property
    def shares(self) -> int:
        return max(each.shares for each in self.calls)

    @property
    def elsewhere(self) -> Counter[str]:
        return max((each.elsewhere for each in self.calls), key=Counter.total)

    @property
    def is_held(self) -> bool:
        """To what holds for all."""
        return self.endpoint.name not in MORE


def budget_of(endpoint: Endpoint) -> int:
    if endpoint.name in MORE:
        return MORE[endpoint.name].most
    return MUTATION if endpoint.is_mutation else READ


def over_budget(asked: Asked) -> list[str]:
    """Sentences. A call that was refused says nothing of what it costs."""
    found = [f"{asked.name} was refused: {text}" for text in sorted(asked.refusals)]
    allowed = budget_of(asked.endpoint)
    if asked.most > allowed:
        told = max(asked.calls, key=lambda calls: calls.steady).told
        found.append(f"{asked.name} asks the store {asked.most} times, not {allowed}: {told}")
    if asked.most < allowed and not asked.is_held:
        found.append(f"{asked.name} asks the store only {asked.most} times: bench/_budget.py says {allowed}")
    return found


def unasked(routes: Mapping[str, Mapping[str, Any]], found: Iterable[Asked]) -> list[str]:
    asked = {(each.endpoint.method, each.endpoint.path) for each in found if each.calls}
    known = {(method, path) for path, methods in routes.items() for method in methods}
    return [f"{method} {path} was not asked" for method, path in sorted(known - asked)]
