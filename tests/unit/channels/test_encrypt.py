"""RFC 8291: its own vector byte for byte, and messages that three other implementations read."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as some

from chalicelib.channels.webpush.encrypt import LARGEST_PLAINTEXT, BadKey, Ephemeral, encrypt
from chalicelib.core import chance
from chalicelib.core.encoding import b64url, unb64url
from tests.unit.channels.browser import Browser

APPENDIX_A = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
OVERHEAD = 103  # header 86, delimiter 1, tag 16
NODE = shutil.which("node")


def test_appendix_a_of_rfc_8291_byte_for_byte() -> None:
    scalar = int.from_bytes(unb64url("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
    body = encrypt(
        b"When I grow up, I want to be a watermelon",
        p256dh=unb64url("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        auth=unb64url("BTBZMqHH6r4Tts7J_aSIgg"),
        ephemeral=Ephemeral(derive_private_key(scalar, SECP256R1()), unb64url("DGv6ra1nlYgDCS1FRnbzlw")),
    )
    assert b64url(body) == APPENDIX_A


@settings(max_examples=50, deadline=None)
@given(some.binary(max_size=LARGEST_PLAINTEXT))
def test_the_browser_reads_what_was_written(plaintext: bytes) -> None:
    browser = Browser()
    body = encrypt(plaintext, p256dh=browser.p256dh, auth=browser.auth)
    assert browser.read(body) == plaintext
    assert len(body) == len(plaintext) + OVERHEAD


def test_the_largest_message_is_one_record_of_4096_bytes() -> None:
    browser = Browser()
    body = encrypt(b"x" * LARGEST_PLAINTEXT, p256dh=browser.p256dh, auth=browser.auth)
    assert len(body) == 4_096
    assert browser.read(body) == b"x" * LARGEST_PLAINTEXT
    with pytest.raises(ValueError, match="does not fit"):
        encrypt(b"x" * (LARGEST_PLAINTEXT + 1), p256dh=browser.p256dh, auth=browser.auth)


def test_no_two_messages_share_a_key_or_a_salt() -> None:
    browser = Browser()
    bodies = [encrypt(b"same", p256dh=browser.p256dh, auth=browser.auth) for _ in range(20)]
    assert len({body[:16] for body in bodies}) == 20
    assert len({body[21:86] for body in bodies}) == 20


def test_another_browser_reads_nothing() -> None:
    browser = Browser()
    body = encrypt(b"for one", p256dh=browser.p256dh, auth=browser.auth)
    for other in (Browser(), Browser(auth=browser.auth), Browser(private=browser.private)):
        with pytest.raises(http_ece.ECEException):
            other.read(body)


@pytest.mark.parametrize("flipped", [0, 22, 85, 86, -1])
def test_a_changed_byte_is_noticed(flipped: int) -> None:
    browser = Browser()
    body = bytearray(encrypt(b"hello", p256dh=browser.p256dh, auth=browser.auth))
    body[flipped] ^= 1
    with pytest.raises((http_ece.ECEException, ValueError)):
        browser.read(bytes(body))


@pytest.mark.parametrize(
    "p256dh",
    [
        b"",
        bytes(65),
        b"\x04" + b"\x01" * 64,
        b"\x04" + b"\xff" * 64,
        Browser().p256dh + b"\0",
        Browser().private.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint),
    ],
    ids=["empty", "zeroes", "off the curve", "beyond the field", "too long", "compressed"],
)
def test_what_is_no_point_on_the_curve_is_a_bad_key(p256dh: bytes) -> None:
    with pytest.raises(BadKey):
        encrypt(b"hello", p256dh=p256dh, auth=bytes(16))


@pytest.mark.parametrize("auth", [b"", bytes(15), bytes(17)])
def test_an_odd_secret_is_a_bad_key(auth: bytes) -> None:
    with pytest.raises(BadKey):
        encrypt(b"hello", p256dh=Browser().p256dh, auth=auth)


@pytest.mark.skipif(NODE is None, reason="there is no node on this machine")
@pytest.mark.parametrize("plaintext", [b"", b"hello", "Grüße 👩‍👩‍👧‍👦".encode(), chance.token(LARGEST_PLAINTEXT)])
def test_nodes_own_cryptography_reads_it(plaintext: bytes) -> None:
    browser = Browser()
    body = encrypt(plaintext, p256dh=browser.p256dh, auth=browser.auth)
    asked = {"private": b64url(browser.scalar), "auth": b64url(browser.auth), "body": b64url(body)}
    read = subprocess.run(
        [str(NODE), str(Path(__file__).with_name("decrypt.mjs"))],
        input=json.dumps(asked).encode(),
        capture_output=True,
        check=True,
        timeout=30,
    )
    assert read.stdout == plaintext


def test_pywebpush_writes_the_same_form() -> None:
    """The reference's body and ours differ only in what chance gave: header, sizes and reader are the same."""
    from pywebpush import WebPusher

    browser = Browser()
    subscription = {
        "endpoint": "https://push.example/x",
        "keys": {"p256dh": b64url(browser.p256dh), "auth": b64url(browser.auth)},
    }
    theirs = WebPusher(subscription).encode(b"hello", content_encoding="aes128gcm")["body"]
    ours = encrypt(b"hello", p256dh=browser.p256dh, auth=browser.auth)
    assert browser.read(theirs) == browser.read(ours) == b"hello"
    assert (len(theirs), theirs[16:21]) == (len(ours), ours[16:21])


def test_the_vector_itself_can_be_read() -> None:
    """So that a typing error in it cannot hide one in the code."""
    scalar = int.from_bytes(unb64url("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"))
    browser = Browser(derive_private_key(scalar, SECP256R1()), base64.urlsafe_b64decode("BTBZMqHH6r4Tts7J_aSIgg=="))
    assert browser.read(unb64url(APPENDIX_A)) == b"When I grow up, I want to be a watermelon"
