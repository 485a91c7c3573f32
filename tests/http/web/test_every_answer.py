"""All headers of all answers (SECURITY 17): of each route, its refusals, what Chalice and the gateway say by themselves.

Made from `app.routes`: a new route is in it by itself, and whoever wants other headers has to say so here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from app import app
from chalicelib.core import clock
from chalicelib.core.ids import is_id
from chalicelib.web.allow import Caller
from infra.local import moto_patch
from tests.fakes.clock import ManualClock
from tests.fakes.gateway import Client, HttpAnswer
from tests.fakes.installation import Installation
from tests.world import World

OURS = re.compile(
    r"content-security-policy.*|strict-transport.*|x-.*|referrer-policy|cross-origin-.*|permissions-policy|cache-control"
    r"|server|via|access-control-.*|set-cookie|origin-agent-cluster|clear-site-data|report.*|nel"
)
ALWAYS = {
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "cross-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_END = "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
API = ALWAYS | {"content-security-policy": f"default-src 'none'; {_END}", "cache-control": "no-store"}
CACHED = API | {"cache-control": "public, max-age=300"}
STYLE = API | {"cache-control": "public, max-age=86400"}
PAGE = CACHED | {"content-security-policy": f"default-src 'none'; style-src 'self'; img-src data:; {_END}"}
LETTER = CACHED | {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    f"img-src data:; {_END}"
}
# Everything that is not here is `API`, whatever its status.
OTHERS: dict[str, dict[str, str]] = {
    "/openapi.json": CACHED | {"access-control-allow-origin": "*"},
    "/docs": PAGE,
    "/docs/style.css": STYLE,
    "/problems": PAGE,
    "/problems/{code}": PAGE,
    "/verify": LETTER,
    "/confirm-email": LETTER,
    "/reset": LETTER,
    "/join": LETTER,
    "/forgot": LETTER,
    "/signed-in": PAGE,
    "/verify.js": CACHED,
    "/c/{receipt}": PAGE | {"cache-control": "no-store"},
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
ROUTES = sorted(  # who signs out, does so last
    ((method, path) for path, methods in app.routes.items() for method in methods),
    key=lambda route: "logout" in route[1],
)
CALLERS = {(endpoint.method, endpoint.path): endpoint.allow.caller for endpoint in app.endpoints}


@pytest.fixture(scope="module")
def house(installation: Installation) -> Iterator[World]:
    """One for all: nothing that is asked here makes anything, and a hundred would take half a minute."""
    installation.empty()
    manual = ManualClock(clock.now().replace(microsecond=0))
    clock.use(manual)
    moto_patch.follow(manual)
    yield World.with_people(installation, manual)
    moto_patch.follow(None)
    clock.use(clock.SystemClock())


@dataclass(frozen=True)
class Asked:
    """What was asked, and the answer."""

    how: str
    answer: HttpAnswer


def asked(house: World, method: str, path: str) -> Iterator[Asked]:
    """Nobody, somebody and rubbish; what is there, what is not, and what is known already."""
    client, real = house.client, path.format_map(_Named())
    yield Asked("nobody", client.request(method, real, headers={"X-Request-Id": "req_theirs"}))
    yield Asked("a made-up token", client.request(method, real, as_="ps_live_nothing"))
    yield Asked("an owner", client.request(method, real, as_=house.ada))
    yield Asked("an editor", client.request(method, real, as_=house.ben))
    yield Asked("an owner with rubbish", client.request(method, real, as_=house.ada, body=b"[", query={"x": "1"}))
    yield Asked("an owner with a form", client.request(method, real, as_=house.ada, headers=_FORM, body=b"x=1"))
    yield Asked("a page", client.request(method, real, headers={"Origin": "https://evil.test"}, body=b"{}"))
    yield Asked("the same again", client.request(method, real, headers={"If-None-Match": _tag(client, real)}))


_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class _Named(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "not_found" if name == "code" else "x"


def _tag(client: Client, path: str) -> str:
    return client.get(path).headers.get("etag", "none")


def ours(answer: HttpAnswer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if OURS.fullmatch(name) and name != "x-request-id"}


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=[" ".join(route) for route in ROUTES])
def test_every_answer_has_exactly_these(house: World, method: str, path: str) -> None:
    wanted = OTHERS.get(path, API)
    for each in asked(house, method, path):
        assert ours(each.answer) == wanted, f"{each.how}: {each.answer.status}"
        assert is_id(each.answer.headers["x-request-id"], "req")


def test_the_ways_of_asking_find_every_kind_of_answer(house: World) -> None:
    found = {each.answer.status for method, path in ROUTES for each in asked(house, method, path)}
    assert found >= {200, 304, 400, 401, 403, 404, 415, 422}
    assert max(found) < 500


@pytest.mark.parametrize("path", app.routes)
def test_what_chalice_refuses_by_itself_has_them_too(house: World, path: str) -> None:
    """The deployed gateway lets no such method through: it answers 404, as below."""
    wrong = [method for method in METHODS if method not in app.routes[path]]
    assert wrong
    for method in wrong:
        answer = house.client.request(method, path.format_map(_Named()))
        assert (answer.status, ours(answer)) == (405, API)


def test_what_the_gateway_says_by_itself_has_them_too() -> None:
    for path in ("/", "/v1", "/v1/nothing", "/wp-login.php", "/v1/sites/x/y/z/w"):
        answer = Client().get(path)
        assert (answer.status, answer.code, ours(answer)) == (404, "not_found", API)


def test_other_headers_are_for_routes_that_there_are() -> None:
    assert set(OTHERS) <= set(app.routes)
    assert not [path for path in OTHERS if path.startswith("/v1/")]
    for path in OTHERS:
        assert CALLERS["GET", path] is Caller.ANYONE


@pytest.mark.parametrize("policy", sorted({headers["content-security-policy"] for headers in [API, *OTHERS.values()]}))
def test_no_policy_lets_anything_in_that_is_not_ours(policy: str) -> None:
    directives = dict(each.split(" ", 1) for each in policy.split("; "))
    assert directives["default-src"] == "'none'"
    for name in ("frame-ancestors", "base-uri", "form-action"):
        assert directives[name] == "'none'"
    allowed = {source for name, sources in directives.items() if name != "img-src" for source in sources.split()}
    assert allowed <= {"'none'", "'self'"}
    assert directives.get("img-src", "'none'") in {"'none'", "data:"}
