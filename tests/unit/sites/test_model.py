"""What a site may be called, where it may stand, and whom push services may write to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import Invalid
from chalicelib.features.sites import model

ORIGINS = {
    "https://shop.example": "https://shop.example",
    "https://shop.example/": "https://shop.example",
    "HTTPS://Shop.Example": "https://shop.example",
    "https://shop.example:443": "https://shop.example",
    "https://shop.example:8443": "https://shop.example:8443",
    "https://xn--bcher-kva.example": "https://xn--bcher-kva.example",
    "https://a-b.c1.shop.example": "https://a-b.c1.shop.example",
    "https://localhost": "https://localhost",
    "https://192.0.2.7": "https://192.0.2.7",
}
NO_ORIGINS = [
    "",
    "null",
    "*",
    "https://*",
    "https://*.shop.example",
    "shop.example",
    "//shop.example",
    "https:shop.example",
    "https://",
    "https:///x",
    "ftp://shop.example",
    "wss://shop.example",
    "javascript:alert(1)",
    "https://shop.example/path",
    "https://shop.example?x=1",
    "https://shop.example?",
    "https://shop.example#x",
    "https://shop.example#",
    "https://user@shop.example",
    "https://user:word@shop.example",
    "https://@shop.example",
    "https://shop.example:",
    "https://shop.example:0",
    "https://shop.example:65536",
    "https://shop.example:x",
    "https://shop.example.",
    "https://.shop.example",
    "https://shop..example",
    "https://-shop.example",
    "https://shop-.example",
    "https://shop_1.example",
    "https://shop%2eexample",
    "https://bücher.example",
    "https://shop.example\\evil.test",
    "https://shop.example, https://evil.test",
    " https://shop.example",
    "https://shop.example\n",
    "https://sh\top.example",
    "https://[::1]",
    "https://[::1",
    "https://192.0.2.777",
    "https://192.0.2",
    "https://0x7f.1",
    "https://3232235777",
    f"https://{'a' * 64}.example",
    "https://" + ".".join(["a" * 60] * 5),
    "https://shop.example/" + "a" * model.LONGEST_URL,
]


@pytest.mark.parametrize("text", ORIGINS)
def test_an_origin_is_kept_as_browsers_spell_it(text: str) -> None:
    assert model.check_origins([text], allows_http=False) == (ORIGINS[text],)


@pytest.mark.parametrize("text", NO_ORIGINS)
@pytest.mark.parametrize("allows_http", [True, False])
def test_what_is_no_origin_is_refused_by_name(text: str, allows_http: bool) -> None:
    with pytest.raises(Invalid) as refused:
        model.check_origins(["https://ok.example", text], allows_http=allows_http)
    assert refused.value.facts["errors"][0]["pointer"] == "/origins/1"


@pytest.mark.parametrize("text", ["http://localhost", "http://localhost:3000", "http://127.0.0.1:8000"])
def test_http_is_for_building_on_ones_own_machine(text: str) -> None:
    assert model.check_origins([text], allows_http=True) == (text,)
    with pytest.raises(Invalid):
        model.check_origins([text], allows_http=False)


@pytest.mark.parametrize("text", ["http://shop.example", "http://127.0.0.2", "http://localhost.shop.example"])
def test_http_elsewhere_is_never_allowed(text: str) -> None:
    with pytest.raises(Invalid):
        model.check_origins([text], allows_http=True)


def test_the_default_port_of_http_is_dropped_too() -> None:
    assert model.check_origins(["http://localhost:80", "http://localhost:443"], allows_http=True) == (
        "http://localhost",
        "http://localhost:443",
    )


def test_origins_are_counted_and_told_apart() -> None:
    many = [f"https://{n}.shop.example" for n in range(model.MOST_ORIGINS)]
    assert model.check_origins(many, allows_http=False) == tuple(many)
    assert model.check_origins(["https://a.example", "https://A.example/"], allows_http=False) == ("https://a.example",)
    for wrong in ([], [*many, "https://one.too.many.example"]):
        with pytest.raises(Invalid):
            model.check_origins(wrong, allows_http=False)


@given(st.text(max_size=80))
def test_no_text_breaks_the_origin_check(text: str) -> None:
    try:
        (origin,) = model.check_origins([text], allows_http=True)
    except Invalid:
        return
    assert model.check_origins([origin], allows_http=True) == (origin,)


def test_a_url_may_have_a_path_and_gives_the_origin() -> None:
    url = "https://Shop.example:443/de/?a=1#top"
    assert model.check_url(url, allows_http=False) == url
    assert model.origin_of(url, allows_http=False) == "https://shop.example"
    for wrong in ("http://shop.example/", "/de", "https://user@shop.example/"):
        with pytest.raises(Invalid):
            model.check_url(wrong, allows_http=True)


def test_a_name_is_visible_and_short() -> None:
    assert model.check_name("  Bücher & 👩‍💻 ") == "Bücher & 👩‍💻"
    assert model.check_name("x" * model.LONGEST_NAME) == "x" * model.LONGEST_NAME
    for wrong in ("", "   ", "x" * (model.LONGEST_NAME + 1), "a\nb", "a\0b", "a\u2028b"):
        with pytest.raises(Invalid):
            model.check_name(wrong)


@pytest.mark.parametrize(
    "subject",
    ["mailto:push@shop.com", "mailto:a+b.c@mail.Shop.co.uk", "https://shop.com", "https://www.shop.com/contact"],
)
def test_a_subject_at_a_real_domain_is_kept(subject: str) -> None:
    assert model.check_subject(subject) == subject


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "push@shop.com",
        "mailto:",
        "mailto:push",
        "mailto:@shop.com",
        "mailto:<push@shop.com>",
        "mailto: push@shop.com",
        "mailto:push@shop.com ",
        "mailto:push@a@shop.com",
        "mailto:push@localhost",
        "mailto:push@shop.local",
        "mailto:push@shop.test",
        "mailto:push@shop.example",
        "mailto:push@127.0.0.1",
        "mailto:push@[127.0.0.1]",
        "mailto:push@shop..com",
        "mailto:push@shop.com\r\n",
        "http://shop.com",
        "https://",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://shop.com:443/",
        "https://user@shop.com/",
        "https://shop.com/ x",
        "tel:+4912345",
        "mailto:push@" + "a" * 250 + ".com",
    ],
)
def test_a_subject_apple_would_refuse_is_refused_here(subject: str) -> None:
    with pytest.raises(Invalid):
        model.check_subject(subject)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("site_01hzy3f5c8k9m2n4p6q8r0s1t2", True),
        ("site_01HZY3F5C8K9M2N4P6Q8R0S1T2", False),
        ("ten_01hzy3f5c8k9m2n4p6q8r0s1t2", False),
        ("site_", False),
        ("", False),
    ],
)
def test_an_id_has_its_shape(text: str, fits: bool) -> None:
    assert model.is_site_id(text) is fits


def test_a_site_key_has_its_shape() -> None:
    assert model.is_site_key("pk_" + "0f" * 16)
    for wrong in ("", "pk_", "pk_" + "0F" * 16, "pk_" + "0f" * 16 + "\n", "0f" * 16, "pk_" + "0f" * 17):
        assert not model.is_site_key(wrong)


def test_a_tag_names_the_api_where_the_sdk_lies_elsewhere() -> None:
    snippets = model.Snippets(api_url="https://push.shop.io", sdk_url="https://cdn.shop.io")
    assert snippets.tag("pk_1") == (
        '<script defer src="https://cdn.shop.io/sdk/v1/pushsaas.js" data-site="pk_1" data-api="https://push.shop.io"></script>'
    )
    assert snippets.worker == 'importScripts("https://cdn.shop.io/sdk/v1/worker.js");'


def test_a_signing_key_does_not_show_itself() -> None:
    key = model.SigningKey("vap_1", b"private scalar", b"public", "mailto:push@shop.com")
    assert "private" not in f"{key!r} {key}"
