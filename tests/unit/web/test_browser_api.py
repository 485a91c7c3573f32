"""The door for browsers on other people's pages: site key and origin instead of credentials, and CORS on every answer."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from chalicelib.core.errors import Conflict, Forbidden, NotFound
from chalicelib.web.allow import BROWSER
from chalicelib.web.browser import BrowserApi, site_of
from chalicelib.web.call import Call
from chalicelib.web.schema import Nothing
from tests.unit.web.toy_app import Reply, Thing, Toy

SHOP = "https://shop.example"


@dataclass(frozen=True)
class Site:
    id: str = "site_1"
    tenant_id: str = "ten_a"


class Gate:
    def admit(self, *, site_key: str, origin: str | None) -> Site:
        if origin != SHOP:
            raise Forbidden
        return self.by_key(site_key)

    def by_key(self, site_key: str) -> Site:
        if site_key != "pk_1":
            raise NotFound
        return Site()


@pytest.fixture
def browsers(toy: Toy) -> Toy:
    api = BrowserApi(__name__, tag="sdk", gate=Gate)

    @api.endpoint("GET", "/sdk/{site_key}", allow=BROWSER)
    def config(call: Call[Nothing]) -> Thing:
        return Thing(name=f"{call.tenant_id} {site_of(call)} {sorted(call.principal.scopes)}")

    @api.endpoint("POST", "/sdk/{site_key}", allow=BROWSER, body=Thing)
    def send(call: Call[Thing]) -> Thing:
        if call.body.name == "taken":
            raise Conflict
        return call.body

    @api.endpoint("OPTIONS", "/sdk/{site_key}", allow=BROWSER, status=204)
    def preflight(_call: Call[Nothing]) -> None: ...

    toy.app.register_blueprint(api)
    return toy


def visit(toy: Toy, method: str, *, key: str = "pk_1", origin: str | None = SHOP, body: str | None = None) -> Reply:
    return toy.call(method, "/sdk/{site_key}", site_key=key, headers={"Origin": origin} if origin else {}, body=body)


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


def test_only_a_browsers_call_names_a_site(toy: Toy) -> None:
    toy.call("GET", "/mine", as_="ada")
    with pytest.raises(TypeError, match="BrowserApi"):
        site_of(toy.calls[0])
