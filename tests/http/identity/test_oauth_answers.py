"""Keys and answers of providers: how long they are kept, and how little of what is no answer is read (SECURITY 29)."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from chalicelib.features.identity.adapters.oidc import terms
from chalicelib.features.identity.adapters.oidc.wire import Curl
from infra.local.oidc.desk import Somebody
from infra.local.oidc.seam import on_loopback
from infra.local.oidc.signing import new_key
from tests.fakes.oidc import Browser, Providers, failed
from tests.world import World

GRACE = Somebody("grace@example.com", name="Grace Hopper")


def test_keys_are_fetched_once_an_hour_and_a_new_one_is_found(world: World, browser: Browser, there: Providers) -> None:
    for _ in range(3):
        browser.code_for(GRACE)
    assert [path for path in there.asked if path.endswith("/keys")] == ["/local/oidc/google/keys"]
    there["google"].key = new_key("RS256")
    assert failed(browser.come_back(browser.sign_in(browser.start(), GRACE)))  # asked a moment ago: not again yet
    world.clock.advance(seconds=60)
    browser.code_for(GRACE)
    assert len([path for path in there.asked if path.endswith("/keys")]) == 2


@pytest.mark.parametrize(
    "change", [{"use": "enc"}, {"alg": "HS256"}, {"kty": "oct", "k": "AAAA"}, {"n": "AQAB"}, {"kid": 7}, {"n": "*"}]
)
def test_a_key_that_is_for_something_else_signs_nothing(
    browser: Browser, there: Providers, change: Mapping[str, Any]
) -> None:
    google = there["google"]
    public = {**google.key.public(), **change}
    google.keys = lambda: {"keys": [public, "no key", None]}  # type: ignore[method-assign]  # the provider's own
    assert failed(browser.come_back(browser.sign_in(browser.start(), GRACE)))


# --- Answers that are none (SECURITY 29) ---


def _answer(status: int, body: bytes, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def _without_end(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    for _ in range(800):  # 50 MB, for who reads on
        handler.wfile.write(b" " * 65_536)


def _bomb(handler: BaseHTTPRequestHandler) -> None:
    _answer(200, gzip.compress(b" " * 50_000_000), Content_Encoding="gzip")(handler)


def _drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b" ")
        time.sleep(0.05)


NO_ANSWERS: Mapping[str, Callable[[BaseHTTPRequestHandler], None]] = {
    "50 MB": _without_end,
    "a gzip bomb": _bomb,
    "drop by drop": _drip,
    "somewhere else": _answer(302, b"", Location="http://127.0.0.1:9/elsewhere"),
    "elsewhere, body kept": _answer(307, b"{}", Location="http://127.0.0.1:9/elsewhere"),
    "broken": _answer(500, b"{}"),
    "too many": _answer(429, b"{}"),
    "a page": _answer(200, b"<html>", Content_Type="text/html"),
    "no JSON": _answer(200, b"{"),
    "a list": _answer(200, b"[]"),
    "too deep": _answer(200, b'{"a":' + b"[" * 60_000),
    "no UTF-8": _answer(200, b'{"id_token": "\xff"}'),
    "nothing": _answer(200, b""),
}


@pytest.fixture
def impatient(there: Providers) -> None:
    """Half a second in all, where it is five elsewhere."""
    terms.use(terms.in_use()[0], Curl(prepare=on_loopback, total_ms=500))


@pytest.mark.parametrize("ending", ["/token", "/keys"])
@pytest.mark.parametrize("kind", NO_ANSWERS)
def test_what_is_no_answer_is_not_read_to_its_end(
    browser: Browser, there: Providers, impatient: None, kind: str, ending: str
) -> None:
    there.misbehaviours[ending] = NO_ANSWERS[kind]
    answer = browser.come_back(browser.sign_in(browser.start(), GRACE))
    assert (answer.status, answer.code) == (503, "provider_unavailable")
    assert "elsewhere" not in "".join(there.asked)
    there.misbehaviours.clear()
    assert browser.come_back(browser.sign_in(browser.start(), GRACE)).status == 302


def test_a_provider_that_is_not_there_is_said_to_be_away(browser: Browser, there: Providers, impatient: None) -> None:
    address = browser.sign_in(browser.start(), GRACE)
    there.misbehaviours["/token"] = lambda handler: handler.connection.close()
    assert browser.come_back(address).code == "provider_unavailable"


def test_no_more_keys_are_read_than_a_provider_has(browser: Browser, there: Providers) -> None:
    google = there["google"]
    google.keys = lambda: {"keys": [google.key.public()] * 51}  # type: ignore[method-assign]  # the provider's own
    assert browser.come_back(browser.sign_in(browser.start(), GRACE)).code == "provider_unavailable"
