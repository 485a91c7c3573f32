"""What schemathesis does differently here. It is copied beside the settings, which name it."""

from __future__ import annotations

import base64
import os
import time
import urllib.request
from itertools import count
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import Request

import schemathesis
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from schemathesis.generation import GenerationMode
from schemathesis.generation.meta import CoveragePhaseData, CoverageScenario, TestPhase

import tests.fuzz.counting  # noqa: F401 -- it registers itself
from tests.fuzz import saml_habits

_KEY = "Idempotency-Key"
_CONFIRMS = "POST /v1/auth/totp/confirm"
_COMES_BACK = "GET /v1/auth/oauth/{provider}/callback"
_EXCHANGES = "POST /v1/auth/oauth/exchange"
_MOST_TRIPS = 10  # after which their parameters are whatever they were
_NOT_FOUND = 404
_ASKED_BY_BROWSERS = {"OPTIONS"}  # of any path, before they send
_trips = count()


@schemathesis.hook
def before_call(_context: Any, case: schemathesis.Case[Any], _words: dict[str, Any]) -> None:
    if case.operation.label == _CONFIRMS:
        _look_at_the_phone(case)
    _come_from_a_provider(case)
    saml_habits.before_call(case)
    _make_anew(case)


def _look_at_the_phone(case: schemathesis.Case[Any]) -> None:
    """No list of values has the code of the moment."""
    is_meant_well = case.meta and case.meta.generation.mode is GenerationMode.POSITIVE
    if is_meant_well and isinstance(case.body, dict) and "otp" in case.body:
        secret = base64.b32decode(os.environ["TOTP_SECRET"])  # noqa: TID251 -- where the stage puts what it knows
        case.body["otp"] = TOTP(secret, 6, SHA1(), 30).generate(int(time.time())).decode()  # noqa: TID251 -- a phone's


def _make_anew(case: schemathesis.Case[Any]) -> None:
    """In a chain of requests every creation is a new one.

    A key that comes back is answered with the site that it made the first time. An earlier chain may have closed that
    one since, and the 404 that follows would look like something lost.
    """
    if case.headers and case.meta and case.meta.phase.name is TestPhase.STATEFUL:
        case.headers.pop(_KEY, None)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Where it leads is what was asked for."""


def _come_from_a_provider(case: schemathesis.Case[Any]) -> None:
    """A trip is good once, and a code for two minutes: no list of values has one."""
    is_meant_well = case.meta and case.meta.generation.mode is GenerationMode.POSITIVE
    if not is_meant_well or case.operation.label not in {_COMES_BACK, _EXCHANGES} or next(_trips) >= _MOST_TRIPS:
        return
    base = case.operation.base_url
    cookie, back = _trip(base)
    if case.operation.label == _COMES_BACK:
        case.path_parameters = {"provider": "google"}
        case.query = dict(parse_qsl(urlsplit(back).query))
        case.headers["Cookie"] = cookie
    elif isinstance(case.body, dict):
        landing = _sent_to(Request(back, headers={"Cookie": cookie}))["Location"]
        case.body = {"code": landing.partition("#code=")[2]}


def _trip(base: str) -> tuple[str, str]:
    """The browser's cookie, and the address that the stand-in provider sends it back to."""
    gone = _sent_to(Request(f"{base}/v1/auth/oauth/google/start"))
    place, _, asked = gone["Location"].partition("?")
    form = {**dict(parse_qsl(asked)), "email": "traveller@example.com", "vouched": "yes"}
    back = _sent_to(Request(place, data=urlencode(form).encode()))
    return gone["Set-Cookie"].partition(";")[0], back["Location"]


def _sent_to(request: Request) -> Any:
    """The headers of a redirect."""
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=30) as answer:
            return answer.headers
    except HTTPError as redirect:
        return redirect.headers


@schemathesis.check
def unknown_methods_lead_nowhere(_context: Any, response: Any, case: schemathesis.Case[Any]) -> None:
    """In place of `unsupported_method`, which wants a 405 with Allow: the gateway knows no such method, and no path."""
    told = case.meta.phase.data if case.meta else None
    if not isinstance(told, CoveragePhaseData) or told.scenario is not CoverageScenario.UNSPECIFIED_HTTP_METHOD:
        return
    if response.request.method not in _ASKED_BY_BROWSERS and response.status_code != _NOT_FOUND:
        raise AssertionError(f"{response.request.method} was answered with {response.status_code}")
