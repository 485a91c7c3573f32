"""The site's address, the tag on its page and the worker file beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.core.outside import Reason
from chalicelib.features.checks.model.address import https, origin_listed, page_reachable
from chalicelib.features.checks.model.finding import Status
from chalicelib.features.checks.model.script_tag import base_of, script_tag
from chalicelib.features.checks.model.visit import WORDS, Lead, Lost, Shown, Tag, joined, origin_of
from chalicelib.features.checks.model.worker_file import imports, place_of, worker
from chalicelib.features.sightings.model import Refusal, Sight
from tests.unit.checks.cases import KEY, NOW, PRODUCT, SHOP, SITE, TAG, page, shown, site, worker_file

SEEN = Sight(SHOP, NOW)


def refusal(origin: str) -> Refusal:
    return Refusal("origin_not_allowed", "config", origin, NOW)


# --- The address ---


def test_plain_http_is_for_building() -> None:
    assert https(SITE).status is Status.OK
    assert https(site(url="http://localhost:3000")).status is Status.WARNING
    assert "`http://127.0.0.1`" in https(site(origins=(SHOP, "http://127.0.0.1"))).detail


def test_a_page_that_shows_is_reachable() -> None:
    assert page_reachable(shown()).status is Status.OK


@pytest.mark.parametrize("why", [reason for reason in (*Reason, *Lead) if reason in WORDS])
def test_why_nobody_got_there_is_told_in_words(why: Reason | Lead) -> None:
    found = page_reachable(Lost(f"{SHOP}/", why, "https://evil.test/"))
    assert found.status is Status.PROBLEM
    assert WORDS[why] in found.detail
    assert "(`https://evil.test/`)" in found.detail
    assert found.fix
    assert "(" not in page_reachable(Lost(f"{SHOP}/", why)).detail.replace(WORDS[why], "")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"status": 404}, Status.PROBLEM),
        ({"status": 500}, Status.PROBLEM),
        ({"status": 302}, Status.PROBLEM),
        ({"status": 403}, Status.WARNING),
        ({"status": 503}, Status.WARNING),
        ({"kind": "application/json"}, Status.WARNING),
        ({"kind": ""}, Status.WARNING),
        ({"body": b""}, Status.WARNING),
        ({"kind": "application/xhtml+xml"}, Status.OK),
    ],
)
def test_an_answer_that_is_no_page_is_told(answer: dict[str, Any], status: Status) -> None:
    found = page_reachable(shown(**answer))
    assert (found.status, bool(found.fix)) == (status, status is not Status.OK)


def test_where_visitors_end_up_must_be_listed() -> None:
    assert origin_listed(SITE, shown(), ()).status is Status.OK
    for seen in (shown("https://www.shop.example/"), Lost(SHOP, Lead.ELSEWHERE, "https://www.shop.example/x")):
        found = origin_listed(SITE, seen, ())
        assert found.status is Status.PROBLEM
        assert "Add `https://www.shop.example`" in found.fix
    assert "Correct" in origin_listed(SITE, Lost(SHOP, Lead.ELSEWHERE, "mailto:x"), ()).fix


def test_where_nobody_got_is_not_known() -> None:
    for lost in (Lost(SHOP, Reason.TOO_SLOW), Lost(SHOP, Lead.IN_CIRCLES, SHOP)):
        assert origin_listed(SITE, lost, ()).status is Status.UNKNOWN


@pytest.mark.parametrize(
    "origin", ["https://www.shop.example", "http://shop.example", "https://example", "https://SHOP.example:8"]
)
def test_a_relative_that_was_refused_is_named(origin: str) -> None:
    found = origin_listed(SITE, shown(), [refusal(SHOP), refusal("https://evil.test"), refusal(origin)])
    assert (found.status, found.seen_at) == (Status.WARNING, NOW)
    assert f"`{origin}`" in found.fix


@pytest.mark.parametrize("origin", [SHOP, "https://evilshop.example", "?", "null", "https://shop.example.evil.test"])
def test_a_stranger_that_was_refused_is_nobodys_business(origin: str) -> None:
    assert origin_listed(SITE, shown(), [refusal(origin)]).status is Status.OK


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Shop.Example:443/x", SHOP),
        ("http://localhost:80", "http://localhost"),
        ("https://shop.example:8443/", f"{SHOP}:8443"),
        ("mailto:ada@shop.example", ""),
        ("https://", ""),
        ("https://shop.example:99999/", ""),
        ("https://[", ""),
    ],
)
def test_an_origin_is_spelled_as_browsers_do(url: str, origin: str) -> None:
    assert origin_of(url) == origin


def test_what_is_no_address_leads_nowhere() -> None:
    assert joined(SHOP, "https://[") == ""
    assert joined(f"{SHOP}/a/b", " ../c ") == f"{SHOP}/c"


# --- The tag ---


def test_the_tag_of_this_site_is_fine() -> None:
    assert script_tag(SITE, page(TAG), PRODUCT, lately=None).status is Status.OK
    pinned = replace(TAG, src=f"{PRODUCT.public_url}/sdk/v1/pushsaas.01234567.js")
    assert script_tag(SITE, page(pinned), PRODUCT, lately=None).status is Status.OK
    elsewhere = Tag("https://cdn.example/x.js", site=KEY, api=f"{PRODUCT.public_url}/")
    assert script_tag(SITE, page(elsewhere), PRODUCT, lately=None).status is Status.OK


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        (replace(TAG, site=None), "`data-site` is missing"),
        (replace(TAG, site=""), "`data-site` is missing"),
        (replace(TAG, site="pk_other"), "another site"),
        (replace(TAG, src="https://other.example/sdk/v1/pushsaas.js"), "`https://other.example`"),
        (replace(TAG, src=""), "The tag asks ``"),
        (replace(TAG, api="https://staging.example"), "`https://staging.example`"),
    ],
)
def test_a_tag_that_is_wrong_is_shown_as_it_should_be(tag: Tag, told: str) -> None:
    found = script_tag(SITE, page(tag), PRODUCT, lately=SEEN)
    assert found.status is Status.PROBLEM
    assert told in found.detail
    assert PRODUCT.tag(KEY) in found.fix


def test_the_tag_is_needed_once() -> None:
    found = script_tag(SITE, page(TAG, TAG), PRODUCT, lately=None)
    assert (found.status, "2 times" in found.detail) == (Status.WARNING, True)


def test_without_a_tag_the_sdk_is_not_there_unless_it_was_seen() -> None:
    assert script_tag(SITE, page(), PRODUCT, lately=None).status is Status.PROBLEM
    assert script_tag(SITE, page(is_whole=False), PRODUCT, lately=None).status is Status.UNKNOWN
    assert script_tag(SITE, page(), PRODUCT, lately=SEEN).status is Status.OK
    assert script_tag(SITE, None, PRODUCT, lately=SEEN).status is Status.UNKNOWN


def test_the_product_is_where_the_script_comes_from() -> None:
    assert base_of(TAG) == PRODUCT.public_url
    assert (
        base_of(replace(TAG, src="https://a.example/sdk/v1/x/pushsaas.js")) == "https://a.example/sdk/v1/x/pushsaas.js"
    )


# --- The worker file ---

SCOPE = f"{SHOP}/pushsaas/"


def judged(seen: Shown | Lost | None, *, scope: str = SCOPE) -> tuple[Status, str, str]:
    found = worker(seen, scope=scope, page_url=f"{SHOP}/", product=PRODUCT)
    return found.status, found.detail, found.fix


def test_the_one_line_at_the_root_is_fine() -> None:
    assert judged(worker_file())[0] is Status.OK
    assert judged(worker_file(kind="application/javascript"))[0] is Status.OK


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"status": 404}, "answered 404"),
        ({"status": 301}, "may not be redirected"),
        ({"kind": "text/html"}, "is `text/html`"),
        ({"kind": ""}, "of no kind"),
        ({"body": b""}, "does not import"),
        ({"body": b"importScripts('https://other.example/sdk/v1/worker.js')"}, "does not import"),
    ],
)
def test_a_file_that_no_browser_takes_is_told(answer: dict[str, Any], told: str) -> None:
    status, detail, fix = judged(worker_file(**answer))
    assert status is Status.PROBLEM
    assert told in detail
    assert PRODUCT.worker_line in fix


def test_a_file_on_another_origin_is_no_worker() -> None:
    status, _, fix = judged(None)
    assert status is Status.PROBLEM
    assert f"`{SHOP}/pushsaas-worker.js`" in fix


def test_a_file_that_nobody_got_to_is_not_known() -> None:
    assert judged(Lost(f"{SHOP}/w.js", Reason.TOO_SLOW))[0] is Status.UNKNOWN


@pytest.mark.parametrize(
    ("url", "allowed", "scope", "is_fine"),
    [
        ("/pushsaas-worker.js", (), "/pushsaas/", True),
        ("/pushsaas-worker.js", (), "/", True),
        ("/js/w.js", (), "/js/", True),
        ("/js/w.js", (), "/pushsaas/", False),
        ("/js/w.js", ("/",), "/pushsaas/", True),
        ("/js/w.js", ("/pushsaas/",), "/pushsaas/", True),
        ("/js/w.js", ("..",), "/", True),
        ("/js/w.js", ("/other/",), "/pushsaas/", False),
        ("/js/w.js", ("https://evil.test/",), "/", False),
        ("/js/w.js", ("https://shop.example",), "/", True),
        ("/js/w.js", ("https://[",), "/js/", True),
    ],
)
def test_a_worker_has_its_scope_below_itself_unless_its_server_allows_more(
    url: str, allowed: tuple[str, ...], scope: str, is_fine: bool
) -> None:
    headers = {"service-worker-allowed": allowed} if allowed else {}
    status, _, fix = judged(worker_file(SHOP + url, headers=headers), scope=SHOP + scope)
    assert status is (Status.OK if is_fine else Status.PROBLEM)
    assert is_fine or f"Service-Worker-Allowed: {scope}" in fix


def test_a_scope_elsewhere_is_none() -> None:
    assert judged(worker_file(), scope="https://evil.test/pushsaas/")[0] is Status.PROBLEM
    assert judged(worker_file(), scope=SHOP)[0] is Status.OK


def test_where_the_file_is_follows_from_the_tag() -> None:
    assert place_of(None, f"{SHOP}/a/b") == (f"{SHOP}/pushsaas-worker.js", SCOPE)
    assert place_of(TAG, f"{SHOP}/a/b") == (f"{SHOP}/pushsaas-worker.js", SCOPE)
    own = replace(TAG, worker="sw.js", scope="./")
    assert place_of(own, f"{SHOP}/a/b") == (f"{SHOP}/a/sw.js", f"{SHOP}/a/")


@pytest.mark.parametrize(
    ("script", "is_ours"),
    [
        ("importScripts('https://push.example.com/prod/sdk/v1/worker.js')", True),
        ('importScripts ( "/own.js", "https://push.example.com/prod/sdk/v1/worker.01234567.js" );', True),
        ("/* ours */ importScripts(`https://push.example.com/prod/sdk/v1/worker.js`) // here", True),
        ("const all = '/*'; importScripts('https://push.example.com/prod/sdk/v1/worker.js')", True),
        ("importScripts('https://push.example.com/prod/sdk/v1/worker.js?built=7')", True),
        ("importScripts('https://push.example.com/sdk/v1/worker.js')", False),
        ("importScripts('https://push.example.com/prod/sdk/v1/pushsaas.js')", False),
        ("importScripts('https://push.example.com/prod/sdk/v1/worker.css')", False),
        ("// importScripts('https://push.example.com/prod/sdk/v1/worker.js')", False),
        ("/* importScripts('https://push.example.com/prod/sdk/v1/worker.js') */", False),
        ("/* importScripts('https://push.example.com/prod/sdk/v1/worker.js')", False),
        ("fetch('https://push.example.com/prod/sdk/v1/worker.js')", False),
        ("importScripts('https://evil.test/?https://push.example.com/prod/sdk/v1/worker.js')", False),
    ],
)
def test_our_worker_is_imported_by_its_address(script: str, is_ours: bool) -> None:
    assert imports(script.encode(), PRODUCT) is is_ours
