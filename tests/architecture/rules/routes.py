"""What every route must say of itself: who may call it, how its mutation is recorded, whether it may be repeated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from chalice.app import Chalice

from chalicelib.core.limits import RouteClass
from chalicelib.web.allow import Caller
from chalicelib.web.endpoint import Endpoint

_ACTION = re.compile(r"[a-z][a-z_]*\.[a-z][a-z_]*")
_CREATED = frozenset({201, 202})
_SENDS = ("/send", "/schedule", "/test", "/notifications")
_BY_ADDRESS = frozenset({RouteClass.SIGN_IN, RouteClass.RENEW, RouteClass.REGISTER})
_ASKS_ONLY = ("/preview", "/dry-run", "/render")  # POST because the question is long; nothing changes


def unguarded(app: Chalice, endpoints: Iterable[Endpoint]) -> list[str]:
    """Routes that went around the HTTP door, where nobody asks who is calling."""
    guarded = {(endpoint.method, endpoint.path) for endpoint in endpoints}
    routes = {(method, path) for path, methods in app.routes.items() for method in methods}
    return [f"{method} {path} does not say who may call it" for method, path in sorted(routes - guarded)]


def untraced(endpoints: Iterable[Endpoint]) -> Iterator[str]:
    """Every mutation by a tenant's credentials stands in its audit log. The operator belongs to no tenant."""
    for endpoint in endpoints:
        is_tenants = endpoint.allow.caller in {Caller.USER, Caller.TENANT}
        changes = endpoint.is_mutation and not endpoint.path.endswith(_ASKS_ONLY)
        if is_tenants and changes and not endpoint.audit:
            yield f"{_name(endpoint)} changes something and names no audit action"
        if endpoint.audit and not (is_tenants and changes):
            yield f"{_name(endpoint)} names an audit action, but has no tenant or changes nothing"
        if endpoint.audit and not _ACTION.fullmatch(endpoint.audit):
            yield f"{_name(endpoint)}: an audit action reads like site.created, not {endpoint.audit}"


def unrepeatable(endpoints: Iterable[Endpoint]) -> Iterator[str]:
    """Every authenticated POST that makes or sends takes an Idempotency-Key; nothing else needs to."""
    for endpoint in endpoints:
        makes = endpoint.method == "POST" and endpoint.status in _CREATED and endpoint.allow.needs_credentials
        has_password = any(name.endswith("password") for name in endpoint.body.model_fields)
        if makes and not endpoint.replayable and not has_password:
            yield f"{_name(endpoint)} makes something, and a repeat would make it twice"
        if endpoint.replayable and has_password:
            yield f"{_name(endpoint)} remembers its body by a quick hash, and there is a password in it"
        if endpoint.replayable and (endpoint.method != "POST" or not endpoint.allow.needs_credentials):
            yield f"{_name(endpoint)} remembers answers, but is no authenticated POST"


def uncounted(endpoints: Iterable[Endpoint]) -> Iterator[str]:
    """What sends, now or at a time, counts as a send: it costs money, and is refused when nobody can count it. What a
    stranger asks is counted by address.
    """
    for endpoint in endpoints:
        sends = endpoint.method == "POST" and endpoint.path.endswith(_SENDS)
        if sends is not (endpoint.route_class is RouteClass.SEND):
            yield f"{_name(endpoint)} counts as {endpoint.route_class}, and sends{'' if sends else ' nothing'}"
        changes = endpoint.is_mutation and endpoint.allow.caller is Caller.ANYONE
        if changes and endpoint.route_class not in _BY_ADDRESS:
            yield f"{_name(endpoint)} is open to anyone and counts as {endpoint.route_class}"


def _name(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"
