"""What a URL that a tenant names may look like, before anybody asks where it leads (SECURITY 2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.outside import HTTPS_OR_ALTERNATE, LONGEST_URL, Reason, Target, Unreached, parse
from tests.adapters.outside.hostile import URLS


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.com", Target("example.com", 443, "/")),
        ("https://example.com/", Target("example.com", 443, "/")),
        ("HTTPS://Example.COM/A?b=C", Target("example.com", 443, "/A?b=C")),
        ("https://example.com:443/x", Target("example.com", 443, "/x")),
        ("https://xn--bcher-kva.example/", Target("xn--bcher-kva.example", 443, "/")),
        ("https://example.xn--p1ai/", Target("example.xn--p1ai", 443, "/")),
        ("https://a-1.b.example.com/../@127.0.0.1:80/", Target("a-1.b.example.com", 443, "/../@127.0.0.1:80/")),
        (
            "https://1.example.com/%2e%2e?u=https://127.0.0.1/",
            Target("1.example.com", 443, "/%2e%2e?u=https://127.0.0.1/"),
        ),
    ],
)
def test_an_ordinary_address_is_read_once_and_spelled_anew(url: str, target: Target) -> None:
    assert parse(url) == target
    assert parse(target.url) == target


@pytest.mark.parametrize("url", URLS, ids=[url[:60] for url in URLS])
def test_any_other_is_refused(url: str) -> None:
    with pytest.raises(Unreached) as refused:
        parse(url)
    assert refused.value.reason is Reason.URL


def test_the_other_port_is_for_who_asks_for_it() -> None:
    assert parse("https://example.com:8443/x", ports=HTTPS_OR_ALTERNATE) == Target("example.com", 8443, "/x")
    assert parse("https://example.com:8443/x", ports=HTTPS_OR_ALTERNATE).url == "https://example.com:8443/x"
    with pytest.raises(Unreached):
        parse("https://example.com:9443/x", ports=HTTPS_OR_ALTERNATE)


@given(st.text(max_size=60) | st.text("htps:/.@[]0x1aZ-%\\#?é ", max_size=40).map("https://{}".format))
def test_what_is_let_through_is_what_will_be_asked(text: str) -> None:
    try:
        target = parse(text)
    except Unreached:
        return
    assert parse(target.url) == target
    assert target.url.isascii()
    assert set(target.host) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")


def test_the_longest_address_is_long_enough() -> None:
    url = "https://example.com/".ljust(LONGEST_URL, "a")
    assert parse(url).url == url


def test_neither_a_target_nor_a_failure_tells_the_secret_in_a_path() -> None:
    assert "s3cret" not in repr(parse("https://example.com/s3cret"))
    with pytest.raises(Unreached) as refused:
        parse("http://example.com/s3cret")
    assert "s3cret" not in f"{refused.value!r} {refused.value}"
