"""Pages as people and generators write them, and as nobody should."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.features.checks.adapters.markup import read_markup
from chalicelib.features.checks.model.visit import Markup, Tag

URL = "https://shop.example/de/"
SRC = "https://push.example.com/sdk/v1/pushsaas.js"


def read(text: str) -> Markup:
    return read_markup(text.encode(), url=URL)


def test_the_tag_is_read_with_all_that_the_sdk_reads() -> None:
    found = read(
        f"<!DOCTYPE html><html><HEAD><SCRIPT defer src={SRC} DATA-SITE='pk_1' data-worker=/sw.js data-scope=/ "
        'data-api="https://push.example.com" nonce="a&amp;b" integrity=sha256-x></SCRIPT><title>x</title>'
    )
    assert found.tags == (
        Tag(SRC, "pk_1", "https://push.example.com", "/sw.js", "/", nonce="a&b", integrity="sha256-x"),
    )


@pytest.mark.parametrize(
    "text",
    [
        f"<!-- <script src={SRC} data-site=pk_1></script> -->",
        f"<template><div><script src={SRC} data-site=pk_1></script></div></template>",
        f"<noscript><script src={SRC} data-site=pk_1></script></noscript>",
        f"<title><script src={SRC} data-site=pk_1></script></title>",
        f"<textarea><script src={SRC} data-site=pk_1></script></textarea>",
        f"<script>document.write('<script src={SRC} data-site=pk_1>')</script>",
        "<script src=/app.js></script>",
        f"<a href={SRC}>x</a>",
    ],
)
def test_what_is_no_script_of_the_page_is_none(text: str) -> None:
    assert read(text).tags == ()
    (tag,) = read(f"{text}<p><script src={SRC} data-site=pk_2></script>").tags
    assert tag.site == "pk_2"


def test_a_script_of_ours_counts_without_its_site_too() -> None:
    (tag,) = read(f"<script src={SRC} data-site-key=pk_1></script>").tags
    assert (tag.src, tag.site) == (SRC, None)


def test_an_inline_script_that_names_a_site_comes_from_nowhere() -> None:
    assert read("<script data-site=pk_1>1</script>").tags == (Tag("", "pk_1"),)


@pytest.mark.parametrize(
    ("base", "src"),
    [
        ("", "https://shop.example/de/sdk/v1/pushsaas.js"),
        ("<base href=/x/>", "https://shop.example/x/sdk/v1/pushsaas.js"),
        ("<base target=_top><base href=//cdn.example/><base href=/y/>", "https://cdn.example/sdk/v1/pushsaas.js"),
        ("<base href='https://['>", "sdk/v1/pushsaas.js"),
    ],
)
def test_addresses_are_told_whole(base: str, src: str) -> None:
    (tag,) = read(f"{base}<script src=sdk/v1/pushsaas.js data-site=pk_1></script>").tags
    assert tag.src == src


def test_policies_in_meta_are_read_and_others_are_not() -> None:
    found = read(
        "<meta http-equiv=' Content-Security-Policy ' content=\"script-src 'self'\"><meta http-equiv=refresh content=1>"
        "<meta http-equiv=Content-Security-Policy><meta http-equiv=content-security-policy-report-only content=x>"
    )
    assert found.policies == ("script-src 'self'", "")


@pytest.mark.parametrize(
    "body",
    [b"", b"\x00" * 1_000, b"\xff\xfe<\x00", b"<!--" * 100_000, b"<div>" * 100_000, b"<script " * 60_000, b"<" * 500_000,
     b"<a " + b"b=c " * 120_000, b"</template>" * 1_000, b"<template>" * 1_000 + b"<script data-site=x>",
     b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'],
    ids=lambda body: body[:12],
)  # fmt: skip
def test_what_makes_no_sense_is_got_through(body: bytes) -> None:
    assert read_markup(body, url=URL) == Markup()


def test_there_is_an_end_to_what_is_kept() -> None:
    found = read(
        "<script data-site=x></script>" * 1_000 + "<meta http-equiv=content-security-policy content=x>" * 1_000
    )
    assert (len(found.tags), len(found.policies)) == (5, 10)


@given(st.binary(max_size=400) | st.text(alphabet="<>/scriptmea =\"'data-&#;!", max_size=400).map(str.encode))
def test_anything_is_got_through(body: bytes) -> None:
    assert isinstance(read_markup(body, url=URL), Markup)


def test_what_is_very_long_is_cut() -> None:
    (tag,) = read(f"<script data-site={'x' * 100_000} data-scope={'y' * 100_000} src={SRC}>").tags
    assert (len(tag.site or ""), len(tag.scope or ""), tag.src) == (2_048, 2_048, SRC)
