"""What an endpoint says of itself: enough to check a call, and to write the contract from."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.core.errors import PushError
from chalicelib.core.limits import RouteClass
from chalicelib.web.allow import Allow, Caller
from chalicelib.web.schema import Form, Nothing, Query, Schema

_SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_PARAMETER = re.compile(r"\{(\w+)\}")
_READS = {Caller.USER: RouteClass.READ, Caller.TENANT: RouteClass.READ, Caller.OPERATOR: RouteClass.OPERATE}
_CHANGES = {
    Caller.ANYONE: RouteClass.SIGN_IN,
    Caller.BROWSER: RouteClass.SUBSCRIBE,
    Caller.USER: RouteClass.WRITE,
    Caller.TENANT: RouteClass.WRITE,
    Caller.OPERATOR: RouteClass.OPERATE,
}


@dataclass(frozen=True)
class Endpoint:
    """`audit` is the action a mutation is recorded as; `replayable` endpoints take an Idempotency-Key; `also` are other
    statuses with what they answer; `errors` are leaves beside those that follow from the rest; `stricter` names fields
    of the body, and who alone may send them; `counts_as` tells limits what caller and method do not; `facts` are those
    fields of the body that the audit log keeps: words like a role, never what somebody wrote;
    `reveals` says whose personal data an answer shows, and that the reading of it is audited.
    """

    method: str
    path: str
    allow: Allow
    view: Callable[..., Any]
    tag: str
    body: type[Schema] = Nothing
    query: type[Query] = Query
    returns: type[Schema] = Nothing
    status: int = 200
    also: Mapping[int, type[Schema]] = field(default_factory=dict)
    audit: str | None = None
    facts: tuple[str, ...] = ()
    reveals: str | None = None
    replayable: bool = False
    media_type: str = "application/json"
    errors: tuple[type[PushError], ...] = ()
    stricter: Mapping[str, Allow] = field(default_factory=dict)
    counts_as: RouteClass | None = None

    @property
    def name(self) -> str:
        return self.view.__name__

    @property
    def summary(self) -> str:
        """The first sentence of the view's docstring; without one, its name."""
        return self._words[0].rstrip(".") or self.name.replace("_", " ").capitalize()

    @property
    def description(self) -> str:
        return self._words[1]

    @property
    def path_parameters(self) -> list[str]:
        return _PARAMETER.findall(self.path)

    @property
    def takes_body(self) -> bool:
        return self.body is not Nothing

    @property
    def body_type(self) -> str:
        return "application/x-www-form-urlencoded" if issubclass(self.body, Form) else "application/json"

    @property
    def is_mutation(self) -> bool:
        return self.method not in {"GET", "HEAD", "OPTIONS"}

    def stricter_for(self, body: Schema) -> Allow | None:
        return next((allow for name, allow in self.stricter.items() if getattr(body, name) is not None), None)

    @property
    def route_class(self) -> RouteClass | None:
        """None is not counted: what is public and the same for everybody costs less to answer than to count."""
        if self.counts_as is not None or not self.is_mutation:
            return self.counts_as or _READS.get(self.allow.caller)
        return _CHANGES[self.allow.caller]

    @property
    def _words(self) -> tuple[str, str]:
        first, _, others = (inspect.getdoc(self.view) or "").partition("\n\n")
        sentence, *rest = _SENTENCES.split(first.replace("\n", " "), maxsplit=1)
        return sentence, "\n\n".join(part for part in (*rest, others) if part)
