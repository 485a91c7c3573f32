"""The HTTP door. `Api.endpoint` is the only way to add a route: it checks the caller, the body and the query, runs the
view, keeps the answer for a replay, records the mutation, and turns every error into problem+json.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import unquote

from chalice.app import Blueprint, Chalice, Response

from chalicelib.core import clock
from chalicelib.core.errors import NotFound, PushError, Unauthenticated, Unavailable
from chalicelib.core.identity import Principal
from chalicelib.web import problems, turnstile, watch
from chalicelib.web.allow import Allow, Caller
from chalicelib.web.app import App
from chalicelib.web.body import Unreadable, guard, guard_form
from chalicelib.web.call import Answer, Call, Envelope, current
from chalicelib.web.endpoint import Endpoint
from chalicelib.web.once import perform_once
from chalicelib.web.problems import Headers, UnsupportedMediaType
from chalicelib.web.schema import Form, Nothing, Query, Schema, parse, parse_query

View = TypeVar("View", bound=Callable[..., Any])

_WITHOUT_BODY = frozenset({204, 302, 303, 304})
_OUR_FAULT = 500
_LONGEST_FACT = 500  # all scopes there are


class Api(Blueprint):
    """`tag` groups endpoints in the contract; `about` says in a sentence what the group is for."""

    also_reads: frozenset[str] = frozenset()  # as if it were an endpoint's own type of body

    def __init__(self, import_name: str, *, tag: str, about: str = "") -> None:
        super().__init__(import_name)
        self._tag = tag
        self._about = about
        self.endpoints: list[Endpoint] = []

    def endpoint(self, method: str, path: str, *, allow: Allow, **words: Any) -> Callable[[View], View]:
        def register(view: View) -> View:
            endpoint = Endpoint(method, path, allow, view, self._tag, **words)
            self.endpoints.append(endpoint)

            @functools.wraps(view)
            def entry(**path_parts: str) -> Response:
                return self._answer(endpoint, {name: unquote(part) for name, part in path_parts.items()})

            self.route(path, methods=[method], name=view.__name__, content_types=["*/*"])(entry)  # we look ourselves
            return view

        return register

    def register(self, app: Chalice, options: dict[str, Any]) -> None:
        super().register(app, options)
        if isinstance(app, App):
            app.endpoints.extend(self.endpoints)
            app.groups[self._tag] = self._about or app.groups.get(self._tag, "")

    @property
    def app(self) -> App:
        app = self.current_app
        if not isinstance(app, App):
            raise TypeError("an Api belongs to an App")
        return app

    def _answer(self, endpoint: Endpoint, path: dict[str, str]) -> Response:
        envelope = current.get()
        try:
            return self._run(endpoint, path, envelope)
        except PushError as error:
            status = problems.status_of(type(error))
            say = self.app.observer.alarm if status >= _OUR_FAULT else self.app.observer.note
            say("request_refused", code=error.code, status=status, route=endpoint.path, request_id=envelope.request_id)
            return problems.answer(error, instance=envelope.request_id)
        except Exception:  # noqa: BLE001 -- the door: whatever it is, the caller gets a problem and we get a record
            self.app.observer.alarm("request_broke", route=endpoint.path, request_id=envelope.request_id)
            return problems.answer(problems.Broken(), instance=envelope.request_id)

    def _run(self, endpoint: Endpoint, path: dict[str, str], envelope: Envelope) -> Response:
        principal = self._admit(endpoint, path, envelope)
        with watch.misses(self.app, path, envelope, principal):
            return self._serve(endpoint, path, envelope, principal)

    def _serve(
        self, endpoint: Endpoint, path: dict[str, str], envelope: Envelope, principal: Principal | None
    ) -> Response:
        raw = _raw_body(envelope, {endpoint.body_type, *self.also_reads}) if endpoint.takes_body else b""
        body = _read_body(endpoint, raw)
        if principal and (stricter := endpoint.stricter_for(body)):
            principal = self._check(stricter, principal)
        call = Call(
            body=body,
            path=path,
            query=parse_query(endpoint.query, dict(envelope.request.query_params or {})),
            at=clock.now(),
            request_id=envelope.request_id,
            client_address=envelope.client_address,
            request_headers=dict(envelope.request.headers),
            answer_headers=envelope.headers,
            _principal=principal,
        )
        perform = functools.partial(self._perform, endpoint, call)
        key = call.header("idempotency-key") if endpoint.replayable and principal else None
        if key is None:
            return _respond(endpoint, perform())
        done = perform_once(self.app, endpoint, call, key=key, raw=raw, perform=perform)
        if isinstance(done, Answer):
            return _respond(endpoint, done)
        status, text = done
        return _respond(endpoint, Answer(text, status, {"Idempotent-Replayed": "true"}))

    def _admit(self, endpoint: Endpoint, path: dict[str, str], envelope: Envelope) -> Principal | None:
        if not endpoint.allow.needs_credentials:
            turnstile.admit(self.app, endpoint, envelope)
            return None
        scheme, _, token = envelope.request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated
        principal = self.app.authenticator().authenticate(token.strip(), now=clock.now())
        watch.check(self.app, endpoint, envelope, principal)
        turnstile.admit(self.app, endpoint, envelope, principal)
        principal = self._check(endpoint.allow, principal)
        with watch.misses(self.app, path, envelope, principal):
            if "site_id" in path and not principal.may_see_site(path["site_id"]):
                raise NotFound
        return principal

    def _check(self, allow: Allow, principal: Principal) -> Principal:
        now = clock.now()
        allow.check(principal)
        allow.check_freshness(principal, now=now)
        if allow.doubts(principal):
            principal = self.app.authenticator().confirm(principal, now=now)
        allow.check_debts(principal)
        return principal

    def _perform(self, endpoint: Endpoint, call: Call[Any]) -> Answer:
        if endpoint.allow.caller is Caller.OPERATOR:
            self._note_operator(endpoint, call)
        result = endpoint.view(call)
        answer = result if isinstance(result, Answer) else Answer(result if result is not None else Nothing())
        if endpoint.audit:
            self._record(endpoint, call, answer)
            watch.note_creation(self.app, endpoint.audit, call)
        if endpoint.reveals:
            self._note_reading(endpoint, call)
        return answer

    def _note_reading(self, endpoint: Endpoint, call: Call[Any]) -> None:
        try:
            self.app.trail().note_reading(
                tenant_id=call.tenant_id,
                actor=call.principal.subject,
                what=endpoint.name,
                subject=call.path.get("site_id", call.tenant_id),
                request_id=call.request_id,
                at=call.at,
            )
        except Unavailable:
            self.app.observer.alarm("audit_lost", tenant_id=call.tenant_id, request_id=call.request_id, kind="reading")

    def _note_operator(self, endpoint: Endpoint, call: Call[Any]) -> None:
        """He belongs to no tenant, and so to no trail: what he asks for, and about whom, stands in the log before it is
        done.
        """
        self.app.observer.note(
            "operator_asked",
            actor=call.principal.subject,
            kind=endpoint.name,
            subject=next(reversed(call.path.values()), None),
            tenant_id=call.path.get("tenant_id") or getattr(call.body, "tenant_id", None),
            site_id=call.path.get("site_id"),
            dry_run=getattr(call.body, "dry_run", None),
            request_id=call.request_id,
        )

    def _record(self, endpoint: Endpoint, call: Call[Any], answer: Answer) -> None:
        """The trail has a second way in. Should both fail, a 503 now would only have the caller do it twice."""
        action = endpoint.audit or ""
        try:
            self.app.trail().append(
                tenant_id=call.tenant_id,
                actor=call.principal.subject,
                action=action,
                subject=_subject(answer, call),
                request_id=call.request_id,
                at=call.at,
                facts=_facts(endpoint, call.body),
            )
        except Unavailable:
            self.app.observer.alarm("audit_lost", tenant_id=call.tenant_id, request_id=call.request_id, kind=action)


def _read_body(endpoint: Endpoint, raw: bytes) -> Schema:
    if not endpoint.takes_body:
        return Nothing()
    if issubclass(endpoint.body, Form):
        return parse_query(endpoint.body, guard_form(raw))
    return parse(endpoint.body, guard(raw))


def _raw_body(envelope: Envelope, kinds: set[str]) -> bytes:
    """Chalice would ask its type earlier, where no page is let read the refusal, and would find it anywhere: a form
    may be sent from any page as `text/plain; application/json`.
    """
    said = envelope.request.headers.get("content-type")
    if said is not None and said.partition(";")[0].strip().lower() not in kinds:
        raise UnsupportedMediaType
    try:
        raw = envelope.request.raw_body
    except ValueError:  # not the base64 it claims to be, or text that no bytes can spell
        raise Unreadable from None
    return raw.encode() if isinstance(raw, str) else raw


def _respond(endpoint: Endpoint, answer: Answer) -> Response:
    status = answer.status or endpoint.status
    headers: Headers = {"Content-Type": endpoint.media_type, **answer.headers}
    if status in _WITHOUT_BODY:
        return Response(body="", status_code=status, headers=headers)
    body = answer.body.model_dump_json() if isinstance(answer.body, Schema) else answer.body
    return Response(body=body, status_code=status, headers=headers)


def _subject(answer: Answer, call: Call[Any]) -> str:
    """What was changed: the thing made, else the thing named last in the path, else the tenant."""
    made = getattr(answer.body, "id", None)
    return str(made or next(reversed(call.path.values()), call.tenant_id))


def _facts(endpoint: Endpoint, body: Schema) -> dict[str, str | int | bool]:
    told = {name: _word(getattr(body, name)) for name in endpoint.facts}
    return {name: value for name, value in told.items() if value is not None}


def _word(value: Any) -> str | int | bool | None:
    match value:
        case None | bool() | int():
            return value
        case list() | tuple() | set() | frozenset():
            return " ".join(sorted(map(str, value)))[:_LONGEST_FACT]
    return str(value)[:_LONGEST_FACT]


__all__ = ["Answer", "Api", "Call", "Query"]
