"""Our side of an authenticator app, by RFC 6238's own examples and by another implementation's reading of our URL."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET

import pytest

from chalicelib.features.identity.adapters.authenticator_app import AuthenticatorApp

APP = AuthenticatorApp()
SECRET = b"12345678901234567890"  # RFC 6238, appendix B


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924"),
     (2_000_000_000, "279037"), (20_000_000_000, "353130")],
)  # fmt: skip
def test_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    assert APP.code(SECRET, seconds // 30) == code


def test_an_app_is_told_all_it_needs() -> None:
    url = urlsplit(APP.url(SECRET, account="ada+shop@example.com"))
    told = {name: value[0] for name, value in parse_qs(url.query).items()}
    assert (url.scheme, url.netloc, unquote(url.path)) == ("otpauth", "totp", "/PushSaaS:ada+shop@example.com")
    assert base64.b32decode(told["secret"]) == SECRET
    assert told["secret"] == APP.typed(SECRET)
    assert (told["issuer"], told["digits"], told["period"], told["algorithm"]) == ("PushSaaS", "6", "30", "SHA1")


def test_the_picture_is_svg_that_a_page_can_hold() -> None:
    picture = APP.picture(APP.url(SECRET, account="ada@example.com"))
    root = ET.fromstring(picture)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.attrib["width"] == root.attrib["height"]
    assert {child.tag.rpartition("}")[2] for child in root.iter()} == {"svg", "path"}
    assert APP.picture(APP.url(SECRET, account="ben@example.com")) != picture


def test_the_longest_address_still_has_a_picture() -> None:
    assert APP.picture(APP.url(SECRET, account="a" * 64 + "@" + "b" * 63 + "." + "c" * 63 + ".example.com"))
