"""RFC 8292: tokens that two libraries of other people verify, made once per push service and a few hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey, generate_private_key

from chalicelib.channels.webpush.vapid import Identity, Signer
from chalicelib.core import clock
from chalicelib.core.encoding import b64url, unb64url
from tests.unit.channels.browser import point_of, scalar_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOZILLA = "https://updates.push.services.mozilla.com"
APPLE = "https://web.push.apple.com"
SUBJECT = "mailto:push@shop.com"


def signer() -> Signer:
    return Signer(Identity(scalar_of(generate_private_key(SECP256R1())), SUBJECT))


def parts_of(header: str) -> tuple[str, bytes]:
    scheme, _, rest = header.partition(" ")
    assert scheme == "vapid"
    fields = dict(field.split("=", 1) for field in rest.split(", "))
    assert set(fields) == {"t", "k"}
    return fields["t"], unb64url(fields["k"])


def verified(header: str, *, origin: str = MOZILLA) -> dict[str, Any]:
    token, point = parts_of(header)
    key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    claims = jwt.decode(token, key, algorithms=["ES256"], audience=origin, options={"verify_exp": False})
    return dict(claims)


def test_pyjwt_finds_audience_subject_and_expiry() -> None:
    claims = verified(signer().authorization(MOZILLA, now=NOW))
    assert claims == {"aud": MOZILLA, "sub": SUBJECT, "exp": int((NOW + timedelta(hours=12)).timestamp())}


def test_py_vapid_verifies_the_whole_header() -> None:
    from py_vapid import Vapid02

    header = signer().authorization(MOZILLA, now=clock.now())
    assert Vapid02.verify(header.replace(", ", ","))  # it knows only one of the two spellings


def test_the_header_of_the_token_is_the_shortest_there_is() -> None:
    token, _ = parts_of(signer().authorization(MOZILLA, now=NOW))
    assert jwt.get_unverified_header(token) == {"typ": "JWT", "alg": "ES256"}
    assert len(unb64url(token.split(".")[2])) == 64


def test_the_key_is_the_sites_own_point() -> None:
    private = generate_private_key(SECP256R1())
    header = Signer(Identity(scalar_of(private), SUBJECT)).authorization(MOZILLA, now=NOW)
    assert parts_of(header)[1] == point_of(private)


def test_a_tampered_token_does_not_verify() -> None:
    token, point = parts_of(signer().authorization(MOZILLA, now=NOW))
    head, claims, signature = token.split(".")
    forged = unb64url(claims).replace(b"mozilla", b"mozilIa")
    with pytest.raises(jwt.InvalidSignatureError):
        verified(f"vapid t={head}.{b64url(forged)}.{signature}, k={b64url(point)}")


def test_each_push_service_gets_a_token_of_its_own() -> None:
    site = signer()
    assert verified(site.authorization(MOZILLA, now=NOW))["aud"] == MOZILLA
    assert verified(site.authorization(APPLE, now=NOW), origin=APPLE)["aud"] == APPLE


def test_a_token_serves_for_six_hours_and_always_has_six_left() -> None:
    site = signer()
    first = site.authorization(MOZILLA, now=NOW)
    assert site.authorization(MOZILLA, now=NOW + timedelta(hours=5, minutes=59)) == first
    later = NOW + timedelta(hours=6)
    second = site.authorization(MOZILLA, now=later)
    assert second != first
    assert verified(second)["exp"] == int((later + timedelta(hours=12)).timestamp())


def test_a_clock_that_went_back_gets_a_new_token() -> None:
    """One from the future would be valid for longer than push services allow."""
    site = signer()
    ahead = site.authorization(MOZILLA, now=NOW + timedelta(days=1))
    assert verified(site.authorization(MOZILLA, now=NOW))["exp"] < verified(ahead)["exp"]


def test_invented_sub_domains_do_not_fill_the_memory() -> None:
    site = signer()
    for number in range(450):
        site.authorization(f"https://n{number}.push.services.mozilla.com", now=NOW)
    assert len(site._headers) <= 200
    assert verified(site.authorization(MOZILLA, now=NOW))["aud"] == MOZILLA
