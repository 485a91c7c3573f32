"""Counts every request that costs us something, before anything is done for it. The HTTP door calls it.

Which rule counts a request follows from its endpoint; whom it is counted against, from credentials and address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from operator import attrgetter

from chalicelib.config import settings
from chalicelib.core import clock, limits
from chalicelib.core.errors import OverLimit, Unavailable
from chalicelib.core.identity import Principal
from chalicelib.core.limits import Bucket, Plan, Room, RouteClass, Rule, network_of
from chalicelib.web.app import App
from chalicelib.web.call import Envelope
from chalicelib.web.endpoint import Endpoint

_PAUSE = timedelta(seconds=5)  # after which the counters are asked again: who waits for them in vain waits for long
_BY_ADDRESS = {
    RouteClass.SIGN_IN: limits.SIGNS_IN,
    RouteClass.RENEW: limits.RENEWS,
    RouteClass.REGISTER: limits.REGISTERS,
    RouteClass.SUBSCRIBE: limits.SUBSCRIBES,
}


_BY_TENANT: dict[RouteClass, Callable[[Plan], Rule]] = {
    RouteClass.READ: attrgetter("reads"),
    RouteClass.WRITE: attrgetter("writes"),
    RouteClass.SEND: attrgetter("sends"),
    RouteClass.EXPORT: attrgetter("exports"),
    RouteClass.CHECK: attrgetter("checks"),
}


def admit(app: App, endpoint: Endpoint, envelope: Envelope, principal: Principal | None = None) -> None:
    """Raises OverLimit. Says in the answer's headers how much is left, to whoever has shown credentials."""
    route_class = endpoint.route_class
    if route_class is None:
        return
    now = clock.now()
    if now < app.uncounted_until and not route_class.is_refused_uncounted:
        return
    try:
        for bucket in _buckets(app, route_class, network_of(envelope.client_address), principal):
            room = app.buckets().take(bucket, now=now)
            if endpoint.allow.needs_credentials:
                _tell(room, envelope)
            if not room.is_admitted:
                raise OverLimit(_words(bucket), retry_after_seconds=room.resets_in_seconds)
    except Unavailable:
        if route_class.is_refused_uncounted:
            raise
        app.uncounted_until = now + _PAUSE
        app.observer.alarm("request_uncounted", route=endpoint.path, request_id=envelope.request_id)


def _buckets(app: App, route_class: RouteClass, network: str, principal: Principal | None) -> Iterator[Bucket]:
    if principal is None:
        yield _bucket(_BY_ADDRESS[route_class], network)
    elif route_class is RouteClass.OPERATE:
        yield _bucket(limits.OPERATES, principal.subject)
    elif route_class is RouteClass.REPORT:
        yield _bucket(limits.REPORTS, f"{principal.site_id} {network}")  # none for the site: all its readers meet there
    elif route_class is RouteClass.SUBSCRIBE:
        yield _bucket(limits.SUBSCRIBES, f"{principal.site_id} {network}")
        yield _bucket(app.plan_of(principal.tenant_id).subscribes, str(principal.site_id))
    else:
        rule = _of_tenant(app.plan_of(principal.tenant_id), route_class)
        yield _bucket(rule, principal.tenant_id, principal.subject)


def _of_tenant(plan: Plan, route_class: RouteClass) -> Rule:
    return _BY_TENANT[route_class](plan)


def _bucket(rule: Rule, whose: str, part: str = "") -> Bucket:
    return Bucket(rule.scaled(settings().limits_scale), whose, part)


def _tell(room: Room, envelope: Envelope) -> None:
    envelope.headers["RateLimit-Limit"] = str(room.limit)
    envelope.headers["RateLimit-Remaining"] = str(room.remaining)
    envelope.headers["RateLimit-Reset"] = str(room.resets_in_seconds)


def _words(bucket: Bucket) -> str:
    rule = bucket.rule
    each = f", {rule.each:,} of them from one user or key" if rule.each is not None else ""
    return f"At most {rule.most:,} {rule.what} in {rule.window} from {rule.whose}{each}."
