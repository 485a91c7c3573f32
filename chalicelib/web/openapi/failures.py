"""How each endpoint may fail: what follows from its shape, what it names itself, and what may happen to any."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from chalicelib.core import errors
from chalicelib.core.errors import PushError
from chalicelib.core.idempotency import InProgress, KeyReused
from chalicelib.core.identity import SsoSession
from chalicelib.core.paging import BadCursor
from chalicelib.core.suspicion import Blocked
from chalicelib.web import problems
from chalicelib.web.allow import Allow, Caller, SecondFactorRequired, SsoRequired, StepUpRequired
from chalicelib.web.body import TooLarge, Unreadable
from chalicelib.web.endpoint import Endpoint
from chalicelib.web.explain import explain
from chalicelib.web.openapi.preamble import RATE_LIMITS, Document, headers
from chalicelib.web.schema import AnyQuery, ListQuery


class Failures:
    """One answer for each status, naming the codes it may carry. Most endpoints share most of them."""

    def __init__(self) -> None:
        self.components: dict[str, Document] = {}

    def of(self, endpoint: Endpoint) -> dict[str, Document]:
        found = sorted(dict.fromkeys(_expected(endpoint)), key=problems.status_of)
        return {str(status): self._shared(list(kinds)) for status, kinds in groupby(found, key=problems.status_of)}

    def _shared(self, kinds: Sequence[type[PushError]]) -> Document:
        name = ".".join(kind.code for kind in kinds)
        self.components.setdefault(name, _answer(kinds))
        return {"$ref": f"#/components/responses/{name}"}


def _expected(endpoint: Endpoint) -> list[type[PushError]]:
    caller = endpoint.allow.caller
    follows: list[tuple[bool, Sequence[type[PushError]]]] = [
        (endpoint.takes_body, [Unreadable, TooLarge, problems.UnsupportedMediaType]),
        (endpoint.takes_body or not issubclass(endpoint.query, AnyQuery), [errors.Invalid]),
        (issubclass(endpoint.query, ListQuery), [BadCursor]),
        (endpoint.allow.needs_credentials, [errors.Unauthenticated]),
        (caller in {Caller.USER, Caller.TENANT}, [errors.Forbidden]),
        (caller is Caller.TENANT, [Blocked]),
        (_is_of_a_tenant(endpoint.allow), [SecondFactorRequired, SsoRequired, StepUpRequired]),
        (endpoint.allow.is_own and not endpoint.allow.is_open_to_sso, [SsoSession]),
        (any(allow.is_fresh for allow in (endpoint.allow, *endpoint.stricter.values())), [StepUpRequired]),
        (caller is Caller.OPERATOR or bool(endpoint.path_parameters), [errors.NotFound]),
        (endpoint.replayable, [KeyReused, InProgress]),
        (True, [*endpoint.errors, errors.OverLimit, problems.Broken, errors.Unavailable]),
    ]
    return [kind for applies, kinds in follows if applies for kind in kinds]


def _is_of_a_tenant(allow: Allow) -> bool:
    return allow.caller in {Caller.USER, Caller.TENANT} and not allow.is_own


def _answer(kinds: Sequence[type[PushError]]) -> Document:
    names = ["X-Request-Id"]
    names += ["WWW-Authenticate"] if errors.Unauthenticated in kinds else []
    names += ["Retry-After"] if any(issubclass(kind, errors.OverLimit | errors.Unavailable) for kind in kinds) else []
    names += [] if errors.Unauthenticated in kinds else RATE_LIMITS
    examples = {kind.code: {"summary": kind.title, "value": explain(kind).example} for kind in kinds}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}
    return {
        "description": " ".join(kind.title for kind in kinds),
        "headers": headers(names),
        "content": {problems.CONTENT_TYPE: content},
        "x-codes": [kind.code for kind in kinds],
    }
