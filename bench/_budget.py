"""How often a route may ask the store, and the few that may more often, each with its reason.

docs/budget.md argues it; the bench of the API and tests/http/web/test_budget.py hold it.
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


MORE: Mapping[str, More] = {}


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

    @property
    def allowed(self) -> int:
        if self.endpoint.name in MORE:
            return MORE[self.endpoint.name].most
        return MUTATION if self.endpoint.is_mutation else READ


def over_budget(asked: Asked) -> list[str]:
    """Sentences. A call that was refused says nothing of what it costs."""
    found = [f"{asked.name} was refused: {text}" for text in sorted(asked.refusals)]
    if asked.most > asked.allowed:
        told = max(asked.calls, key=lambda calls: calls.steady).told
        found.append(f"{asked.name} asks the store {asked.most} times, not {asked.allowed}: {told}")
    if asked.most < asked.allowed and not asked.is_held:
        found.append(f"{asked.name} asks the store only {asked.most} times: bench/_budget.py says {asked.allowed}")
    return found


def unasked(routes: Mapping[str, Mapping[str, Any]], found: Iterable[Asked]) -> list[str]:
    asked = {(each.endpoint.method, each.endpoint.path) for each in found if each.calls}
    known = {(method, path) for path, methods in routes.items() for method in methods}
    return [f"{method} {path} was not asked" for method, path in sorted(known - asked)]
