"""What schemathesis does with single sign-on: real trips to the stand-in, genuine answers, and some that are not quite."""

from __future__ import annotations

import base64
import json
import os
import re
import urllib.request
from itertools import count
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import Request

import schemathesis
from lxml import etree
from schemathesis.generation import GenerationMode

from tests.fakes.saml_forgeries import KINDS, PIECES, changed

_COMES_BACK = "POST /v1/auth/saml/{tenant_id}/acs"
_EXCHANGES = "POST /v1/auth/saml/exchange"
_NAMES = "PUT /v1/tenant/sso"
_FORGETS = "DELETE /v1/tenant/sso"
_GENUINE = 5  # the first trips are honest ones
_MOST_TRIPS = 60
_MOST_NAMED = 10
_STEP = 0.618  # of the golden ratio: places all over a text, the same in every run
_HIDDEN = re.compile(r'name="(SAMLResponse|RelayState)" value="([^"]*)"')
_trips, _named = count(), count()


def before_call(case: schemathesis.Case[Any]) -> None:
    if not (case.meta and case.meta.generation.mode is GenerationMode.POSITIVE):
        return
    match case.operation.label:
        case label if label in {_COMES_BACK, _EXCHANGES}:
            _travel(case, next(_trips))
        case label if label in {_NAMES, _FORGETS} and next(_named) < _MOST_NAMED:
            _name_one(case)


def _travel(case: schemathesis.Case[Any], number: int) -> None:
    if number >= _MOST_TRIPS:
        return
    base, tenant_id = case.operation.base_url, os.environ["EMPLOYER"]  # noqa: TID251 -- where the stage puts what it knows
    cookie, fields = _answer(base, tenant_id)
    if case.operation.label == _COMES_BACK:
        if number >= _GENUINE:
            fields["SAMLResponse"] = _forged(fields["SAMLResponse"], number)
        case.path_parameters = {"tenant_id": tenant_id}
        case.body = dict[str, Any](fields)
        case.headers["Cookie"] = cookie
    elif isinstance(case.body, dict):
        place = f"{base}/v1/auth/saml/{tenant_id}/acs"
        landing = _headers_of(Request(place, data=urlencode(fields).encode(), headers={"Cookie": cookie}))["Location"]
        case.body = {"code": landing.partition("#code=")[2]}


def _answer(base: str, tenant_id: str) -> tuple[str, dict[str, str]]:
    """The browser's cookie, and what the stand-in has it post."""
    gone = _headers_of(Request(f"{base}/v1/auth/saml/{tenant_id}/start"))
    place, asked = gone["Location"].partition("?")[0], dict(parse_qsl(urlsplit(gone["Location"]).query))
    form = {**asked, "email": "employee@example.com", "name": "Employee"}
    with urllib.request.urlopen(Request(place, data=urlencode(form).encode()), timeout=30) as page:
        return gone["Set-Cookie"].partition(";")[0], dict(_HIDDEN.findall(page.read().decode()))


def _forged(encoded: str, number: int) -> str:
    kind, piece = KINDS[number % len(KINDS)], PIECES[number % len(PIECES)]
    place, other = number * _STEP % 1, number * _STEP * _STEP % 1
    try:
        text = changed(base64.b64decode(encoded).decode(), kind, place=place, other=other, piece=piece)
    except (etree.XMLSyntaxError, ValueError):
        return encoded
    return base64.b64encode(text.encode()).decode()


def _name_one(case: schemathesis.Case[Any]) -> None:
    """No list of values has a certificate that is still good."""
    base = case.operation.base_url
    with urllib.request.urlopen(f"{base}/local/saml/metadata", timeout=30) as answer:
        wish: dict[str, Any] = {"metadata": answer.read().decode(), "default_role": "agent"}
    if case.operation.label == _NAMES:
        case.body = wish
        return
    token = os.environ["KEEPER_TOKEN"]  # noqa: TID251 -- the same
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    _headers_of(Request(f"{base}/v1/tenant/sso", data=json.dumps(wish).encode(), headers=headers, method="PUT"))


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Where it leads is what was asked for."""


def _headers_of(request: Request) -> Any:
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=30) as answer:
            return answer.headers
    except HTTPError as redirect:
        return redirect.headers
