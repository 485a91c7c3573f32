"""One way to ask a route, as the bench of the API and its budget's test play it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Ask:
    """Where the scene's own would not do. `who` asks; None leaves it to the owner, or to a key of theirs."""

    body: Any = None
    form: Mapping[str, str] | None = None
    who: str | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    token: str | None = None  # of a subscription
    query: Mapping[str, str] | None = None
    cookie: str = ""
