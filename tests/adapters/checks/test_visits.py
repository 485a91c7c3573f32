"""Real pages from real servers: over TLS through the guard, and on this machine by the way that only a laptop has."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from chalicelib.channels.outside.curl import Curl, Way
from chalicelib.core.outside import Outside, Reason, Reply, Unreached
from chalicelib.features.checks.adapters.markup import read_markup
from chalicelib.features.checks.model.visit import Lost, Shown
from chalicelib.features.checks.service.visiting import Visits
from infra.local.nearby import Nearby
from tests.adapters.outside.conftest import Authority, authority
from tests.adapters.outside.servers import HOST, Fickle, Only, Server, Visit, Watched, plain
from tests.fakes.shop_front import Page, ShopFront, shop_front
from tests.unit.checks.cases import site

__all__ = ["authority"]
HEADERS = frozenset({"content-security-policy", "location"})


@pytest.fixture
def secret(authority: Authority) -> Iterator[Server]:
    """At the other port that the guard opens, on an address of this machine that nobody else takes just now."""
    for number in range(2, 250):
        with contextlib.suppress(OSError):
            standing = Server(authority.context, address=f"127.8.44.{number}", port=8443)
            yield standing
            standing.stop()
            return
    pytest.fail("no address is free")


@pytest.fixture
def guard(secret: Server, authority: Authority) -> Outside:
    way = Way(Fickle([[secret.address]]), Only(frozenset({secret.address})), authority.ca_path)
    return Curl(way)


@pytest.fixture
def shop() -> Iterator[ShopFront]:
    with shop_front() as standing:
        yield standing


def visits(outside: Outside) -> Visits:
    return Visits(outside=lambda: outside, read_markup=read_markup)


def look(outside: Outside, url: str, *, limit_bytes: int = 1_000, within_seconds: float = 5) -> Reply:
    return outside.look(
        url, accept="text/html", headers=HEADERS, limit_bytes=limit_bytes, ports=frozenset({443, 8443}),
        within_seconds=within_seconds,
    )  # fmt: skip


def why(outside: Outside, url: str, **words: float) -> Reason:
    with pytest.raises(Unreached) as failed:
        look(outside, url, **words)  # type: ignore[arg-type]  # figures of both kinds
    return failed.value.reason


# --- Through the guard ---


def test_a_page_is_read_with_its_headers(secret: Server, guard: Outside) -> None:
    secret.answer = plain(
        b"<script data-site=pk_1>", "text/html; charset=utf-8", "200 OK",
        "Content-Security-Policy: script-src 'self'", "Content-security-policy:  img-src *", "Other: x",
    )  # fmt: skip
    url = f"https://{HOST}:8443/shop"
    seen = visits(guard).front(site(url=url))
    assert isinstance(seen, Shown)
    assert (seen.url, seen.status, seen.kind) == (url, 200, "text/html")
    assert seen.headers == {"content-security-policy": ("script-src 'self'", "img-src *")}
    page = visits(guard).page(seen)
    assert page
    assert page.tag
    assert (page.tag.site, page.policies) == ("pk_1", ("script-src 'self'", "img-src *"))
    assert "Accept: text/html" in secret.visits[0].head


def test_any_status_is_an_answer_and_nothing_is_followed(secret: Server, guard: Outside) -> None:
    secret.answer = plain(b"", "text/html", "302 Found", f"Location: https://{HOST}:8443/there")
    assert look(guard, f"https://{HOST}:8443/").headers == {"location": (f"https://{HOST}:8443/there",)}
    assert secret.connections == 1


def test_headers_of_an_interim_answer_are_not_the_answers(secret: Server, guard: Outside) -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nContent-Security-Policy: none\r\nContent-Encoding: br\r\n\r\n"
    last = plain(b"<p>", "text/html")

    def answer(visit: Visit) -> None:
        visit.send(interim)
        last(visit)

    secret.answer = answer
    reply = look(guard, f"https://{HOST}:8443/")
    assert (reply.status, reply.headers, reply.body) == (200, {}, b"<p>")


def test_only_the_beginning_of_a_long_page_is_read(secret: Server, guard: Outside) -> None:
    secret.answer = plain(b"x" * 5_000_000, "text/html")
    reply = look(guard, f"https://{HOST}:8443/", limit_bytes=1_000)
    assert (len(reply.body), reply.is_whole) == (1_000, False)
    assert secret.visits[0].is_over.wait(10)


def test_what_comes_packed_is_not_unpacked(secret: Server, guard: Outside) -> None:
    secret.answer = plain(b"\x1f\x8b", "text/html", "200 OK", "Content-Encoding: gzip")
    reply = look(guard, f"https://{HOST}:8443/")
    assert (reply.status, reply.body, reply.is_whole) == (200, b"", False)


def test_a_page_that_drips_is_left(secret: Server, guard: Outside) -> None:
    over = threading.Event()

    def answer(visit: Visit) -> None:
        visit.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        over.wait(10)

    secret.answer = answer
    assert why(guard, f"https://{HOST}:8443/", within_seconds=0.5) is Reason.TOO_SLOW
    over.set()


def test_a_page_that_leads_inside_is_not_asked_for() -> None:
    watched = Watched()
    curl = Curl(Way(resolver=Fickle([["169.254.169.254"]]), open=watched.open))
    assert visits(curl).front(site(url="https://shop.example/")) == Lost("https://shop.example/", Reason.NOT_PUBLIC)
    assert visits(curl).front(site(url="https://169.254.169.254/")) == Lost("https://169.254.169.254/", Reason.URL)
    assert visits(curl).front(site(url="http://127.0.0.1/")) == Lost("http://127.0.0.1/", Reason.URL)
    assert watched.places == []


# --- On this machine ---


def test_a_page_on_this_machine_is_seen_nearby(shop: ShopFront) -> None:
    shop.pages["/a?b=c"] = Page("<p>hi", headers={"Content-Security-Policy": "img-src *", "X": "y"})
    for url in (shop.url, shop.url.replace("127.0.0.1", "localhost")):
        reply = look(Nearby(Curl(Way())), f"{url}/a?b=c")
        assert (reply.status, reply.kind, reply.body, reply.is_whole) == (200, "text/html", b"<p>hi", True)
        assert reply.headers == {"content-security-policy": ("img-src *",)}
    assert look(Nearby(Curl(Way())), shop.url).status == 404
    assert shop.visits == ["/a?b=c", "/a?b=c", "/"]


def test_nearby_reads_the_beginning_too(shop: ShopFront) -> None:
    shop.pages["/"] = Page("x" * 100_000)
    reply = look(Nearby(Curl(Way())), f"{shop.url}/", limit_bytes=1_000)
    assert (len(reply.body), reply.is_whole) == (1_000, False)


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/", "http://10.0.0.1/", "http://169.254.169.254/", "http://127.0.0.1.evil.test/",
     "http://127.0.0.1@evil.test/", "http://localhost.evil.test/", "http://user@localhost/", "http://127.0.0.2/",
     "http://localhost/a b", "http://localhost/\r\nX: y", "ftp://localhost/"],
)  # fmt: skip
def test_anything_else_is_the_guards(url: str) -> None:
    watched = Watched()
    assert why(Nearby(Curl(Way(resolver=Fickle([["127.0.0.1"]]), open=watched.open))), url) is Reason.URL
    assert watched.places == []


def test_a_port_where_nobody_is_answers_nothing(shop: ShopFront) -> None:
    nearby = Nearby(Curl(Way()))
    assert why(nearby, "http://127.0.0.1:1/") is Reason.UNREACHABLE
    assert why(nearby, "http://127.0.0.1:99999/") is Reason.UNREACHABLE


def test_whoever_does_not_answer_nearby_is_left_too() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert why(Nearby(Curl(Way())), url, within_seconds=0.2) is Reason.TOO_SLOW


def test_nor_is_one_that_drips_for_ever() -> None:
    over = threading.Event()

    def drip(listener: socket.socket) -> None:
        wire, _ = listener.accept()
        with wire, contextlib.suppress(OSError):
            wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
            while not over.wait(0.02):
                wire.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=[listener])
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        assert why(Nearby(Curl(Way())), url, within_seconds=0.3, limit_bytes=100_000) is Reason.TOO_SLOW
        over.set()
        thread.join()


def test_what_is_not_looked_at_goes_by_the_guard_alone() -> None:
    nearby = Nearby(Curl(Way()))
    with pytest.raises(Unreached):
        nearby.fetch("http://127.0.0.1/", kinds=frozenset({"image/png"}), limit_bytes=10)
    with pytest.raises(Unreached):
        nearby.post("http://127.0.0.1/", body=b"", headers={}, limit_bytes=10)
