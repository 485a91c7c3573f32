"""The HTTP door counts: whose requests, as what, and what it says and does when there are too many or nobody can count."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from chalicelib.core.limits import FREE, OPERATES, REGISTERS, SIGNS_IN, SUBSCRIBES, RouteClass
from chalicelib.web.allow import ANYONE, BROWSER, OPERATOR, USER, Allow
from chalicelib.web.browser import BrowserApi
from chalicelib.web.call import Call
from chalicelib.web.endpoint import Endpoint
from chalicelib.web.schema import Nothing
from tests.fakes.clock import ManualClock
from tests.unit.web.test_browser_api import SHOP, Gate
from tests.unit.web.toy_app import Reply, Thing, Toy

pytestmark = pytest.mark.usefixtures("real_limits", "clock")


def headers(reply: Reply) -> tuple[str | None, ...]:
    return tuple(reply.headers.get(f"RateLimit-{name}") for name in ("Limit", "Remaining", "Reset"))


def use_up(toy: Toy, name: str, whose: str, times: int, part: str = "") -> None:
    """As if so many had come in this minute or hour."""
    rule = next(rule for rule in (FREE.reads, FREE.writes, OPERATES, SIGNS_IN, SUBSCRIBES) if rule.name == name)
    from chalicelib.core import clock
    from chalicelib.core.limits import Bucket

    bucket = Bucket(rule, whose, part)
    for gauge in bucket.gauges:
        toy.buckets.used[name, whose, bucket.window_end(clock.now()), gauge] = times


# --- Headers ---


def test_whoever_shows_credentials_is_told_how_many_are_left(toy: Toy, clock: ManualClock) -> None:
    clock.advance(seconds=60 - clock.now().second + 18)
    assert headers(toy.call("GET", "/mine", as_="ada")) == ("1500", "1499", "42")
    assert headers(toy.call("GET", "/mine", as_="ada")) == ("1500", "1498", "42")
    assert headers(toy.call("POST", "/things/all", as_="ada")) == ("600", "599", "42")


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"method": "GET", "path": "/mine", "as_": "key"}, 403),
        ({"method": "GET", "path": "/sites/{site_id}", "as_": "key", "site_id": "site_2"}, 404),
        ({"method": "POST", "path": "/things", "as_": "ada", "body": "{"}, 400),
        ({"method": "POST", "path": "/things", "as_": "ada", "body": '{"name": "taken"}'}, 409),
        ({"method": "POST", "path": "/things", "as_": "ada", "body": "{}"}, 422),
        ({"method": "POST", "path": "/things", "as_": "ada", "body": '{"name": "bug"}'}, 500),
    ],
)
def test_refusals_say_so_too(toy: Toy, asked: Mapping[str, str], status: int) -> None:
    reply = toy.call(**asked)  # type: ignore[arg-type]  # by name
    assert reply.status == status
    assert None not in headers(reply)


@pytest.mark.parametrize(
    "asked",
    [
        {"method": "GET", "path": "/mine", "as_": "forged"},
        {"method": "GET", "path": "/mine"},
        {"method": "GET", "path": "/open"},
        {"method": "POST", "path": "/open", "body": '{"name": "x"}'},
        {"method": "POST", "path": "/browser"},
    ],
)
def test_strangers_are_told_nothing(toy: Toy, asked: Mapping[str, str]) -> None:
    assert headers(toy.call(**asked)) == (None, None, None)  # type: ignore[arg-type]  # by name


# --- One too many ---


def test_one_too_many_is_refused_before_anything_is_done(toy: Toy) -> None:
    use_up(toy, "write", "ten_a", 600, "usr_ada")
    reply = toy.call("POST", "/things", as_="ada", body='{"name": "x"}')
    assert (reply.status, reply.json()["code"]) == (429, "rate_limited")
    assert headers(reply)[:2] == ("600", "0")
    assert reply.headers["Retry-After"] == headers(reply)[2]
    assert reply.json()["detail"] == (
        "At most 1,200 requests that change something in a minute from a tenant, 600 of them from one user or key."
    )
    assert toy.calls == []
    assert toy.notebook.trail == []


def test_reading_is_not_counted_as_writing(toy: Toy) -> None:
    use_up(toy, "write", "ten_a", 1_200, "usr_ada")
    assert toy.call("GET", "/mine", as_="ada").status == 200


def test_a_colleague_is_not_to_blame_but_the_tenant_is_counted_too(toy: Toy) -> None:
    use_up(toy, "read", "ten_a", 1_500, "usr_ada")
    assert toy.call("GET", "/mine", as_="ada").status == 429
    assert toy.call("GET", "/standing", as_="key").status == 200
    assert toy.call("GET", "/mine", as_="cyd").status == 200
    use_up(toy, "read", "ten_a", 3_000)
    assert toy.call("GET", "/standing", as_="key").status == 429


def test_the_operator_is_counted_by_key_alone(toy: Toy) -> None:
    use_up(toy, "operate", "key_2", 1_200)
    assert toy.call("GET", "/ops", as_="operator").status == 429
    use_up(toy, "operate", "key_2", 1_199)
    reply = toy.call("GET", "/ops", as_="operator")
    assert (reply.status, headers(reply)[:2]) == (200, ("1200", "0"))


def test_strangers_are_counted_by_address(toy: Toy, clock: ManualClock) -> None:
    use_up(toy, "sign_in", "203.0.113.7", 300)
    reply = toy.call("POST", "/open", body='{"name": "x"}')
    assert (reply.status, reply.headers["Retry-After"] != "0") == (429, True)
    clock.advance(seconds=60)
    assert toy.call("POST", "/open", body='{"name": "x"}').status == 200


@pytest.mark.parametrize(
    "name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP"]
)
def test_a_spoofed_x_forwarded_for_changes_nothing(toy: Toy, name: str) -> None:
    """SECURITY 26."""
    use_up(toy, "sign_in", "203.0.113.7", 300)
    for address in ("198.51.100.9", "for=198.51.100.9", "198.51.100.9, 203.0.113.7"):
        assert toy.call("POST", "/open", body='{"name": "x"}', headers={name: address}).status == 429
    assert {key[1] for key in toy.buckets.used} == {"203.0.113.7"}


# --- What is not counted ---


def test_what_is_public_and_the_same_for_all_is_not_counted(toy: Toy) -> None:
    toy.call("GET", "/open")
    assert toy.buckets.asked == 0


# --- Nobody can count ---


@pytest.mark.parametrize(
    ("method", "path", "caller"),
    [("GET", "/mine", "ada"), ("POST", "/things/all", "ada"), ("GET", "/ops", "operator"), ("POST", "/browser", None)],
)
def test_uncounted_most_pass_and_it_is_on_record(toy: Toy, method: str, path: str, caller: str | None) -> None:
    toy.buckets.is_away = True
    reply = toy.call(method, path, as_=caller)
    assert reply.status in {200, 204}
    assert headers(reply) == (None, None, None)
    assert ("alarm", "request_uncounted") in [entry[:2] for entry in toy.notebook.log]


def test_uncounted_no_stranger_comes_in(toy: Toy) -> None:
    toy.buckets.is_away = True
    reply = toy.call("POST", "/open", body='{"name": "x"}')
    assert (reply.status, reply.json()["code"]) == (503, "unavailable")
    assert toy.calls == []


def test_counters_that_are_away_are_not_waited_for_each_time(toy: Toy, clock: ManualClock) -> None:
    toy.buckets.is_away = True
    for _ in range(10):
        toy.call("GET", "/mine", as_="ada")
    assert toy.buckets.asked == 1
    assert toy.call("POST", "/open", body='{"name": "x"}').status == 503  # which has to ask
    toy.buckets.is_away = False
    assert toy.call("POST", "/open", body='{"name": "x"}').status == 200
    clock.advance(seconds=5)
    assert headers(toy.call("GET", "/mine", as_="ada"))[0] == "1500"


# --- Browsers ---


@pytest.fixture
def browsers(toy: Toy) -> Toy:
    api = BrowserApi(__name__, tag="sdk", gate=Gate)

    @api.endpoint("GET", "/sdk/{site_key}", allow=BROWSER)
    def config(call: Call[Nothing]) -> Thing:
        return Thing(name="config")

    @api.endpoint("POST", "/sdk/{site_key}", allow=BROWSER, status=204)
    def subscribe(call: Call[Nothing]) -> None: ...

    @api.endpoint("OPTIONS", "/sdk/{site_key}", allow=BROWSER, status=204)
    def preflight(_call: Call[Nothing]) -> None: ...

    toy.app.register_blueprint(api)
    return toy


def visit(toy: Toy, method: str = "POST", *, key: str = "pk_1", origin: str = SHOP) -> Reply:
    return toy.call(method, "/sdk/{site_key}", site_key=key, headers={"Origin": origin})


def test_browsers_are_counted_by_address_and_site_and_by_site(browsers: Toy) -> None:
    assert visit(browsers).status == 204
    assert {(name, whose) for name, whose, _, _ in browsers.buckets.used} == {
        ("subscribe", "site_1 203.0.113.7"),
        ("subscribe_site", "site_1"),
    }


def test_a_page_may_read_that_it_asked_too_often(browsers: Toy) -> None:
    use_up(browsers, "subscribe", "site_1 203.0.113.7", 600)
    reply = visit(browsers)
    assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (429, SHOP)
    assert "Retry-After" in reply.headers["Access-Control-Expose-Headers"]
    assert browsers.buckets.used["subscribe_site", "site_1", 0, "used"] == 0


def test_the_configuration_and_preflights_are_not_counted(browsers: Toy) -> None:
    assert (visit(browsers, "GET").status, visit(browsers, "OPTIONS").status) == (200, 204)
    assert browsers.buckets.asked == 0


def test_who_is_not_admitted_is_not_counted(browsers: Toy) -> None:
    assert (visit(browsers, key="pk_2").status, visit(browsers, origin="https://evil.example").status) == (404, 403)
    assert browsers.buckets.asked == 0


# --- What an endpoint counts as ---


@pytest.mark.parametrize(
    ("method", "allow", "expected"),
    [
        ("GET", ANYONE, None),
        ("POST", ANYONE, RouteClass.SIGN_IN),
        ("GET", BROWSER, None),
        ("OPTIONS", BROWSER, None),
        ("DELETE", BROWSER, RouteClass.SUBSCRIBE),
        ("GET", USER, RouteClass.READ),
        ("PATCH", USER, RouteClass.WRITE),
        ("GET", OPERATOR, RouteClass.OPERATE),
        ("POST", OPERATOR, RouteClass.OPERATE),
    ],
)
def test_what_a_request_counts_as_follows_from_who_asks(method: str, allow: Allow, expected: RouteClass | None) -> None:
    endpoint = Endpoint(method, "/x", allow, view=lambda _call: None, tag="t")
    assert endpoint.route_class is expected


def test_an_endpoint_may_say_it_itself(toy: Toy) -> None:
    said = Endpoint("POST", "/x", ANYONE, view=lambda _call: None, tag="t", counts_as=RouteClass.REGISTER)
    assert said.route_class is RouteClass.REGISTER
    assert REGISTERS.most == 60
