"""The door for browsers on other people's pages: site key and origin instead of credentials, and CORS on every answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from pydantic import Field

from chalicelib.core.errors import Conflict, Forbidden, NotFound, Unavailable
from chalicelib.web.allow import BROWSER
from chalicelib.web.browser import BrowserApi, Visited, site_of
from chalicelib.web.call import Call
from chalicelib.web.schema import Nothing, Query
from tests.unit.web.toy_app import Reply, Thing, Toy

SHOP = "https://shop.example"


@dataclass(frozen=True)
class Site:
    id: str = "site_1"
    tenant_id: str = "ten_a"


class Version(Query):
    sdk: str = Field(max_length=5)


class Gate:
    def admit(self, *, site_key: str, origin: str | None) -> Site:
        if origin != SHOP:
            raise Forbidden
        return self.by_key(site_key)

    def by_key(self, site_key: str) -> Site:
        if site_key != "pk_1":
            raise NotFound
        return Site()


@dataclass
class Notes:
    """What a witness was told, and whose site it would have been."""

    told: list[tuple[str, str, str | None, str]] = field(default_factory=list)
    versions: list[str | None] = field(default_factory=list)

    def note(
        self,
        *,
        site_key: str,
        site: Callable[[], Visited],
        what: str,
        origin: str,
        code: str | None,
        version: str | None,
        at: datetime,
    ) -> None:
        assert (site_key, at.tzinfo) == ("pk_1", UTC)
        self.told.append((what, origin, code, site().id))
        self.versions.append(version)


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def browsers(toy: Toy, notes: Notes) -> Toy:
    api = BrowserApi(__name__, tag="sdk", gate=Gate, witness=lambda: notes)

    @api.endpoint("GET", "/sdk/{site_key}", allow=BROWSER)
    def config(call: Call[Nothing]) -> Thing:
        return Thing(name=f"{call.tenant_id} {site_of(call)} {sorted(call.principal.scopes)}")

    @api.endpoint("GET", "/sdk/{site_key}/start", allow=BROWSER, query=Version)
    def start(_call: Call[Nothing]) -> Thing:
        return Thing(name="x")

    @api.endpoint("POST", "/sdk/{site_key}", allow=BROWSER, body=Thing)
    def send(call: Call[Thing]) -> Thing:
        if call.body.name == "taken":
            raise Conflict
        if call.body.name == "away":
            raise Unavailable
        return call.body

    @api.endpoint("OPTIONS", "/sdk/{site_key}", allow=BROWSER, status=204)
    def preflight(_call: Call[Nothing]) -> None: ...

    toy.app.register_blueprint(api)
    return toy


def visit(
    toy: Toy,
    method: str,
    *,
    key: str = "pk_1",
    origin: str | None = SHOP,
    body: str | None = None,
    kind: str | None = None,
) -> Reply:
    headers = {name: value for name, value in (("Origin", origin), ("Content-Type", kind)) if value}
    return toy.call(method, "/sdk/{site_key}", site_key=key, headers=headers, body=body)


def granted(reply: Reply) -> str | None:
    return reply.headers.get("Access-Control-Allow-Origin")


def test_the_site_is_the_caller_and_holds_no_scope(browsers: Toy) -> None:
    assert visit(browsers, "GET").json()["name"] == "ten_a site_1 []"


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [("GET", None, 200), ("POST", '{"name":"x"}', 200), ("POST", '{"name":"taken"}', 409), ("POST", "[", 400),
     ("POST", "{}", 422), ("OPTIONS", None, 204)],
)  # fmt: skip
def test_a_page_of_the_site_may_read_every_answer(browsers: Toy, method: str, body: str | None, status: int) -> None:
    reply = visit(browsers, method, body=body)
    assert (reply.status, granted(reply), reply.headers["Vary"]) == (status, SHOP, "Origin")
    assert "Access-Control-Allow-Credentials" not in reply.headers


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize(("key", "origin", "status"), [("pk_1", "https://evil.example", 403), ("pk_2", SHOP, 404)])
def test_other_pages_and_other_keys_are_granted_nothing(
    browsers: Toy, method: str, key: str, origin: str, status: int
) -> None:
    reply = visit(browsers, method, key=key, origin=origin, body='{"name":"x"}')
    assert (reply.status, granted(reply), reply.headers["Vary"]) == (status, None, "Origin")


def test_without_an_origin_only_what_is_public_can_be_read(browsers: Toy) -> None:
    assert (visit(browsers, "GET", origin=None).status, granted(visit(browsers, "GET", origin=None))) == (200, None)
    assert visit(browsers, "POST", origin=None, body='{"name":"x"}').status == 403


def test_a_preflight_names_methods_and_headers(browsers: Toy) -> None:
    reply = visit(browsers, "OPTIONS")
    assert reply.headers["Access-Control-Allow-Methods"] == "GET, OPTIONS, POST"
    assert "X-Subscription-Token" in reply.headers["Access-Control-Allow-Headers"]
    assert int(reply.headers["Access-Control-Max-Age"]) > 0
    assert "Access-Control-Allow-Methods" not in visit(browsers, "GET").headers


def test_what_a_page_says_may_come_as_plain_text(browsers: Toy) -> None:
    """JSON that is called so costs a preflight."""
    kinds = ("text/plain;charset=UTF-8", "text/plain", "application/json", "application/x-www-form-urlencoded")
    assert [visit(browsers, "POST", body='{"name":"x"}', kind=kind).status for kind in kinds] == [200, 200, 200, 415]


def test_a_form_of_another_page_is_kept_out_by_its_origin(browsers: Toy) -> None:
    for origin in ("https://evil.example", "null", None):
        assert visit(browsers, "POST", body='{"name":"x"}', kind="text/plain", origin=origin).status == 403


def test_only_a_browsers_call_names_a_site(toy: Toy) -> None:
    toy.call("GET", "/mine", as_="ada")
    with pytest.raises(TypeError, match="BrowserApi"):
        site_of(toy.calls[0])


def test_what_came_of_a_visit_is_told_with_its_origin(browsers: Toy, notes: Notes) -> None:
    visit(browsers, "GET")
    visit(browsers, "POST", body='{"name":"x"}')
    visit(browsers, "POST", body='{"name":"taken"}')
    visit(browsers, "POST", body="[")
    for method in ("GET", "OPTIONS"):
        visit(browsers, method, origin="https://evil.example")
    evil = ("", "https://evil.example", "forbidden", "site_1")
    assert notes.told == [
        ("", SHOP, None, "site_1"),
        ("", SHOP, None, "site_1"),
        ("", SHOP, "conflict", "site_1"),
        ("", SHOP, "unreadable_body", "site_1"),
        evil,
        evil,
    ]


def test_the_sdks_version_is_told_of_who_was_admitted(browsers: Toy, notes: Notes) -> None:
    for version in ("1.2.3", "refused"):
        browsers.call(
            "GET", "/sdk/{site_key}/start", site_key="pk_1", headers={"Origin": SHOP}, query={"sdk": [version]}
        )
    browsers.call("GET", "/sdk/{site_key}", site_key="pk_1", headers={"Origin": SHOP}, query={"sdk": ["1.2.3"]})
    assert [code for _, _, code, _ in notes.told] == [None, "invalid", "invalid"]
    assert notes.versions == ["1.2.3", None, None]


def test_nothing_is_told_of_forged_keys_tools_preflights_and_our_own_faults(browsers: Toy, notes: Notes) -> None:
    visit(browsers, "GET", key="pk_2")
    visit(browsers, "GET", origin=None)
    visit(browsers, "POST", origin=None, body='{"name":"x"}')
    visit(browsers, "OPTIONS")
    assert visit(browsers, "POST", body='{"name":"away"}').status == 503
    assert notes.told == []
