"""The demo shop as its visitors' browsers find it; `tests/e2e/browsers` has the rest."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request as Asked
from urllib.request import urlopen

import pytest

from infra.local.console.exchange import Answer, Request
from infra.local.shop.goods import GOODS, SHELVES
from infra.local.shop.server import ShopServer
from infra.local.shop.shop import STATIC, Account, Shop
from infra.local.start import shop_server
from tests.unit.subscriptions.memory import signed

PRODUCT, SECRET = "http://127.0.0.1:8000", "is_secret"
PAGES = ["/", "/account", *(f"/{shelf}" for shelf in SHELVES), *(f"/{one.shelf}/{one.slug}" for one in GOODS)]
EMAIL = "ann@example.com"


@pytest.fixture
def shop() -> Shop:
    return Shop(Account(product_url=PRODUCT, site_key="pk_1", identity_secret=SECRET))


@pytest.fixture
def origin(shop: Shop) -> Iterator[str]:
    server = ShopServer().open(shop)
    yield server.origin
    server.close()


def look(shop: Shop, path: str, **headers: str) -> Answer:
    return shop.answer(Request(method="GET", path=path, headers=headers))


def sign_in(shop: Shop, email: str, **headers: str) -> Answer:
    body = f"email={quote(email)}".encode()
    return shop.answer(Request(method="POST", path="/sign-in", headers=headers, body=body))


def cookie_of(answer: Answer) -> str:
    return answer.headers["Set-Cookie"].partition(";")[0]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_there_and_needs_nothing_that_a_strict_policy_refuses(shop: Shop, path: str) -> None:
    answer = look(shop, path)
    text = answer.body.decode()
    assert answer.status == 200
    assert f'src="{PRODUCT}/sdk/v1/pushsaas.js" data-site="pk_1"' in text
    assert not re.search(r"<style|style=|\son\w+=|<script(?![^>]*\ssrc=)", text)
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "$" not in text
    for file in re.findall(r'(?:src|href)="(/[^"]*\.\w+)"', text):
        assert look(shop, file).status == 200


def test_the_manifest_puts_the_shop_on_a_home_screen(shop: Shop) -> None:
    manifest = look(shop, "/manifest.webmanifest")
    assert b'"display": "standalone"' in manifest.body
    for size in (180, 192, 512):
        picture = look(shop, f"/icon-{size}.png").body
        assert (picture[:4], int.from_bytes(picture[16:20])) == (b"\x89PNG", size)


def test_the_worker_is_one_line_that_its_own_policy_allows(shop: Shop) -> None:
    answer = look(shop, "/pushsaas-worker.js")
    assert answer.body == f'importScripts("{PRODUCT}/sdk/v1/worker.js");\n'.encode()
    assert "trusted-types" not in answer.headers["Content-Security-Policy"]


def test_who_signs_in_is_proven_to_the_product_as_it_asks(shop: Shop) -> None:
    cookie = cookie_of(sign_in(shop, f" {EMAIL.upper()} "))
    text = look(shop, "/", cookie=f"other=1; {cookie}").body.decode()
    found = re.search(r'data-customer="([^"]+)" data-signature="([^"]+)"', text)
    assert found is not None
    assert EMAIL not in found[1]
    assert found[2] == signed(SECRET, found[1]).rstrip("=")


def test_signing_out_takes_the_cookie_back(shop: Shop) -> None:
    answer = shop.answer(Request(method="POST", path="/sign-out"))
    assert (answer.status, answer.headers["Location"]) == (303, "/account")
    assert "Max-Age=0" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize(
    "spoil", [lambda one: one[:-2], lambda one: one + "00", lambda _: "customer=", lambda _: "=;\x00"]
)
def test_a_cookie_of_another_making_is_nobody(shop: Shop, spoil: object) -> None:
    assert callable(spoil)
    cookie = spoil(cookie_of(sign_in(shop, EMAIL)))
    assert 'data-customer=""' in look(shop, "/", cookie=cookie).body.decode()


def test_a_cookie_of_another_shop_is_nobody(shop: Shop) -> None:
    other = Shop(shop.account)
    cookie = cookie_of(sign_in(other, EMAIL))
    assert 'data-customer=""' in look(shop, "/", cookie=cookie).body.decode()


@pytest.mark.parametrize("said", ["", "ann", "@example.com", "ann@", "a" * 250 + "@example.com"])
def test_what_is_no_address_is_said_to_be_none(shop: Shop, said: str) -> None:
    answer = sign_in(shop, said)
    assert (answer.status, "Set-Cookie" in answer.headers) == (422, False)
    assert "no e-mail address" in answer.body.decode()


def test_markup_in_an_address_stays_text(shop: Shop) -> None:
    cookie = cookie_of(sign_in(shop, "<b>@example.com"))
    assert "<b>&lt;b&gt;@example.com</b>" in look(shop, "/account", cookie=cookie).body.decode()


def test_another_site_signs_nobody_in(shop: Shop) -> None:
    assert sign_in(shop, EMAIL, **{"sec-fetch-site": "cross-site"}).status == 404


@pytest.mark.parametrize(
    "path", ["/nothing", "/pots/monstera", "/../shop.py", "/pictures/", "/templates/page.html", "//"]
)
def test_what_is_not_there_is_a_page_that_says_so(shop: Shop, path: str) -> None:
    answer = look(shop, path)
    assert (answer.status, "Nothing grows here" in answer.body.decode()) == (404, True)


def test_the_server_speaks_http(origin: str) -> None:
    with urlopen(Asked(f"{origin}/plants?from=elsewhere", method="HEAD"), timeout=10) as answer:
        assert int(answer.headers["content-length"]) > 0
        assert answer.read() == b""
    with urlopen(f"{origin}/shop.css", timeout=10) as answer:
        assert answer.read() == (STATIC / "shop.css").read_bytes()


@pytest.mark.parametrize("length", ["1000000000", "-1", "many"])
def test_a_form_of_any_size_is_not_waited_for(origin: str, length: str) -> None:
    with pytest.raises(HTTPError) as refused:
        urlopen(Asked(f"{origin}/sign-in", data=b"email=x", headers={"Content-Length": length}), timeout=10)
    assert refused.value.code == 413
    refused.value.close()


def test_a_shop_whose_port_is_taken_opens_next_door() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        server = shop_server(taken)
        assert server.origin != f"http://127.0.0.1:{taken}"
        server.close()
