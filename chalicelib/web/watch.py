"""Whom suspicion has stopped is not let in, and what looks odd at the door is told to it. The HTTP door calls it.

A caller that is looked up needs a store; a warm one is answered from memory, and costs no call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from chalicelib.core import clock, suspicion
from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.core.identity import Principal
from chalicelib.core.limits import network_of
from chalicelib.core.suspicion import Blocked, Consequence, Rule
from chalicelib.web.allow import step_up
from chalicelib.web.app import App
from chalicelib.web.call import Call, Envelope
from chalicelib.web.endpoint import Endpoint

_KINDS = ("usr_", "key_")  # a browser is counted by its address


def check(app: App, endpoint: Endpoint, envelope: Envelope, principal: Principal) -> None:
    """Raises Blocked and StepUpRequired. One's own account stays open: that is where one steps up."""
    if principal.is_operator or endpoint.allow.is_own:
        return
    try:
        block = app.suspicion().block_of(principal.subject, now=clock.now())
    except Unavailable:
        if endpoint.route_class is not None and endpoint.route_class.is_refused_uncounted:
            raise
        app.observer.alarm("suspicion_unasked", route=endpoint.path, request_id=envelope.request_id)
        return
    if block is not None and block.stops(principal.proven_at):
        raise step_up(principal, **block.named) if block.consequence is Consequence.STEP_UP else Blocked(**block.named)
    if not principal.is_user:
        _note(app, suspicion.KEY_ADDRESSES, principal, network_of(envelope.client_address), envelope.request_id)


@contextmanager
def misses(app: App, path: Mapping[str, str], envelope: Envelope, principal: Principal | None) -> Iterator[None]:
    """What is not there once is a mistake; what is not there fifty times in a row is somebody trying ids."""
    try:
        yield
    except NotFound:
        if principal is not None and principal.subject.startswith(_KINDS) and not principal.is_operator and path:
            _note(app, suspicion.ENUMERATION, principal, " ".join(path.values()), envelope.request_id)
        raise


def note_creation(app: App, action: str, call: Call[Any]) -> None:
    rule = suspicion.OF_CREATION.get(action)
    if rule is not None:
        _note(app, rule, call.principal, call.request_id, call.request_id)


def _note(app: App, rule: Rule, principal: Principal, mark: str, request_id: str) -> None:
    app.suspicion().note(
        rule,
        whose=principal.subject,
        tenant_id=principal.tenant_id,
        mark=mark,
        request_id=request_id,
        now=clock.now(),
    )
