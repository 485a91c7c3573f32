"""Content Security Policy as browsers read it (CSP Level 3, 2.2 and 6.7.2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.features.checks.model.policy import admits, read

PUSH = "https://push.example.com/v1/x"
PAGE = "https://shop.example"


def test_a_policy_is_directives_and_the_first_of_a_name_counts() -> None:
    (policy,) = read(["Script-Src 'self'\thttps://a.example ; ;script-src *;  default-src 'none'"])
    assert policy.directives == {"script-src": ("'self'", "https://a.example"), "default-src": ("'none'",)}
    assert policy.first_of(("worker-src", "script-src", "default-src")) == (
        "script-src",
        ("'self'", "https://a.example"),
    )
    assert policy.first_of(("connect-src",)) is None


def test_each_header_and_each_part_of_one_holds_for_itself() -> None:
    assert len(read(["default-src 'self', script-src *", "img-src *", "", " ; ,"])) == 3


@pytest.mark.parametrize(
    "source",
    ["*", "https:", "HTTPS:", "http:", "push.example.com", "PUSH.example.com", "https://push.example.com",
     "http://push.example.com", "*.example.com", "https://*.example.com:443", "push.example.com:*", "push.example.com:443",
     "push.example.com:80", "push.example.com/", "push.example.com/v1/", "push.example.com/v1/x", "push.example.com/%761/x",
     "*:443", "https://*"],
)  # fmt: skip
def test_sources_that_are_for_the_product(source: str) -> None:
    assert admits((source,), PUSH, own=PAGE)
    assert admits(("'none'", "https://other.example", source), PUSH, own=PAGE)


@pytest.mark.parametrize(
    "source",
    ["'none'", "'self'", "'unsafe-inline'", "data:", "ws:", "example.com", "*.push.example.com", "push.example.com:8443",
     "push.example.com/v1", "push.example.com/v2/", "ws://push.example.com", "https://push.example.com.evil.test",
     "evilpush.example.com", "'nonce-abc'", "", "https//push.example.com", "push.example.com:x", "*.*.com", "push_example"],
)  # fmt: skip
def test_sources_that_are_not(source: str) -> None:
    assert not admits((source,), PUSH, own=PAGE)


@pytest.mark.parametrize(
    ("url", "own", "is_same"),
    [
        ("https://shop.example/w.js", "https://shop.example", True),
        ("https://shop.example:443/w.js", "https://shop.example", True),
        ("https://shop.example/w.js", "http://shop.example", True),
        ("https://shop.example:8443/w.js", "https://shop.example:8443", True),
        ("https://shop.example:8443/w.js", "https://shop.example", False),
        ("http://shop.example/w.js", "https://shop.example", False),
        ("https://www.shop.example/w.js", "https://shop.example", False),
    ],
)
def test_oneself_is_ones_own_origin_or_the_same_in_secret(url: str, own: str, is_same: bool) -> None:
    assert admits(("'self'",), url, own=own) is is_same


def test_a_source_without_a_scheme_has_the_pages() -> None:
    assert admits(("127.0.0.1:8000",), "http://127.0.0.1:8000/x", own="http://localhost:3000")
    assert not admits(("127.0.0.1:8000",), "http://127.0.0.1:8000/x", own=PAGE)
    assert admits(("push.example.com",), PUSH, own="http://localhost:3000")


@given(st.text(max_size=200))
def test_whatever_somebody_writes_is_read(text: str) -> None:
    for policy in read([text]):
        for sources in policy.directives.values():
            assert admits(sources, PUSH, own=PAGE) in {True, False}
